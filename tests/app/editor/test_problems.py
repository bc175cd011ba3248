"""The list of problems: real mouse and keys."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from app.document import Document
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from tests.arch.documents import loose_unit

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def three_problems():
    """Return a network with a broken addition, a loose block and a dead end."""
    architecture = loose_unit(channels=32, stride=2)
    architecture.add("relu", "spare")
    architecture.add("conv", "side")
    architecture.connect(Wire("stem", "side"))
    return architecture


@pytest.fixture
def listed(open_pane):
    """Return a pane with its list open, and the hand."""

    def opened(architecture=None, size=(900, 700)):
        pane, hand = open_pane(architecture or three_problems(), size)
        QTest.mouseClick(pane.header.problems, LEFT)
        hand.settle()
        assert pane.problems.panel.isVisible()
        return pane, hand, pane.problems.panel

    return opened


def blocks(panel):
    return [problem.block for problem in panel.model.problems]


def press(panel, row, hand):
    """Click the button in a row."""
    QTest.mouseClick(panel.rows.viewport(), LEFT, NOTHING, panel.rows.button_rect(row).center())
    hand.settle()


def key(panel, which, hand, modifier=NOTHING):
    QTest.keyClick(panel.rows, which, modifier)
    hand.settle()


def test_the_count_opens_the_list_which_goes_to_blocks(listed):
    pane, hand, panel = listed()
    assert panel.title.text() == "3 problems"
    assert panel.rows.hasFocus()
    assert pane.scene.selection_ids() == [blocks(panel)[0]]
    row = blocks(panel).index("unit.add")
    QTest.mouseClick(
        panel.rows.viewport(),
        LEFT,
        NOTHING,
        panel.rows.visualRect(panel.model.index(row)).center() - QPoint(200, 0),
    )
    assert pane.scene.selection_ids() == ["unit.add"]
    key(panel, Qt.Key.Key_Up, hand)
    key(panel, Qt.Key.Key_Return, hand)
    assert pane.scene.selection_ids() == [blocks(panel)[row - 1]]
    key(panel, Qt.Key.Key_Escape, hand)
    assert panel.isHidden()
    assert pane.view.hasFocus()
    QTest.mouseClick(pane.header.problems, LEFT)
    QTest.mouseClick(pane.header.problems, LEFT)
    assert panel.isHidden()


def test_the_button_in_a_row_mends_and_the_step_has_its_name(listed):
    pane, hand, panel = listed()
    before = pane.document.architecture.copy()
    press(panel, blocks(panel).index("unit.add"), hand)
    assert pane.document.undo_stack.undoText() == "Insert zero-padding (A)"
    assert "unit.add" not in blocks(panel)
    assert pane.scene.selection_ids() == ["unit.pad"]
    place = pane.document.architecture["unit.pad"].position
    assert place is not None
    assert pane.toast.text.startswith("Done: Put a zero-padding shortcut with 32 channels")
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    assert "unit.add" in blocks(panel)


def test_other_ways_stand_under_the_list_and_enter_takes_them(listed):
    pane, hand, panel = listed()
    panel.choose(blocks(panel).index("unit.add"))
    hand.settle()
    shown = [button for button in panel.ways if button.isVisible()]
    assert [b.text() for b in shown] == [
        "Insert zero-padding (A)",
        "Insert a projection (B)",
        "Make it plain",
    ]
    assert panel.does.text().startswith("Put a zero-padding shortcut with 32 channels and stride 2")
    shown[1].setFocus()
    QTest.keyClick(shown[1], Qt.Key.Key_Return)
    hand.settle()
    assert pane.document.undo_stack.undoText() == "Insert a projection (B)"
    assert panel.rows.hasFocus()  # the button under the keys is gone


def test_the_keyboard_mends_one_after_the_other_until_the_list_closes(listed):
    pane, hand, panel = listed()
    for left in (2, 1):
        key(panel, Qt.Key.Key_M, hand)
        assert panel.model.rowCount() == left
        assert panel.rows.currentIndex().isValid()
        assert panel.rows.hasFocus()
    key(panel, Qt.Key.Key_M, hand)
    assert panel.isHidden()
    assert pane.view.hasFocus()
    assert pane.document.inference.problems == []


def test_all_that_needs_no_deleting_is_mended_in_one_step(listed):
    architecture = three_problems()
    architecture.disconnect(Wire("classifier", "output"))
    pane, hand, panel = listed(architecture)
    before = pane.document.architecture.copy()
    QTest.mouseClick(panel.all_button, LEFT)
    hand.settle()
    assert pane.document.undo_stack.count() == 1
    assert pane.document.undo_stack.undoText() == "Mend 2 problems"
    assert pane.toast.text == "2 mends done. 2 problems left, for you to decide. Undo takes it back."
    assert sorted(blocks(panel)) == ["side", "spare"]
    panel.close_list()
    hand.key(Qt.Key.Key_F8, CONTROL)
    assert pane.toast.text == "What is left needs a decision of yours: the list says which."
    assert panel.isVisible()
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert pane.document.architecture == before
    hand.key(Qt.Key.Key_F8, CONTROL)
    assert sorted(blocks(panel)) == ["side", "spare"]


def test_two_loose_blocks_become_a_network_that_reads_from_left_to_right(open_pane):
    pane, hand = open_pane()
    pane.edits.add("conv_bn_relu", QPointF(0, 0))
    pane.edits.add("basic", QPointF(240, 0))
    hand.key(Qt.Key.Key_F8, CONTROL)
    architecture = pane.document.architecture
    assert pane.document.inference.problems == []
    kinds = [architecture[block_id].kind for block_id in architecture.order()]
    assert kinds == ["input", "conv_bn_relu", "basic", "global_avg_pool", "linear", "output"]
    places = [architecture[block_id].position for block_id in architecture.order()]
    assert places == sorted(places)
    assert len({y for _, y in places}) == 1


def test_f8_goes_from_problem_to_problem_with_and_without_the_list(open_pane):
    pane, hand = open_pane(three_problems())
    found = [problem.block for problem in pane.document.inference.problems]
    seen = []
    for _ in range(3):
        hand.key(Qt.Key.Key_F8)
        seen += pane.scene.selection_ids()
    assert seen == found
    assert pane.toast.isVisible()
    hand.key(Qt.Key.Key_F8, SHIFT)
    assert pane.scene.selection_ids() == [found[1]]
    hand.key(Qt.Key.Key_F8, CONTROL | SHIFT)
    assert pane.problems.panel.isVisible()
    key(pane.problems.panel, Qt.Key.Key_F8, hand)
    assert pane.scene.selection_ids() == [found[1]]
    sound, hand = open_pane("plain-8")
    hand.key(Qt.Key.Key_F8)
    assert sound.toast.text == "No problems: this network can be trained."


def cut_up(blocks_and_ends=602):
    """Return a deep network whose every second block is bypassed by nothing: hundreds of loose blocks."""
    architecture = preset("plain-20")
    for number in range(blocks_and_ends):
        architecture.add(
            "relu", f"loose{number:03}", (float(200 * (number % 30)), 800.0 + 100 * (number // 30))
        )
    return architecture


def test_typing_keeps_place_choice_and_focus_in_a_list_of_hundreds(listed):
    pane, hand, panel = listed(cut_up())
    assert panel.model.rowCount() == 602
    panel.choose(300)
    hand.settle()
    bar = panel.rows.verticalScrollBar()
    top = panel.rows.visualRect(panel.model.index(300)).top()
    chosen = panel.model.problems[300]
    pane.edits.add("conv", pane.view.centre())  # a problem more, somewhere before or behind
    pane.edits.remove(["loose010", "loose020", "loose500"])
    hand.settle()
    assert panel.model.rowCount() == 600
    assert panel.model.problems[panel.rows.currentIndex().row()] == chosen
    assert panel.rows.visualRect(panel.rows.currentIndex()).top() == top
    assert bar.value() > 0
    assert panel.rows.hasFocus()
    pane.edits.remove([chosen.block])
    hand.settle()
    assert panel.rows.currentIndex().isValid()


def test_only_rows_in_sight_are_looked_at(listed, monkeypatch):
    pane, hand, _ = listed(cut_up())
    asked = []
    from resviz.arch import mends

    found = mends.Mender.mends
    monkeypatch.setattr(mends.Mender, "mends", lambda self, p: asked.append(p) or found(self, p))
    pane.edits.remove(["loose010"])
    hand.settle()
    assert 0 < len(set(asked)) < 20


def test_what_only_a_person_can_mend_has_no_button(listed):
    architecture = preset("plain-8")
    architecture.add("input", "input2", channels=1)
    architecture.add("add", "both")
    architecture.disconnect(Wire("input", "stem"))
    architecture.connect(Wire("input", "both", "out", "branch"))
    architecture.connect(Wire("input2", "both", "out", "shortcut"))
    architecture.connect(Wire("both", "stem"))
    pane, hand, panel = listed(architecture)
    row = blocks(panel).index("input2")
    assert panel.rows.button_rect(row).isEmpty()
    panel.choose(row)
    assert panel.does.text().startswith("Delete input2, or use it")
    key(panel, Qt.Key.Key_M, hand)
    assert pane.document.undo_stack.count() == 0


def test_a_document_with_problems_saves_and_loads(tmp_path, open_pane):
    document = Document(three_problems())
    found = document.inference.problems
    path = document.save(tmp_path / "broken.json")
    again = Document.open(path)
    assert again.architecture == document.architecture
    assert again.inference.problems == found
    assert not document.modified
    empty = Document(Architecture("nothing"))
    assert (
        Document.open(empty.save(tmp_path / "empty.json")).inference.problems
        == infer(Architecture()).problems
    )


def test_another_document_is_followed(listed):
    pane, hand, panel = listed()
    pane.set_document(Document(preset("plain-8")))
    hand.settle()
    assert panel.isHidden()
    pane.set_document(Document(three_problems()))
    hand.key(Qt.Key.Key_F8, CONTROL | SHIFT)
    assert panel.model.rowCount() == 3


def test_the_list_leaves_half_of_a_small_pane(listed):
    pane, hand, panel = listed(cut_up(), (420, 360))
    assert panel.height() <= pane.height() // 2
    assert panel.rows.viewport().height() >= panel.rows.row_height()
    pane.resize(900, 900)
    hand.settle()
    assert panel.rows.viewport().height() >= 3 * panel.rows.row_height()


@pytest.mark.parametrize("number", [1, 2])
def test_a_row_is_whole_with_its_button_in_a_pane_of_a_small_screen(listed, number):
    network = preset("resnet-20")
    for each in range(number):
        network.add("linear", f"spare{each}")
    pane, hand, panel = listed(network, (360, 344))
    rows = panel.rows
    for row in range(number):
        panel.choose(row)
        hand.settle()
        button, seen = rows.button_rect(row), rows.viewport().rect()
        assert seen.contains(button)
        assert seen.contains(rows.visualRect(panel.model.index(row)).adjusted(0, 0, 0, -1))
        assert button.width() > rows.fontMetrics().horizontalAdvance(panel.mends[0].title)
    assert panel.does.height() >= panel.does.fontMetrics().height()
    mend = panel.mends[0]
    press(panel, number - 1, hand)
    assert pane.document.undo_stack.count() == 1
    assert pane.toast.text == f"Done: {mend.sentence}"


def test_what_is_chosen_stays_in_sight_when_its_ways_take_room(listed):
    _pane, hand, panel = listed(three_problems(), (360, 344))
    row = blocks(panel).index("unit.add")
    panel.choose(row)
    hand.settle()
    place = panel.rows.visualRect(panel.model.index(row))
    assert panel.rows.viewport().rect().contains(place.adjusted(0, 0, 0, -1))
    shown = [button for button in panel.ways if button.isVisible()]
    assert len(shown) == 2
    assert all(button.geometry().right() <= panel.width() for button in shown)
