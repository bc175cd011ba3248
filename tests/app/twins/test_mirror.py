"""Edits done in both networks, and undone in both."""

import pytest
from PySide6.QtCore import QPoint, Qt

from app.document import Document
from app.editor.edits import new_session
from resviz.arch.graph import Wire
from resviz.arch.twin import twin
from tests.arch.documents import bare

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def both(open_pair):
    """Return two twins in which edits go to both."""
    pair = open_pair()
    pair.key(pair.left, Qt.Key.Key_L, SHIFT)
    assert pair.twins.mirror.on
    return pair


def counts(pair):
    return [pane.document.undo_stack.index() for pane in pair.workspace.panes]


def verbs():
    """Return what a person does to a selected unit: by name, what it does to a pane."""
    return {
        "bypass": lambda pane: pane.units.bypass(["stage1.block2"]),
        "delete": lambda pane: pane.edits.remove(["stage1.block2"]),
        "heal": lambda pane: pane.units.heal(["stage1.block2"]),
        "duplicate": lambda pane: pane.edits.duplicate(["stage1.block2"]),
        "repeat": lambda pane: pane.units.repeat(["stage1.block2"], 3),
        "expand": lambda pane: pane.units.expand(["stage2.block1"]),
        "values": lambda pane: pane.edits.set_params({"stage1.block2": {"out_channels": 24}}),
        "move": lambda pane: pane.edits.nudge(["stage1.block2"], 16, 8),
        "rename": lambda pane: pane.edits.rename("stage1.block2", "mine"),
        "cut": lambda pane: pane.edits.remove([], [Wire("stem", "stage1.block1")]),
        "insert": lambda pane: pane.edits.add(
            "basic", pane.view.centre(), wire=Wire("stage1.block1", "stage1.block2")
        ),
        "fold": lambda pane: pane.units.fold([]),
        "tidy": lambda pane: pane.edits.tidy_up(),
    }


@pytest.mark.parametrize("leader", [0, 1])
def test_each_verb_goes_to_both_and_one_undo_takes_both_back(both, leader):
    pane, other = both.workspace.panes[leader], both.workspace.panes[1 - leader]
    before = both.here.copy(), both.there.copy()
    for name, verb in verbs().items():
        verb(pane)
        if name == "tidy":
            assert counts(both) == [0, 0], "it stood as it would be arranged"
            continue
        assert counts(both) == [1, 1], name
        assert (both.here, both.there) != before
        places = [{b: block.position for b, block in each.blocks.items()} for each in (both.here, both.there)]
        assert places[0] == places[1], name
        kinds = [{b: block.kind for b, block in each.blocks.items()} for each in (both.here, both.there)]
        assert kinds[0] == kinds[1], name
        assert both.here.grouped() == both.there.grouped(), name
        if name not in ("insert",):  # a new residual unit in a plain network makes that residual
            made = other.document.architecture
            assert bare(made) == bare(twin(pane.document.architecture)), name
        assert pane.document.undo_stack.undoText() == other.document.undo_stack.undoText()
        after = both.here.copy(), both.there.copy()
        pane.undo()
        assert (both.here, both.there) == before, name
        other.redo()  # from either side
        assert (both.here, both.there) == after, name
        other.undo()
        assert (both.here, both.there) == before, name
    assert counts(both) == [0, 0]


def test_a_drag_with_the_mouse_and_nudges_move_both(both):
    pane = both.left
    body = pane.view.mapFromScene(pane.scene.block_item("pool").body_in_scene().center())
    both.drag(pane, body, body + QPoint(40, 30))
    assert both.here["pool"].position == both.there["pool"].position != (0.0, 0.0)
    assert counts(both) == [1, 1]
    home = both.there["pool"].position
    both.key(pane, Qt.Key.Key_Right)
    assert both.there["pool"].position == (home[0] + 8, home[1])
    both.workspace.undo()  # the window's Ctrl+Z
    both.workspace.undo()
    assert counts(both) == [0, 0]


def test_steps_that_become_one_are_one_in_both(both):
    session = new_session()
    for channels in (20, 24, 32):
        both.left.edits.set_params({"stem": {"out_channels": channels}}, session)
    assert counts(both) == [1, 1]
    assert both.there["stem"].params["out_channels"] == 32
    both.right.undo()
    assert both.here["stem"].params["out_channels"] == both.there["stem"].params["out_channels"] == 16


def test_what_was_changed_since_is_not_undone_unasked(both):
    both.left.edits.rename("stem", "start")
    both.twins.mirror.set_on(False)
    both.right.edits.rename("pool", "end")
    both.left.undo()
    assert "stem" in both.here
    assert "start" in both.there
    assert both.left.toast.text == "Undone here alone: resnet-20 was changed since."
    both.left.redo()
    both.right.undo()
    both.right.undo()
    assert "stem" in both.here
    assert "stem" in both.there


