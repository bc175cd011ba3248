import subprocess
import sys
import threading

import pytest

from resviz.errors import RunError
from resviz.runs import lock

HOLD = """
import sys
from pathlib import Path
from resviz.runs import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_held_only_inside_the_block(tmp_path):
    path = tmp_path / "worker.lock"
    assert not lock.is_held(path)
    with lock.held(path):
        assert lock.is_held(path)
        assert lock.is_held(path)  # looking does not let go of it
    assert not lock.is_held(path)


def test_second_holder_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "worker.lock"
    with (
        lock.held(path),
        pytest.raises(RunError, match=r"Another worker has .*: stop it, or wait"),
        lock.held(path, patience_s=0.05),
    ):
        pass


def test_a_killed_holder_lets_go(tmp_path):
    path = tmp_path / "worker.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        assert lock.is_held(path)
    finally:
        holder.kill()
        holder.communicate()
    assert not lock.is_held(path)


def test_looking_does_not_stop_a_worker_from_starting(tmp_path):
    path = tmp_path / "worker.lock"
    path.touch()
    done = threading.Event()

    def look():
        while not done.is_set():
            lock.is_held(path)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(50):
            with lock.held(path):
                pass
    finally:
        done.set()
        watcher.join()


def test_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="Cannot write into"), lock.held(tmp_path / "nowhere" / "worker.lock"):
        pass
