"""What a warm worker is told: which runs to train. Imports no torch, so that the window can say it."""

from __future__ import annotations

import os

import msgspec

from resviz.errors import RunError


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a warm worker is to train: one JSON line on its stdin, which then carries nothing more."""

    runs: tuple[str, ...]
    """Folders of runs."""
    share: int
    """Threads to compute with; a run that goes on keeps its own."""


def encode(order: Order) -> bytes:
    """Return an order as its line."""
    return msgspec.json.encode(order) + b"\n"


def await_order() -> Order | None:
    """Return the order that comes on stdin; None where it closes without one.

    Raises:
        RunError: the line is no order.
    """
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            return None
        line += part
    try:
        order = msgspec.json.decode(line, type=Order)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RunError(
            f'A warm worker takes one line such as {{"runs": ["FOLDER"], "share": 2}} ({error}).'
        ) from None
    if not order.runs:
        raise RunError("A warm worker takes the folders of one or more runs.")
    return order
