"""The ruler: what it says along the chain, where its cursor stands, and where a click leads."""

import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap

from app.canvas.detail import level_at
from app.canvas.options import canvas_options
from app.canvas.paints import paints
from app.document import Document
from app.editor.ruler import EMPTY, Profile, Ruler
from resviz.arch.graph import Architecture
from resviz.arch.presets import preset
from resviz.arch.rework import expanded


@pytest.fixture
def ruler(qtbot):
    def make(architecture="resnet-20", width=800):
        made = Ruler()
        qtbot.addWidget(made)
        document = preset(architecture) if isinstance(architecture, str) else architecture
        made.set_document(Document(document, made))
        made.resize(width, made.sizeHint().height())
        made.show()
        return made

    return make


def test_it_says_from_where_on_the_whole_picture_is_seen(ruler):
    assert ruler("resnet-20").words == "20 layers deep · sees the whole picture from layer 13 on"
    assert ruler("resnet-8").words == "8 layers deep · no value sees all 32 × 32 pixels"
    assert Profile.of(ruler("resnet-20")._document).whole_from == 7


def test_the_cursor_says_what_a_block_is(ruler):
    made = ruler()
    made.show_block("stage2.block1")
    assert made.words == "stage2.block1 · layer 9 · 32 x 16 x 16 · sees 21 × 21 pixels"
    made.show_block("stage3.block3")
    assert made.words.endswith("sees all 32 × 32 (field 81)")
    made.resize(200, made.height())
    assert made.words == "stage3.block3 · layer 19 · sees 81 px"
    made.show_block("")
    assert made.at is None


def test_what_stands_beside_the_chain_is_found_by_its_depth(ruler):
    loose, _ = expanded(preset("resnet-20-B"), ["stage2.block1"])
    made = ruler(loose)
    assert "stage2.block1.projection" not in made.profile.blocks
    made.show_block("stage2.block1.projection")
    assert made.profile.readings[made.at].depth <= made._document.ruler["stage2.block1.projection"].depth
    assert made.at > 0


def test_mouse_and_keys_lead_to_blocks(ruler, qtbot):
    made = ruler()
    place = made.profile.blocks.index("stage3.block1")
    where = QPoint(round(made._x(place)), made.height() // 2)
    qtbot.mouseMove(made, where)
    assert made.at == place
    with qtbot.waitSignal(made.chosen) as chosen:
        qtbot.mouseClick(made, Qt.MouseButton.LeftButton, pos=where)
    assert chosen.args == ["stage3.block1"]
    made.setFocus()
    qtbot.keyClick(made, Qt.Key.Key_Right)
    with qtbot.waitSignal(made.chosen) as chosen:
        qtbot.keyClick(made, Qt.Key.Key_Return)
    assert chosen.args == ["stage3.block2"]


def test_it_follows_edits_and_has_words_where_there_is_nothing(ruler, qtbot):
    made = ruler()
    document = made._document
    document.set_params("stem", {"kernel_size": 7, "padding": 3})
    made.show_block("stem")
    qtbot.waitUntil(lambda: "sees 7 × 7" in made.words)
    empty = ruler(Architecture())
    assert empty.words == EMPTY
    assert empty.profile is None
    empty.grab()
    qtbot.mouseClick(empty, Qt.MouseButton.LeftButton, pos=QPoint(50, 20))


def test_painting_again_takes_no_time(ruler):
    made = ruler("resnet-1202")
    picture = QPixmap(made.size())
    made.render(picture)
    began = time.process_time()
    for place in range(20):
        made._move_to(place)
        made.render(picture)
    assert (time.process_time() - began) / 20 < 0.003


def test_shift_r_shows_it_under_the_canvas(open_pane, qtbot):
    pane, hand = open_pane("resnet-20")
    strip = pane.extras.ruler
    assert not strip.isVisible()
    hand.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert canvas_options().ruler
    assert strip.isVisible()
    assert strip.geometry().top() >= pane.view.geometry().bottom()
    hand.click("stage2.block2")
    assert strip.profile.blocks[strip.at] == "stage2.block2"
    pane.view.block_hovered.emit("stem")
    assert strip.profile.blocks[strip.at] == "stem"
    pane.view.block_hovered.emit("")
    place = strip.profile.blocks.index("stage3.block3")
    where = QPoint(round(strip._x(place)), strip.height() // 2)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=where)
    assert pane.scene.selection_ids() == ["stage3.block3"]
    hand.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert not strip.isVisible()


def test_in_a_low_pane_it_leaves_the_blocks_their_names(open_pane):
    pane, hand = open_pane("resnet-20", (360, 344))
    hand.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    level = level_at(pane.view.zoom, paints().enlarge)
    assert level is not None
    assert level.name != "micro"
    low = pane.extras.ruler.height()
    pane.resize(360, 700)
    hand.settle()
    assert pane.extras.ruler.height() > low
    hand.key(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
