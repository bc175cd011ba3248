"""Checkpoints as tensors by name; how they lie on the disk is `resviz.runs.checkpoints`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load as decode_tensors
from safetensors.torch import save as encode_tensors
from torch import Tensor

from resviz.runs import checkpoints
from resviz.runs.checkpoints import names as checkpoint_names
from resviz.runs.checkpoints import prune

__all__ = [
    "Checkpoint",
    "checkpoint_names",
    "load_checkpoint",
    "newest_good",
    "part",
    "prune",
    "save_checkpoint",
    "with_prefix",
]


class Checkpoint(NamedTuple):
    """One checkpoint: file stem, tensors by name (CPU), and the JSON values saved with them."""

    name: str
    tensors: dict[str, Tensor]
    meta: dict[str, Any]


def save_checkpoint(
    folder: Path, name: str, tensors: Mapping[str, Tensor], meta: Mapping[str, object]
) -> None:
    """Write the checkpoint `name` into `folder` (made if missing); return when it is safely on the disk.

    Tensors of any device, memory format and dtype; "model/..." names the network's state, the rest is free.
    `meta` holds what JSON can: numbers, strings, lists, dicts, None.

    Raises:
        DiskFullError: there is no room for it.
        CheckpointError: the folder cannot be written. An earlier checkpoint of that name may then be damaged,
            those of other names are untouched.
    """
    checkpoints.save(folder, name, encode_tensors(_separate(tensors)), meta)


def load_checkpoint(folder: Path, name: str) -> Checkpoint:
    """Read one checkpoint; its tensors are on the CPU and contiguous.

    Raises:
        CheckpointError: missing, truncated, changed since it was written, or of a newer version.
    """
    return checkpoints.load(folder, name, _read)


def newest_good(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest undamaged checkpoint, and one sentence for each newer one that had to be skipped.

    Returns:
        None and no sentence where there is no checkpoint at all.

    Raises:
        CheckpointError: there are checkpoints, but none that can be used.
    """
    return checkpoints.newest_good(folder, _read)


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` named `prefix/NAME`, as a part of a checkpoint."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def part(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint named `prefix/...`, without the prefix."""
    start = f"{prefix}/"
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous CPU tensors, no two of one storage: safetensors refuses views of the same memory."""
    separate, seen = {}, set[int]()
    for name, tensor in tensors.items():
        plain = tensor.detach().to("cpu").contiguous()
        storage = plain.untyped_storage()
        if storage.data_ptr() in seen or storage.nbytes() != plain.nbytes:
            plain = plain.clone(memory_format=torch.contiguous_format)
        seen.add(plain.untyped_storage().data_ptr())
        separate[name] = plain
    return separate


def _read(folder: Path, name: str) -> Checkpoint:
    stored = checkpoints.read(folder, name)
    try:
        return Checkpoint(name, decode_tensors(stored.tensors), stored.meta)
    except SafetensorError:
        raise checkpoints.damaged(folder / f"{name}.safetensors", "it is no safetensors file") from None
