from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtWidgets import QMenu

from app.canvas.costs import COSTS, share_text
from app.document import Document
from app.editor.pane import EditorPane
from app.overlay import EDITED, HIDDEN, Overlay, kept_blocks
from app.plots.timeline import Timeline
from resviz.arch.graph import Group
from resviz.arch.presets import preset
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries


class Bridge(QObject):
    updated = Signal()


class Session(QObject):
    current_changed = Signal()
    runs_changed = Signal()

    def __init__(self, runs):
        super().__init__()
        self.current, self.shown, self.bridge = runs, list(runs), Bridge()


@pytest.fixture
def trained(qtbot):
    """Return a pane and its overlay, with a run that trains the network as it is now."""
    pane = EditorPane(Document(preset("resnet-8")))
    qtbot.addWidget(pane)
    names = tuple(f"{block.id}.conv" for block in pane.document.architecture.blocks.values())
    series = RunSeries()
    series.feed([Started(0.0, 0, 99, 1.0, 8, 0, "cpu", "float32", 1, names, (), ())])
    for iteration, value in ((10, 0.1), (20, 1.1)):
        series.feed(
            [Probed(iteration, (value,) * len(names), (), (), (5.0,) * len(names), (0.5,) * len(names))]
        )
    run = SimpleNamespace(architecture=preset("resnet-8"), series=series, name="resnet-8")
    overlay = Overlay(Session([run]), [pane], Timeline())
    overlay.refresh()
    return pane, overlay


def painted(pane):
    return {item.block_id for item in pane.scene.block_items() if item.readout is not None}


def test_readouts_stay_on_what_stays_and_the_legend_says_so(trained, qtbot):
    pane, _overlay = trained
    assert painted(pane) == set(pane.document.architecture.blocks)
    assert not pane.legend.note
    new = pane.edits.add("dropout", QPointF(2000, 0))
    pane.edits.remove(["stage2.block1"])
    qtbot.wait(1)
    assert painted(pane) == set(pane.document.architecture.blocks) - {new}
    assert pane.legend.note == EDITED
    assert not pane.legend.isHidden()
    pane.undo()
    pane.undo()
    qtbot.wait(1)
    assert not pane.legend.note


def test_a_run_of_which_only_the_curves_are_shown_is_seen_in_its_network(trained, qtbot):
    pane, overlay = trained
    session = overlay._session
    session.current, shown = [], session.shown
    session.shown = []
    session.runs_changed.emit()
    assert not painted(pane)
    session.shown = shown
    session.runs_changed.emit()
    assert painted(pane) == set(pane.document.architecture.blocks)


def test_another_network_shows_nothing_of_the_old_one(trained, qtbot):
    pane, _overlay = trained
    pane.document.replace(preset("resnet-20"), "New from preset")
    qtbot.wait(1)
    assert not painted(pane)
    assert pane.legend.isHidden()


def test_a_block_of_another_kind_under_the_same_name_is_another_block():
    shown = preset("resnet-8")
    shown.remove("stem")
    shown.add("dropout", "stem")
    assert "stem" not in kept_blocks(preset("resnet-8"), shown)
    assert "pool" in kept_blocks(preset("resnet-8"), shown)
    assert kept_blocks(None, shown) == []


def test_what_is_painted_is_the_probe_at_the_cursor(trained, qtbot):
    pane, overlay = trained
    timeline = overlay._timeline
    timeline.supply([run.series for run in overlay._session.current])
    item = pane.scene.block_item("stem")
    assert item.readout == pytest.approx(1.1)
    timeline.go_to(12)
    qtbot.waitUntil(lambda: item.readout == pytest.approx(0.1), timeout=1000)
    timeline.go_live()
    qtbot.waitUntil(lambda: item.readout == pytest.approx(1.1), timeout=1000)


def test_the_legend_offers_what_to_fill_by(trained, qtbot):
    pane, _ = trained
    pane.legend.click()
    [menu] = [menu for menu in pane.findChildren(QMenu) if menu.isVisible()]
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Colour by gradient norm"].isChecked()
    actions["Colour by update to weight"].trigger()
    menu.close()
    assert pane.scene.block_item("stem").readout == 0.5
    assert "update to weight" in pane.legend.toolTip()


def test_blocks_are_filled_by_what_they_cost(trained, qtbot):
    pane, overlay = trained
    kind = COSTS["parameters"]
    overlay.show_cost(kind)
    assert painted(pane) == {"stem", "classifier", *(f"stage{n}.block1" for n in (1, 2, 3))}
    total = pane.document.cost.total.parameters
    item = pane.scene.block_item("stage3.block1")
    assert item.readout == pytest.approx(100 * pane.document.cost.blocks["stage3.block1"].parameters / total)
    assert "% of all parameters" in pane.scene.tooltip(item)
    assert pane.legend.note == HIDDEN
    assert "share of parameters" in pane.legend.toolTip()
    overlay.show_cost(kind)  # The same again: back to what training measures.
    assert painted(pane) == set(pane.document.architecture.blocks)
    assert not pane.legend.note


def test_costs_follow_edits_and_share_one_scale(qtbot):
    panes = [EditorPane(Document(preset(name))) for name in ("plain-8", "resnet-20")]
    for pane in panes:
        qtbot.addWidget(pane)
    overlay = Overlay(Session([]), panes, Timeline())
    overlay.show_cost(COSTS["multiply_adds"])
    scales = [pane.scene._live.board.scale for pane in panes]
    assert scales[0].high == scales[1].high
    assert not any(pane.legend.note for pane in panes)
    before = panes[0].scene.block_item("stage1.block1").readout
    panes[0].edits.remove(["stage3.block1"])
    qtbot.waitUntil(lambda: panes[0].scene.block_item("stage1.block1").readout != before, timeout=2000)


def test_the_legend_offers_costs(trained, qtbot):
    pane, overlay = trained
    pane.legend.click()
    (menu,) = (child for child in pane.findChildren(QMenu) if child.isVisible())
    texts = {action.text(): action for action in menu.actions()}
    texts["Colour by share of activation memory"].trigger()
    assert overlay.cost is COSTS["activations"]
    menu.close()
    overlay.show_quantity(overlay.quantity)
    assert overlay.cost is None


def test_shares_are_short():
    assert [share_text(each) for each in (0.0, 0.04, 0.31, 8.66, 12.4)] == [
        "0 %", "0.04 %", "0.3 %", "8.7 %", "12 %",
    ]  # fmt: skip


def test_what_a_folded_group_costs_adds_up(qtbot):
    architecture = preset("resnet-20")
    architecture.groups["stack"] = Group(members=("stage3.block2", "stage3.block3"))
    pane = EditorPane(Document(architecture))
    qtbot.addWidget(pane)
    overlay = Overlay(Session([]), [pane], Timeline())
    overlay.show_cost(COSTS["parameters"])
    stack = pane.scene.block_item("stage3.block2")
    assert stack.is_stack
    assert stack.range_forms()[0] == "55 % together"
    assert "55 % of all parameters" in pane.scene.tooltip(stack)
