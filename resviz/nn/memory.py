"""Memory of a training process on the CPU."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from typing import cast

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_LARGEST_MMAP_THRESHOLD = 32 * 2**20  # glibc refuses more


def keep_freed_memory() -> bool:
    """Let freed activations stay with the process, for the next step to use; call it before training.

    By default glibc returns the large ones to the system and gets them again, page fault by page fault, in
    every step: on two cores that is 8 to 15 % of a resnet-20 step and about 4 % of a plain-44-w8 one. Both
    thresholds are set because setting one fixes the other at its small default.

    Returns:
        whether there was a glibc to tell; elsewhere nothing happens.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return False
    mapped = mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    return bool(mapped and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))


def give_back_memory() -> None:
    """Return freed memory to the system, and to the other runs on a card: for when one of them is over."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of glibc; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return cast("Callable[..., int]", getattr(ctypes.CDLL(None), name))
    except (AttributeError, OSError):
        return None  # musl has none
