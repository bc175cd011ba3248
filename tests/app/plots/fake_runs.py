"""Runs that look like real ones, made from formulas: for tests and for looking at the plots."""

from __future__ import annotations

import numpy as np

from resviz.runs.events import Changed, Evaluated, Event, Probed, Started, Stepped
from resviz.runs.series import RunSeries


def names(depth: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the convolutions and blocks of a CIFAR network."""
    n = (depth - 2) // 6
    blocks = tuple(f"stage{s}.block{b}" for s in (1, 2, 3) for b in range(1, n + 1))
    return ("stem.conv", *(f"{block}.conv{c}" for block in blocks for c in (1, 2))), blocks


def fake_events(  # noqa: PLR0917
    plain: bool,
    depth: int = 56,
    iterations: int = 1000,
    done: int | None = None,
    seed: int = 0,
    floor: float | None = None,
    per_epoch: float = 50.0,
    probe_interval: int = 20,
) -> list[Event]:
    """Return a run's events: plain networks explode, then starve; residual magnitudes fall within stages."""
    rng = np.random.default_rng(seed)
    convolutions, blocks = names(depth)
    done = iterations if done is None else done
    floor = (40.0 if plain else 2.0) if floor is None else floor
    events: list[Event] = [
        Started(
            1e9,
            0,
            iterations,
            per_epoch,
            128,
            seed,
            "cpu",
            "float32",
            855770,
            convolutions,
            blocks,
            convolutions,
        )
    ]
    place = np.arange(len(convolutions))
    n = len(blocks) // 3
    for i in range(1, done + 1):
        share = i / iterations
        mean = floor + (88 - floor) * np.exp(-(3.0 if plain else 9.0) * share)
        batch = float(np.clip(rng.binomial(128, mean / 100) / 1.28, 0, 100))
        events.append(
            Stepped(1e9 + 0.06 * i, i, float(mean / 40), batch, 0.1, 2100.0 + float(rng.normal(0, 20)))
        )
        if i == 1 or i % probe_interval == 0:
            if plain:
                start = 10 ** (0.083 * (len(place) - place) - 1.2)
                later = 10 ** (-3.2 + 2.2 * place / len(place))
            else:
                start = 10 ** (-0.2 - 0.004 * place)
                later = 10 ** (-1.3 + 0.5 * place / len(place))
            mix = np.exp(-30 * (i - 1) / max(iterations, 1))
            zigzag = 10 ** (0.12 * (-1.0) ** place + rng.normal(0, 0.05, len(place)))
            norm = start**mix * later ** (1 - mix) * zigzag
            inside = np.tile(np.arange(n), 3) / max(1, n - 1)
            magnitude = 1.45 * (0.3 / 1.45) ** inside * np.repeat([1.0, 0.7, 0.62], n) * (0.55 + 0.45 * mix)
            magnitude = magnitude * np.exp(rng.normal(0, 0.03, len(blocks)))
            residual = (None,) * len(blocks) if plain else tuple(magnitude.tolist())
            events.append(
                Probed(i, tuple(norm.tolist()), residual, tuple((1 + rng.random(len(place))).tolist()))
            )
        if i % max(1, iterations // 20) == 0:
            events.append(Evaluated(1e9 + 0.06 * i, i, float(mean + 3 + rng.normal(0, 0.8)), None))
    events.append(Changed(1e9 + 0.06 * done, done, "running" if done < iterations else "finished"))
    return events


def fake_series(plain: bool, **options) -> RunSeries:
    """Return the same as series."""
    series = RunSeries()
    series.feed(fake_events(plain, **options))
    return series
