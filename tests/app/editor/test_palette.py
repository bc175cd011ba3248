import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest

from app.canvas.drop import KIND_MIME
from app.editor.palette import Palette, matches
from app.theme import theme
from resviz.arch.blocks import CATALOGUE


@pytest.fixture
def palette(qtbot, qapp):
    theme().apply(qapp)
    made = Palette()
    qtbot.addWidget(made)
    made.resize(made.sizeHint())
    made.show()
    qtbot.waitExposed(made)
    return made


def test_every_kind_is_there_with_picture_and_explanation(palette):
    assert set(palette.visible_kinds()) == set(CATALOGUE)
    for name, kind in CATALOGUE.items():
        item = palette.item(name)
        assert item.text(0) == (kind.short_title or kind.title)
        assert kind.title in item.toolTip(0)
        assert not item.icon(0).isNull()
        assert kind.doc[:20].replace("&", "&amp;") in item.toolTip(0)


@pytest.mark.parametrize(
    ("text", "first"),
    [("bottle", "bottleneck"), ("fc", "linear"), ("skip", "basic"), ("relu", "relu"), ("1x1", "conv")],
)
def test_search_finds_by_title_and_synonym(palette, qtbot, text, first):
    QTest.keyClicks(palette.search, text)
    assert first in palette.visible_kinds()
    assert len(palette.visible_kinds()) < len(CATALOGUE)
    with qtbot.waitSignal(palette.kind_activated) as added:
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert matches(CATALOGUE[added.args[0]], text) >= matches(CATALOGUE[first], text)


@pytest.mark.parametrize("text", ["residual", "residual block", "residual unit"])
def test_residual_blocks_come_first_where_they_are_asked_for(palette, text):
    QTest.keyClicks(palette.search, text)
    best = sorted(CATALOGUE, key=lambda kind: -matches(CATALOGUE[kind], text))
    assert set(best[:4]) == {"basic", "bottleneck", "preact_basic", "preact_bottleneck"}
    assert palette.current_kind in best[:4]


def test_nothing_found_adds_nothing(palette, qtbot):
    QTest.keyClicks(palette.search, "zzz")
    assert palette.visible_kinds() == []
    with qtbot.assertNotEmitted(palette.kind_activated):
        QTest.keyClick(palette.search, Qt.Key.Key_Return)
    palette.search.clear()
    assert set(palette.visible_kinds()) == set(CATALOGUE)
    with qtbot.assertNotEmitted(palette.kind_activated):
        QTest.keyClick(palette.search, Qt.Key.Key_Return)


def test_double_click_adds(palette, qtbot):
    rect = palette.tree.visualItemRect(palette.item("basic"))
    with qtbot.waitSignal(palette.kind_activated) as added:
        QTest.mouseClick(palette.tree.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
        QTest.mouseDClick(palette.tree.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert added.args == ["basic"]


def test_a_drag_carries_the_kind(palette):
    data = palette.tree.mimeData([palette.item("conv")])
    assert bytes(data.data(KIND_MIME).data()) == b"conv"


def test_no_name_is_cut_in_the_narrow_palette_of_a_small_window(palette):
    palette.resize(200, 600)
    room = palette.tree.viewport().width() - 20 - 16 - 14  # picture, padding, scroll bar
    for name in CATALOGUE:
        assert palette.tree.fontMetrics().horizontalAdvance(palette.item(name).text(0)) <= room


@pytest.mark.parametrize("zoom", [0.5, 0.62, 1.0])
def test_what_is_dragged_is_as_large_as_the_block_that_it_becomes(palette, open_pane, monkeypatch, zoom):
    dragged = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, _actions: dragged.append(drag))
    pane, _hand = open_pane("resnet-8")
    palette.follow(pane)
    pane.view.set_zoom(zoom)
    palette.tree.setCurrentItem(palette.item("basic"))
    palette.tree.startDrag(Qt.DropAction.CopyAction)
    size = dragged[0].pixmap().deviceIndependentSize()
    block = pane.view.mapFromScene(pane.scene.block_item("pool").body_in_scene()).boundingRect()
    assert abs(size.width() - block.width()) <= 2
    assert abs(size.height() - block.height()) <= 2
    middle = dragged[0].hotSpot() - QPointF(size.width() / 2, size.height() / 2).toPoint()
    assert middle.manhattanLength() <= 2
