"""How estimates are said: durations, and what they go by; imports no torch."""

from __future__ import annotations

import datetime

from resviz.train.estimates import Measured
from resviz.train.memory import size_text

_CROWDED = 0.6
"""A step that gets less of its processor is slowed by others; usually it gets 0.8 or more."""
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86_400, 365 * 86_400


def step_text(seconds: float) -> str:
    """Return the time of a step: "0.8 ms", "42 ms", "1.3 s", "2 min"."""
    if seconds >= 100:
        return duration(seconds)
    if seconds >= 1:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    milliseconds = 1000 * seconds
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"


def duration(seconds: float) -> str:
    """Return a time no finer than an estimate is: "45 s", "12 min", "3 h 5 min", "2 days 4 h", "9 years"."""
    if seconds < 1.5 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 1.5 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 1.5 * _DAY:
        hours, rest = divmod(round(seconds / _MINUTE), 60)
        return f"{hours} h {rest} min" if hours < 10 and rest else f"{round(seconds / _HOUR)} h"
    if seconds >= 3 * _YEAR:
        return f"{round(seconds / _YEAR):,} years"
    days, rest = divmod(round(seconds / _HOUR), 24)
    return f"{days} days {rest} h" if days < 10 and rest else f"{round(seconds / _DAY):,} days"


def shortage(needed: int, free: int | None) -> str:
    """Return that the memory does not suffice, and what to do; "" where it does or is not known. In bytes."""
    if free is None or needed <= free:
        return ""
    return (
        f"This does not fit here: it takes about {size_text(needed)} of memory, {size_text(free)} are free. "
        "Choose a smaller batch, or activation checkpointing in the recipe."
    )


def provenance(measured: Measured, batch_size: int) -> str:
    """Return what an estimate for a batch goes by, when and where: one or two sentences."""
    moment = datetime.datetime.fromtimestamp(measured.at)
    what = "of it" if measured.whole else "of smaller networks of the same blocks"
    beside = ""
    if measured.beside:
        beside = (
            ", while another was measured" if measured.beside == 1 else f", beside {measured.beside} others"
        )
    text = (
        f"Estimated by {measured.steps} steps {what} on {moment:%Y-%m-%d} at {moment:%H:%M}: "
        f"{measured.place}, {measured.precision}{beside}."
    )
    if measured.got < _CROWDED:
        text += " Other programs kept the processor busy meanwhile: without them it is faster."
    if measured.batch_size != batch_size:
        text += f" Time in proportion: batches of {measured.batch_size:,} were measured."
    if measured.memory_factor is None:
        text += " Memory is reckoned, not measured."
    return text
