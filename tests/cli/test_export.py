"""`export` in its formats; what the files hold is tested with `resviz.runs.exports`."""

import pytest

from resviz.runs.run import EventLog
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe
from tests.runs.samples import architecture, evaluated, probed, started, stepped


@pytest.fixture
def experiment(tmp_path):
    made = create_experiment([architecture("one"), architecture("two")], Recipe(), out=tmp_path / "e")
    for run in made.runs:
        with EventLog(run) as log:
            log.write(started(), stepped(1), stepped(2), evaluated(2), probed(2, 0.5, 1.5))
    return made


@pytest.mark.parametrize(("to", "name"), [("csv", "curves.csv"), ("parquet", "curves.parquet")])
def test_an_experiment_is_exported_run_by_run(command, experiment, tmp_path, to, name):
    code, answer, _ = command("export", experiment.path, "--to", to, "-o", tmp_path / "out")
    assert code == 0
    assert {str(tmp_path / "out" / run / name) for run in ("one", "two")} < set(answer["files"])


def test_event_files_of_chosen_runs(command, experiment, tmp_path):
    runs = [run.path for run in experiment.runs]
    code, answer, _ = command("export", *runs, "--to", "tensorboard", "-o", tmp_path / "logs")
    assert code == 0
    assert len(answer["files"]) == 2
    code, text, _ = command(
        "export", runs[0], "--to", "tensorboard", "-o", tmp_path / "log", json_answer=False
    )
    assert [path.name for path in (tmp_path / "log").iterdir()] == [text.strip().rpartition("/")[2]]


def test_runs_of_one_name_do_not_overwrite_each_other(command, experiment, tmp_path):
    other = create_experiment([architecture("one")], Recipe(), out=tmp_path / "other").runs[0]
    with EventLog(other) as log:
        log.write(started(), stepped(1))
    command("export", experiment.runs[0].path, other.path, "-o", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one", "one-2"]


def test_an_unknown_format_names_those_there_are(command, experiment, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        command("export", experiment.path, "--to", "xlsx", "-o", tmp_path / "out")
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("csv", "parquet", "tensorboard"))
