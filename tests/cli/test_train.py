import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from resviz.arch import files
from resviz.cli import main
from resviz.errors import ResvizError
from resviz.runs.series import load
from resviz.runs.store import find_runs
from resviz.train import recipe as recipes
from resviz.train.recipe import PAPER
from tests.train.small import architecture, experiment

SMALL = ("--data", "shapes", "--train-limit", 40, "--test-limit", 20, "--batch-size", 16, "--image-size", 8)


def test_train_resume_and_list(command, tmp_path):
    out = tmp_path / "out"
    code, answer, err = command(
        "train",
        "plain-8-w4",
        "resnet-8-w4",
        *SMALL,
        "--iterations",
        30,
        "--seed",
        5,
        "--device",
        "cpu",
        "--recipe",
        "quick",
        "--no-augment",
        "--precision",
        "float32",
        "--set",
        "label_smoothing=0.1",
        "--out",
        out,
    )
    assert code == 0
    assert answer["experiment"] == str(out)
    assert answer["device"] == "cpu"
    assert [run["name"] for run in answer["runs"]] == ["plain-8-w4", "resnet-8-w4"]
    for run in answer["runs"]:
        assert run["iterations"] == 30
        assert 0 <= run["train_error_pct"] <= 100
        assert 0 <= run["test_error_pct"] <= 100
        assert run["diverged"] is False
        assert run["images_per_second"] > 0
        assert run["state"] == "finished"
    assert "100 %" in err
    recipe = find_runs(out)[0].recipe()
    assert (recipe.seed, recipe.augment, recipe.precision, recipe.iterations) == (5, False, "float32", 30)
    assert recipe.milestones == (15, 22)
    assert recipe.label_smoothing == 0.1

    assert "plain-8-w4, resnet-8-w4: cpu, float32, " in err
    assert err.count("cpu, float32") == 1
    assert err.count("SGD with momentum 0.9, batch 16.\n  Rate 0.1, divided by 10 at 15 and 22 of 30") == 1
    assert err.count("Trained on 40 pictures of shapes, unchanged.") == 1

    code, answer, err = command("resume", out)
    assert code == 0
    assert "All runs are finished" in err
    for iterations in (29, 30):
        recipes_before = [(run.path / "recipe.json").read_bytes() for run in find_runs(out)]
        code, _, err = command("resume", out, "--iterations", iterations)
        assert code == 2
        assert "30 iterations behind it" in err
        assert len(err.splitlines()) == 1
        assert [(run.path / "recipe.json").read_bytes() for run in find_runs(out)] == recipes_before
    code, answer, _ = command("resume", out, "--iterations", 40)
    assert code == 0
    assert [run["iterations"] for run in answer["runs"]] == [40, 40]
    assert load(find_runs(out)[0].events_path).train.x[-1] == 40

    code, answer, _ = command("runs", out)
    assert [(run["name"], run["state"], run["iterations"]) for run in answer["runs"]] == [
        ("plain-8-w4", "finished", 40),
        ("resnet-8-w4", "finished", 40),
    ]
    speeds = [run["images_per_second"] for run in answer["runs"]]
    code, text, _ = command("runs", out, json_answer=False)
    assert "resnet-8-w4" in text
    assert "40/40" in text
    code, again, _ = command("resume", out)
    assert [run["images_per_second"] for run in again["runs"]] == pytest.approx(speeds)
    assert "40/40" in command("resume", out, json_answer=False)[1]
    code, answer, _ = command("export", out, "--to", "csv", "-o", tmp_path / "tables")
    assert code == 0
    assert all(Path(file).stat().st_size > 0 for file in answer["files"])
    names = [str(Path(file).relative_to(tmp_path / "tables")) for file in answer["files"]]
    assert "plain-8-w4/gradient_norm.csv" in names
    assert "resnet-8-w4/residual_magnitude.csv" in names
    assert "plain-8-w4/residual_magnitude.csv" not in names
    code, text, _ = command("export", out, "-o", tmp_path / "tables", json_answer=False)
    assert "plain-8-w4: no residual_magnitude.csv" in text
    assert "resnet-8-w4: no" not in text


