"""A run's series as files for other programs."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resviz.atomic import write_atomically
from resviz.errors import ResvizError, RunError
from resviz.runs.run import Run
from resviz.runs.series import RunSeries, load

CURVES = (
    "iteration", "time_s", "loss", "train_error_pct", "learning_rate", "images_per_second", "test_error_pct",
    "test_loss",
)  # fmt: skip
PROBES = ("gradient_norm", "residual_magnitude", "response_std")


def to_csv(run: Run, path: str | os.PathLike[str]) -> list[Path]:
    """Write a run's curves and probes as CSV files into the folder `path`, made if missing.

    `curves.csv` has the columns of `CURVES` (`time_s`: seconds since the first start), a line for each
    iteration that has a training or test value; each of `PROBES` has a file with the iteration and a column a
    name. What is not known or not finite is an empty cell; a probe that has no value at all, as the residual
    magnitude of a plain network, has no file.

    Returns:
        The files written.

    Raises:
        RunError: the run has no events yet, or the folder cannot be written.
    """
    series = load(run.events_path)
    if series.started is None:
        raise RunError(f"{run.path} has no events yet, so there is nothing to export: train it first.")
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [write_atomically(folder / "curves.csv", table(CURVES, curve_rows(series)))]
        names = (series.started.convolutions, series.started.blocks, series.started.responses)
        for stem, columns in zip(PROBES, names, strict=True):
            values = getattr(series, stem)
            if columns and not (values.size and np.isnan(values).all()):
                data = table(("iteration", *columns), probe_rows(series, values))
                written.append(write_atomically(folder / f"{stem}.csv", data))
    except OSError as error:
        message = f"Cannot write into {folder} ({error.strerror or error}): choose another folder."
        raise RunError(message) from error
    except ResvizError as error:
        raise RunError(str(error)) from error
    return written


def curve_rows(series: RunSeries) -> list[list[float | int | None]]:
    """Return the rows of `curves.csv`, by iteration."""
    begin = series.first_time or 0.0
    rows: dict[int, list[float | int | None]] = {}
    columns = (series.train.time - begin, series.loss.y, series.train.y, series.rate.y, series.speed.y)
    for iteration, *values in zip(series.train.x.tolist(), *(c.tolist() for c in columns), strict=True):
        rows[iteration] = [iteration, *values, None, None]
    tests = (series.test.time - begin, series.test.y, series.test_loss.y)
    for iteration, time, *values in zip(series.test.x.tolist(), *(c.tolist() for c in tests), strict=True):
        row = rows.setdefault(iteration, [iteration, time, *[None] * 6])
        row[-2:] = values
    return [rows[iteration] for iteration in sorted(rows)]


def probe_rows(series: RunSeries, values: NDArray[np.float32]) -> Iterable[list[float | int | None]]:
    """Yield the rows of a probe's file; `values` is (T, names)."""
    for iteration, row in zip(series.probe_iterations.tolist(), values, strict=True):
        # Seven digits are what a float32 holds; more would print its rounding.
        yield [iteration, *(float(f"{value:.7g}") for value in row.tolist())]


def table(columns: Sequence[str], rows: Iterable[Sequence[float | int | str | None]]) -> bytes:
    """Return a CSV file's bytes: a line of names, then the rows; NaN, infinity and None are empty cells."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row])
    return text.getvalue().encode()
