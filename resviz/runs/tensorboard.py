"""A run's series as a TensorBoard event file."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resviz.errors import ResvizError, RunError
from resviz.runs.exports import begun, grids, writing_into
from resviz.runs.run import Run
from resviz.runs.series import RunSeries
from resviz.train import recipe as recipes

Point = tuple[int, float, list[tuple[str, float]]]
"""Iteration, seconds since 1970, and the values by tag."""


def to_tensorboard(run: Run, path: str | os.PathLike[str]) -> list[Path]:
    """Write a run's curves and probes as scalars into an event file in the folder `path`, made if missing.

    Tags: `error_pct/train`, `error_pct/test`, `loss/train`, `loss/test`, `learning_rate`,
    `images_per_second`, and one a layer, as `gradient_norm/stage1.block1.conv1`; with the wall times of the
    run (a probe has that of its step). The recipe is there as text. What is not finite is left out. Written
    again, the file is replaced.

    Returns:
        The file written.

    Raises:
        RunError: tensorboardX is not installed, the run has no events yet, or the folder cannot be written.
    """
    try:
        from tensorboardX.proto.event_pb2 import Event  # noqa: PLC0415
        from tensorboardX.proto.summary_pb2 import Summary  # noqa: PLC0415
        from tensorboardX.record_writer import RecordWriter  # noqa: PLC0415
        from tensorboardX.summary import text  # noqa: PLC0415
    except ImportError:
        message = 'TensorBoard files need tensorboardX: install it with `pip install "resviz[export]"`.'
        raise RunError(message) from None
    series = begun(run)
    start = series.first_time or 0.0
    with writing_into(path) as folder:
        # TensorBoard reads what has "tfevents" in its name: a half-written file must not.
        part, whole = folder / "events.part", folder / f"events.out.tfevents.{round(start):010d}.resviz"
        writer = RecordWriter(str(part))
        writer.write(Event(wall_time=start, file_version="brain.Event:2").SerializeToString())
        for tag, words in _texts(run).items():
            event = Event(wall_time=start, step=0, summary=text(tag, words))
            writer.write(event.SerializeToString())
        for iteration, time, values in _points(series):
            found = [Summary.Value(tag=tag, simple_value=value) for tag, value in values]
            event = Event(wall_time=time, step=iteration, summary=Summary(value=found))
            writer.write(event.SerializeToString())
        writer.close()
        part.replace(whole)
    return [whole]


def _points(series: RunSeries) -> Iterator[Point]:
    """Yield everything in the order of iterations."""
    train, test = series.train, series.test
    steps: dict[str, Any] = {
        "error_pct/train": train.y,
        "loss/train": series.loss.y,
        "learning_rate": series.rate.y,
        "images_per_second": series.speed.y,
    }
    tests: dict[str, Any] = {"error_pct/test": test.y, "loss/test": series.test_loss.y}
    sources = [
        _rows(train.x, train.time, list(steps), np.column_stack(list(steps.values()))),
        _rows(test.x, test.time, list(tests), np.column_stack(list(tests.values()))),
    ]
    for grid in grids(series):
        several = grid.names != (grid.stem,)
        tags = [f"{grid.stem}/{name}" if several else grid.stem for name in grid.names]
        times = np.interp(grid.x, train.x, train.time) if len(train) else np.zeros(len(grid.x))
        sources.append(_rows(grid.x, times, tags, grid.values))
    return heapq.merge(*sources, key=lambda point: point[0])


def _rows(
    x: NDArray[np.int64], times: NDArray[np.float64], tags: list[str], values: NDArray[np.floating[Any]]
) -> Iterable[Point]:
    for iteration, time, row in zip(x.tolist(), times.tolist(), values, strict=True):
        finite = np.isfinite(row)
        pairs = [(tag, value) for tag, value, known in zip(tags, row.tolist(), finite, strict=True) if known]
        if pairs:
            yield iteration, time, pairs


def _texts(run: Run) -> dict[str, str]:
    """Return what is worth reading beside the curves; a damaged architecture or recipe is left out."""
    try:
        recipe = recipes.to_json(run.recipe()).decode().strip()
        return {"network": run.architecture().name, "recipe": f"```json\n{recipe}\n```"}
    except ResvizError:
        return {}
