"""What runs came to, in sentences."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from resviz.report.paper import PAPER_ITERATIONS
from resviz.report.repetitions import key
from resviz.report.subject import Subject
from resviz.report.twins import difference, twin_of, verdict

_CLEAR = 2.0
"""Points from which on a difference, of every seed, is called the degradation."""


def percent(value: float | None) -> str:
    """Return "8.75 %", or a dash where nothing is known."""
    return "–" if value is None else f"{value:.2f} %"


def verdicts(subjects: Sequence[Subject]) -> list[str]:
    """Return how twins compare at the newest iteration that both have, those of one kind over their seeds."""
    found = []
    for alike in _alike(subjects):
        ends = [_end(residual, plain) for residual, plain in alike]
        residual, plain = alike[0]
        points, iteration = [value for _, value in ends], min(at for at, _ in ends)
        if len(alike) == 1:
            found.append(f"{verdict(plain.name, residual.name, points[0], iteration)}.")
            continue
        mean = verdict(plain.network, residual.network, statistics.mean(points), iteration)
        low, high = (f"{value:+.1f}".replace("-", "−") for value in (min(points), max(points)))
        found.append(f"{mean}, in the mean of {len(alike)} seeds ({low} to {high}).")
    return found


def _alike(subjects: Sequence[Subject]) -> list[list[tuple[Subject, Subject]]]:
    """Return the pairs of twins, those that differ by their seeds only together."""
    groups: dict[object, list[tuple[Subject, Subject]]] = {}
    for place, (residual, plain) in enumerate(pairs(subjects)):
        kind = (key(residual), key(plain)) if key(residual) and key(plain) else place
        groups.setdefault(kind, []).append((residual, plain))
    return list(groups.values())


def _end(residual: Subject, plain: Subject) -> tuple[int, float]:
    """Return the newest iteration that twins share, and their difference there, points."""
    x, y = difference(plain.series, residual.series)
    return int(x[-1]), float(y[-1])


def pairs(subjects: Sequence[Subject]) -> list[tuple[Subject, Subject]]:
    """Return each residual run that has a plain twin to compare with, and that."""
    found = []
    for subject in subjects:
        plain = None if subject.plain else twin_of(subject, subjects)
        if plain is not None and len(difference(plain.series, subject.series)[0]):
            found.append((subject, plain))
    return found


def reached(subject: Subject) -> str:
    """Return in one sentence where a run stands, beside the paper's own network where there is one."""
    series = subject.series
    train, test, asked = series.train_error_pct, series.test_error_pct, series.iterations
    where = f"after {series.iteration:,} iterations"
    if asked and series.iteration < asked:
        where = f"after {series.iteration:,} of {asked:,} iterations"
    if series.diverged:
        return f"{subject.name} diverged: its loss is no number {where}."
    errors = [
        f"{value:.1f} % {kind} error"
        for value, kind in ((train, "training"), (test, "test"))
        if value is not None
    ]
    if not errors:
        return f"{subject.name} has no error yet {where}."
    verb = "ended at" if subject.state == "finished" else "stands at"
    sentence = f"{subject.name} {verb} {' and '.join(errors)} {where}"
    if subject.paper is None:
        return f"{sentence}."
    own_train, own_test = subject.paper
    when = "" if series.iteration == PAPER_ITERATIONS else f" after {PAPER_ITERATIONS:,}"
    return f"{sentence}; the paper's own at {own_train:g} % and {own_test:g} %{when}."


def meaning(subjects: Sequence[Subject]) -> str:
    """Return what the difference of the first twins says; "" where there is none to speak of."""
    for alike in _alike(subjects)[:1]:
        if min(_end(residual, plain)[1] for residual, plain in alike) >= _CLEAR:
            text = (
                "The plain network is worse on its own training pictures, so this is no overfitting: it is "
                "harder to train. That is the degradation which shortcuts remove (arXiv:1512.03385, Sec. 1)."
            )
            done = max(residual.series.iteration for residual, _ in alike)
            if done < PAPER_ITERATIONS:
                text += (
                    f" {done:,} iterations show how fast the two learn, not where they end: the paper's "
                    f"figures come after {PAPER_ITERATIONS:,}."
                )
            return text
    return ""


def happened(subject: Subject) -> list[str]:
    """Return what people and circumstances did to a run, in the order of iterations."""
    series = subject.series
    found: list[tuple[int, str]] = []
    if series.forked is not None:
        fork = series.forked
        begin = f"checkpoint {fork.checkpoint}" if fork.checkpoint else "the initial weights"
        changed = f", with {'; '.join(fork.changes).replace('->', '→')}" if fork.changes else ""
        found.append((fork.iteration, f"forked from {Path(fork.parent).name} at {begin}{changed}"))
    found += [
        (c.iteration, f"learning rate set to {c.learning_rate:.4g} by hand") for c in series.rate_changes
    ]
    found += [(n.iteration, n.message.rstrip(".")) for n in series.notes if n.progress is None]
    started = series.started
    if (
        started is not None
        and started.iteration
        and (series.forked is None or series.forked.iteration != started.iteration)
    ):
        moment = datetime.fromtimestamp(started.time).strftime("%Y-%m-%d %H:%M")
        found.append((started.iteration, f"taken up again on {moment}"))
    if series.message and subject.state in ("failed", "paused"):
        found.append((series.iteration, series.message.rstrip(".")))
    return [f"At iteration {at:,}: {what}." for at, what in sorted(found, key=lambda each: each[0])]
