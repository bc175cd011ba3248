"""Finding blocks by name, and by what differs between the two networks; with real keys."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from app.finder import Finder
from app.theme import theme
from app.workspace import Workspace
from resviz.arch.presets import preset


@pytest.fixture
def finder(qtbot, qapp):
    theme().apply(qapp)
    workspace = Workspace((preset("plain-20"), preset("resnet-20-B")))
    qtbot.addWidget(workspace)
    workspace.resize(1200, 700)
    made = Finder(workspace, workspace)
    workspace.show()
    qtbot.waitExposed(workspace)
    return made


def test_a_block_is_found_by_a_piece_of_its_name_or_kind(finder, qtbot):
    workspace = finder._workspace
    finder.find()
    popup = finder.blocks
    assert popup.isVisible()
    assert popup.list.count() == len(workspace.active.document.architecture.blocks)
    qtbot.keyClicks(popup.edit, "stage2 block3")
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    assert workspace.active.scene.selection_ids() == ["stage2.block3"]
    finder.find()
    qtbot.keyClicks(popup.edit, "dense")  # a synonym
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    assert workspace.active.scene.selection_ids() == ["classifier"]


def test_differences_are_listed_and_lead_to_the_block_in_both_networks(finder, qtbot):
    told = []
    finder.told.connect(told.append)
    finder.compare()
    assert told == ["plain-20 and resnet-20-B: 9 differ."]
    popup = finder.differences
    titles = [popup.list.item(row).text() for row in range(popup.list.count())]
    assert "stage2.block1: shortcut none here, B there" in titles
    qtbot.keyClicks(popup.edit, "stage2.block1")
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    chosen = [pane.scene.selection_ids() for pane in finder._workspace.panes]
    assert chosen == [["stage2.block1"]] * 2


def test_equal_networks_have_nothing_to_list(finder):
    told = []
    finder.told.connect(told.append)
    left, right = finder._workspace.documents
    right.replace(left.architecture, "the same")
    finder.compare()
    assert told == ["plain-20 and plain-20 are the same, block by block."]
    assert not finder.differences.isVisible()


def test_the_key_that_finds_finds_blocks_on_the_canvas_and_runs_elsewhere(finder, qtbot):
    workspace = finder._workspace
    runs = QAction("Find runs", workspace)
    runs.setShortcut("Ctrl+F")
    workspace.addAction(runs)
    asked = []
    runs.triggered.connect(lambda: asked.append(True))
    workspace.activateWindow()
    view = workspace.active.view
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    qtbot.keyClick(view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert finder.blocks.isVisible()
    assert asked == []
    finder.blocks.close()
    header = workspace.active.header
    header.edit_name()
    qtbot.keyClick(header.editor, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert asked == [True]
    assert not finder.blocks.isVisible()
