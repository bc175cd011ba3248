import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest

from app.document import Document
from app.editor.pane import EditorPane
from app.theme import theme
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset


class Hand:
    """Real mouse and key events on a pane."""

    def __init__(self, pane, qtbot):
        self.pane, self.qtbot = pane, qtbot

    @property
    def viewport(self):
        return self.pane.view.viewport()

    def at(self, place):
        """Return viewport pixels of a scene place, a block's id (its middle) or a port (block, name)."""
        if isinstance(place, str):
            place = self.pane.scene.block_item(place).body_in_scene().center()
        elif isinstance(place, tuple):
            block, port = place
            place = self.pane.scene.block_item(block).anchor(port, is_input=port != "out")
        pixels = self.pane.view.mapFromScene(QPointF(place))
        assert self.viewport.rect().contains(pixels), f"{place} is out of sight"
        return pixels

    def click(self, place, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.mouseClick(self.viewport, Qt.MouseButton.LeftButton, modifier, self.at(place))
        self.settle()

    def drag(
        self, start, end, button=Qt.MouseButton.LeftButton, modifier=Qt.KeyboardModifier.NoModifier, drop=True
    ):
        begin, goal = (p if isinstance(p, QPoint) else self.at(p) for p in (start, end))
        QTest.mousePress(self.viewport, button, modifier, begin)
        for step in range(1, 6):
            self.move(begin + (goal - begin) * step / 5, button, modifier)
        if drop:
            QTest.mouseRelease(self.viewport, button, modifier, goal)
        self.settle()

    def move(self, pixels, button, modifier):
        """Move the mouse with a button held; `QTest.mouseMove` knows no modifiers."""
        viewport = self.viewport
        where = QPointF(pixels), QPointF(viewport.mapToGlobal(pixels))
        event = QMouseEvent(QEvent.Type.MouseMove, *where, Qt.MouseButton.NoButton, button, modifier)
        QGuiApplication.sendEvent(viewport, event)

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.pane.view, key, modifier)
        self.settle()

    def settle(self):
        for _ in range(3):
            self.qtbot.wait(1)


@pytest.fixture
def open_pane(qtbot, qapp):
    """Return a function that shows an architecture (or a preset's name) in a pane with the focus."""
    theme().apply(qapp)

    def opened(architecture=None, size=(900, 700)):
        made = preset(architecture) if isinstance(architecture, str) else architecture or Architecture()
        document = Document(made)
        pane = EditorPane(document)
        qtbot.addWidget(pane)
        pane.resize(*size)
        pane.show()
        qtbot.waitExposed(pane)
        pane.activateWindow()
        pane.view.setFocus()
        qtbot.waitUntil(pane.view.hasFocus)
        hand = Hand(pane, qtbot)
        hand.settle()
        return pane, hand

    return opened
