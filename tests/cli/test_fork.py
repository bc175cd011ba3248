import pytest

from resviz.runs.series import load
from resviz.runs.store import find_runs
from resviz.train.recipe import Recipe
from tests.train.small import experiment

FIELDS = {"iterations": 20, "milestones": (10,), "evaluate_interval": 20}


def test_fork_change_train_and_list(command, tmp_path):
    parent = tmp_path / "parent"
    runs = experiment(parent, **FIELDS).runs
    assert command("resume", parent, "--threads", "1")[0] == 0
    out = tmp_path / "fork"
    code, answer, _ = command(
        "fork",
        runs[1].path,
        "--out",
        out,
        "--iterations",
        "30",
        "--set",
        "learning-rate=0.01",
        "--set",
        "nesterov=on",
    )
    assert code == 0
    [fork] = answer["runs"]
    assert answer["experiment"] == str(out)
    assert (fork["name"], fork["checkpoint"], fork["iterations"]) == ("resnet-8-w4", "iteration-20", 20)
    assert fork["parent"] == str(runs[1].path)
    assert fork["changes"] == ["iterations: 20 -> 30", "learning_rate: 0.05 -> 0.01", "nesterov: off -> on"]

    code, answer, _ = command("resume", out, "--threads", "1")
    assert code == 0
    assert [(run["state"], run["iterations"]) for run in answer["runs"]] == [("finished", 30)]
    assert load(find_runs(out)[0].events_path).train.x.tolist() == list(range(1, 31))
    code, answer, _ = command("runs", out)
    assert (answer["runs"][0]["parent"], answer["runs"][0]["forked_at"]) == (str(runs[1].path), 20)
    code, text, _ = command("runs", out, json_answer=False)
    assert f"{runs[1].path} at 20" in text
    assert "forked from" not in command("runs", parent, json_answer=False)[1]

    code, text, err = command(
        "fork", runs[1].path, "--iterations", "40", "--set", "optimiser=adamw", "--out", tmp_path / "adam",
        json_answer=False,
    )  # fmt: skip
    assert code == 0
    assert "  AdamW (arXiv:1711.05101), batch 16.\n  From iteration 20 on: rate 0.005 up to 40 iter" in text
    assert "resnet-8-w4: AdamW begins anew" in err

    code, text, _ = command("fork", parent, "--rewind", "--out", tmp_path / "again", json_answer=False)
    assert code == 0
    assert f"plain-8-w4 begins at the initialisation of {runs[0].path}" in text
    assert f"python -m resviz resume {tmp_path / 'again'}" in text
    assert [run.state() for run in find_runs(tmp_path / "again")] == ["stopped", "stopped"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "learning_rate"], "write FIELD=VALUE"),
        (["--set", "learning_rat=1"], "did you mean learning_rate?"),
        (["--set", "learning_rate=fast"], "learning_rate must be a number"),
        (["--checkpoint", "iteration-7"], "no checkpoint yet"),
        (["--checkpoint", "a", "--rewind"], "not allowed with"),
        ([], "no checkpoint yet: rewind"),
        (["--set", "seed=1", "--set", "Seed=2"], "seed is set by --set twice"),
        (["--iterations", "9", "--set", "iterations=8"], "iterations is set by --set and by --iterations"),
        (["--name", " "], "--name must not be empty"),
        (["--rewind", "--set", "cutout=33"], "cutout: 33 pixels are more than"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(capsys, command, tmp_path, words, said):
    [run] = experiment(tmp_path / "out", ["plain-8-w4"]).runs
    try:
        code, _, err = command("fork", run.path, "--out", tmp_path / "fork", *words)
    except SystemExit as end:
        code, err = end.code, capsys.readouterr().err
    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "fork").exists()


def test_help_lists_what_can_be_set_and_which_checkpoints_stay(capsys, command):
    with pytest.raises(SystemExit):
        command("fork", "--help")
    told = " ".join(capsys.readouterr().out.split())
    assert all(field in told for field in Recipe.__struct_fields__)
    assert "keeps the two newest automatic checkpoints" in told
