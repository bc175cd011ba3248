"""Files that are dragged in from elsewhere: with the events that the system sends, wherever they fall."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from app.canvas.picture import save_network
from app.document import Document
from app.theme import theme
from app.window import MainWindow
from resviz.arch import files
from resviz.arch.presets import preset
from resviz.arch.source import python_source
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import Recorder, recipe, twins

COPY, LEFT, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(qtbot, qapp):
    theme().apply(qapp)
    made = MainWindow(twins())
    made.resize(1280, 720)
    made.show()
    yield made
    made.close()
    made.deleteLater()


class Drag:
    """Files on their way over a window, as the system tells of them: to whatever is under the mouse."""

    def __init__(self, window, *paths):
        self.window, self.over, self.accepted = window, None, False
        self.data = QMimeData()
        self.data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        self.data.setText("\n".join(map(str, paths)))

    def move(self, widget):
        """Move to the middle of a widget, and rest there for a moment."""
        for _ in range(2):  # What comes up under the mouse gets the next event.
            self._step(widget)

    def _step(self, widget):
        place = widget.mapTo(self.window, widget.rect().center())
        target = self.window.childAt(place) or self.window
        while not target.acceptDrops() and target is not self.window:
            target = target.parentWidget()
        where = target.mapFrom(self.window, place)
        if target is not self.over:
            if self.over is not None:
                QApplication.sendEvent(self.over, QDragLeaveEvent())
            enter = QDragEnterEvent(where, COPY, self.data, LEFT, NONE)
            QApplication.sendEvent(target, enter)
            self.over, self.accepted = target, enter.isAccepted()
        event = QDragMoveEvent(where, COPY, self.data, LEFT, NONE)
        QApplication.sendEvent(target, event)
        self.accepted, self.where = event.isAccepted(), where

    def drop(self):
        event = QDropEvent(QPointF(self.where), COPY, self.data, LEFT, NONE)
        QApplication.sendEvent(self.over, event)
        return event.isAccepted()

    def leave(self):
        QApplication.sendEvent(self.over, QDragLeaveEvent())


def test_files_of_all_kinds_open_in_the_pane_that_they_fall_on(window, qtbot, tmp_path):
    left, right = window.workspace.groups
    document = Document(preset("plain-14-w4"), window)
    paths = [
        files.save(preset("resnet-14-w4"), tmp_path / "a.json"),
        save_network(document, tmp_path / "b.png"),
        save_network(document, tmp_path / "c.svg"),
        tmp_path / "d.py",
    ]
    paths[3].write_text(python_source(preset("resnet-8-w4")))
    Drag(window).move(window.side)
    assert window.arrivals.cover.isHidden(), "no file: left to those that take it"
    drag = Drag(window, *paths)
    drag.move(window.statusBar())
    drag.move(window.palette_panel.search)
    assert window.arrivals.cover.isVisible(), "a field does not take the names as text"
    assert left.hint.isVisible(), "beside the panes: the one in use"
    drag.move(right.pane.view)
    assert drag.accepted
    assert left.hint.isHidden()
    assert right.hint.text == "Open a.json, b.png, c.svg and 1 more"
    assert drag.drop()
    qtbot.waitUntil(lambda: len(right.documents) == 4, timeout=5000)
    assert [document.name for document in right.documents] == [
        "resnet-14-w4",
        "plain-14-w4",
        "plain-14-w4",
        "resnet-8-w4",
    ]
    assert len(left.documents) == 1
    assert window.workspace.active is right.pane
    assert window.status.startswith("Opened a.json, b.png, c.svg and 1 more.")
    assert right.hint.isHidden()
    assert window.arrivals.cover.isHidden()
    assert window.palette_panel.search.text() == ""


def test_what_cannot_be_opened_is_said_in_one_sentence(window, qtbot, tmp_path):
    notes, broken = tmp_path / "notes.txt", tmp_path / "broken.json"
    notes.write_text("hello")
    broken.write_text("{")
    drag = Drag(window, notes)
    drag.move(window.workspace.panes[0].view)
    assert not drag.accepted
    assert window.workspace.groups[0].hint.text.startswith("notes.txt: no network and no runs. Drop networks")
    drag.leave()
    qtbot.waitUntil(window.arrivals.cover.isHidden, timeout=2000)
    assert window.workspace.groups[0].hint.isHidden()
    drag = Drag(window, notes)
    drag._step(window.side)
    drag.leave()  # before the cover heard of it
    qtbot.mouseMove(window.arrivals.cover, QPoint(400, 300))
    assert window.arrivals.cover.isHidden(), "a mouse without a drag: it never stays in the way"

    good = files.save(preset("resnet-14-w4"), tmp_path / "good.json")
    drag = Drag(window, broken, good, notes)
    drag.move(window.workspace.panes[0].view)
    drag.drop()
    qtbot.waitUntil(lambda: window.workspace.active.document.path == good, timeout=5000)
    assert "broken.json is damaged" in window.status
    assert window.status.endswith(f"{notes.name} could not be opened either.")

    # Folders: of a run, of an experiment, of neither.
    experiment = create_experiment((preset("plain-14-w4"), preset("resnet-14-w4")), recipe(iterations=10))
    for run in experiment.runs:
        recorder = Recorder(run)
        recorder.started(iterations=10)
        recorder.steps(1, 10)
        recorder.ended("finished", 10)
    drag = Drag(window, experiment.runs[0].path, experiment.path)
    drag.move(window.bottom)
    assert "Open the runs in" in window.workspace.groups[0].hint.text
    drag.drop()
    qtbot.waitUntil(lambda: len(window.session.current) == 2, timeout=5000)
    (tmp_path / "empty").mkdir()
    drag = Drag(window, tmp_path / "empty")
    drag.move(window.side)
    drag.drop()
    qtbot.waitUntil(lambda: "holds no run" in window.status, timeout=5000)
