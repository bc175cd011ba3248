"""Colours, pens and fonts of the canvas, made once for each palette."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication

from app.canvas.sprites import Sprites
from app.theme import scale_colour, theme
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.graph import Block

STEPS = 64
"""Colours that the scales are drawn with."""


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """Return `first` with a share (0..1) of `second`."""
    return QColor.fromRgbF(
        first.redF() + (second.redF() - first.redF()) * share,
        first.greenF() + (second.greenF() - first.greenF()) * share,
        first.blueF() + (second.blueF() - first.blueF()) * share,
    )


@dataclass(frozen=True)
class Tone:
    """How blocks of one family look: strip and arc, body near and body far away."""

    strip: QColor
    body: QColor
    far: QColor


@dataclass(frozen=True)
class Fill:
    """A colour that stands for a value, and whether dark words are read better on it than light ones."""

    colour: QColor
    light: bool

    @staticmethod
    def of(colour: QColor) -> Fill:
        """Judge a colour."""
        linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
                  for channel in (colour.redF(), colour.greenF(), colour.blueF())]  # fmt: skip
        return Fill(colour, 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18)


class Paints:
    """Everything the items paint with under the palette in force."""

    def __init__(self) -> None:
        colours = theme().colours
        for name in (
            "window",
            "panel",
            "raised",
            "hover",
            "border",
            "text",
            "muted",
            "accent",
            "plain",
            "residual",
            "danger",
            "warning",
            "good",
            "grid",
            "plot",
        ):
            setattr(self, name, QColor(getattr(colours, name)))
        self.wire = mixed(self.muted, self.panel, 0.25)
        self.faint = mixed(self.muted, self.panel, 0.5)
        self.tones = {
            "plain": self._tone(self.plain, 0.13, 0.5),
            "residual": self._tone(self.residual, 0.13, 0.5),
            "weights": self._tone(self.accent, 0.06, 0.4),
            "none": self._tone(self.muted, 0.04, 0.3),
        }
        self.scale = tuple(scale_colour(step / (STEPS - 1)) for step in range(STEPS))
        fills = (*self.scale, self.danger)
        self.fills = tuple(Fill.of(colour) for colour in fills)
        """The colours of the scale, and after the last that of what is not a number."""
        self.faint_fills = tuple(Fill.of(mixed(colour, self.plot, 0.65)) for colour in fills)
        """The same of blocks that add next to nothing."""
        dark, light = QColor("#0c1014"), QColor("#ffffff")
        self.inks = {True: (dark, dark), False: (light, mixed(light, QColor("#304070"), 0.12))}
        """Words, and quieter ones, on a light (True) or a dark colour of the scale."""
        self.enlarge = 1.0 if theme().font_pixels <= 13 else 1.25
        """How much longer larger type stays while one zooms in: more than 1 in presentation mode."""
        self.fonts = {
            "title": _font(13, True),
            "line": _font(11.5),
            "title_mid": _font(18, True),
            "line_mid": _font(17),
            "title_small": _font(23, True),
            "line_small": _font(23),
            "title_far": _font(26, True),
            "line_far": _font(26),
            "title_micro": _font(39, True),
        }
        """The type of a block's name and other words, by level of detail."""
        self.title = self.fonts["title"]
        self.number = _font(11.5)
        self.number_mid = _font(17, True)
        self.badge = _font(13, True)
        self.caption_near, self.caption_far = _font(18), _font(24)
        self.sprites = Sprites()
        self.metrics = {name: QFontMetricsF(font) for name, font in self.fonts.items()}

    window: QColor
    panel: QColor
    raised: QColor
    hover: QColor
    border: QColor
    text: QColor
    muted: QColor
    accent: QColor
    plain: QColor
    residual: QColor
    danger: QColor
    warning: QColor
    good: QColor
    grid: QColor
    plot: QColor

    def _tone(self, colour: QColor, near: float, far: float) -> Tone:
        return Tone(colour, mixed(self.raised, colour, near), mixed(self.raised, colour, far))

    def tone(self, block: Block) -> Tone:
        """Return the look of a block: warm for plain units, cool for residual ones, quiet for all else."""
        return self.tones[family(block)]


def family(block: Block) -> str:
    """Return "plain", "residual", "weights" (layers with weights) or "none"."""
    if block.kind in RESIDUAL_KINDS:
        return "plain" if block.params["shortcut"] == "none" else "residual"
    if block.kind == "add":
        return "plain" if block.params["plain"] else "residual"
    return "weights" if block.spec.depth else "none"


def _font(pixels: float, bold: bool = False) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(round(pixels))
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@lru_cache(maxsize=4)
def _paints(_is_dark: bool, _pixels: int, _family: str) -> Paints:
    return Paints()


def paints() -> Paints:
    """Return the paints for the palette and type in force."""
    return _paints(theme().is_dark, theme().font_pixels, QGuiApplication.font().family())
