"""A real worker in a process of its own: started, steered, killed, resumed."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest
import torch

from resviz.nn.state import checkpoint_names, load_checkpoint
from resviz.runs.events import Changed, Noted, Pause, Probed, Started, Stepped, Stop
from resviz.runs.series import RunSeries, Tail
from resviz.train.placement import thread_environment
from tests.train.small import experiment

PATIENCE_S = 60.0


@contextlib.contextmanager
def worker(*runs, tied=True, threads=("--threads", "1")):
    command = [sys.executable, "-m", "resviz", "worker", *(str(run.path) for run in runs), *threads]
    process = subprocess.Popen(
        [*command, "--tied"] if tied else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=thread_environment(1, os.environ),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def events(run, kind):
    return [event for event in Tail(run.events_path).read() if isinstance(event, kind)]


def trained(run, iteration):
    return lambda: any(step.iteration >= iteration for step in events(run, Stepped))


def final_weights(run):
    return load_checkpoint(run.checkpoints_path, checkpoint_names(run.checkpoints_path)[-1]).tensors


@pytest.mark.parametrize("name", ["plain-8-w4", "resnet-8-w4"])
def test_killed_and_resumed_equals_unbroken_bit_for_bit(tmp_path, name):
    fields = {"iterations": 240, "milestones": (120,), "checkpoint_seconds": 0.1}
    [broken] = experiment(tmp_path / "broken", [name], **fields).runs
    [unbroken] = experiment(tmp_path / "unbroken", [name], **fields).runs
    with worker(unbroken) as steady:
        with worker(broken) as process:
            wait_for(lambda: checkpoint_names(broken.checkpoints_path), "a checkpoint")
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert broken.state() == "interrupted"
        before = len(broken.events_path.read_bytes())
        with worker(broken) as process:
            assert process.wait(PATIENCE_S) == 0
        assert steady.wait(PATIENCE_S) == 0
    assert len(broken.events_path.read_bytes()) > before
    assert broken.state() == unbroken.state() == "finished"
    starts = [start.iteration for start in events(broken, Started)]
    assert starts[0] == 0
    assert 0 < starts[1] < 240
    mine, theirs = final_weights(broken), final_weights(unbroken)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    folded = [RunSeries(), RunSeries()]
    for series, run in zip(folded, (broken, unbroken), strict=True):
        series.feed(Tail(run.events_path).read())
    assert folded[0].probe_iterations.tolist() == folded[1].probe_iterations.tolist()
    assert folded[0].gradient_norm.tolist() == folded[1].gradient_norm.tolist()
    assert folded[0].train.x.tolist() == folded[1].train.x.tolist() == list(range(1, 241))
    assert folded[0].loss.y.tolist() == folded[1].loss.y.tolist()
    assert folded[0].train.y.tolist() == folded[1].train.y.tolist()
    assert folded[0].train_error_pct == folded[1].train_error_pct


def test_a_resumed_run_keeps_its_threads_unless_a_person_wants_others(tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=20, evaluate_interval=10).runs
    for iterations, threads in ((20, ("--share", "1")), (30, ("--share", "2")), (40, ("--threads", "2"))):
        run.set_recipe(msgspec.structs.replace(run.recipe(), iterations=iterations))
        with worker(run, threads=threads) as process:
            assert process.wait(PATIENCE_S) == 0
    assert [(start.iteration, start.threads) for start in events(run, Started)] == [(0, 1), (20, 1), (30, 2)]
    told = [note for note in events(run, Noted) if "threads" in note.message or "thread " in note.message]
    assert [note.iteration for note in told] == [30]
    assert "1 thread so far and goes on with 2" in told[0].message
    assert "not bit for bit" in told[0].message


def test_a_tied_worker_ends_with_a_checkpoint_when_its_stdin_closes(tmp_path):
    runs = experiment(tmp_path / "out", iterations=100_000).runs
    with worker(*runs) as process:
        wait_for(lambda: all(trained(run, 3)() for run in runs), "training")
        began = time.monotonic()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 2
    for run in runs:
        last = events(run, Changed)[-1]
        assert last.state == run.state() == "interrupted"
        assert checkpoint_names(run.checkpoints_path) == [f"iteration-{last.iteration}"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_parent_leaves_checkpoints_and_no_worker(tmp_path):
    # Several seconds an iteration, so that the end comes in the middle of one.
    [run] = experiment(
        tmp_path / "out", ["plain-8-w128"], iterations=100_000, batch_size=1_500, train_limit=1_500
    ).runs
    command = [sys.executable, "-m", "resviz", "resume", str(run.path), "--threads", "1"]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: events(run, Started), "the start")
        time.sleep(0.5)
    finally:
        parent.kill()
        parent.wait()
    began = time.monotonic()
    wait_for(lambda: not run.alive(), "the worker's end")
    assert time.monotonic() - began < 2
    assert run.state() == "interrupted"
    assert checkpoint_names(run.checkpoints_path)


def test_a_tied_worker_ends_even_while_torch_is_loaded(tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"]).runs
    with worker(run) as process:
        wait_for(lambda: events(run, Changed), "the first word")
        began = time.monotonic()
        process.stdin.close()
        process.wait(PATIENCE_S)
        assert time.monotonic() - began < 2
    assert run.state() == "interrupted"


def test_a_long_iteration_is_cut_off_and_nothing_is_lost(tmp_path):
    # Several seconds an iteration, so that the end comes in the middle of one.
    [run] = experiment(
        tmp_path / "out", ["plain-8-w128"], iterations=100_000, batch_size=1_500, train_limit=1_500
    ).runs
    with worker(run) as process:
        wait_for(lambda: events(run, Started), "the start")
        time.sleep(0.5)
        began = time.monotonic()
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 2.5
    assert run.state() == "interrupted"
    assert "middle of an iteration" in events(run, Changed)[-1].message
    assert checkpoint_names(run.checkpoints_path) == ["iteration-0"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_checkpoint(tmp_path, number):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=100_000).runs
    with worker(run, tied=False) as process:
        wait_for(trained(run, 3), "training")
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
    assert checkpoint_names(run.checkpoints_path)
    assert run.state() == "interrupted"


def test_commands_from_outside(tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=100_000).runs
    with worker(run) as process:
        wait_for(trained(run, 3), "training")
        run.send(Pause())
        wait_for(lambda: run.state() == "paused", "the pause")
        count = len(events(run, Stepped))
        time.sleep(0.3)
        assert len(events(run, Stepped)) == count
        run.send(Stop())
        assert process.wait(PATIENCE_S) == 0
    assert run.state() == "stopped"


def test_lockstep_across_two_processes(tmp_path):
    fields = {"iterations": 40, "probe_interval": 1}
    [one] = experiment(tmp_path / "one", ["plain-8-w4"], **fields).runs
    [two] = experiment(tmp_path / "two", ["plain-8-w4"], **fields).runs
    with worker(one) as first, worker(two) as second:
        assert first.wait(PATIENCE_S) == second.wait(PATIENCE_S) == 0
    assert events(one, Probed) == events(two, Probed)
    assert len(events(one, Probed)) == 40


def test_a_second_worker_is_refused(tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=100_000).runs
    with run.lock(), worker(run) as process:
        assert process.wait(PATIENCE_S) == 2
        said = process.stderr.read().decode()
    assert said.startswith("error: Another worker has")
    assert len(said.splitlines()) == 1


def test_a_folder_without_a_run_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "resviz", "worker", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "holds no run" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_failing_twin_does_not_stop_the_other(tmp_path):
    runs = experiment(tmp_path / "out", iterations=40).runs
    runs[0].set_recipe(
        type(runs[0].recipe())(**{"data": "folder:/nowhere/at/all", "iterations": 40, "milestones": ()})
    )
    with worker(*runs) as process:
        assert process.wait(PATIENCE_S) == 1
    assert [run.state() for run in runs] == ["failed", "finished"]
    assert "Traceback" in runs[0].log_path.read_text()
