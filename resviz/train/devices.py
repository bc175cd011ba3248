"""Where to compute and in which precision; torch is imported only inside the functions that need it."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Literal

from resviz.errors import DeviceError
from resviz.train.cards import count as _cards
from resviz.train.cards import cuda_present
from resviz.train.cards import torch_has_cuda as _torch_has_cuda

if TYPE_CHECKING:
    import torch

    from resviz.train.recipe import Precision

__all__ = [
    "Computed",
    "check_name",
    "check_present",
    "choose",
    "choose_precision",
    "cuda_present",
    "describe",
    "set_products",
]

Computed = Literal["float32", "tf32", "bfloat16", "float16"]
"""A precision that forward and backward are computed in."""

_CARD = re.compile(r"cuda(:(\d+))?")


def check_name(text: str) -> None:
    """Check the spelling of a device.

    Raises:
        DeviceError: it is none of "auto", "cpu", "cuda", "cuda:N".
    """
    if text not in {"auto", "cpu"} and not _CARD.fullmatch(text):
        raise DeviceError(f"There is no device {text!r}: choose auto, cpu, cuda or cuda:N.")


def check_present(text: str) -> None:
    """Check, without torch, that the device exists.

    Raises:
        DeviceError: a CUDA card is asked for and there is none, or not of that number.
    """
    check_name(text)
    if not text.startswith("cuda"):
        return
    if _cards() == 0:
        raise DeviceError(f"--device {text}: this machine has no CUDA card or driver; choose auto or cpu.")
    if not _torch_has_cuda():
        raise DeviceError(
            f"--device {text}: the installed PyTorch was built without CUDA; install a CUDA build "
            "(https://pytorch.org/get-started) or choose cpu."
        )
    match = _CARD.fullmatch(text)
    if match and match[2] and int(match[2]) >= _cards():
        raise DeviceError(f"--device {text}: this machine has {_cards()} CUDA card(s), counted from cuda:0.")


def choose(text: str) -> torch.device:
    """Return the device to train on; "auto" is the first usable CUDA card, else the CPU.

    Raises:
        DeviceError: the card asked for is missing or too old for the installed torch.
    """
    import torch  # noqa: PLC0415

    if text == "cpu":
        return torch.device("cpu")
    check_name(text)
    with warnings.catch_warnings():
        # torch warns about old drivers and cards; we say it in a sentence, and only where it matters.
        warnings.simplefilter("ignore")
        available = torch.cuda.is_available()
    if text == "auto":
        usable = available and not _too_old(torch.device("cuda", 0))
        return torch.device("cuda", 0) if usable else torch.device("cpu")
    check_present(text)
    if not available:
        raise DeviceError(f"--device {text}: the CUDA driver is too old for this PyTorch: update it.")
    device = torch.device(text if ":" in text else "cuda:0")
    if _too_old(device):
        raise DeviceError(
            f"--device {text}: the card ({torch.cuda.get_device_name(device)}) is too old for this PyTorch; "
            "choose cpu, or install a PyTorch built for it."
        )
    return device


def describe(device: torch.device) -> str:
    """Return a device as `Started.device` names it: "cpu", "cuda:0 (NVIDIA H100)"."""
    if device.type != "cuda":
        return str(device)
    import torch  # noqa: PLC0415

    return f"{device} ({torch.cuda.get_device_name(device)})"


def choose_precision(wanted: Precision, device: torch.device) -> Computed:
    """Return the precision of forward and backward.

    "auto" is bfloat16 where the hardware computes in it, float16 on CUDA cards that have tensor cores for
    that alone, else float32. "tf32" is CUDA's shortened products; elsewhere there are none to shorten.
    """
    if wanted == "tf32":
        return "tf32" if device.type == "cuda" else "float32"
    if wanted != "auto":
        return wanted
    import torch  # noqa: PLC0415

    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"
    # Newer releases have torch.cpu.get_capabilities(); these two are there from the oldest one we admit.
    has_bfloat16 = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if has_bfloat16 else "float32"


def set_products(precision: Computed) -> None:
    """Have CUDA multiply float32 numbers in full, or shortened where the precision is "tf32".

    For the whole process, from now on. PyTorch shortens them in convolutions unless told otherwise.
    """
    import torch  # noqa: PLC0415

    shortened = precision == "tf32"
    # The settings by these names are all that torch keeps consistent with each other.
    if torch.backends.cuda.matmul.allow_tf32 != shortened:
        torch.backends.cuda.matmul.allow_tf32 = shortened
    if torch.backends.cudnn.allow_tf32 != shortened:
        torch.backends.cudnn.allow_tf32 = shortened


def _too_old(device: torch.device) -> bool:
    import torch  # noqa: PLC0415

    built_for = [int(m[1]) for arch in torch.cuda.get_arch_list() if (m := re.fullmatch(r"sm_(\d+)a?", arch))]
    major, minor = torch.cuda.get_device_capability(device)
    return bool(built_for) and 10 * major + minor < min(built_for)
