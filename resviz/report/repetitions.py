"""Runs that differ by their seeds only, taken together: mean and spread of what they reached."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from resviz.report.subject import Subject
from resviz.runs.seeds import repeats


def key(subject: Subject) -> str:
    """Return a text that is equal for runs that differ by their seeds only; "": nothing is known of it."""
    if subject.architecture is None or subject.recipe is None:
        return ""
    return repeats(subject.architecture, subject.recipe)


def repetitions(subjects: Sequence[Subject]) -> list[list[Subject]]:
    """Return the groups of two or more such runs that have errors, in the order of their first."""
    groups: dict[str, list[Subject]] = {}
    for subject in subjects:
        known = subject.series.train_error_pct is not None and not subject.series.diverged
        if known and key(subject):
            groups.setdefault(key(subject), []).append(subject)
    return [group for group in groups.values() if len(group) > 1]


def spread(values: Sequence[float | None]) -> str:
    """Return "6.61 ± 0.16 %": mean and standard deviation of a sample; a dash for fewer than two values."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return "–"
    return f"{statistics.mean(known):.2f} ± {statistics.stdev(known):.2f} %"
