"""What one probe says of one block, in words: for its tool tip."""

from __future__ import annotations

from math import isfinite

from app.canvas.readout import NOTHING
from app.canvas.text import ratio, scientific
from app.plots.blocks import BlockRows
from app.plots.health import dead, exploding, why_dead, why_exploding
from app.plots.timeline import index_at
from resviz.runs.series import RunSeries

_MOST = 4
"""Convolutions that are listed."""


def report(series: RunSeries, rows: BlockRows, iteration: int, run: str, block_id: str) -> tuple[str, ...]:
    """Return what was measured at a block at an iteration, a line each; nothing where nothing was."""
    iterations = series.probe_iterations
    if not len(iterations) or series.started is None:
        return ()
    probe = index_at(iterations, iteration)
    lines = _alarms(series, rows, probe, block_id) + _signal(series, rows, probe, block_id)
    lines += _layers(series, rows, probe, block_id)
    return (f"At iteration {int(iterations[probe]):,} of {run}:", *lines) if lines else ()


def _alarms(series: RunSeries, rows: BlockRows, probe: int, block_id: str) -> list[str]:
    columns = rows.columns("convolutions", block_id)
    bursting, still = exploding(series, probe), dead(series, probe)
    burst = next((column for column in columns if bursting[column]), None)
    if burst is not None:
        return [why_exploding(series, probe, burst)]
    if columns and all(still[column] for column in columns):
        return [why_dead(series, probe, columns[0])]
    return []


def _signal(series: RunSeries, rows: BlockRows, probe: int, block_id: str) -> list[str]:
    lines = []
    for column in rows.columns("blocks", block_id):
        magnitude, share, cosine, cut = (
            float(series.probe(name)[probe, column])
            for name in ("residual_magnitude", "residual_share", "alignment", "truncated_pct")
        )
        if magnitude < NOTHING:
            lines.append(f"Faded: its branch adds {100 * magnitude:.1f} % to what the shortcut brings.")
        if isfinite(magnitude):
            parts = [f"‖F‖ / ‖s(x)‖ {ratio(magnitude)}"]
            parts += [f"‖F‖ / ‖y‖ {ratio(share)}"] if isfinite(share) else []
            parts += [f"cos(F, s) {cosine:+.2f}".replace("-", "−")] if isfinite(cosine) else []
            lines.append(" · ".join(parts))
        if isfinite(cut):
            lines.append(f"{cut:.0f} % of y is below 0: a ReLU cuts it off")
    return lines


def _layers(series: RunSeries, rows: BlockRows, probe: int, block_id: str) -> list[str]:
    assert series.started is not None
    columns = rows.columns("convolutions", block_id)
    deviations = {
        series.started.responses[column]: float(series.response_std[probe, column])
        for column in rows.columns("responses", block_id)
    }
    lines = []
    for column in columns[:_MOST]:
        whole = series.started.convolutions[column]
        name = whole.rpartition(".")[2] if whole != block_id else ""
        parts = [f"gradient norm {scientific(float(series.gradient_norm[probe, column]))}"]
        update, deviation = float(series.update_ratio[probe, column]), deviations.get(whole, float("nan"))
        if isfinite(update):
            parts.append(f"step {scientific(update)} of the weights")
        if isfinite(deviation):
            parts.append(f"response std {ratio(deviation)}")
        lines.append(f"{name}: {' · '.join(parts)}" if name else " · ".join(parts))
    return lines
