import json

import pytest
from PySide6.QtCore import QPointF

from app.canvas import geometry as g
from app.document import Document
from app.editor.edits import Edits
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.errors import ArchitectureError, FormatError, ParameterError, ResvizError


@pytest.fixture
def edits(qapp):
    return Edits(Document(preset("resnet-20")))


def test_a_block_added_behind_another_is_wired_beside_it_and_fits(edits):
    architecture = edits.document.architecture
    edits.remove(["output"])
    edits.remove(["classifier"])
    edits.remove(["pool"])
    new = edits.add("basic", QPointF(0, 0), after="stage3.block3")
    assert architecture.incoming(new)["in"].source == "stage3.block3"
    assert architecture[new].params["out_channels"] == 64
    last = architecture["stage3.block3"].position
    assert architecture[new].position == (last[0] + 176, last[1])


def test_added_blocks_do_not_cover_each_other(edits):
    places = {edits.document.architecture[edits.add("conv", QPointF(72, 32))].position for _ in range(3)}
    assert len(places) == 3


def test_inserted_into_a_wire_it_makes_room_in_one_step(edits):
    document = edits.document
    before = document.architecture.copy()
    wire = Wire("stage2.block1", "stage2.block2")
    new = edits.add("bottleneck", QPointF(0, 0), wire=wire)
    architecture = document.architecture
    assert architecture.incoming(new) == {"in": Wire("stage2.block1", new)}
    assert architecture.incoming("stage2.block2") == {"in": Wire(new, "stage2.block2")}
    assert architecture[new].params["out_channels"] == 32
    assert not document.inference.problems
    assert architecture[new].position == before["stage2.block2"].position
    x, y = before["stage2.block3"].position
    assert architecture["stage2.block3"].position == (x + 176, y)
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.architecture == before


def test_a_wire_to_a_taken_input_takes_its_place_in_one_step(edits):
    edits.connect(Wire("stem", "stage1.block2"))
    assert edits.document.architecture.incoming("stage1.block2") == {"in": Wire("stem", "stage1.block2")}
    edits.document.undo_stack.undo()
    assert edits.document.architecture == preset("resnet-20")


def test_rerouting_moves_one_wire(edits):
    held = Wire("stage1.block1", "stage1.block2")
    edits.connect(Wire("stage1.block1", "stage1.block3"), instead=held)
    architecture = edits.document.architecture
    assert architecture.incoming("stage1.block2") == {}
    assert architecture.incoming("stage1.block3") == {"in": Wire("stage1.block1", "stage1.block3")}
    assert edits.document.undo_stack.count() == 1


def test_circles_are_refused_and_change_nothing(edits):
    with pytest.raises(ArchitectureError, match="circle"):
        edits.connect(Wire("classifier", "stem"))
    assert edits.document.undo_stack.count() == 0


def test_copies_are_architecture_files_with_fresh_names(edits):
    text = edits.copy_text(["stage1.block1", "stage1.block2"])
    assert json.loads(text)["format"] == "resviz-architecture"
    new = edits.paste_text(text)
    architecture = edits.document.architecture
    assert new == ["stage1.block4", "stage1.block5"]
    assert architecture.incoming(new[1]) == {"in": Wire(*new)}
    assert architecture.incoming(new[0]) == {}
    assert len(edits.paste_text(text, QPointF(1000, 1000))) == 2


def test_pasting_something_else_says_so(edits):
    with pytest.raises(FormatError, match="clipboard"):
        edits.paste_text("hello")
    assert edits.document.undo_stack.count() == 0


def test_wrong_parameters_and_names_are_refused_whole(edits):
    before = edits.document.architecture.copy()
    for change in (
        lambda: edits.set_params({"stem": {"out_channels": 8}, "stage1.block1": {"out_channels": 0}}),
        lambda: edits.rename("stem", "pool"),
        lambda: edits.rename("stem", "  "),
    ):
        with pytest.raises(ResvizError):
            change()
    assert edits.document.architecture == before
    assert edits.document.undo_stack.count() == 0


def test_setting_what_is_set_is_no_step(edits):
    edits.set_params({"stem": {"out_channels": 16}})
    edits.rename("stem", "stem")
    edits.move({"stem": edits.document.architecture["stem"].position})
    edits.rename_architecture("resnet-20")
    edits.remove([])
    assert edits.document.undo_stack.count() == 0


def test_unknown_parameter(edits):
    with pytest.raises(ParameterError):
        edits.set_params({"stem": {"colour": 3}})


def test_twin_and_back_is_identical(edits):
    edits.twin()
    assert edits.document.name == "plain-20"
    assert edits.document.architecture["stage1.block1"].params["shortcut"] == "none"
    edits.twin()
    assert edits.document.architecture == preset("resnet-20")


def test_tidying_a_heap_up_moves_only(qapp):
    architecture = Architecture("heap")
    for number, kind in enumerate(("input", "conv", "relu")):
        architecture.add(kind, kind, (3.0 * number, 5.0))
    architecture.connect(Wire("input", "conv"))
    edits = Edits(Document(architecture))
    edits.tidy_up()
    places = {block.position for block in edits.document.architecture.blocks.values()}
    assert len(places) == 3
    edits.document.undo_stack.undo()
    assert edits.document.architecture == architecture


@pytest.mark.parametrize("kind", ["conv", "basic"])
def test_a_dropped_block_covers_nothing_and_stands_near(edits, kind):
    document = edits.document
    for block in list(document.architecture.blocks.values()):
        centre = QPointF(block.position[0] + 72, block.position[1] + 32)
        wanted = edits.landing(kind, centre)
        new = edits.add(kind, centre)
        place = document.architecture[new].position
        assert place == wanted  # the preview shows where it lands
        mine = g.footprint(kind).translated(*place)
        others = [b for b in document.architecture.blocks.values() if b.id != new]
        assert not any(mine.intersects(g.footprint(b.kind).translated(*b.position)) for b in others)
        document.undo_stack.undo()
        assert abs(place[1] - block.position[1]) <= 480


def test_a_free_place_is_taken_as_it_is(edits):
    assert edits.landing("conv", QPointF(2000, 2000)) == (1928.0, 1968.0)
