"""Pictures that were looked at and found good, and the comparison of today's with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

FOLDER = Path(__file__).parent / "pictures"
MOST_OFF, CLEARLY = 0.01, 40
"""Share of the pixels that may differ clearly, and what that is, of 255: type is smoothed a little otherwise
by other builds of FreeType, but a curve, a colour or a word that moved is more than that."""
MEAN_OFF = 1.5
"""Of 255, on average over all pixels."""


def pixels(image: QImage) -> np.ndarray:
    """Return (height, width, 3), uint8."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def differences(image: QImage, golden: QImage) -> str:
    """Return in words how far a picture is from the one that was found good; "" if it is the same."""
    if image.size() != golden.size():
        return f"{image.width()}x{image.height()} pixels, not {golden.width()}x{golden.height()}"
    off = np.abs(pixels(image).astype(int) - pixels(golden)).max(2)
    share, mean = float((off > CLEARLY).mean()), float(off.mean())
    if share <= MOST_OFF and mean <= MEAN_OFF:
        return ""
    return f"{100 * share:.2f} % of the pixels clearly differ, {mean:.2f} of 255 on average"


def check(image: QImage, name: str, request) -> None:
    """Compare a picture with the one of that name, or, with --new-pictures, let it take its place."""
    path = FOLDER / f"{name}.png"
    image.setDevicePixelRatio(1)
    if request.config.getoption("--new-pictures"):
        FOLDER.mkdir(exist_ok=True)
        assert image.convertToFormat(QImage.Format.Format_RGB888).save(str(path))
        return
    golden = QImage(str(path))
    assert not golden.isNull(), f"{path} is missing: look at the picture, then run with --new-pictures."
    found = differences(image, golden)
    if found:
        now = request.getfixturevalue("tmp_path") / path.name
        image.save(str(now))
        raise AssertionError(
            f"{name}: {found}. Compare {now} with {path}; if it is good, use --new-pictures."
        )
