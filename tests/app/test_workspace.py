"""Networks and plots point at each other: with a real mouse, for units and loose layers, in both panes."""

import pytest
from PySide6.QtCore import QPointF, Qt

from app.plots.blocks import BlockRows
from app.plots.plot_run import PlotRun
from app.plots.profile import Profile
from app.plots.quantities import GRADIENT
from app.plots.timeline import Timeline
from app.theme import run_colour, theme
from app.workspace import Workspace
from resviz.arch.presets import preset
from resviz.arch.rework import expanded
from tests.app.plots.fake_runs import fake_series, names

LEFT = Qt.MouseButton.LeftButton
UNIT = "stage2.block1"


@pytest.fixture
def linked(qtbot, qapp):
    """Return two panes, one with a unit as loose layers, and a plot, linked as in the window."""
    theme().apply(qapp)
    loose, _ = expanded(preset("resnet-20"), [UNIT])
    workspace = Workspace((preset("resnet-20"), loose))
    timeline = Timeline()
    runs = [PlotRun("resnet-20", fake_series(False, depth=20, iterations=60), run_colour(0, False), False)]
    timeline.supply([run.series for run in runs])
    plot = Profile(timeline, GRADIENT)
    plot.set_runs(runs)
    for widget, size in ((workspace, (1100, 500)), (plot, (500, 320))):
        qtbot.addWidget(widget)
        widget.resize(*size)
        with qtbot.waitExposed(widget):
            widget.show()
    plot.refresh()
    workspace.panes[1].tidy_up()  # the loose layers have no places yet
    plot.layer_clicked.connect(workspace.select_layer)
    for pane in workspace.panes:
        pane.selection_changed.connect(lambda ids: plot.set_selected(frozenset(ids)))
        pane.selection_changed.connect(lambda ids, pane=pane: ids and workspace.activate(pane))
    return workspace, plot


def click_layer(plot, qtbot, layer):
    place = names(20)[0].index(layer) + 1
    where = plot.view.mapFromScene(plot.view.getViewBox().mapViewToScene(QPointF(place, 0.0)))
    qtbot.mouseClick(plot.view.viewport(), LEFT, pos=where)
    qtbot.wait(1)


def in_sight(pane, block_id):
    body = pane.view.mapFromScene(pane.scene.block_item(block_id).body_in_scene()).boundingRect()
    return pane.view.viewport().rect().contains(body)


@pytest.mark.parametrize("active", [0, 1])
def test_a_layer_clicked_in_a_plot_is_selected_and_seen_in_both_networks(linked, qtbot, active):
    workspace, plot = linked
    units, layers = workspace.panes
    workspace.activate(workspace.panes[active])
    for pane in workspace.panes:
        pane.view.set_zoom(1.0)
        pane.view.centerOn(pane.scene.block_item("output"))
    assert not in_sight(units, UNIT)
    click_layer(plot, qtbot, f"{UNIT}.conv1")
    assert units.scene.selection_ids() == [UNIT]
    assert layers.scene.selection_ids() == [f"{UNIT}.conv1"]
    assert in_sight(units, UNIT)
    assert in_sight(layers, f"{UNIT}.conv1")
    assert workspace.active is workspace.panes[active]


def test_a_unit_in_a_plot_is_all_its_loose_layers(linked):
    workspace, _plot = linked
    workspace.select_layer(UNIT)
    units, layers = workspace.panes
    assert units.scene.selection_ids() == [UNIT]
    found = layers.scene.selection_ids()
    assert len(found) > 3
    assert all(block_id.startswith(f"{UNIT}.") for block_id in found)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("zoom", [0.2, 0.72])
def test_a_block_clicked_in_a_network_is_marked_in_the_plots(linked, qtbot, which, zoom):
    workspace, plot = linked
    pane = workspace.panes[which]
    for block_id, layer in (
        ("stem", "stem.conv"),
        ("stage1.block2", "stage1.block2.conv2"),
        ((UNIT, f"{UNIT}.conv2")[which], f"{UNIT}.conv2"),
    ):
        pane.view.set_zoom(zoom)
        pane.view.centerOn(pane.scene.block_item(block_id))
        place = pane.view.mapFromScene(pane.scene.block_item(block_id).body_in_scene().center())
        qtbot.mouseClick(pane.view.viewport(), LEFT, pos=place)
        qtbot.waitUntil(lambda block_id=block_id: plot.selected == {block_id}, timeout=2000)
        rows = BlockRows(plot.runs[0].series.started, list(plot.selected))
        assert names(20)[0].index(layer) in rows.columns("convolutions", block_id)
        assert workspace.active is pane
