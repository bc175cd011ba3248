"""Whether there are CUDA cards, asked of the driver: the window may know it, and imports no torch."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from functools import cache
from pathlib import Path


@cache
def cuda_present() -> bool:
    """Return whether there is a CUDA card and the installed torch was built for CUDA; loads no torch."""
    return torch_has_cuda() and count() > 0


def torch_has_cuda() -> bool:
    """Return whether the installed torch was built for CUDA."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    library = "torch_cuda.dll" if sys.platform == "win32" else "libtorch_cuda.so"
    return (Path(spec.origin).parent / "lib" / library).exists()


@cache
def count() -> int:
    """Return how many cards the CUDA driver offers to this process; 0 without a driver."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return 0
    number = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(number)) != 0:
        return 0
    return number.value
