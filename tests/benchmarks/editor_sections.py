"""Sections of `editor.py`: what a person does to a network, from the event to the last pixel."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox

from app.editor.pane import EditorPane
from app.window import MainWindow
from tests.benchmarks.window_kit import Figure, open_window, run_for

PATIENCE, FRAME, FRAME_OF_MANY, EDIT = 100.0, 16.0, 33.0, 10.0
"""Milliseconds: what a person waits for; a move of the mouse, one over thousands of blocks; an edit."""
OPENING = 1000.0
MANY = 2000
"""Blocks."""
_NO_BUTTON, _LEFT, _MIDDLE = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
_FREE = Qt.KeyboardModifier.NoModifier
_TURNS = 4
"""Of the event loop, after which all that was asked for is done and painted."""


class Stage:
    """One network in the window, and the hand that works on it."""

    def __init__(self, section: str, window: MainWindow, quick: bool) -> None:
        self.section, self.window, self.quick = section, window, quick
        self.figures: list[Figure] = []

    @property
    def pane(self) -> EditorPane:
        """The pane in use."""
        return self.window.workspace.active

    @property
    def size(self) -> int:
        """How many blocks there are."""
        return len(self.pane.document.architecture.blocks)

    @property
    def frame(self) -> float:
        """How long a move of the mouse may take, ms."""
        return FRAME_OF_MANY if self.size > MANY else FRAME

    def close(self) -> None:
        """Close the network, as if it were saved."""
        self.pane.document.undo_stack.setClean()
        self.window.filing.close_document(self.pane.document)
        settle()

    def middle(self) -> str:
        """Return a block in the middle of the network that has weights of its own."""
        blocks = [b for b in self.pane.document.architecture.blocks.values() if "out_channels" in b.params]
        return blocks[len(blocks) // 2].id

    def timed(self, change: Callable[[], object]) -> tuple[float, float]:
        """Return processor time of this thread and wall time, ms, until all is painted."""
        began = time.thread_time(), time.perf_counter()
        change()
        settle()
        return 1000 * (time.thread_time() - began[0]), 1000 * (time.perf_counter() - began[1])

    def tell(self, what: str, spent: Sequence[tuple[float, float]], most: float) -> None:
        """Put down how long something took: the one time, or median and 99th percentile of many."""
        thread, wall = ([each[n] for each in spent] for n in (0, 1))
        many = len(spent) > 8
        worst = float(np.quantile(thread, 0.99)) if many else statistics.median(thread)
        found = [
            f"median {statistics.median(t):.1f} ms, p99 {np.quantile(t, 0.99):.1f}"
            if many
            else f"{statistics.median(t):.1f} ms"
            for t in (thread, wall)
        ]
        target = f"{'p99 ' if many else ''}under {most:g} ms"
        self.figures.append(
            Figure(self.section, f"{self.size:,} blocks: {what}", found[0], target, worst < most, found[1])
        )

    def mouse(self, kind: QEvent.Type, at: QPoint, button: Qt.MouseButton) -> None:
        """Send an event of the mouse, with its button held unless it is let go."""
        viewport = self.pane.view.viewport()
        held = _NO_BUTTON if kind == QEvent.Type.MouseButtonRelease else button
        caused = _NO_BUTTON if kind == QEvent.Type.MouseMove else button
        where = QPointF(at), QPointF(viewport.mapToGlobal(at))
        QApplication.sendEvent(viewport, QMouseEvent(kind, *where, caused, held, _FREE))

    def dragged(self, ways: Sequence[QPoint], button: Qt.MouseButton = _LEFT) -> list[tuple[float, float]]:
        """Press at the first place, move along the others, give up; return what each move took."""
        self.mouse(QEvent.Type.MouseButtonPress, ways[0], button)
        self.mouse(QEvent.Type.MouseMove, ways[1], button)
        settle()
        spent = [self.timed(lambda at=at: self.mouse(QEvent.Type.MouseMove, at, button)) for at in ways[2:]]
        self.pane.view.cancel_gesture()
        settle()
        return spent

    def near(self) -> None:
        """Show the middle of the network as large as it is."""
        self.pane.view.zoom_to_actual_size()
        self.pane.view.centerOn(self.pane.scene.block_item(self.middle()))
        settle()

    def far(self) -> None:
        """Show all of the network."""
        self.pane.view.fit()
        settle()

    def way(self, start: QPoint, moves: int = 120) -> list[QPoint]:
        """Return places along a wavy way from `start`, each another cell of the grid."""
        moves = moves // 4 if self.quick else moves
        step = 6.0
        angles = np.linspace(0, 6 * np.pi, moves + 2)
        return [start + QPoint(round(step * n % 90), round(24 * np.sin(angles[n]))) for n in range(moves + 2)]


def settle() -> None:
    """Let the event loop do and paint what there is to do."""
    for _ in range(_TURNS):
        QApplication.processEvents()


@contextmanager
def shown(section: str, path: Path, window: MainWindow, quick: bool) -> Iterator[Stage]:
    """Open a network in the window."""
    window.filing.open_file(str(path))
    run_for(0.3)
    stage = Stage(section, window, quick)
    gc.collect()
    yield stage
    stage.close()


def measure(section: str, paths: Sequence[Path], quick: bool) -> list[Figure]:
    """Measure one section of each network, one after the other in one window."""
    figures = []
    with open_window() as window:
        for path in paths:
            if section == "open":
                figures += opening(window, path, quick)
                continue
            with shown(section, path, window, quick) as stage:
                _DO[section](stage)
                figures += stage.figures
    return figures


def opening(window: MainWindow, path: Path, quick: bool) -> list[Figure]:
    """Measure the way from the file to the first complete picture."""
    stage = Stage("open", window, quick)
    spent = []
    for turn in range(3 if quick else 5):
        if turn:
            stage.close()
        spent.append(stage.timed(lambda: window.filing.open_file(str(path))))
    stage.tell("file to first picture", spent, OPENING)
    return stage.figures


def drag(stage: Stage) -> None:
    """Drag one block, and all of them."""
    view = stage.pane.view
    for name, show in (("at full view", stage.far), ("at 100 %", stage.near)):
        show()
        start = view.mapFromScene(stage.pane.scene.block_item(stage.middle()).body_in_scene().center())
        stage.tell(f"drag one block, {name}", stage.dragged(stage.way(start)), stage.frame)
        stage.pane.select_all()
        settle()
        spent = stage.dragged(stage.way(start, 60))
        stage.tell(f"drag all blocks, {name}", spent, 2 * stage.frame if stage.size < MANY else PATIENCE)
        stage.pane.scene.clearSelection()
        settle()


def pan(stage: Stage) -> None:
    """Move the paper, and zoom with the wheel."""
    view = stage.pane.view
    for name, show in (("at full view", stage.far), ("at 100 %", stage.near)):
        show()
        centre = view.viewport().rect().center()
        stage.tell(f"pan, {name}", stage.dragged(stage.way(centre), _MIDDLE), stage.frame)
        show()
        notches = ([120] * 6 + [-120] * 6) * (2 if stage.quick else 6)
        spent = [stage.timed(lambda delta=delta: _turn_wheel(stage, delta)) for delta in notches]
        stage.tell(f"zoom, {name}", spent, 2 * stage.frame if stage.size < MANY else PATIENCE)


def _turn_wheel(stage: Stage, delta: int) -> None:
    viewport = stage.pane.view.viewport()
    at = viewport.rect().center()
    where = QPointF(at), QPointF(viewport.mapToGlobal(at))
    turned = QPoint(), QPoint(0, delta), _NO_BUTTON, _FREE, Qt.ScrollPhase.NoScrollPhase, False
    QApplication.sendEvent(viewport, QWheelEvent(*where, *turned))


def edit(stage: Stage) -> None:
    """Change one thing in the middle: until it is validated, all is known of it, it is painted."""
    document, edits = stage.pane.document, stage.pane.edits
    stage.far()
    middle = stage.middle()
    wire = document.architecture.outgoing(middle)[0]
    channels = document.architecture[middle].params["out_channels"]
    changes: dict[str, Callable[[], object]] = {
        "a parameter changed": lambda: edits.set_params({middle: {"out_channels": channels + 8}}),
        "a wire removed": lambda: edits.remove([], [wire]),
        "a block inserted": lambda: edits.add("relu", QPointF(), wire=wire),
        "a block removed": lambda: edits.remove([middle]),
    }
    for what, change in changes.items():
        validated, judged, painted = [], [], []
        for _ in range(3 if stage.quick else 7):
            settle()
            began = time.thread_time(), time.perf_counter()
            change()
            document.inference  # noqa: B018 worked out when asked for
            validated.append(_since(began))
            document.cost, document.ruler  # noqa: B018
            judged.append(_since(began))
            rest = stage.timed(lambda: None)
            painted.append((judged[-1][0] + rest[0], judged[-1][1] + rest[1]))
            stage.pane.undo()
        settle()
        many = stage.size > MANY
        stage.tell(f"{what}, until shapes and problems are known", validated, FRAME_OF_MANY if many else EDIT)
        stage.tell(f"{what}, until costs and ruler are known too", judged, FRAME_OF_MANY if many else FRAME)
        stage.tell(f"{what}, until painted", painted, PATIENCE)


def _since(began: tuple[float, float]) -> tuple[float, float]:
    return 1000 * (time.thread_time() - began[0]), 1000 * (time.perf_counter() - began[1])


def delete(stage: Stage) -> None:
    """Select all, delete, undo."""
    pane = stage.pane
    stage.far()
    deleted, undone, redone = [], [], []
    for _ in range(2 if stage.quick else 3):
        pane.select_all()
        settle()
        deleted.append(stage.timed(pane.delete_selection))
        undone.append(stage.timed(pane.undo))
        redone.append(stage.timed(pane.redo))
        pane.undo()
        settle()
    stage.tell("delete everything", deleted, PATIENCE)
    stage.tell("undo it", undone, PATIENCE)
    stage.tell("do it again", redone, PATIENCE)


def select(stage: Stage) -> None:
    """Select with the rubber band, and everything at once."""
    stage.far()
    rect = stage.pane.view.viewport().rect().adjusted(2, 2, -2, -2)
    moves = 12 if stage.quick else 48
    way = [
        rect.topLeft() + QPoint(rect.width() * n // moves, rect.height() * n // moves)
        for n in range(moves + 1)
    ]
    stage.tell("rubber band over all", stage.dragged(way), 2 * stage.frame)
    chosen, left = [], []
    for _ in range(3 if stage.quick else 7):
        chosen.append(stage.timed(stage.pane.select_all))
        left.append(stage.timed(stage.pane.scene.clearSelection))
    stage.tell("select all", chosen, PATIENCE)
    stage.tell("select nothing", left, PATIENCE)


def whole(stage: Stage) -> None:
    """Paste many blocks, tidy up, make the twin, expand and collapse: what touches much at once."""
    pane, document = stage.pane, stage.pane.document
    stage.far()
    some = [block_id for block_id in document.architecture.order() if "block" in block_id][:200]
    pane.scene.select(some)
    pane.copy()
    unit = next((b.id for b in document.architecture.blocks.values() if b.shortcut and b.kind != "add"), None)
    steps: dict[str, Callable[[], object]] = {
        f"paste {len(some)} blocks": pane.paste,
        "tidy up": pane.tidy_up,
        "twin": pane.make_twin,
    }
    if unit is not None:
        steps["expand one unit"] = lambda: pane.show_new(pane.units.expand([unit]))
    moved = {some[0]: (-400.0, -400.0)}
    for what, step in steps.items():
        spent = []
        for _ in range(2 if stage.quick else 3):
            if what == "tidy up":
                pane.edits.move(moved)
            settle()
            spent.append(stage.timed(step))
            pane.undo()
            if what == "tidy up":
                pane.undo()
            stage.far()
        stage.tell(what, spent, PATIENCE)


def typing(stage: Stage) -> None:
    """Select a block with the mouse, and step and type a number in the inspector."""
    stage.near()
    pane, inspector = stage.pane, stage.window.side.inspector
    place = pane.view.mapFromScene(pane.scene.block_item(stage.middle()).body_in_scene().center())
    clicked, stepped, typed = [], [], []
    for _ in range(3 if stage.quick else 7):
        pane.scene.clearSelection()
        settle()
        clicked.append(stage.timed(lambda: QTest.mouseClick(pane.view.viewport(), _LEFT, _FREE, place)))
    box = inspector.fields["out_channels"].widget
    assert isinstance(box, QSpinBox)
    box.setFocus()
    settle()
    for number in range(9 if stage.quick else 24):
        key = Qt.Key.Key_Up if number % 2 else Qt.Key.Key_Down
        stepped.append(stage.timed(lambda key=key: QTest.keyClick(box, key)))
        box.selectAll()
        typed.append(stage.timed(lambda: QTest.keyClick(box, Qt.Key.Key_7)))
    stage.tell("select a block with a click", clicked, PATIENCE)
    stage.tell("step a number in the inspector", stepped, PATIENCE)
    stage.tell("type a digit there", typed, PATIENCE)


_DO: dict[str, Callable[[Stage], None]] = {
    "drag": drag,
    "pan": pan,
    "edit": edit,
    "delete": delete,
    "select": select,
    "whole": whole,
    "type": typing,
}
