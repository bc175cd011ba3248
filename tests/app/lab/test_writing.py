"""Reports and exports, written by real processes."""

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QWidget

from app.lab import writing
from app.lab.writing import Writing
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import Recorder, recipe, twins

WAIT_MS = 60_000


def recorded(begun=True):
    experiment = create_experiment(twins(), recipe(iterations=100))
    for run in experiment.runs if begun else []:
        recorder = Recorder(run)
        recorder.started()
        recorder.steps(1, 30)
        recorder.probe(5)
        recorder.evaluated(30, 60.0)
        recorder.ended("finished", 30)
    return experiment


@pytest.fixture
def writer(session, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    made = Writing(session, list, parent)
    yield made
    made.close()


def choose(writer, path, qtbot):
    """Type a path into the open dialog and press Enter."""
    window = writer.parent().window()
    [dialog] = [each for each in window.findChildren(QFileDialog) if each.isVisible()]
    edit = dialog.findChild(QLineEdit, "fileNameEdit")
    edit.setText(str(path))
    QTest.keyClick(edit, Qt.Key.Key_Return)
    del dialog, edit
    qtbot.waitUntil(lambda: not window.findChildren(QFileDialog))


def test_report_of_what_is_shown_is_written_and_offered(writer, session, tmp_path, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    session.take(recorded().runs)
    writer.report()
    with qtbot.waitSignal(
        writer.asked, timeout=WAIT_MS, check_params_cb=lambda text, *_: "is in" in text
    ) as told:
        choose(writer, tmp_path / "mine", qtbot)
    text, answers, _ = told.args
    assert text == f"The report is in {tmp_path / 'mine.html'}."
    assert "resnet-8-w4" in (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert answers[0][0] == "Open"
    answers[0][1]()
    assert opened == [str(tmp_path / "mine.html")]
    assert not writer.busy


def test_export_writes_a_folder_a_run(writer, tmp_path, qtbot):
    experiment = recorded()
    with qtbot.waitSignal(
        writer.asked, timeout=WAIT_MS, check_params_cb=lambda text, *_: "written" in text
    ) as told:
        writer.export_to(experiment.runs, "csv")
        choose(writer, tmp_path, qtbot)
    assert {path.parent.name for path in tmp_path.glob("*/curves.csv")} == {"plain-8-w4", "resnet-8-w4"}
    assert told.args[0].endswith(f"files written into {tmp_path}.")
    assert told.args[1][0][0] == "Open the folder"


def test_what_cannot_be_written_is_one_sentence(writer, tmp_path, qtbot):
    with qtbot.waitSignal(writer.failed, timeout=WAIT_MS) as failed:
        writer.report_on(recorded(begun=False).runs)
        choose(writer, tmp_path / "r.html", qtbot)
    assert failed.args == ["None of these runs has begun, so there is nothing to report: train them first."]
    with qtbot.waitSignal(writer.failed) as failed:
        writer.report()
    assert failed.args[0].startswith("There is no run to write of")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_slow_writing_is_told_and_can_be_cancelled(writer, tmp_path, qtbot, monkeypatch):
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(writing.sys, "executable", str(slow))
    writer._patience.setInterval(10)
    runs = recorded().runs
    with qtbot.waitSignal(writer.asked, timeout=WAIT_MS) as asked:
        writer.report_on(runs)
        choose(writer, tmp_path / "x.html", qtbot)
    text, [(title, cancel)], _ = asked.args
    assert text == "Writing the report x.html …"
    assert title == "Cancel"
    with qtbot.waitSignal(writer.failed) as failed:
        writer.report_on(runs)
    assert failed.args == ["Still writing the report x.html: wait for it, or cancel it."]
    cancel()
    assert not writer.busy


def test_menu_offers_every_format(writer):
    menu = writer.export_menu([], writer.parent())
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == [
        "CSV tables…", "Parquet tables…", "TensorBoard events…",
    ]  # fmt: skip
