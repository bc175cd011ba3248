"""How much memory a piece of work takes at its most crowded moment, on whichever device it runs."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from resviz.nn.memory import give_back_memory

if TYPE_CHECKING:
    import torch

_STATUS, _PEAK_FROM_HERE = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Peak:
    """Measures from when it is made; where the system does not tell, it knows nothing."""

    def __init__(self, device: torch.device) -> None:
        """Begin to measure: what is taken by now does not count."""
        self._device = device
        give_back_memory()
        self._before: int | None = None
        if device.type == "cuda":
            import torch  # noqa: PLC0415

            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_reserved(device)
            return
        with contextlib.suppress(OSError):
            _PEAK_FROM_HERE.write_text("5")
            self._before = _field("VmRSS")

    def taken(self) -> int | None:
        """Return the most bytes that were taken so far, above what was taken before; None: not known."""
        if self._before is None:
            return None
        if self._device.type == "cuda":
            import torch  # noqa: PLC0415

            return torch.cuda.max_memory_reserved(self._device) - self._before
        most = _field("VmHWM")
        return None if most is None else most - self._before


def _field(name: str) -> int | None:
    """Return a field in kB of what Linux says of this process, in bytes."""
    match = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.M)
    return int(match[1]) * 1024 if match else None
