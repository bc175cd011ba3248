import errno
import shutil
from pathlib import Path

import msgspec
import pytest

from resviz.errors import FormatError, RunError
from resviz.runs import store
from resviz.runs.store import Experiment, Run, create_experiment, find_runs, list_experiments
from resviz.train.recipe import Recipe
from tests.runs.samples import architecture

RECIPE = Recipe(iterations=5, milestones=(), seed=3)


def test_data_root_follows_the_environment(own_home, monkeypatch):
    assert store.data_root() == own_home
    monkeypatch.delenv("RESVIZ_HOME")
    assert "resviz" in str(store.data_root())


def test_an_experiment_is_read_back_as_it_was_written(tmp_path):
    made = create_experiment([architecture("plain-8"), architecture("resnet-8")], RECIPE, out=tmp_path / "e")
    assert made.path == tmp_path / "e"
    again = Experiment.open(made.path)
    assert again.name == "plain-8 and resnet-8"
    assert [run.name for run in again.runs] == ["plain-8", "resnet-8"]
    assert again.runs[0].architecture() == architecture("plain-8")
    assert again.runs[1].recipe() == RECIPE
    assert again.runs[0].state() == "stopped"


def test_names_are_unique_and_fit_every_system():
    odd = [architecture(name) for name in ("a", "A", "a", "a/b: c?", "..", "con")]
    names = [run.name for run in create_experiment(odd, RECIPE).runs]
    assert names == ["a", "A-2", "a-3", "a-b-c", "run", "con-run"]


def test_each_seed_is_a_run():
    runs = create_experiment([architecture("plain-8")], RECIPE, seeds=[0, 1, 1]).runs
    assert [(run.name, run.recipe().seed) for run in runs] == [("plain-8-seed0", 0), ("plain-8-seed1", 1)]


def test_a_second_experiment_of_the_same_name_has_its_own_folder(own_home):
    first, second = (create_experiment([architecture()], RECIPE, name="try it") for _ in range(2))
    assert (first.path.name, second.path.name) == ("try-it", "try-it-2")
    assert first.path.parent == own_home / "experiments"
    assert {experiment.path for experiment in list_experiments()} == {first.path, second.path}


def test_out_with_other_things_gets_a_folder_inside_and_an_experiment_is_not_overwritten(tmp_path):
    (tmp_path / "notes.txt").touch()
    made = create_experiment([architecture("plain-8")], RECIPE, out=tmp_path)
    assert made.path == tmp_path / "plain-8"
    with pytest.raises(RunError, match="holds an experiment already: resume it, or choose another folder"):
        create_experiment([architecture()], RECIPE, out=made.path)


def test_no_architecture_is_one_sentence():
    with pytest.raises(RunError, match="choose at least one"):
        create_experiment([], RECIPE)


def test_out_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"Cannot make .*: choose another place"):
        create_experiment([architecture()], RECIPE, out=tmp_path / "file")


def test_read_only_out_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_, **__):  # root may write into any folder, so the system's answer is played here
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunError, match=r"Cannot make .*Permission denied.*: choose another place"):
        create_experiment([architecture()], RECIPE, out=tmp_path / "new")


def test_moving_the_folder_moves_the_runs(tmp_path):
    made = create_experiment([architecture("plain-8")], RECIPE, out=tmp_path / "here")
    shutil.move(made.path, tmp_path / "there")
    (run,) = Experiment.open(tmp_path / "there").runs
    assert run.architecture().name == "plain-8"
    assert str(tmp_path).encode() not in b"".join(p.read_bytes() for p in run.path.parent.rglob("*.json"))


def test_find_runs_in_a_run_an_experiment_and_a_folder_of_both(tmp_path):
    first = create_experiment([architecture("a"), architecture("b")], RECIPE, out=tmp_path / "1")
    second = create_experiment([architecture("c")], RECIPE, out=tmp_path / "2")
    shutil.copytree(second.runs[0].path, tmp_path / "loose")
    assert find_runs(first.runs[0].path) == [Run(tmp_path / "1" / "a")]
    assert find_runs(first.path) == first.runs
    assert {run.name for run in find_runs(tmp_path)} == {"a", "b", "c", "loose"}


def test_find_runs_says_what_to_give(tmp_path):
    with pytest.raises(RunError, match=r"There is no folder .*: give the folder of a run"):
        find_runs(tmp_path / "nowhere")
    with pytest.raises(RunError, match="holds no run: give the folder"):
        find_runs(tmp_path)


def test_a_run_that_was_deleted_and_a_name_that_leads_out_are_left_out(tmp_path):
    made = create_experiment([architecture("a"), architecture("b")], RECIPE, out=tmp_path / "e")
    shutil.rmtree(made.runs[0].path)
    create_experiment([architecture("x")], RECIPE, out=tmp_path / "f")
    file = msgspec.structs.replace(made.file, runs=(*made.file.runs, "../f/x", "..", "/etc"))
    (made.path / "experiment.json").write_bytes(msgspec.json.encode(file))
    assert [run.name for run in Experiment.open(made.path).runs] == ["b"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"format":"resv', "is damaged .*: open the runs in its folder one by one"),
        (b"\xff\xfe", "is damaged"),
        (b'{"format":"other","version":1}', "not an experiment: choose another folder"),
        (b'{"format":"resviz-experiment","version":99}', "newer version .*: update resviz"),
    ],
)
def test_a_file_that_is_none_is_one_sentence_and_does_not_spoil_the_list(tmp_path, content, sentence):
    good = create_experiment([architecture()], RECIPE, out=tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "experiment.json").write_bytes(content)
    with pytest.raises(FormatError, match=sentence):
        Experiment.open(tmp_path / "bad")
    assert [experiment.path for experiment in list_experiments(tmp_path)] == [good.path]
