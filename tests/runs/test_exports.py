import csv
import sys

import numpy as np
import pytest

from resviz.errors import RunError
from resviz.runs.events import Changed, Evaluated
from resviz.runs.exports import CURVES, FORMATS, export, to_csv
from resviz.runs.run import EventLog, Run
from resviz.runs.series import load
from resviz.runs.store import create_experiment
from resviz.train.recipe import Recipe, from_json
from tests.runs.samples import architecture, evaluated, old_probed, probed, started, stepped


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_csv_holds_every_value(tmp_path):
    run = Run(tmp_path)
    with EventLog(run) as log:
        log.write(
            started(), stepped(1, 90.5, None), stepped(2, 80.0), evaluated(2, 70.25), evaluated(3, 60.0)
        )
        log.write(probed(2, 0.125, 1.5), Changed(9.0, 3, "stopped"))
    written = to_csv(run, tmp_path / "new" / "out")
    assert [path.name for path in written] == [
        "curves.csv", "gradient_norm.csv", "weight_norm.csv", "update_ratio.csv", "residual_magnitude.csv",
        "residual_share.csv", "alignment.csv", "truncated_pct.csv", "response_std.csv",
        "gradient_norm_total.csv", "class_error_pct.csv",
    ]  # fmt: skip
    assert "time_s" in CURVES
    head, *body = rows(written[0])
    assert tuple(head) == CURVES
    assert body == [
        ["1", "1.0", "", "90.5", "0.1", "640.0", "", ""],
        ["2", "2.0", "2.0", "80.0", "0.1", "640.0", "70.25", "1.5"],
        ["3", "3.0", "", "", "", "", "60.0", "1.5"],
    ]
    assert rows(written[1]) == [["iteration", "stem.conv", "stage1.block1.conv1"], ["2", "0.125", "0.25"]]
    assert rows(written[3]) == [["iteration", "stem.conv", "stage1.block1.conv1"], ["2", "0.5", "0.125"]]
    assert rows(written[4]) == [["iteration", "stage1.block1"], ["2", "1.5"]]
    assert rows(written[9]) == [["iteration", "gradient_norm_total"], ["2", "0.125"]]
    assert rows(written[10]) == [["iteration", "cat", "dog"], ["2", "70.25", ""], ["3", "60.0", ""]]


def test_a_plain_network_has_no_file_of_residual_magnitudes(tmp_path):
    run = Run(tmp_path)
    with EventLog(run) as log:
        log.write(started(), stepped(1), probed(1, 0.125, None))
    names = [path.name for path in to_csv(run, tmp_path / "out")]
    assert not {"residual_magnitude.csv", "residual_share.csv"} & set(names)
    assert {"gradient_norm.csv", "truncated_pct.csv", "response_std.csv"} < set(names)


def test_an_old_log_has_no_files_of_what_was_not_measured(tmp_path):
    run = Run(tmp_path)
    with EventLog(run) as log:
        log.write(started(), stepped(1), old_probed(1), Evaluated(1.0, 1, 50.0, 1.0))
    names = [path.name for path in to_csv(run, tmp_path / "out")]
    assert names == ["curves.csv", "gradient_norm.csv", "residual_magnitude.csv", "response_std.csv"]


@pytest.mark.parametrize("to", FORMATS)
def test_a_run_without_events_is_one_sentence(tmp_path, to):
    with pytest.raises(RunError, match="no events yet, so there is nothing to export: train it first"):
        export(Run(tmp_path), to, tmp_path / "out")


@pytest.mark.parametrize("to", FORMATS)
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, to):
    run = Run(tmp_path)
    with EventLog(run) as log:
        log.write(started(), stepped(1))
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"Cannot write into .*: choose another folder"):
        export(run, to, tmp_path / "file")


@pytest.mark.parametrize(("to", "library"), [("parquet", "pyarrow"), ("tensorboard", "tensorboardX")])
def test_a_missing_library_is_named_with_what_to_install(trained, tmp_path, monkeypatch, to, library):
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(RunError, match=rf'{library}: install it with `pip install "resviz\[export\]"`'):
        export(trained, to, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def trained(tmp_path):
    """A run with a recipe and all kinds of values, some of them missing."""
    run = create_experiment([architecture()], Recipe(seed=3), out=tmp_path / "experiment").runs[0]
    with EventLog(run) as log:
        log.write(started(), *(stepped(i, 90.0 - i, None if i == 4 else 2.0 / i) for i in range(1, 9)))
        log.write(evaluated(4, 61.5), evaluated(8, 60.25))
        log.write(*(probed(i, None if i == 2 else 0.1 * i, 1.5) for i in (2, 4, 8)))
    return run


def test_parquet_reads_back_equal(trained, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    series = load(trained.events_path)
    written = {path.stem: path for path in export(trained, "parquet", tmp_path / "out")}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        path.name for path in written.values()
    )
    curves = pq.read_table(written["curves"])
    assert tuple(curves.column_names) == CURVES
    assert curves["iteration"].to_pylist() == list(range(1, 9))
    assert curves["loss"].to_pylist() == [2.0, 1.0, 2 / 3, None, 0.4, 2 / 6, 2 / 7, 0.25]
    assert curves["test_error_pct"].to_pylist() == [None] * 3 + [61.5] + [None] * 3 + [60.25]
    norms = pq.read_table(written["gradient_norm"])
    assert norms.column_names == ["iteration", "stem.conv", "stage1.block1.conv1"]
    assert str(norms.schema.field("stem.conv").type) == "float"
    assert norms["iteration"].to_pylist() == series.probe_iterations.tolist()
    for place, name in enumerate(norms.column_names[1:]):
        values = np.array(norms[name].to_pylist(), np.float32)
        np.testing.assert_array_equal(values, series.gradient_norm[:, place])
    assert norms["stem.conv"].to_pylist()[0] is None, "what was not measured is no number"
    about = {key.decode(): value.decode() for key, value in norms.schema.metadata.items()}
    assert about["network"] == "tiny"
    assert about["seed"] == "3"
    assert from_json(about["recipe"].encode(), "metadata") == trained.recipe()
    classes = pq.read_schema(written["class_error_pct"])
    assert classes.field("cat").metadata == {b"unit": b"%"}


def test_tensorboard_reads_back_equal(trained, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    series = load(trained.events_path)
    out = tmp_path / "out"
    [path] = export(trained, "tensorboard", out)
    assert export(trained, "tensorboard", out) == [path], "a second time replaces the first"
    assert list(out.iterdir()) == [path]
    read = accumulator.EventAccumulator(str(out), {accumulator.SCALARS: 0, accumulator.TENSORS: 0})
    read.Reload()

    def scalars(tag):
        return [(each.step, each.value, each.wall_time) for each in read.Scalars(tag)]

    assert scalars("error_pct/train") == [(i, 90.0 - i, 1000.0 + i) for i in range(1, 9)]
    assert scalars("error_pct/test") == [(4, 61.5, 1004.0), (8, 60.25, 1008.0)]
    assert [step for step, _, _ in scalars("loss/train")] == [1, 2, 3, 5, 6, 7, 8]
    norms = scalars("gradient_norm/stem.conv")
    assert [(step, np.float32(value)) for step, value, _ in norms] == [
        (4, series.gradient_norm[1, 0]),
        (8, series.gradient_norm[2, 0]),
    ]
    assert [time for _, _, time in norms] == [1004.0, 1008.0]
    assert {"learning_rate", "images_per_second", "gradient_norm_total", "class_error_pct/cat"} < set(
        read.Tags()["scalars"]
    )
    assert "recipe/text_summary" in read.Tags()["tensors"]
