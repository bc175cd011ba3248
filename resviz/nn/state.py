"""Checkpoints: named tensors as safetensors, beside them a JSON with the SHA-256 of each part. Never pickle.

`NAME.safetensors` is written first, `NAME.json` last: a checkpoint exists when its JSON does. A flipped bit
in a safetensors file loads silently, so nothing is handed out before its hash is checked.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load as decode_tensors
from safetensors.torch import save as encode_tensors
from torch import Tensor

from resviz.arch.names import natural_key
from resviz.atomic import is_full, write_atomically
from resviz.errors import CheckpointError, DiskFullError, ResvizError

FORMAT = "resviz-checkpoint"
VERSION = 1


class Checkpoint(NamedTuple):
    """One checkpoint: file stem, tensors by name (CPU), and the JSON values saved with them."""

    name: str
    tensors: dict[str, Tensor]
    meta: dict[str, Any]


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    tensors_sha256: str
    meta_sha256: str
    meta: msgspec.Raw


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
    tensor_bytes = encode_tensors(_separate(tensors))
    meta_bytes = msgspec.json.encode(dict(meta))
    file = _File(FORMAT, VERSION, _sha256(tensor_bytes), _sha256(meta_bytes), msgspec.Raw(meta_bytes))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}.safetensors", tensor_bytes)
        write_atomically(folder / f"{name}.json", msgspec.json.encode(file) + b"\n")
    except DiskFullError:
        raise
    except ResvizError as error:
        raise CheckpointError(str(error)) from error
    except OSError as error:
        if is_full(error):
            raise DiskFullError(f"The disk is full, so {folder} cannot be made: make room.") from error
        raise CheckpointError(
            f"Cannot make the folder {folder} ({error.strerror or error}): choose another one or make room."
        ) from error


def load_checkpoint(folder: Path, name: str) -> Checkpoint:
    """Read one checkpoint; its tensors are on the CPU and contiguous.

    Raises:
        CheckpointError: missing, truncated, changed since it was written, or of a newer version.
    """
    try:
        return _load(folder, name)
    except _FlawError as flaw:
        raise CheckpointError(f"{_capital(flaw)}: use another one.") from None


def checkpoint_names(folder: Path) -> list[str]:
    """Return the names of all checkpoints in a folder, newest last ("iteration-9" before "iteration-10")."""
    return sorted((path.stem for path in folder.glob("*.json")), key=natural_key)


def newest_good(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the newest undamaged checkpoint, and one sentence for each newer one that had to be skipped.

    Returns:
        None and no sentence where there is no checkpoint at all.

    Raises:
        CheckpointError: there are checkpoints, but none that can be used.
    """
    flaws: list[_FlawError] = []
    for name in reversed(checkpoint_names(folder)):
        try:
            found = _load(folder, name)
        except _FlawError as flaw:
            flaws.append(flaw)
        else:
            return found, [f"{_capital(flaw)}, so {found.name} is used instead." for flaw in flaws]
    if flaws:
        raise CheckpointError(
            f"No checkpoint is left that can be used ({'; '.join(map(str, flaws))}): put an undamaged copy "
            "in its place, or begin anew with `resviz train`."
        )
    return None, []


def prune(folder: Path, keep: int = 2) -> None:
    """Delete all but the newest `keep` checkpoints; what cannot be deleted stays."""
    names = checkpoint_names(folder)
    for name in names[: max(0, len(names) - keep)]:
        for suffix in ("json", "safetensors"):
            with contextlib.suppress(OSError):
                (folder / f"{name}.{suffix}").unlink()


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


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class _FlawError(Exception):
    """Why a checkpoint cannot be used, as the beginning of a sentence that names the file."""


def _load(folder: Path, name: str) -> Checkpoint:
    path, tensors_path = folder / f"{name}.json", folder / f"{name}.safetensors"
    document, tensor_bytes = _read(path), _read(tensors_path)
    try:
        file = msgspec.json.decode(document, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _damaged(path, "it is no checkpoint's JSON") from None
    if file.format != FORMAT:
        raise _damaged(path, "it is no checkpoint's JSON")
    if file.version > VERSION:
        raise _FlawError(f"{path} was written by a newer resviz (version {file.version}; update resviz)")
    meta_bytes = bytes(file.meta)
    if file.meta_sha256 != _sha256(meta_bytes):
        raise _damaged(path, "its SHA-256 does not match")
    if file.tensors_sha256 != _sha256(tensor_bytes):
        raise _damaged(tensors_path, "its SHA-256 does not match")
    try:
        meta = msgspec.json.decode(meta_bytes, type=dict[str, Any])
        return Checkpoint(name, decode_tensors(tensor_bytes), meta)
    except SafetensorError:
        raise _damaged(tensors_path, "it is no safetensors file") from None
    except msgspec.DecodeError:
        raise _damaged(path, "it is no checkpoint's JSON") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _FlawError(f"the checkpoint {path} cannot be read ({error.strerror or error})") from None


def _damaged(path: Path, why: str) -> _FlawError:
    return _FlawError(f"the checkpoint {path} is damaged ({why})")


def _capital(flaw: _FlawError) -> str:
    text = str(flaw)
    return text[:1].upper() + text[1:] if text.startswith("the ") else text
