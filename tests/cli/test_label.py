import json

import pytest

from resviz.cli import main
from resviz.runs import labels
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from tests.runs.samples import architecture


@pytest.fixture
def experiment():
    recipe = Recipe(iterations=5, milestones=())
    return create_experiment([architecture("plain-8"), architecture("resnet-8")], recipe)


def told(capsys, *words):
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_label_changes_and_shows(experiment, capsys):
    where = experiment.runs[0].path
    assert main(["label", str(where)]) == 0
    assert "no labels yet" in capsys.readouterr().out
    words = ("--title", "Deep", "--tag", "a,b", "--tag", "c", "--note", "hot")
    found = told(capsys, "label", where, *words)
    assert found == {
        "directory": str(where), "title": "Deep", "tags": ["a", "b", "c"], "note": "hot", "colour": "",
    }  # fmt: skip
    found = told(capsys, "label", where, "--untag", "B", "--tag", "d", "--colour", "violet")
    assert (found["tags"], found["colour"], found["title"]) == (["a", "c", "d"], "violet", "Deep")
    assert main(["label", str(where)]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["title: Deep", "tags: a, c, d"]


def test_label_refuses_what_is_no_run(experiment, tmp_path, capsys):
    assert main(["label", str(tmp_path / "gone"), "--title", "x"]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert main(["label", str(tmp_path), "--title", "x"]) == 2
    assert "give the folder of a run or of an experiment" in capsys.readouterr().err
    assert main(["label", str(experiment.path), "--colour", "red"]) == 2
    assert "A colour belongs to a run" in capsys.readouterr().err
    assert main(["label", str(experiment.path), "--title", "All"]) == 0
    assert experiment.title == "All"


def test_runs_are_listed_by_title_and_filtered(experiment, capsys):
    plain, residual = experiment.runs
    labels.change(plain.path, title="The deep one", tags=["final"])
    labels.change(experiment.path, tags=["talk"])
    names = [run["name"] for run in told(capsys, "runs", "--filter", "tag:talk")["runs"]]
    assert names == ["plain-8", "resnet-8"]
    [found] = told(capsys, "runs", "--filter", "DEEP state:stopped")["runs"]
    assert (found["name"], found["title"], found["tags"]) == ("plain-8", "The deep one", ["final"])
    [found] = told(capsys, "runs", residual.path, "--filter", "network:resnet")["runs"]
    assert found["name"] == "resnet-8"
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["run", "tags", "state"]
    assert lines[1].startswith("The deep one  final")
    assert main(["runs", "--filter", "tag:nothing"]) == 0
    assert "No run matches 'tag:nothing'" in capsys.readouterr().out


def test_damaged_labels_are_told_of_and_the_run_is_listed(experiment, capsys):
    (experiment.runs[0].path / labels.FILE).write_text("nonsense")
    assert main(["runs"]) == 0
    out, err = capsys.readouterr()
    assert "plain-8" in out
    assert "is damaged" in err


def test_help_tells_the_keys(capsys):
    with pytest.raises(SystemExit):
        main(["runs", "--help"])
    assert "labels_problem" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seed", "1", "--seeds", "0,1"], "--seed and --seeds say different things"),
        (["--seeds", "0;1"], "no list of seeds: write 0,1,2"),
        (["--seeds", "3,-1"], "seed must be 0 or more"),
    ],
)
def test_seeds_that_cannot_be_used(words, sentence, capsys, tmp_path):
    try:
        code = main(["train", "resnet-8-w4", "--out", str(tmp_path / "out"), *words])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_tag_that_is_not_there_cannot_be_taken_away(experiment, capsys):
    where = experiment.runs[0].path
    assert main(["label", str(where), "--tag", "a", "--tag", "b"]) == 0
    capsys.readouterr()
    assert main(["label", str(where), "--untag", "zzz"]) == 2
    assert "no such tag; it has a, b" in capsys.readouterr().err
    assert labels.read(where).tags == ("a", "b")


def test_a_field_that_there_is_not_is_named(experiment, capsys):
    assert main(["runs", "--filter", "tgs:final"]) == 0
    assert "There is no field 'tgs'" in capsys.readouterr().out
