"""Pictures for people: test pictures enlarged, heat maps laid over them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resviz.atomic import write_atomically

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SIDE = 320
"""Pictures are enlarged by a whole number until their shorter side has at least so many pixels."""

# Anchors of two colour maps that colour-blind people can read. Diverging: blue over white to red
# (ColorBrewer's RdBu); sequential: matplotlib's inferno, even in lightness.
_DIVERGING = (
    "053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b",
    "67001f",
)  # fmt: skip
_SEQUENTIAL = (
    "000004", "1b0c41", "4a0c6b", "781c6d", "a52c60", "cf4446", "ed6925", "fb9b06", "f7d13d", "fcffa4",
)  # fmt: skip


def save_picture(picture: Bytes, path: Path) -> Path:
    """Write a picture, uint8 (3, H, W), enlarged without smoothing, as PNG.

    Raises:
        ResvizError: the folder is read-only, missing or full.
    """
    return _save(_enlarged(np.moveaxis(picture, 0, 2), smooth=False), path)


def save_overlay(picture: Bytes, heat: Floats, path: Path, *, signed: bool) -> Path:
    """Write a heat map (H, W) over its picture, uint8 (3, H, W), as PNG.

    `signed`: red speaks for the class and blue against it, pixel by pixel, over a grey picture. Otherwise the
    map is smooth, its values are at least 0, and bright regions speak for the class.

    Raises:
        ResvizError: the folder is read-only, missing or full.
    """
    colours, strength = coloured(heat, signed=signed)
    photo = _enlarged(np.moveaxis(picture, 0, 2), smooth=False).astype(np.float32)
    if signed:
        grey = photo @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
        photo = np.repeat(0.5 * grey[:, :, None] + 96, 3, axis=2)
    paint = _enlarged(colours, smooth=not signed).astype(np.float32)
    cover = _enlarged((strength * 255).astype(np.uint8), smooth=not signed).astype(np.float32)
    alpha = cover[:, :, None] / 255
    mixed = photo * (1 - alpha) + paint * alpha
    return _save(np.clip(mixed + 0.5, 0, 255).astype(np.uint8), path)


def coloured(heat: Floats, *, signed: bool) -> tuple[Bytes, Floats]:
    """Return the colours (H, W, 3) of a heat map and how strongly each covers the picture, (H, W), 0 to 1.

    The scale ends at the 99th percentile of the absolute values, so that one pixel does not dim all others.
    """
    finite = np.nan_to_num(np.asarray(heat, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    end = float(np.percentile(np.abs(finite), 99)) or float(np.abs(finite).max())
    share: Floats = np.clip(finite / np.float32(end or 1), -1, 1)
    if signed:
        return _mapped((share + 1) / np.float32(2), _DIVERGING), np.sqrt(np.abs(share)).astype(np.float32)
    share = np.maximum(share, 0)
    return _mapped(share, _SEQUENTIAL), (0.35 + 0.4 * share).astype(np.float32)


def _mapped(share: Floats, anchors: tuple[str, ...]) -> Bytes:
    """Return colours (H, W, 3) of values from 0 to 1."""
    table = np.array([list(bytes.fromhex(anchor)) for anchor in anchors], dtype=np.float32)
    places = np.linspace(0, 1, len(table))
    channels = [np.interp(share, places, table[:, channel]) for channel in range(3)]
    return cast("Bytes", (np.stack(channels, axis=2) + 0.5).astype(np.uint8))


def _enlarged(image: Bytes, *, smooth: bool) -> Bytes:
    """Return (H, W) or (H, W, 3) enlarged by a whole number."""
    height, width = image.shape[:2]
    factor = max(1, -(-SIDE // min(height, width)))
    how = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(image).resize((width * factor, height * factor), how))


def _save(image: Bytes, path: Path) -> Path:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return write_atomically(path, buffer.getvalue())