def background(*words):
    endless = ("--iterations", "100000", "--device", "cpu", "--json")
    command = [sys.executable, "-m", "resviz", *map(str, words), *endless]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def iteration(out):
    def reached():
        try:
            runs = find_runs(out)
        except ResvizError:
            return 0
        return min(load(run.events_path).iteration for run in runs)

    return reached


def test_steering_from_elsewhere(command, tmp_path):
    out = tmp_path / "out"
    process = background("train", "plain-8-w4", "resnet-8-w4", *SMALL, "--out", out)
    try:
        wait_until(lambda: iteration(out)() > 3)
        assert command("pause", out)[:2] == (0, {"state": "paused"})
        before = iteration(out)()
        code, text, _ = command("resume", out, json_answer=False)
        assert code == 0
        assert "goes on in its own process" in text
        assert "train error" not in text
        assert command("learning-rate", out, "0.025")[:2] == (0, {"state": "running"})
        wait_until(lambda: all(load(run.events_path).rate_changes for run in find_runs(out)))
        assert command("checkpoint", out)[0] == 0
        wait_until(lambda: iteration(out)() > before)
        code, _, err = command("resume", out)
        assert code == 2
        assert "already" in err
        assert command("stop", out)[:2] == (0, {"state": "stopped"})
        said, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    answer = json.loads(said.splitlines()[-1])
    assert [run["state"] for run in answer["runs"]] == ["stopped", "stopped"]
    assert "resviz resume" in err
    for word in ("pause", "stop", "checkpoint"):
        code, _, err = command(word, out)
        assert code == 2
        assert "not being trained" in err
        assert len(err.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_stops_with_checkpoints_and_a_hint(tmp_path):
    out = tmp_path / "out"
    process = background("train", "plain-8-w4", *SMALL, "--out", out)
    try:
        wait_until(lambda: iteration(out)() > 3)
        process.send_signal(signal.SIGINT)
        said, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert f"resviz resume {out}" in err
    [run] = json.loads(said.splitlines()[-1])["runs"]
    assert run["state"] == "stopped"
    [run] = find_runs(out)
    assert load(run.events_path).checkpoints[-1].iteration == load(run.events_path).iteration


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the worker in /proc")
def test_a_dead_worker_is_told_and_does_not_hang(command, tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=100_000).runs
    killed = []

    def kill_worker():
        wait_until(lambda: load(run.events_path).iteration > 3)
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = entry.read_bytes().split(b"\0")
                if b"worker" in words and str(run.path).encode() in words:
                    os.kill(int(entry.parent.name), signal.SIGKILL)
                    killed.append(entry)

    killer = threading.Thread(target=kill_worker)
    killer.start()
    code, answer, err = command("resume", run.path)
    killer.join()
    assert killed
    assert code == 1
    assert answer["runs"][0]["state"] == "interrupted"
    assert "killed by signal 9" in err
    assert answer["runs"][0]["iterations"] > 0


def test_divergence_is_in_the_answer(command, tmp_path):
    recipe = msgspec.structs.replace(
        PAPER.scaled(2000), learning_rate=50.0, weight_decay=0.5, milestones=(), name="explosive"
    )
    file, out = tmp_path / "recipe.json", tmp_path / "out"
    file.write_bytes(recipes.to_json(recipe))
    where = ("--recipe", file, "--device", "cpu", "--out", out)
    code, answer, err = command("train", "plain-8-w4", *SMALL, *where)
    assert code == 1
    assert answer["runs"][0]["diverged"] is True
    assert answer["runs"][0]["state"] == "failed"
    assert "diverged" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resnet-20", "--iterations", "0"), "error: --iterations must be at least 1, not 0"),
        (("resnet-20", "--batch-size", "0"), "error: --batch-size must be at least 1"),
        (("resnet-20", "--learning-rate", "-1"), "error: --learning-rate must be a number above 0"),
        (("resnet-20", "--train-limit", "0"), "error: --train-limit must be at least 1"),
        (("resnet-20", "--evaluate-interval", "0"), "error: --evaluate-interval must be at least 1"),
        (("resnet-20", "--milestones", "20,10"), "error: --milestones must rise"),
        (("resnt-20",), "resnet-20"),
        (("resnet-21",), "6n+2"),
        (("resnet-20", "--data", "folder:/nowhere/at/all"), "/nowhere/at/all"),
        (("resnet-20", "--data", "mnist"), "no data set 'mnist'"),
        (("resnet-20", "--device", "gpu"), "no device 'gpu'"),
        (("resnet-20", "--recipe", "slow"), "no recipe 'slow'"),
        (("resnet-20", "--threads", "0"), "threads must be at least 1"),
        (("resnet-20", "--image-size", "0"), "image-size must be at least 1"),
        (("resnet-20", "--image-size", "1"), "divides the sides of a picture by 4"),
        (("resnet-18", "--image-size", "31"), "give 32 or more"),
    ],
)
def test_mistakes_are_one_line(command, tmp_path, words, said):
    code, _, err = command("train", *words, "--out", tmp_path / "out")
    assert code == 2
    assert err.startswith("error: ")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_network_for_large_pictures_on_small_ones_is_advised(command, tmp_path, monkeypatch):
    from resviz.cli import train

    monkeypatch.setattr(train, "_watch", lambda *_: 0)
    _, _, err = command("train", "resnet-18", "resnet-20", "--out", tmp_path / "a")
    assert "resnet-18 takes pictures of 224x224 pixels" in err
    assert "--image-size 32" in err
    assert len(err.splitlines()) == 1
    small = ("--image-size", 32, "--out", tmp_path / "b")
    assert command("train", "resnet-18", *small)[2] == ""


