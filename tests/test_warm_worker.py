"""Workers that load torch before they are told what to train."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resviz.arch.presets import preset
from resviz.runs.events import Changed, Probed, Saved, Started, Stepped
from resviz.runs.series import Tail
from resviz.runs.store import create_experiment
from resviz.train.order import Order, encode
from resviz.train.placement import thread_environment
from resviz.train.recipe import Recipe

PATIENCE_S = 60.0


@contextlib.contextmanager
def warm_worker():
    process = subprocess.Popen(
        [sys.executable, "-m", "resviz", "worker", "--warm"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=thread_environment(2, os.environ),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()


def run_of(path, iterations=12, **fields):
    recipe = Recipe(
        data="shapes", train_limit=64, test_limit=32, iterations=iterations, milestones=(), batch_size=16,
        device="cpu", probe_interval=4, evaluate_interval=6, **fields,
    )  # fmt: skip
    architecture = preset("resnet-8-w4", input_shape=(3, 8, 8), classes=10)
    return create_experiment([architecture], recipe, out=path).runs[0]


def events(run, kind):
    return [event for event in Tail(run.events_path).read() if isinstance(event, kind)]


def wait_for(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def tell(process, *runs, share=1):
    process.stdin.write(encode(Order(tuple(str(run.path) for run in runs), share)))
    process.stdin.flush()


def test_it_trains_what_it_is_told_as_a_cold_one_does(tmp_path):
    warm, cold = run_of(tmp_path / "warm"), run_of(tmp_path / "cold")
    with warm_worker() as process:
        if sys.platform.startswith("linux"):  # What the environment says of threads is read by then.
            wait_for(lambda: "_C.cpython" in Path(f"/proc/{process.pid}/maps").read_text())
        tell(process, warm)
        assert process.wait(PATIENCE_S) == 0
    command = [sys.executable, "-m", "resviz", "worker", str(cold.path), "--share", "1"]
    subprocess.run(command, check=True, env=thread_environment(1, os.environ))
    assert warm.state() == cold.state() == "finished"
    assert [start.threads for start in events(warm, Started)] == [1], "not those of its environment"
    told = [[(step.loss, step.train_error_pct) for step in events(run, Stepped)] for run in (warm, cold)]
    assert told[0] == told[1]
    assert len(told[0]) == 12
    assert events(warm, Probed) == events(cold, Probed)


def test_without_orders_it_ends_with_its_stdin_even_while_torch_is_loaded():
    with warm_worker() as process:
        time.sleep(0.5)
        began = time.monotonic()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 1.0


def test_once_told_it_is_tied(tmp_path):
    run = run_of(tmp_path / "run", iterations=100_000)
    with warm_worker() as process:
        tell(process, run)
        wait_for(lambda: len(events(run, Stepped)) > 3)
        began = time.monotonic()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 2.0
    assert run.state() == "interrupted"
    assert events(run, Saved)


def test_it_ends_while_torch_is_loaded_for_a_run(tmp_path):
    run = run_of(tmp_path / "run")
    with warm_worker() as process:
        tell(process, run)
        wait_for(lambda: events(run, Changed))
        began = time.monotonic()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"no json\n", "takes one line such as"),
        (b'{"runs": [], "share": 1}\n', "takes the folders"),
        (b'{"runs": ["/nowhere"], "share": 1}\n', "/nowhere holds no run"),
    ],
)
def test_a_wrong_order_is_one_line(line, said):
    with warm_worker() as process:
        process.stdin.write(line)
        process.stdin.flush()
        assert process.wait(PATIENCE_S) == 2
        words = process.stderr.read().decode()
    assert said in words
    assert len(words.splitlines()) == 1


def test_nothing_to_train_is_one_line():
    command = [sys.executable, "-m", "resviz", "worker"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing to train" in done.stderr
