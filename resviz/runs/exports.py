"""A run's series as files for other programs."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from resviz.atomic import write_atomically
from resviz.errors import ResvizError, RunError
from resviz.runs.run import Run
from resviz.runs.series import PROBES, RunSeries, load

CURVES = (
    "iteration", "time_s", "loss", "train_error_pct", "learning_rate", "images_per_second", "test_error_pct",
    "test_loss",
)  # fmt: skip


Format = Literal["csv", "parquet", "tensorboard"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""What a run can be written as."""

UNITS = {
    "iteration": "iterations",
    "time_s": "s since the first start",
    "loss": "nats",
    "train_error_pct": "%",
    "learning_rate": "1",
    "images_per_second": "images/s",
    "test_error_pct": "%",
    "test_loss": "nats",
    "truncated_pct": "%",
    "class_error_pct": "%",
}
"""The unit of each quantity that is no plain ratio or norm."""


@dataclass(frozen=True)
class Grid:
    """Values of many places at some iterations: one of `series.PROBES`, or the classes' test errors."""

    stem: str
    """What was measured, and the file's name."""
    names: tuple[str, ...]
    x: NDArray[np.int64]
    """Iterations, (T,)."""
    values: NDArray[np.floating[Any]]
    """(T, names); NaN where there is none."""


def export(run: Run, to: Format, path: str | os.PathLike[str]) -> list[Path]:
    """Write a run's curves and probes into the folder `path`, made if missing; return the files written.

    Raises:
        RunError: the run has no events yet, the folder cannot be written, or what writes the format is not
            installed.
    """
    if to == "csv":
        return to_csv(run, path)
    # Each needs a library that few people want: it is loaded, and has to be there, only when asked for.
    if to == "parquet":
        from resviz.runs.parquet import to_parquet  # noqa: PLC0415

        return to_parquet(run, path)
    from resviz.runs.tensorboard import to_tensorboard  # noqa: PLC0415

    return to_tensorboard(run, path)


def to_csv(run: Run, path: str | os.PathLike[str]) -> list[Path]:
    """Write a run's curves and probes as CSV files into the folder `path`, made if missing.

    `curves.csv` has the columns of `CURVES` (`time_s`: seconds since the first start), a line for each
    iteration that has a training or test value; each of `series.PROBES` has a file with the iteration and a
    column a name, `gradient_norm_total.csv` one column, and `class_error_pct.csv` a column a class. What is
    not known or not finite is an empty cell; a quantity that has no value at all, as the residual magnitude
    of a plain network, has no file.

    Returns:
        The files written.

    Raises:
        RunError: the run has no events yet, or the folder cannot be written.
    """
    series = begun(run)
    with writing_into(path) as folder:
        written = [write_atomically(folder / "curves.csv", table(CURVES, curve_rows(series)))]
        for grid in grids(series):
            data = table(("iteration", *grid.names), value_rows(grid.x, grid.values))
            written.append(write_atomically(folder / f"{grid.stem}.csv", data))
    return written


def begun(run: Run) -> RunSeries:
    """Return a run's series.

    Raises:
        RunError: it has no events yet.
    """
    series = load(run.events_path)
    if series.started is None:
        raise RunError(f"{run.path} has no events yet, so there is nothing to export: train it first.")
    return series


@contextlib.contextmanager
def writing_into(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Make a folder and give it to write into.

    Raises:
        RunError: it cannot be made or written.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        message = f"Cannot write into {folder} ({error.strerror or error}): choose another folder."
        raise RunError(message) from error
    except RunError:
        raise
    except ResvizError as error:
        raise RunError(str(error)) from error


def grids(series: RunSeries) -> Iterator[Grid]:
    """Yield what was measured of many places, without what has no value at all."""
    started = series.started
    if started is None:
        return
    total = "gradient_norm_total"
    found = [
        Grid(stem, getattr(started, names), series.probe_iterations, series.probe(stem))
        for stem, names in PROBES.items()
    ]
    found.append(Grid(total, (total,), series.probe_iterations, series.gradient_norm_total[:, None]))
    found.append(Grid("class_error_pct", started.classes, series.test.x, series.class_error_pct))
    for grid in found:
        if grid.names and not (grid.values.size and np.isnan(grid.values).all()):
            yield grid


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


def value_rows(x: NDArray[np.int64], values: NDArray[np.floating[Any]]) -> Iterable[list[float | int | None]]:
    """Yield rows of an iteration, (T,), and its values, (T, names)."""
    for iteration, row in zip(x.tolist(), values, strict=True):
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
