"""Zoom, place and selection of one pane, followed by the other."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from resviz.arch.folding import folded
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from resviz.arch.twin import twin

MIDDLE = Qt.MouseButton.MiddleButton


def wheel(pane, place, delta):
    view = pane.view
    event = QWheelEvent(
        QPointF(place),
        QPointF(view.viewport().mapToGlobal(place)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def apart(pair):
    """Return how many pixels the panes' views are apart, and whether their zooms are the same."""
    left, right = pair.left.view, pair.right.view
    off = right.mapFromScene(left.centre()) - right.viewport().rect().center()
    return off.manhattanLength(), left.zoom == pytest.approx(right.zoom)


@pytest.mark.parametrize("leader", [0, 1])
def test_zoom_pan_and_fit_are_followed(open_pair, leader):
    pair = open_pair()
    assert pair.twins.link.on
    pane = pair.workspace.panes[leader]
    start = pane.view.zoom
    wheel(pane, QPoint(120, 90), 480)
    pair.settle()
    assert pane.view.zoom > 1.5 * start
    assert apart(pair) == (0, True)
    pair.drag(pane, QPoint(300, 200), QPoint(180, 130), MIDDLE)
    assert apart(pair) == (0, True)
    assert not pair.left.view.fitted
    assert not pair.right.view.fitted
    pair.key(pane, Qt.Key.Key_F)
    assert pair.left.view.fitted
    assert pair.right.view.fitted


def test_many_moves_are_followed_once(open_pair):
    pair = open_pair()
    followed = []
    pair.right.view.zoom_changed.connect(followed.append)
    for _ in range(8):
        wheel(pair.left, QPoint(120, 90), 60)
    assert not followed
    pair.settle()
    assert len(followed) == 1
    assert apart(pair) == (0, True)


@pytest.mark.parametrize("leader", [0, 1])
def test_the_selection_is_followed_and_the_pane_in_use_stays_so(open_pair, leader):
    pair = open_pair()
    pane, other = pair.workspace.panes[leader], pair.workspace.panes[1 - leader]
    heard = []
    other.selection_changed.connect(lambda ids: heard.append((ids, other.led)))
    pair.click(pane, "stage2.block2")
    assert other.scene.selection_ids() == ["stage2.block2"]
    assert heard == [(["stage2.block2"], True)]
    assert pair.workspace.active is pane
    pair.key(pane, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(other.scene.selection_ids()) == len(pair.there.blocks)
    pair.key(pane, Qt.Key.Key_Escape)
    assert not other.scene.selection_ids()
    pair.click(other, "stem")  # now the other leads
    assert pane.scene.selection_ids() == ["stem"]
    assert pair.workspace.active is other


def test_a_unit_and_its_loose_layers_are_selected_together(open_pair):
    loose, layers = expanded(preset("resnet-20"), ["stage1.block1"])
    pair = open_pair(preset("resnet-20"), loose)
    assert not pair.twins.link.on, "other blocks: no twins"
    pair.key(pair.left, Qt.Key.Key_L)
    pair.left.scene.select(["stage1.block1"])
    pair.settle()
    assert set(pair.right.scene.selection_ids()) == set(layers)
    pair.right.scene.select(["stage1.block1.conv1"])
    pair.settle()
    assert pair.left.scene.selection_ids() == ["stage1.block1"]
    assert pair.right.scene.selection_ids() == ["stage1.block1.conv1"]


def test_a_choice_is_remembered_and_a_new_pair_judged_by_it(open_pair):
    pair = open_pair()
    pair.key(pair.left, Qt.Key.Key_L)
    assert not pair.twins.link.on
    assert not any(pane.editor_actions.link.isChecked() for pane in pair.workspace.panes)
    wheel(pair.left, QPoint(100, 100), 240)
    pair.settle()
    assert pair.right.view.fitted
    assert not open_pair().twins.link.on
    pair.key(pair.right, Qt.Key.Key_L)
    assert pair.twins.link.on
    assert pair.left.view.fitted, "the pane in use leads"
    assert open_pair().twins.link.on
    assert not open_pair("plain-20", "resnet-32").twins.link.on


def test_linked_while_they_are_twins_edits_do_not_part_them(open_pair):
    pair = open_pair()
    pair.workspace.activate(pair.left)
    pair.left.scene.select(["stage1.block1"])
    pair.left.delete_selection()
    pair.settle()
    assert pair.twins.link.on
    pair.right.document.replace(preset("resnet-32"), "another")
    pair.settle()
    assert not pair.twins.link.on
    wheel(pair.left, QPoint(100, 100), 240)
    pair.workspace.twin_beside()
    pair.settle()
    assert pair.there == twin(pair.here)
    assert pair.twins.link.on
    assert apart(pair) == (0, True), "the new one joins the one that a person looked at"
    assert not pair.left.view.fitted


def test_the_button_on_the_seam_links(open_pair, qtbot):
    pair = open_pair()
    button = pair.twins.bar.buttons[0]
    assert button.isChecked()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not pair.twins.link.on
    seam = (pair.left.view.mapTo(pair.workspace, QPoint(pair.left.view.width(), 0))).x()
    assert abs(pair.twins.bar.geometry().center().x() - seam) < 12


@pytest.mark.parametrize("size", [(734, 348), (1100, 500)])
def test_the_buttons_on_the_seam_cover_no_block_that_is_fitted(open_pair, size):
    pair = open_pair("plain-56", "resnet-56", size=size)
    bar = pair.twins.bar.geometry()
    for pane in pair.workspace.panes:
        assert not bar.intersects(
            QRect(pane.header.tag.mapTo(pair.workspace, QPoint()), pane.header.tag.size())
        )
        for item in map(pane.scene.block_item, pane.document.architecture.blocks):
            body = pane.view.mapFromScene(item.body_in_scene()).boundingRect()
            body.translate(pane.view.mapTo(pair.workspace, QPoint()))
            assert not bar.intersects(body), item.block_id


def test_a_stack_and_its_blocks_are_selected_together(open_pair):
    stack = ["stage1.block1", "stage1.block2", "stage1.block3"]
    pair = open_pair(folded(preset("plain-20"), stack)[0], "resnet-20")
    pair.click(pair.left, "stage1.block1")
    assert pair.left.scene.selection_ids() == pair.right.scene.selection_ids() == stack
    assert pair.workspace.active is pair.left
    pair.click(pair.right, "stage1.block2")
    assert pair.workspace.active is pair.right, "that all of the stack is selected is no choice of its own"
    assert pair.right.scene.selection_ids() == ["stage1.block2"]
    assert pair.left.scene.selection_ids() == stack
    pair.click(pair.right, "stem")
    assert pair.left.scene.selection_ids() == ["stem"]
