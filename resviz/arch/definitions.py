"""Blocks made of blocks: definitions and their instances."""

from __future__ import annotations

import re
from collections.abc import Iterable

from resviz.arch.graph import Architecture


def local_name(instance: str, block_id: str) -> str:
    """Return what a block of an instance is called in its definition: "conv1" of "unit2.conv1"."""
    return block_id.removeprefix(f"{instance}.")


def free_instance(architecture: Architecture, stem: str, locals_: Iterable[str]) -> str:
    """Return `stem`, or with another number behind it, so that group and blocks of that name are free."""
    wanted = list(locals_)

    def free(name: str) -> bool:
        taken = name in architecture.groups or name in architecture
        return not taken and all(f"{name}.{local}" not in architecture for local in wanted)

    if free(stem) and stem[-1:].isdigit():
        return stem
    base, number = re.sub(r"\d+$", "", stem) or "block", 1
    while not free(f"{base}{number}"):
        number += 1
    return f"{base}{number}"
