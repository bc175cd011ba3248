"""Two linked panes as in the window, with real keys and a real mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.theme import theme
from app.twins.twins import Twins
from app.workspace import Workspace
from resviz.arch.presets import preset

NONE = Qt.KeyboardModifier.NoModifier


class Pair:
    """A workspace, what links its panes, and a hand."""

    def __init__(self, workspace, twins, qtbot):
        self.workspace, self.twins, self.qtbot = workspace, twins, qtbot
        self.left, self.right = workspace.panes

    @property
    def here(self):
        return self.left.document.architecture

    @property
    def there(self):
        return self.right.document.architecture

    def key(self, pane, key, modifier=NONE):
        pane.activateWindow()
        pane.view.setFocus()
        self.qtbot.waitUntil(pane.view.hasFocus)
        QTest.keyClick(pane.view, key, modifier)
        self.settle()

    def drag(self, pane, start, end, button=Qt.MouseButton.LeftButton):
        viewport = pane.view.viewport()
        QTest.mousePress(viewport, button, NONE, start)
        for step in range(1, 5):
            QTest.mouseMove(viewport, start + (end - start) * step / 4)
        QTest.mouseRelease(viewport, button, NONE, end)
        self.settle()

    def click(self, pane, block_id):
        place = pane.view.mapFromScene(pane.scene.block_item(block_id).body_in_scene().center())
        QTest.mouseClick(pane.view.viewport(), Qt.MouseButton.LeftButton, NONE, place)
        self.settle()

    def settle(self):
        """Wait until one pane has followed the other."""
        for _ in range(2):
            self.qtbot.wait(1)
        self.qtbot.waitUntil(lambda: not self.twins.link._timer.isActive())
        self.qtbot.wait(1)


@pytest.fixture
def open_pair(qtbot, qapp):
    """Return a function that shows two networks, or presets, side by side."""
    theme().apply(qapp)

    def opened(*networks, size=(1100, 500)):
        networks = networks or ("plain-20", "resnet-20")
        workspace = Workspace(tuple(preset(n) if isinstance(n, str) else n for n in networks))
        qtbot.addWidget(workspace)
        twins = Twins(workspace)
        for pane in workspace.panes:  # as the window does
            pane.selection_changed.connect(
                lambda ids, pane=pane: ids and not pane.led and workspace.activate(pane)
            )
        workspace.resize(*size)
        with qtbot.waitExposed(workspace):
            workspace.show()
        workspace.activateWindow()
        pair = Pair(workspace, twins, qtbot)
        pair.settle()
        return pair

    return opened
