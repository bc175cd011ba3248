"""While a wire is drawn: which ports are lit, which are dimmed, and what is said."""

from PySide6.QtCore import QPoint, QPointF, Qt

from app.canvas.scene import Port
from app.editor.port_lights import PortLights, misfit
from resviz.arch.graph import Wire
from resviz.arch.presets import preset
from tests.app.editor.test_pane import three_loose


def lights(pane):
    return next((item for item in pane.scene.items() if isinstance(item, PortLights)), None)


def places(pane, *ports):
    scene = pane.scene
    return {
        scene.port_place(Port(block, name, name != "out")).toTuple() for block, name in ports
    }  # a place stands for its port


def test_ports_that_match_are_lit_and_all_others_dimmed_until_the_wire_is_let_go(open_pane):
    pane, hand = open_pane("resnet-8")
    assert lights(pane) is None
    hand.drag(("stage2.block1", "out"), QPoint(600, 640), drop=False)
    found = lights(pane)
    lit = {place.toTuple() for place in found.lit}
    assert lit == places(pane, ("stage3.block1", "in"), ("pool", "in"))
    count = sum(len(item.inputs) + item.has_output for item in pane.scene.block_items())
    assert len(found.lit) + len(found.dim) == count - 1
    before = pane.view.grab().toImage().pixel(hand.at(("pool", "in")))
    hand.key(Qt.Key.Key_Escape)
    assert lights(pane) is None
    assert pane.view.grab().toImage().pixel(hand.at(("pool", "in"))) != before


def test_from_an_input_outputs_are_lit(open_pane):
    pane, hand = open_pane(three_loose())
    hand.drag(("relu", "in"), QPointF(240, 160), drop=False)
    assert {place.toTuple() for place in lights(pane).lit} == places(pane, ("input", "out"), ("conv", "out"))
    hand.key(Qt.Key.Key_Escape)


def test_what_does_not_fit_is_said_and_wired_all_the_same(open_pane):
    architecture = preset("plain-8")
    architecture.add("relu", "spare", (0.0, 600.0))
    pane, hand = open_pane(architecture)
    hand.drag(("pool", "out"), ("stage1.block1", "in"))
    assert "circle" in pane.toast.text
    pane.edits.remove([], [Wire("pool", "classifier")])
    hand.settle()
    hand.drag(("stage3.block1", "out"), ("classifier", "in"))
    assert "64 x 8 x 8" in pane.toast.text or "64 × 8 × 8" in pane.toast.text
    assert pane.document.architecture.incoming("classifier")["in"].source == "stage3.block1"


def test_an_addition_is_judged_by_both_of_its_inputs(open_pane):
    pane, _ = open_pane("resnet-8")
    pane.units.expand(["stage1.block1"])
    document = pane.document
    assert misfit(document, "stem", Port("stage1.block1.add", "shortcut", True)) is None
    assert misfit(document, "pool", Port("stage1.block1.add", "shortcut", True)) is not None
    document.set_params("stage1.block1.add", {"plain": True})
    assert misfit(document, "pool", Port("stage1.block1.add", "shortcut", True)) is None  # not read


def test_from_far_away_nothing_is_lit(open_pane):
    pane, hand = open_pane("resnet-20")
    hand.drag(("stem", "out"), QPoint(600, 640), drop=False)
    pane.view.set_zoom(0.2)
    hand.settle()
    dark = pane.view.grab().toImage()
    lights(pane).setVisible(False)
    assert pane.view.grab().toImage() == dark
    hand.key(Qt.Key.Key_Escape)
