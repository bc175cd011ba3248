import csv

import pytest

from resviz.errors import RunError
from resviz.runs.events import Changed, Evaluated
from resviz.runs.exports import CURVES, to_csv
from resviz.runs.run import EventLog, Run
from tests.runs.samples import evaluated, old_probed, probed, started, stepped


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


def test_a_run_without_events_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="no events yet, so there is nothing to export: train it first"):
        to_csv(Run(tmp_path), tmp_path / "out")


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    run = Run(tmp_path)
    with EventLog(run) as log:
        log.write(started(), stepped(1))
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"Cannot write into .*: choose another folder"):
        to_csv(run, tmp_path / "file")
