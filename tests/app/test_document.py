import pytest

from app.document import Document, with_positions
from app.editor.commands import ChangeGraph, SetParameters
from resviz.arch.graph import Architecture, Wire
from resviz.arch.presets import preset
from resviz.errors import ResvizError

SIGNALS = (
    "block_added",
    "block_removed",
    "block_changed",
    "block_moved",
    "block_renamed",
    "wire_added",
    "wire_removed",
    "was_reset",
    "analysed",
    "modified_changed",
    "name_changed",
    "path_changed",
    "history_changed",
)


def recorded(document):
    """Return a list to which each signal of the document appends its name and arguments."""
    events = []
    for name in SIGNALS:
        getattr(document, name).connect(lambda *args, name=name: events.append((name, *args)))
    return events


@pytest.fixture
def document(qapp):
    return Document(preset("resnet-20"))


def test_each_mutator_makes_one_change_and_tells_of_it(document):
    events = recorded(document)
    wire = Wire("pool", "classifier")
    block = document.architecture["pool"]
    document.disconnect_wire(wire)
    document.disconnect_wire(Wire("stage3.block3", "pool"))
    document.remove_block("pool")
    document.insert_block(block)
    document.connect_wire(wire)
    document.set_params("stem", {"out_channels": 8})
    document.move_block("stem", (5.0, 6.0))
    document.rename_block("stem", "entry")
    document.set_name("mine")
    assert events == [
        ("wire_removed", wire),
        ("wire_removed", Wire("stage3.block3", "pool")),
        ("block_removed", "pool"),
        ("block_added", "pool"),
        ("wire_added", wire),
        ("block_changed", "stem"),
        ("block_moved", "stem"),
        ("block_renamed", "stem", "entry"),
        ("name_changed", "mine"),
    ]
    assert document.architecture["entry"].params["out_channels"] == 8
    assert document.architecture["entry"].position == (5.0, 6.0)


def test_analysis_is_told_once_a_turn_and_is_up_to_date_before(document, qapp):
    assert document.inference.output_shape == (10,)
    assert document.cost.total.parameters == 269_722
    events = recorded(document)
    document.set_params("classifier", {"out_features": 100})
    document.set_params("classifier", {"out_features": 20})
    assert document.inference.output_shape == (20,)  # asked for before the turn ended
    qapp.processEvents()
    qapp.processEvents()
    assert [event[0] for event in events].count("analysed") == 1
    document.set_params("classifier", {"out_features": 10})
    qapp.processEvents()
    assert [event[0] for event in events].count("analysed") == 2


def test_moving_a_block_needs_no_analysis(document, qapp):
    qapp.processEvents()
    before = document.inference
    events = recorded(document)
    document.move_block("stem", (1.0, 2.0))
    qapp.processEvents()
    assert document.inference is before
    assert events == [("block_moved", "stem")]


def test_modified_follows_the_clean_state(document, tmp_path):
    events = recorded(document)
    assert not document.modified
    document.undo_stack.push(SetParameters(document, {"stem": {"out_channels": 8}}))
    assert document.modified
    path = document.save(tmp_path / "mine.json")
    assert not document.modified
    assert document.path == path
    document.undo_stack.undo()
    assert document.modified
    assert [event for event in events if event[0] == "modified_changed"] == [
        ("modified_changed", True),
        ("modified_changed", False),
        ("modified_changed", True),
    ]
    assert ("path_changed",) in events


def test_what_is_saved_opens_as_the_same(document, tmp_path):
    document.save(tmp_path / "mine.json")
    opened = Document.open(tmp_path / "mine.json")
    assert opened.architecture == document.architecture
    assert opened.path == tmp_path / "mine.json"
    assert not opened.modified


def test_saving_without_a_path_says_what_to_do(document):
    with pytest.raises(ResvizError, match="Save As"):
        document.save()


def test_replace_is_one_step_and_keeps_both_sides_apart(document, qapp):
    before = document.architecture.copy()
    other = preset("plain-20")
    document.replace(other, "New")
    document.undo_stack.push(SetParameters(document, {"stem": {"out_channels": 4}}))
    document.undo_stack.undo()
    assert document.architecture == other
    document.undo_stack.undo()
    assert document.architecture == before
    assert document.name == "resnet-20"
    document.undo_stack.redo()
    assert document.architecture == other


def test_blocks_without_a_place_get_one_and_the_others_stay(qapp):
    architecture = Architecture()
    architecture.add("input", "input", (40.0, 80.0))
    architecture.add("output", "output")
    placed = with_positions(architecture)
    assert placed["input"].position == (40.0, 80.0)
    assert placed["output"].position is not None
    assert architecture["output"].position is None  # what was given is left alone


def test_refusals_are_sentences(document):
    assert "circle" in document.refusal(Wire("pool", "stem"))
    assert "circle" in document.refusal(Wire("classifier", "pool"))
    assert document.refusal(Wire("stem", "stage2.block1")) is None  # its wire gives way
    assert "taken" in document.refusal(Wire("stem", "stage2.block1"), replacing=False)
    assert document.refusal(Wire("stem", "stage2.block1", target_port="side"))


def test_a_dying_document_is_quiet(qapp, qtbot):
    document = Document(preset("plain-20"))
    document.undo_stack.push(ChangeGraph(document, "Delete", remove=["pool"]))
    events = recorded(document)
    del document
    assert events == []


def test_a_network_in_its_own_place_is_no_step():
    document = Document(preset("resnet-8"))
    document.replace(preset("resnet-8"), "New")
    assert document.undo_stack.count() == 0
    assert not document.modified
    document.replace(preset("resnet-14"), "New")
    assert document.undo_stack.count() == 1
