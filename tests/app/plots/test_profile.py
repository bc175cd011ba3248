"""Gradient norm and residual magnitude over depth."""

from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor

from app.plots.plot_run import PlotRun
from app.plots.profile import Profile
from app.plots.quantities import GRADIENT, MAGNITUDE
from app.plots.strokes import Dots, Line, faded
from resviz.arch.presets import preset
from resviz.report.depth import places_of, stages, transitions
from resviz.runs.events import Probed
from tests.app.plots.fake_runs import fake_series, names

GradientPlot = partial(Profile, quantity=GRADIENT)
ResidualPlot = partial(Profile, quantity=MAGNITUDE)


def lines(plot, run):
    """Return (newest, first) of a run as drawn."""
    long = [s for s in plot.curves.strokes if isinstance(s, Line) and len(s.x) > 2]
    faint = faded(run.colour, 0.45).rgb()
    return (
        [s for s in long if s.pen.color().rgb() == run.colour.rgb()],
        [s for s in long if s.pen.color().rgb() == faint],
    )


def test_gradient_norms_are_those_of_the_newest_and_first_probe(show, pair):
    plot = show(GradientPlot, pair)
    for run in pair:
        (newest,), (first,) = lines(plot, run)
        assert newest.x.tolist() == list(range(1, 20))
        assert 10**newest.y == pytest.approx(run.series.gradient_norm[-1], rel=1e-5)
        assert 10**first.y == pytest.approx(run.series.gradient_norm[0], rel=1e-5)
    low, high = plot.view.getViewBox().viewRange()[1]
    everything = np.log10(np.concatenate([run.series.gradient_norm[[0, -1]].ravel() for run in pair]))
    assert low <= everything.min()
    assert everything.max() <= high
    assert "iteration 300" in plot.header.subtitle


def test_a_gradient_of_zero_or_none_leaves_a_gap(show, pair):
    run = pair[0]
    run.series.feed([Probed(301, (0.0, None, *[1.0] * 17), (None,) * 9, (1.0,) * 19)])
    plot = show(GradientPlot, [run])
    (newest,), _ = lines(plot, run)
    assert np.isnan(newest.y[:2]).all()
    assert (newest.y[2:] == 0).all()
    assert len(newest.pieces().ndarray()) == 16


def test_residual_magnitudes_of_residual_runs_only(show, pair):
    plot = show(ResidualPlot, pair)
    (newest,), _ = lines(plot, pair[1])
    assert newest.y == pytest.approx(pair[1].series.residual_magnitude[-1])
    assert lines(plot, pair[0]) == ([], [])
    notes = {entry.name: entry.note for entry in plot.header.entries}
    assert notes == {"resnet-20": "", "plain-20": "no shortcut, so no residual magnitude"}
    assert plot.view.getViewBox().viewRange()[1][0] == 0


def test_plain_runs_alone_say_what_to_train(show, pair):
    plot = show(ResidualPlot, pair[:1])
    assert plot.empty.isVisible()
    assert "no shortcut" in plot.empty.text()
    assert "residual twin" in plot.empty.text()


def test_several_plain_runs_share_one_entry(show, pair):
    more = PlotRun("plain-32", pair[0].series, QColor("#aa5500"), True)
    plot = show(ResidualPlot, [*pair, more], (900, 400))
    assert [(e.name, e.note[:11]) for e in plot.header.entries[1:]] == [("2 plain runs", "no shortcut")]


def test_stages_are_marked_where_they_begin(show, pair):
    assert stages(names(20)[0]) == [("stage 1", 2, 7), ("stage 2", 8, 13), ("stage 3", 14, 19)]
    assert stages(("stem", "head")) == []
    plot = show(GradientPlot, pair)
    upright = [s.x[0] for s in plot.curves.strokes if isinstance(s, Line) and len(s.x) == 2]
    assert upright == [1.5, 7.5, 13.5]
    assert [name for _, name in plot.stage_axis._tickLevels[0]] == ["stage 1", "stage 2", "stage 3"]


def test_networks_of_different_depth_get_ticks_of_their_own(show, pair):
    deep = PlotRun("resnet-32", fake_series(False, depth=32, iterations=60), QColor("#00ff88"), False)
    plot = show(GradientPlot, [*pair, deep])
    upright = {
        (s.x[0], s.pen.color().name()) for s in plot.curves.strokes if isinstance(s, Line) and len(s.x) == 2
    }
    assert (11.5, "#00ff88") in upright
    assert (7.5, pair[0].colour.name()) in upright
    left, right = plot.view.getViewBox().viewRange()[0]
    pixels = plot.view.getViewBox().width() / (right - left)
    assert (1 - left) * pixels >= 4, "the first dot is whole"
    assert (right - 31) * pixels >= 4
    assert (left + right) / 2 == pytest.approx(16)


