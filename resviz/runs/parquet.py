"""A run's series as Parquet files: for pandas, polars, DuckDB, R."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import __version__
from resviz.errors import ResvizError, RunError
from resviz.runs.exports import CURVES, UNITS, begun, curve_rows, grids, writing_into
from resviz.runs.run import Run
from resviz.train import recipe as recipes

if TYPE_CHECKING:
    import pyarrow as pa


def to_parquet(run: Run, path: str | os.PathLike[str]) -> list[Path]:
    """Write a run's curves and probes as Parquet files into the folder `path`, made if missing.

    The tables are those of `exports.to_csv`; what is not known is null. Probes are float32, as measured. Each
    file carries the run's name, network, seed and recipe (JSON) as metadata, each column its unit.

    Returns:
        The files written.

    Raises:
        RunError: pyarrow is not installed, the run has no events yet, or the folder cannot be written.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        raise RunError(
            'Parquet files need pyarrow: install it with `pip install "resviz[export]"`.'
        ) from None
    series = begun(run)
    about = _about(run)
    if series.started is not None and series.started.versions:
        about["versions"] = series.started.versions
    columns = list(zip(*curve_rows(series), strict=True)) or [()] * len(CURVES)
    kinds = [pa.int64(), *[pa.float64()] * (len(CURVES) - 1)]
    arrays = [pa.array(column, kind, from_pandas=True) for column, kind in zip(columns, kinds, strict=True)]
    tables = {"curves": _table(arrays, CURVES, [UNITS[name] for name in CURVES], about)}
    for grid in grids(series):
        values = [pa.array(column, pa.float32(), from_pandas=True) for column in grid.values.T]
        unit = UNITS.get(grid.stem, "1")
        units = [UNITS["iteration"], *[unit] * len(grid.names)]
        names = ("iteration", *grid.names)
        tables[grid.stem] = _table([pa.array(grid.x, pa.int64()), *values], names, units, about)
    written = []
    with writing_into(path) as folder:
        for stem, table in tables.items():
            written.append(folder / f"{stem}.parquet")
            part = written[-1].with_suffix(".part")
            pq.write_table(table, part, compression="zstd")
            part.replace(written[-1])
    return written


def _table(
    arrays: list[pa.Array], names: tuple[str, ...], units: list[str], about: dict[str, str]
) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    fields = [
        pa.field(name, array.type, metadata={"unit": unit})
        for name, array, unit in zip(names, arrays, units, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=about))


def _about(run: Run) -> dict[str, str]:
    """Return what a file says of its run; a damaged architecture or recipe is left out."""
    about: dict[str, Any] = {"resviz": __version__, "run": run.name}
    try:
        about["network"] = run.architecture().name
        recipe = run.recipe()
        about["seed"] = str(recipe.seed)
        about["recipe"] = recipes.to_json(recipe).decode()
    except ResvizError:
        pass
    return about
