"""The canvas as it was found good to look at, in both themes."""

import numpy as np
import pytest

from app.canvas.marks import Mark
from app.canvas.readout import Readouts, ReadoutScale
from app.theme import theme
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from tests.app import golden


@pytest.fixture(autouse=True)
def own_theme():
    yield
    theme().set_mode("system")


def networks():
    """Return a network with everything on it that a person may meet."""
    architecture, _ = expanded(preset("resnet-20-B"), ["stage2.block1"])
    for block_id in list(architecture.blocks):
        architecture.move(block_id, None)
    architecture.set_params("stage1.block3", shortcut="none")
    architecture.set_bypassed("stage3.block2", True)
    return architecture


def measured(architecture):
    """Return live values: falling with depth, one exploding, one dead, one next to nothing."""
    ids = tuple(block_id for block_id in architecture.order() if architecture[block_id].spec.depth)
    count = len(ids)
    marks = np.zeros(count, np.int8)
    marks[2], marks[-2] = Mark.EXPLODING, Mark.DEAD
    magnitude = np.full(count, np.nan)
    for row, block_id in enumerate(ids):
        if architecture[block_id].shortcut not in (None, "none"):
            magnitude[row] = 0.02 if row == 6 else 1.5 / (1 + row)
    scale = ReadoutScale("gradient norm", "∇", -3.0, 1.0, True, formula="‖dL/dW‖")
    values = np.logspace(1, -3, count)
    return Readouts(ids, values, scale, magnitude=magnitude, marks=marks, when="iteration 1,200")


@pytest.mark.parametrize("mode", ["dark", "light"])
@pytest.mark.parametrize("zoom", [None, 0.8])
@pytest.mark.parametrize("live", [False, True])
def test_the_canvas_looks_as_it_was_found_good(open_pane, mode, zoom, live, request):
    theme().set_mode(mode)
    architecture = networks()
    pane, hand = open_pane(architecture, size=(760, 520))
    if live:
        pane.set_readouts(measured(pane.document.architecture))
    if zoom is not None:
        pane.view.set_zoom(zoom)
        pane.view.centerOn(pane.scene.block_item("stage3.block2").body_in_scene().center())
    hand.settle()
    name = f"canvas-{'near' if zoom else 'whole'}-{'live' if live else 'plain'}-{mode}"
    golden.check(pane.grab().toImage(), name, request)
