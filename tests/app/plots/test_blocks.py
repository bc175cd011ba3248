"""Probes brought to the blocks of the canvas."""

import math

import numpy as np
import pytest

from app.plots.blocks import BlockRows
from app.plots.quantities import GRADIENT, MAGNITUDE, QUANTITIES, RESPONSE
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries

CONVOLUTIONS = ("stem", "stage1.block1.conv1", "stage1.block1.conv2")
BLOCKS = ("stage1.block1",)
IDS = ("input", "stem", "stage1.block1")


def series_of(*probes):
    series = RunSeries()
    series.feed([Started(0.0, 0, 9, 1.0, 8, 0, "cpu", "float32", 1, CONVOLUTIONS, BLOCKS, CONVOLUTIONS)])
    series.feed(probes)
    return series


def block_values(series, quantity, probe, ids):
    """Return what the rows say, by block."""
    rows = BlockRows(series.started, ids)
    values, filled = rows.values(series, quantity, probe)
    return {block_id: float(v) for block_id, v, known in zip(ids, values, filled, strict=True) if known}


def test_convolutions_of_a_block_are_combined():
    series = series_of(
        Probed(5, (1.0, 1.0, 1.0), (0.1,), (1.0, 1.0, 1.0)),
        Probed(10, (2.0, 3.0, 4.0), (0.5,), (1.0, 1.0, 7.0)),
    )
    assert block_values(series, GRADIENT, 1, IDS) == {"stem": 2.0, "stage1.block1": 5.0}
    assert block_values(series, GRADIENT, 0, IDS)["stage1.block1"] == pytest.approx(math.sqrt(2))
    assert block_values(series, RESPONSE, 1, IDS) == {"stem": 1.0, "stage1.block1": 5.0}
    assert block_values(series, MAGNITUDE, 1, IDS) == {"stage1.block1": 0.5}


def test_what_is_not_finite_is_news_but_not_where_it_is_undefined():
    series = series_of(Probed(5, (None, 3.0, 4.0), (None,), (1.0, 1.0, 1.0)))
    assert math.isnan(block_values(series, GRADIENT, 0, IDS)["stem"])
    assert block_values(series, MAGNITUDE, 0, IDS) == {}


def test_blocks_that_are_not_there_and_runs_without_probes():
    series = series_of(Probed(5, (1.0, 3.0, 4.0), (0.1,), (1.0, 1.0, 1.0)))
    assert block_values(series, GRADIENT, 0, ["stem"]) == {"stem": 1.0}
    assert all(block_values(series_of(), quantity, -1, IDS) == {} for quantity in QUANTITIES.values())


def test_any_and_all_convolutions_of_a_block():
    rows = BlockRows(series_of().started, IDS)
    found = np.array([False, True, False])
    assert rows.any_of(found).tolist() == [False, False, True]
    assert rows.all_of(found).tolist() == [False, False, False]
    assert rows.all_of(np.array([True, True, True])).tolist() == [False, True, True]
    assert rows.columns("convolutions", "stage1.block1") == [1, 2]
    assert rows.columns("blocks", "stem") == []
