import shutil

import pytest

from resviz.errors import FormatError, RunError
from resviz.runs import labels
from resviz.runs.labels import Labels
from resviz.runs.store import create_experiment, summary
from resviz.train.recipe import Recipe
from tests.runs.samples import architecture


@pytest.fixture
def experiment():
    return create_experiment([architecture("plain-8")], Recipe(iterations=5, milestones=()))


@pytest.fixture
def run(experiment):
    return experiment.runs[0]


def test_nothing_said_is_no_file(run, experiment):
    assert labels.read(run.path) == Labels()
    assert (run.title, experiment.title) == ("plain-8", "plain-8")
    labels.change(run.path, note="")
    assert not (run.path / labels.FILE).exists()


def test_labels_change_one_by_one_and_move_with_the_folder(run, tmp_path):
    labels.change(run.path, title="  The  deep\none ", tags=["final, Talk", "talk"], colour="Violet")
    labels.change(run.path, note="too hot\nat first")
    copy = tmp_path / "elsewhere"
    shutil.copytree(run.path, copy)
    found = labels.read(copy)
    assert (found.title, found.tags) == ("The deep one", ("final", "Talk"))
    assert (found.note, found.colour) == ("too hot\nat first", "violet")
    assert (run.name, run.title) == ("plain-8", "The deep one")
    assert labels.change(run.path, title="", colour="automatic") == Labels(tags=found.tags, note=found.note)
    assert run.title == "plain-8"


def test_damaged_labels_are_told_of_and_kept(run):
    path = run.path / labels.FILE
    path.write_text("{nonsense")
    assert run.title == "plain-8"
    known = summary(run)
    assert (known.name, known.title, known.state) == ("plain-8", "", "stopped")
    assert "is damaged" in known.labels_problem
    assert "delete it" in known.labels_problem
    with pytest.raises(FormatError, match="is damaged"):
        labels.change(run.path, title="new")
    assert path.read_text() == "{nonsense"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"format": "resviz-labels", "version": 2, "title": "x"}', "newer version (2): update resviz"),
        ('{"format": "other", "version": 1}', "holds no labels"),
        ('{"format": "resviz-labels", "version": 1, "tags": "a"}', "is damaged"),
    ],
)
def test_other_files_are_refused_with_a_sentence(run, text, sentence):
    (run.path / labels.FILE).write_text(text)
    assert sentence in labels.known(run.path)[1]


def test_what_cannot_be_used_is_refused(run):
    with pytest.raises(RunError, match="at most 200 characters"):
        labels.change(run.path, title="x" * 201)
    with pytest.raises(RunError, match="at most 40 characters"):
        labels.change(run.path, tags=["x" * 41])
    with pytest.raises(RunError, match="no colour 'mauve': choose orange"):
        labels.change(run.path, colour="mauve")
    assert not (run.path / labels.FILE).exists()


def test_summary_tells_labels_and_removing_an_experiment_takes_them(experiment, run):
    labels.change(run.path, title="A", tags=["b"], note="c")
    labels.change(experiment.path, title="All")
    known = summary(run)
    assert (known.title, known.tags, known.note, known.labels_problem) == ("A", ("b",), "c", "")
    assert experiment.title == "All"
    experiment.remove()
    assert not experiment.path.exists()


def test_seeds_are_told_apart_by_title():
    recipe = Recipe(iterations=5, milestones=())
    runs = create_experiment([architecture("resnet-20")], recipe, seeds=[0, 1]).runs
    assert [run.title for run in runs] == ["resnet-20 seed 0", "resnet-20 seed 1"]
    assert create_experiment([architecture("resnet-20")], recipe, seeds=[4]).runs[0].title == "resnet-20"