def test_shortcuts_stay_and_what_cannot_be_done_is_said(both):
    both.right.edits.set_params({"stage1.block1": {"shortcut": "B"}})
    assert both.here["stage1.block1"].shortcut == "none"
    assert both.right.toast.text == ("Shortcuts are each network's own: those of plain-20 stay as they are.")
    both.twins.mirror.set_on(False)
    both.right.edits.remove(["pool"])
    both.twins.mirror.set_on(True)
    both.left.edits.nudge(["pool", "stem"], 8, 0)
    assert both.left.toast.text == "Not all of it done in resnet-20: there is no block called 'pool'."
    assert both.there["stem"].position == both.here["stem"].position
    both.left.edits.remove(["pool"])
    assert both.left.toast.text == "There is nothing of that to change in resnet-20."


def test_a_refusal_names_the_block_that_was_meant(open_pair):
    pair = open_pair("resnet-20", "resnet-110")
    pair.key(pair.right, Qt.Key.Key_L, SHIFT)
    pair.right.units.heal(["stage1.block15"])
    assert "stage1.block15" not in pair.there
    assert pair.right.toast.text == "Not done in resnet-20: there is no block called 'stage1.block15'."


def test_a_whole_new_network_stays_on_one_side_and_that_is_said(both):
    before = both.there.copy()
    both.left.make_twin()
    assert both.there == before
    assert both.left.toast.text.startswith("A whole new network is put on one side alone")


def test_it_is_said_on_screen_and_a_click_ends_it(both, qtbot):
    assert all(chip.isVisible() for chip in both.twins.chips)
    assert all(pane.editor_actions.edit_both.isChecked() for pane in both.workspace.panes)
    qtbot.mouseClick(both.twins.chips[1], Qt.MouseButton.LeftButton)
    assert not both.twins.mirror.on
    assert not any(chip.isVisible() for chip in both.twins.chips)
    both.left.edits.remove(["pool"])
    assert "pool" in both.there
    both.key(both.left, Qt.Key.Key_L, SHIFT)
    both.key(both.left, Qt.Key.Key_L)  # no link, no edits in both
    assert not both.twins.mirror.on


def test_the_last_edit_is_applied_when_asked(open_pair):
    pair = open_pair()
    pair.key(pair.left, Qt.Key.Key_A, ALT)
    assert pair.left.toast.text == "Nothing was edited here just now: change something first."
    session = new_session()
    for channels in (20, 24):
        pair.left.edits.set_params({"stem": {"out_channels": channels}}, session)
    assert counts(pair) == [1, 0]
    pair.key(pair.left, Qt.Key.Key_A, ALT)
    assert pair.there["stem"].params["out_channels"] == 24
    assert pair.left.toast.text == "Done in resnet-20 too. Undo takes both back."
    pair.key(pair.left, Qt.Key.Key_A, ALT)
    assert pair.left.toast.text == "The last edit was done in both networks already."
    pair.key(pair.right, Qt.Key.Key_A, ALT)
    assert pair.right.toast.text.startswith("This edit came from the other network")
    pair.left.undo()
    assert counts(pair) == [0, 0]
    pair.left.edits.rename_architecture("mine")
    pair.key(pair.left, Qt.Key.Key_A, ALT)
    assert pair.left.toast.text == "The last edit concerns this network alone."
    pair.left.make_twin()
    pair.key(pair.left, Qt.Key.Key_A, ALT)
    assert pair.left.toast.text.startswith("A whole new network came here last")


def test_another_document_in_a_pane_is_edited_too_and_the_old_one_left_alone(both):
    old = both.right.document
    both.right.set_document(Document(both.there, both.workspace))
    both.left.edits.rename("stem", "start")
    assert "start" in both.there
    assert "stem" in old.architecture
    both.left.undo()
    assert "stem" in both.there


def test_linked_twins_are_folded_together_without_edits_in_both(open_pair):
    pair = open_pair()
    assert pair.twins.link.on
    before = pair.here.copy(), pair.there.copy()
    pair.key(pair.left, Qt.Key.Key_G)
    assert pair.here.grouped() == pair.there.grouped() != {}
    assert all(pair.here[b].position == pair.there[b].position for b in pair.here.blocks)
    pair.key(pair.left, Qt.Key.Key_G, SHIFT)
    pair.right.undo()
    pair.left.undo()
    assert (pair.here, pair.there) == before
    pair.right.edits.nudge(["pool"], 8, 0)  # they do not stand alike any more
    pair.key(pair.left, Qt.Key.Key_G)
    assert counts(pair) == [1, 1]
    assert not pair.there.grouped()
    pair.left.undo()
    pair.right.undo()
    pair.key(pair.left, Qt.Key.Key_L)
    pair.key(pair.left, Qt.Key.Key_G)
    assert not pair.there.grouped()