def test_twins_are_trained_beside(command, tmp_path, monkeypatch):
    from resviz.cli import train

    seen = []
    monkeypatch.setattr(train, "_watch", lambda _, runs, *__: seen.append([run.name for run in runs]) or 0)
    assert command("train", "resnet-20-B", "--twin", "--out", tmp_path / "a")[0] == 0
    assert command("train", "plain-20", "resnet-20", "--twin", "--out", tmp_path / "b")[0] == 0
    assert seen == [["resnet-20-B", "plain-20"], ["plain-20", "resnet-20"]]


def test_no_card_is_one_line(command, monkeypatch):
    from resviz.train import devices

    monkeypatch.setattr(devices, "_cards", lambda: 0)
    code, _, err = command("train", "resnet-20", "--device", "cuda")
    assert code == 2
    assert "no CUDA card" in err


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"format": "other"}', b"\xff\xfe\x00", b"null"])
def test_broken_architecture_file_is_one_line(command, tmp_path, content):
    file = tmp_path / "net.json"
    file.write_bytes(content)
    code, _, err = command("train", file, "--out", tmp_path / "out")
    assert code == 2
    assert len(err.splitlines()) == 1


def test_architecture_with_problems_is_one_line(command, tmp_path):
    broken = architecture("resnet-8-w4")
    broken.remove("pool")
    files.save(broken, tmp_path / "net.json")
    code, _, err = command("train", tmp_path / "net.json", *SMALL[:-2], "--out", tmp_path / "out")
    assert code == 2
    assert len(err.splitlines()) == 1
    assert "cannot be trained" in err
    assert not (tmp_path / "out").exists()


