"""Pickles read as data: plain containers, numbers, bytes and numpy arrays.

Nothing that a pickle names is imported or called: it may name what numpy's arrays are made of, and gets
stand-ins that only keep what they are given.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def load_plain(content: bytes) -> dict[bytes, Any]:
    """Unpickle a dictionary with strings as keys; strings of Python 2 become bytes.

    Raises:
        UnpicklingError: it is no such dictionary, or it asks for a class or function that is not plain data.
        Exception: it is damaged; a damaged pickle can fail in any way.
    """
    result = _PlainUnpickler(io.BytesIO(content), encoding="bytes").load()
    if not isinstance(result, dict) or not all(isinstance(key, (str, bytes)) for key in result):
        raise pickle.UnpicklingError("it holds no dictionary")
    return {
        key.encode() if isinstance(key, str) else key: value.array() if isinstance(value, _Array) else value
        for key, value in result.items()
    }


class _Kind:
    """Stands in for a numpy dtype of numbers."""

    def __init__(self, code: Any, *_flags: Any) -> None:
        text = code.decode("latin1") if isinstance(code, bytes) else code
        if not isinstance(text, str) or not re.fullmatch(r"[<>|=]?[biuf][1248]", text):
            raise pickle.UnpicklingError("only arrays of numbers are read")
        self.dtype = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        if order in ("<", ">"):
            self.dtype = np.dtype(order + self.dtype.str[1:])


class _Array:
    """Stands in for a numpy array."""

    def __init__(self, *_empty: Any) -> None:
        self.content: tuple[Any, Any, Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _version, shape, kind, by_columns, raw = state
        self.content = raw, kind, shape, "F" if by_columns else "C"

    def array(self) -> NDArray[Any]:
        """Make the real array."""
        if self.content is None:
            raise pickle.UnpicklingError("an array is empty")
        raw, kind, shape, order = self.content
        if not isinstance(raw, (bytes, bytearray)) or not isinstance(kind, _Kind):
            raise pickle.UnpicklingError("only arrays of numbers are read")
        return np.frombuffer(bytearray(raw), kind.dtype).reshape(shape, order=order)  # its own copy: writable


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any) -> _Array:
    """Make an array as pickles of protocol 5 hold it."""
    result = _Array()
    result.content = raw, kind, shape, "F" if order == "F" else "C"
    return result


def _encode(text: Any, encoding: Any) -> bytes:
    """Turn the text form in which Python 3 writes bytes for Python 2 back into bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
        raise pickle.UnpicklingError("only latin1 bytes are read")
    return text.encode("latin1")


_ADMITTED: Mapping[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "ndarray"): None,  # named as an argument only
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): _encode,
}


class _PlainUnpickler(pickle.Unpickler):
    """Reads containers, numbers and bytes, and gives stand-ins for the parts of numpy arrays."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it asks for something outside of it")
