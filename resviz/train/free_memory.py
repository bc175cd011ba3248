"""How much memory is free for this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.train.main_memory import free_beside_cards

if TYPE_CHECKING:
    import torch


def free_memory(device: torch.device) -> int | None:
    """Return how many bytes this process may still take there; None: not known.

    On CUDA memory that PyTorch holds and does not use counts as free.
    """
    if device.type == "cuda":
        import torch  # noqa: PLC0415

        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return free_beside_cards()
