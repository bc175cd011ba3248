"""Names: what a block may be called, how names sort, what a network's twin is called."""

from __future__ import annotations

import re
from functools import lru_cache

from resviz.errors import ArchitectureError

LONGEST_ID = 100
"""Characters a block's name may have."""

_RESIDUAL = re.compile(r"(cifar-)?resnet-(\d+)(?:-[ABC](?![^-]))?(.*)", re.DOTALL)
_PLAIN = re.compile(r"(cifar-)?plain-(\d+)(.*)", re.DOTALL)


def check_id(block_id: str) -> None:
    """Check that a block may be called `block_id`: dots separate its parts, as in "stage2.block1".

    Raises:
        ArchitectureError: empty, too long, or with parts or characters that cannot name a parameter.
    """
    if not block_id:
        raise ArchitectureError("A block needs a name: give it at least one letter.")
    if len(block_id) > LONGEST_ID:
        raise ArchitectureError(f"A block's name has at most {LONGEST_ID} characters: shorten it.")
    if not block_id.isprintable() or not all(map(_usable, block_id.split("."))):
        raise ArchitectureError(
            f"A block cannot be called {block_id!r}: use letters, digits, single dots, as in 'stage2.block1'."
        )


def _usable(part: str) -> bool:
    return part[:1].isalnum() and part == part.rstrip()


@lru_cache(maxsize=16384)
def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that puts "block2" before "block10"; equal for equal texts only."""
    parts = ((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text))
    # "block1" and "block01" differ in nothing but their spelling: the text itself decides.
    return (*parts, (-1, 0, text))


def twin_name(name: str, *, plain: bool) -> str:
    """Return what the plain (or residual) twin of the network called `name` is called.

    "resnet-56" <-> "plain-56", "resnet-110-B" -> "plain-110", "mine" -> "mine-plain" or "mine-residual".
    """
    match = (_RESIDUAL if plain else _PLAIN).fullmatch(name)
    if match:
        return f"{match[1] or ''}{'plain' if plain else 'resnet'}-{match[2]}{match[3]}"
    ours, other = ("-plain", "-residual") if plain else ("-residual", "-plain")
    if name.endswith(other) and name != other:
        return name.removesuffix(other)
    return name + ours
