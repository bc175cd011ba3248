"""The legend above a plot."""

import numpy as np
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from app.plots.header import Entry, Header, Reading, fonts
from app.theme import theme


def ink(header, width, channels=(0, 1, 2)):
    """Return where the header paints something in any of the channels and nothing in others, (H, W)."""
    image = QImage(width + 60, 120, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    header.draw(painter, float(width))
    painter.end()
    pixels = np.array(image.constBits()).reshape(120, -1, 4)[..., :3]
    others = [channel for channel in range(3) if channel not in channels]
    return (pixels[..., channels].max(axis=2) > 60) & ~(pixels[..., others] > 60).any(axis=2)


def test_numbers_stay_whole_and_the_name_gives_way(qtbot):
    header = Header("Error")
    qtbot.addWidget(header)
    readings = (Reading("dashed", "43.0 %"), Reading("solid", "45.9 %"))
    header.show_texts("", [Entry("plain-56-with-a-long-name", QColor("orange"), readings)])
    assert not ink(header, 220)[:, 221:].any(), "nothing runs out at the right"
    last = QFontMetricsF(fonts()[1]).horizontalAdvance("45.9 %")
    assert ink(header, 220)[28:, round(222 - last) :].any(), "the last number stands at the right end"


def test_larger_type_has_larger_signs(qtbot):
    header = Header("Error")
    qtbot.addWidget(header)
    header.show_texts("", [Entry("run", QColor("#ff0000"))])
    small = ink(header, 300, (2,)).any(axis=0).sum()
    theme().set_presentation(True, 32)
    large = ink(header, 300, (2,)).any(axis=0).sum()
    assert large > 2 * small
