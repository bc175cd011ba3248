import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from app.document import Document
from app.editor.commands import ChangeGraph, MoveBlocks, RenameArchitecture, RenameBlock, SetParameters
from app.editor.edits import Edits
from resviz.arch.graph import Block, Wire
from resviz.arch.presets import preset
from resviz.arch.twin import twin
from resviz.errors import ResvizError


@pytest.fixture
def document(qapp):
    return Document(preset("resnet-20-B"))


def check_there_and_back(document, command):
    """Push, undo, redo; return the changed architecture."""
    before = document.architecture.copy()
    document.undo_stack.push(command)
    after = document.architecture.copy()
    document.undo_stack.undo()
    assert document.architecture == before
    document.undo_stack.redo()
    assert document.architecture == after
    assert after != before
    return after


def test_removing_takes_wires_along_and_brings_them_back(document):
    after = check_there_and_back(document, ChangeGraph(document, "Delete", remove=["stem", "stage1.block1"]))
    assert "stem" not in after
    assert after.incoming("stage1.block2") == {}


def test_adding_with_wires(document):
    block = Block("more", "relu", {}, (0.0, 0.0))
    after = check_there_and_back(
        document, ChangeGraph(document, "Add", add=[block], connect=[Wire("stem", "more")])
    )
    assert after.outgoing("stem") == [Wire("stem", "more"), Wire("stem", "stage1.block1")]


def test_rewiring(document):
    old, new = Wire("stem", "stage1.block1"), Wire("input", "stage1.block1")
    after = check_there_and_back(document, ChangeGraph(document, "Rewire", disconnect=[old], connect=[new]))
    assert after.incoming("stage1.block1") == {"in": new}


def test_parameters_of_several_blocks(document):
    changes = {"stem": {"out_channels": 4}, "stage1.block1": {"out_channels": 4, "shortcut": "A"}}
    after = check_there_and_back(document, SetParameters(document, changes))
    assert after["stage1.block1"].params["shortcut"] == "A"
    assert after["stem"].params["out_channels"] == 4


def test_names(document):
    after = check_there_and_back(document, RenameBlock(document, "stem", "entry"))
    assert after.incoming("stage1.block1")["in"].source == "entry"
    assert check_there_and_back(document, RenameArchitecture(document, "mine")).name == "mine"


def test_renaming_onto_a_name_that_the_twin_remembers_comes_back_whole(qapp):
    document = Document(twin(preset("resnet-20-B")))
    remembered = dict(document.architecture.twin_memory)
    assert "stage1.block2" in remembered
    document.undo_stack.push(ChangeGraph(document, "Delete", remove=["stage1.block2"]))
    before = document.architecture.copy()
    document.undo_stack.push(RenameBlock(document, "stem", "stage1.block2"))
    document.undo_stack.undo()
    assert document.architecture == before
    assert document.architecture.twin_memory == remembered


def test_moves_merge_within_a_gesture_only(document):
    stack = document.undo_stack
    home = document.architecture["stem"].position
    for x in (10.0, 20.0, 30.0):
        stack.push(MoveBlocks(document, {"stem": (x, 0.0)}, 7))
    assert stack.count() == 1
    stack.push(MoveBlocks(document, {"stem": (40.0, 0.0)}, 8))
    stack.push(MoveBlocks(document, {"stem": (50.0, 0.0)}))
    stack.push(MoveBlocks(document, {"stem": (60.0, 0.0)}))
    assert stack.count() == 4
    for _ in range(4):
        stack.undo()
    assert document.architecture["stem"].position == home


def test_parameter_steps_merge_within_a_session_and_field_only(document):
    stack = document.undo_stack
    for value in (17, 18, 19):
        stack.push(SetParameters(document, {"stem": {"out_channels": value}}, 3))
    assert stack.count() == 1
    stack.push(SetParameters(document, {"stem": {"kernel_size": 5}}, 3))
    stack.push(SetParameters(document, {"stem": {"kernel_size": 7}}, 4))
    assert stack.count() == 3


KINDS = ("conv", "relu", "add", "basic", "linear", "input", "output", "global_avg_pool")


def edit_at_random(document, edits, draw):
    """Do one edit that the drawn numbers choose; what the document refuses is no edit."""
    ids = sorted(document.architecture.blocks)
    verb = draw(
        st.sampled_from(
            (
                "add",
                "remove",
                "connect",
                "unwire",
                "move",
                "params",
                "rename",
                "paste",
                "twin",
                "insert",
                "undo",
                "redo",
                "replace",
                "name",
                "tidy",
            )
        )
    )
    pick = st.sampled_from(ids) if ids else None
    wires = document.architecture.wires
    place = QPointF(draw(st.integers(-500, 500)), draw(st.integers(-500, 500)))
    if verb == "add":
        edits.add(
            draw(st.sampled_from(KINDS)), place, after=draw(pick) if ids and draw(st.booleans()) else None
        )
    elif verb == "insert" and wires:
        edits.add("basic", place, wire=draw(st.sampled_from(wires)))
    elif verb == "remove" and ids:
        edits.remove(draw(st.lists(pick, min_size=1, max_size=3, unique=True)))
    elif verb == "connect" and ids:
        target = draw(pick)
        ports = document.architecture[target].spec.inputs
        if ports:
            edits.connect(Wire(draw(pick), target, target_port=draw(st.sampled_from(ports))))
    elif verb == "unwire" and wires:
        edits.remove([], [draw(st.sampled_from(wires))])
    elif verb == "move" and ids:
        edits.move({draw(pick): (place.x(), place.y())}, draw(st.sampled_from((None, 1))))
    elif verb == "params" and ids:
        block = document.architecture[draw(pick)]
        if "out_channels" in block.params:
            edits.set_params(
                {block.id: {"out_channels": draw(st.integers(1, 64))}}, draw(st.sampled_from((None, 2)))
            )
        if "shortcut" in block.params:
            edits.set_params({block.id: {"shortcut": draw(st.sampled_from(("none", "A", "B", "C")))}})
    elif verb == "rename" and ids:
        edits.rename(draw(pick), draw(st.sampled_from(("a", "b", "stage1.block1", "stage2.block2"))))
    elif verb == "paste" and ids:
        edits.paste_text(edits.copy_text(draw(st.lists(pick, min_size=1, max_size=3, unique=True))))
    elif verb == "twin":
        edits.twin()
    elif verb == "undo":
        document.undo_stack.undo()
    elif verb == "redo":
        document.undo_stack.redo()
    elif verb == "replace":
        document.replace(preset(draw(st.sampled_from(("plain-8", "resnet-8-C")))), "New")
    elif verb == "name":
        edits.rename_architecture(draw(st.sampled_from(("one", "two"))))
    elif verb == "tidy":
        edits.tidy_up()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_sequence_undoes_to_the_start_and_redoes_to_the_end(qapp, data):
    document = Document(preset("resnet-8"))
    edits = Edits(document)
    start = document.architecture.copy()
    for _ in range(data.draw(st.integers(1, 14))):
        try:
            edit_at_random(document, edits, data.draw)
        except ResvizError:
            continue
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    end = document.architecture.copy()
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.architecture == start
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert document.architecture == end