def test_read_only_folder_is_one_line(command, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    code, _, err = command("train", "resnet-8", "--out", file / "out")
    assert code == 2
    assert len(err.splitlines()) == 1


def test_out_that_holds_an_experiment_is_refused(command, tmp_path):
    experiment(tmp_path / "out", ["plain-8-w4"])
    code, _, err = command("train", "resnet-8", "--out", tmp_path / "out")
    assert code == 2
    assert "holds an experiment already" in err


@pytest.mark.parametrize("word", ["resume", "runs", "pause", "stop"])
def test_folder_without_runs_is_one_line(command, tmp_path, word):
    for folder in (tmp_path, tmp_path / "missing"):
        code, _, err = command(word, folder)
        assert code == 2
        assert len(err.splitlines()) == 1


def test_run_without_recipe_is_one_line(command, tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"]).runs
    (run.path / "recipe.json").unlink()
    code, _, err = command("resume", run.path)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_damaged_recipe_is_one_line(command, tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"]).runs
    (run.path / "recipe.json").write_text('{"format": "resviz-recipe"')
    code, _, err = command("resume", run.path)
    assert code == 2
    assert "recipe.json" in err


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf"])
def test_senseless_rates_are_refused(command, tmp_path, rate):
    experiment(tmp_path / "out", ["plain-8-w4"])
    code, _, err = command("learning-rate", tmp_path / "out", rate) if rate[0] != "-" else (2, "", "rate")
    assert code == 2
    assert "rate" in err


def test_no_runs_yet(command):
    code, answer, _ = command("runs")
    assert (code, answer) == (0, {"runs": []})
    assert "There are no runs" in command("runs", json_answer=False)[1]


def damage(run, *names):
    for name in names:
        file = run.checkpoints_path / f"{name}.safetensors"
        file.write_bytes(file.read_bytes()[:-1] + b"\x7f")


def test_a_damaged_checkpoint_is_told_and_the_last_one_refused(command, tmp_path):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"], iterations=10, checkpoint_seconds=1e9).runs
    assert command("resume", run.path)[0] == 0
    assert command("resume", run.path, "--iterations", 20)[0] == 0
    damage(run, "iteration-20")
    code, _, err = command("resume", run.path, "--iterations", 30)
    assert code == 0
    [told] = [line for line in err.splitlines() if "is damaged (" in line]
    assert "iteration-20.safetensors" in told
    assert "iteration-10 is used instead" in told
    assert [c.iteration for c in load(run.events_path).checkpoints][-1] == 30
    damage(run, *{path.stem for path in run.checkpoints_path.glob("*.json")})
    code, answer, err = command("resume", run.path, "--iterations", 40)
    assert code == 2
    assert answer == ""
    line = err.splitlines()[-1]
    assert err.count("is damaged (") == line.count("is damaged (") == 2
    assert "No checkpoint is left" in line
    assert "iteration-30.safetensors" in line
    assert "begin anew" in line
    assert run.recipe().iterations == 30
    assert load(run.events_path).iteration == 30


def test_a_mistake_found_by_the_worker_leaves_no_folder(command, tmp_path):
    out, given = tmp_path / "out", tmp_path / "given"
    given.mkdir()
    small = (*SMALL, "--iterations", 10, "--device", "cpu")
    for folder in (out, given):
        code, answer, err = command(
            "train", "plain-8-w4", "resnet-8-w4", *small, "--batch-size", 41, "--out", folder
        )
        assert (code, answer) == (2, "")
        lines = [line for line in err.splitlines() if "batch of 41" in line]
        assert lines == [err.splitlines()[-1]]
        assert lines[0].startswith("error: A batch of 41 pictures is more than the training set of 40")
        assert "--batch-size 40" in lines[0]
        assert folder.is_dir() == (folder == given)
    assert list(given.iterdir()) == []
    assert command("train", "plain-8-w4", *small, "--out", out)[0] == 0


def test_one_that_fails_in_company_is_explained_once(command, tmp_path):
    runs = experiment(tmp_path / "out", iterations=20).runs
    runs[0].set_recipe(msgspec.structs.replace(runs[0].recipe(), batch_size=41))
    code, answer, err = command("resume", tmp_path / "out")
    assert code == 1
    assert [run["state"] for run in answer["runs"]] == ["failed", "finished"]
    assert err.count("plain-8-w4: A batch of 41") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("logged", [False, True])
def test_a_worker_killed_before_it_began_is_no_mistake(command, tmp_path, monkeypatch, logged):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"]).runs
    if logged:
        run.log_path.write_text("Fatal Python error")
    killer = tmp_path / "killer"
    killer.write_text("#!/bin/sh\nkill -9 $$\n")
    killer.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(killer))
    code, answer, err = command("resume", run.path)
    assert code == 1
    assert answer["runs"][0]["iterations"] == 0
    assert "killed by signal 9, perhaps for lack of memory: use a smaller --batch-size" in err
    assert "log.txt" not in err


def test_a_seed_is_given_once(tmp_path, capsys):
    words = ["train", "resnet-8-w4", "--seeds", "0,1", "--set", "seed=3", "--out", str(tmp_path / "x")]
    assert main(words) == 2
    assert "--set seed and --seeds say different things" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_milestones_that_fall_are_refused_in_plain_words(tmp_path, capsys):
    words = ["train", "resnet-8-w4", "--set", "milestones=30,10", "--out", str(tmp_path / "x")]
    assert main(words) == 2
    assert "milestones must rise, not 30,10" in capsys.readouterr().err