def test_hovering_names_the_layer_and_reads_every_run(show, pair):
    plot = show(GradientPlot, pair)
    plot.hovered = 8.2
    plot._update_marks()
    assert plot.header.subtitle == "stage2.block1.conv1 (8 of 19)"
    assert plot.header.entries[0].readings[0].text == f"{pair[0].series.gradient_norm[-1][7]:.3g}"
    plot.hovered = 99.0
    plot._update_marks()
    assert plot.header.subtitle.endswith("(19 of 19)")


def test_digests(show, pair):
    gradient, residual = show(GradientPlot, pair), show(ResidualPlot, pair)
    norm = pair[1].series.gradient_norm[-1]
    assert gradient.header.entries[1].readings[0].text == f"first/last {norm[0] / norm[-1]:.2g}"
    mean = pair[1].series.residual_magnitude[-1].mean()
    assert residual.header.entries[0].readings[0].text == f"mean {mean:.2f}"


def test_the_profile_is_that_at_the_cursor(show, pair, timeline, qtbot):
    plot = show(GradientPlot, pair)
    held = plot.view.getViewBox().viewRange()[1]
    timeline.go_to(45)
    qtbot.waitUntil(lambda: "iteration 40;" in plot.header.subtitle, timeout=1000)
    (now,), _ = lines(plot, pair[0])
    assert 10**now.y == pytest.approx(pair[0].series.gradient_norm[2], rel=1e-5)
    assert plot.view.getViewBox().viewRange()[1] == held, "the axis holds still while the cursor moves"
    columns, rows = plot.table(pair)
    assert {row[columns.index("iteration")] for row in rows} == {1, 40}
    timeline.go_live()
    qtbot.waitUntil(lambda: "iteration 300;" in plot.header.subtitle, timeout=1000)


def test_a_click_tells_the_layer_and_selected_layers_are_marked(show, pair, qtbot):
    plot = show(GradientPlot, pair)
    box = plot.view.getViewBox()
    place = box.mapViewToScene(QPointF(8.0, 0.0))
    with qtbot.waitSignal(plot.layer_clicked) as clicked:
        qtbot.mouseClick(plot.view.viewport(), Qt.MouseButton.LeftButton, pos=plot.view.mapFromScene(place))
    assert clicked.args == ["stage2.block1.conv1"]
    plot.set_selected(frozenset(["stage2.block1"]))
    rings = [s for s in plot.curves.strokes if isinstance(s, Dots) and s.x.tolist() == [8.0, 9.0]]
    assert len(rings) == 4
    assert places_of(["stem"], names(20)[0]) == [1]
    assert places_of([], names(20)[0]) == []


def test_transitions_are_where_a_shortcut_changes_the_shape():
    assert transitions(preset("resnet-20")) == {"stage2.block1", "stage3.block1"}
    assert transitions(preset("resnet-50")) == {f"stage{s}.block1" for s in (1, 2, 3, 4)}
    assert transitions(preset("plain-20")) == frozenset()


def test_blocks_whose_shortcut_changes_the_shape_are_marked(show, pair):
    pair[1].transitions = frozenset(["stage2.block1", "stage3.block1"])
    plot = show(ResidualPlot, pair)
    assert [s.x.tolist() for s in plot.curves.strokes if isinstance(s, Dots) and s.square] == [[4.0, 7.0]]


def test_the_keyboard_moves_the_cursor(show, pair, timeline, qtbot):
    plot = show(GradientPlot, pair)
    for key, at in (
        (Qt.Key.Key_Left, 280), (Qt.Key.Key_Left, 260), (Qt.Key.Key_Right, 280), (Qt.Key.Key_Right, None),
        (Qt.Key.Key_Home, 1), (Qt.Key.Key_End, None),
    ):  # fmt: skip
        qtbot.keyClick(plot.view, key)
        assert timeline.at == at


def test_names_of_stages_and_axes_give_way_where_large_type_has_no_room(show, pair):
    plot = show(GradientPlot, pair, (420, 320))
    assert [name for _, name in plot.stage_axis._tickLevels[0]] == ["stage 1", "stage 2", "stage 3"]
    assert plot.x_axis.labelText == "convolution, from the input"
    plot.resize(230, 320)
    plot.refresh()
    assert [name for _, name in plot.stage_axis._tickLevels[0]] == ["1", "2", "3"]
    assert plot.x_axis.labelText == "convolution"
