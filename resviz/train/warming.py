"""What a worker can do before it is needed: load torch, without being in anybody's way."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from typing import Any

_NICE = 5
"""About a third of a core where others want it too; the whole of one that idles."""
_DARWIN_THREAD, _DARWIN_BACKGROUND = 3, 0x1000  # sys/resource.h of macOS
_WINDOWS_BELOW_NORMAL = -1  # THREAD_PRIORITY_BELOW_NORMAL


class Warming:
    """Loads torch and the trainer in a thread of low priority.

    The thread, not the process, gives way to others: a process could not take its priority back. What torch
    computes with afterwards are the caller's own threads.
    """

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._load, daemon=True, name="warming")
        self._thread.start()

    def finish(self, threads: int) -> None:
        """Wait until all is loaded, and compute with so many threads from now on."""
        self._thread.join()
        import torch  # noqa: PLC0415

        torch.set_num_threads(threads)

    @staticmethod
    def _load() -> None:
        _give_way()
        # An import that fails says so in the log of the run, when it is tried again.
        with contextlib.suppress(Exception):
            import resviz.data.sources  # noqa: PLC0415
            import resviz.train.trainer  # noqa: F401, PLC0415

            _try_a_step()


def _try_a_step() -> None:
    """Take the first step's share of what libraries do once: a convolution forward and backward."""
    import torch  # noqa: PLC0415

    for dtype in (torch.float32, torch.bfloat16):
        x = torch.ones(2, 8, 8, 8, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_()
        weight = torch.ones(8, 8, 3, 3, dtype=dtype).requires_grad_()
        y = torch.nn.functional.conv2d(x, weight, padding=1)
        normed = torch.nn.functional.batch_norm(y.float(), None, None, training=True)
        torch.autograd.grad(normed.sum(), (x, weight))


def _give_way() -> None:
    """Lower the priority of this thread; where that is not possible, nothing happens."""
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform == "win32":
            kernel: Any = ctypes.windll.kernel32
            kernel.SetThreadPriority(kernel.GetCurrentThread(), _WINDOWS_BELOW_NORMAL)
        elif sys.platform == "darwin":
            os.setpriority(_DARWIN_THREAD, 0, _DARWIN_BACKGROUND)
        else:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
