"""The minimap shows where one is, and leads elsewhere."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.paints import paints
from app.document import Document
from app.editor.pane import EditorPane
from app.theme import theme
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def open_pane(qtbot, qapp):
    theme().apply(qapp)

    def opened(architecture, size=(700, 500)):
        pane = EditorPane(Document(architecture))
        qtbot.addWidget(pane)
        pane.resize(*size)
        with qtbot.waitExposed(pane):
            pane.show()
        return pane

    return opened


@pytest.fixture
def pane(open_pane):
    """Return resnet-56, near enough that it does not fit."""
    pane = open_pane(preset("resnet-56"))
    pane.view.set_zoom(1.0, QPoint(0, 0))
    assert pane.minimap.isVisible()
    return pane


def place(pane, block_id):
    """Return where the middle of a block is on the map."""
    body = pane.scene.block_item(block_id).body_in_scene()
    return pane.minimap.place_of(body.center()).toPoint()


def apart(point, other):
    return (point - other).manhattanLength()


def test_it_is_there_while_not_all_is_in_sight_in_the_corner_above_the_buttons(open_pane):
    pane = open_pane(preset("resnet-56"))
    assert not pane.minimap.isVisible()
    pane.view.zoom_by(2)
    assert pane.minimap.isVisible()
    card, buttons = pane.minimap.geometry(), pane.buttons.geometry()
    assert card.right() == buttons.right()
    assert 0 < buttons.top() - card.bottom() < 8
    pane.view.fit()
    assert not pane.minimap.isVisible()


@pytest.mark.parametrize("size", [(360, 340), (1400, 1100)])
def test_it_stays_small(open_pane, size):
    pane = open_pane(preset("resnet-56"), size)
    pane.view.set_zoom(2.0)
    card, view = pane.minimap.size(), pane.view.size()
    assert card.width() * card.height() < view.width() * view.height() / 10
    assert pane.view.rect().contains(pane.minimap.geometry())


def test_a_click_leads_there_and_a_drag_carries_the_view_along(pane):
    card, view = pane.minimap, pane.view
    goal = place(pane, "stage2.block5")
    QTest.mouseClick(card, LEFT, NONE, goal)
    assert apart(card.place_of(view.centre()), QPointF(goal)) < 2
    assert card.window_rect().contains(QPointF(goal))
    # Taken hold of off its middle it does not jump.
    before = view.centre()
    grip = card.window_rect().center().toPoint() + QPoint(4, 3)
    QTest.mousePress(card, LEFT, NONE, grip)
    assert apart(view.centre(), before) < 3
    QTest.mouseMove(card, grip + QPoint(12, 8))
    QTest.mouseRelease(card, LEFT, NONE, grip + QPoint(12, 8))
    moved = card.place_of(view.centre()) - card.place_of(before)
    assert apart(moved, QPointF(12, 8)) < 2
    QTest.mouseMove(card, grip + QPoint(30, 30))  # let go
    assert apart(card.place_of(view.centre()) - card.place_of(before), moved) < 1


def test_the_wheel_zooms_and_the_rectangle_follows(pane):
    card, view = pane.minimap, pane.view
    zoom, before = view.zoom, card.window_rect()
    spot = place(pane, "stage1.block1")
    turn = QWheelEvent(
        QPointF(spot),
        QPointF(card.mapToGlobal(spot)),
        QPoint(),
        QPoint(0, -240),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(card, turn)
    assert view.zoom < zoom
    assert card.window_rect().width() > before.width()


def colour_at(pane, point):
    return QColor(pane.minimap.grab().toImage().pixelColor(point))


def near(colour, other):
    return all(abs(a - b) < 40 for a, b in zip(colour.getRgb()[:3], other.getRgb()[:3], strict=True))


def test_blocks_are_dots_in_their_colours_and_follow_edits(pane, qtbot):
    spot = place(pane, "stage3.block9")  # out of sight
    assert not pane.minimap.window_rect().contains(QPointF(spot))
    look = paints()
    assert near(colour_at(pane, spot), look.residual)
    assert not near(colour_at(pane, place(pane, "stage2.block2")), look.residual), (
        "every second stage is paler"
    )
    pane.make_twin()
    qtbot.waitUntil(lambda: near(colour_at(pane, spot), look.plain), timeout=2000)
    pane.edits.remove(["stage3.block9"])
    qtbot.waitUntil(lambda: near(colour_at(pane, spot), look.panel), timeout=2000)
    qtbot.waitUntil(lambda: not pane.minimap._timer.isActive())


def test_painting_where_one_is_takes_no_new_picture_of_the_network(pane):
    pane.minimap.grab()
    picture = pane.minimap._pixmap
    pane.view.pan_by(QPoint(-200, -100))
    pane.minimap.grab()
    assert pane.minimap._pixmap is picture


def test_a_key_hides_it_for_good(pane, open_pane, qtbot):
    pane.activateWindow()
    pane.view.setFocus()
    qtbot.waitUntil(pane.view.hasFocus)
    assert pane.editor_actions.minimap.isChecked()
    QTest.keyClick(pane.view, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert not pane.minimap.isVisible()
    again = open_pane(preset("resnet-56"))
    assert not again.editor_actions.minimap.isChecked()
    again.view.zoom_by(2)
    assert not again.minimap.isVisible()
    again.editor_actions.minimap.trigger()
    assert again.minimap.isVisible()


def test_an_empty_network_and_one_of_one_block_have_maps_of_their_own(open_pane, qtbot):
    pane = open_pane(Architecture())
    pane.view.zoom_by(3)
    assert not pane.minimap.isVisible()
    pane.edits.add("conv", QPointF(5000, 5000))
    qtbot.waitUntil(pane.minimap.isVisible)  # the one block is out of sight
    QTest.mouseClick(pane.minimap, LEFT, NONE, place(pane, "conv1"))
    assert not pane.minimap.isVisible()
    pane.set_document(Document(preset("resnet-20")))
    pane.view.zoom_by(2)
    assert pane.minimap.isVisible()
    assert apart(pane.minimap.place_of(pane.view.centre()), pane.minimap.window_rect().center()) < 30


def test_a_stack_is_one_dot(pane, qtbot):
    with qtbot.waitSignal(pane.minimap.resized):
        pane.units.fold([])
    pane.view.set_zoom(2.5)
    assert len(list(pane.minimap._cells())) == len(list(pane.scene.block_items())) < 20
    x, y = pane.document.architecture["stage3.block9"].position
    assert near(colour_at(pane, pane.minimap.place_of(QPointF(x + 72, y + 32)).toPoint()), paints().residual)


@pytest.mark.parametrize("place", [(690, 430), (560, 380), (640, 490)])
def test_what_is_added_stands_beside_it(open_pane, place):
    pane = open_pane(preset("plain-20"))
    pane.view.zoom_to_actual_size()
    pane.show_new([pane.edits.add("conv", pane.view.mapToScene(QPoint(*place)))])
    QApplication.processEvents()
    assert pane.minimap.isVisible()
    (added,) = pane.scene.selection_ids()
    body = pane.view.mapFromScene(pane.scene.block_item(added).body_in_scene()).boundingRect()
    corners = (body.topLeft(), body.bottomRight(), body.topRight(), body.bottomLeft(), body.center())
    for corner in corners:
        assert pane.view.childAt(corner) in (pane.view.viewport(), None), "something lies over it"


def test_it_comes_up_beside_what_is_added_where_all_was_in_sight(open_pane):
    pane = open_pane(preset("plain-20"))
    corner = pane.view.mapToScene(QPoint(640, 420))
    pane.show_new([pane.edits.add("conv", corner), pane.edits.add("relu", corner + QPointF(400, 200))])
    QApplication.processEvents()
    assert pane.minimap.isVisible() == (not pane.view.fitted)
    for added in pane.scene.selection_ids():
        body = pane.view.mapFromScene(pane.scene.block_item(added).body_in_scene()).boundingRect()
        assert not body.intersects(pane.minimap.geometry())
        assert pane.view.viewport().rect().contains(body)
