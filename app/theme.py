"""The design system: an 8-pixel grid, a dark and a light palette, one accent; runs have their own palette."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import isnan
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import QByteArray, QObject, QRectF, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from resviz.report import palette

GRID = 8
"""Pixels; every margin and spacing is a multiple of it (or half of it inside a control)."""

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""The project's pictures, lessons and recordings."""

_LARGE = 16
"""Pixels of body text in presentation mode where nobody says otherwise."""

Mode = Literal["system", "dark", "light"]
MODES: tuple[Mode, ...] = ("system", "dark", "light")


@dataclass(frozen=True)
class Colours:
    """One palette; every value is "#rrggbb"."""

    window: str
    panel: str
    raised: str
    hover: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    plain: str
    residual: str
    good: str
    warning: str
    danger: str
    plot: str
    grid: str


DARK = Colours(
    window="#14171c",
    panel="#1b1f26",
    raised="#242a33",
    hover="#2e3641",
    border="#333c48",
    text="#e8ecf1",
    muted="#9aa7b6",
    accent="#4c9be8",
    on_accent="#08131f",
    plain="#f0913c",
    residual="#3fb6d9",
    good="#58c28b",
    warning="#e6b54a",
    danger="#f0616d",
    plot="#171b21",
    grid="#3a4451",
)
LIGHT = Colours(
    window="#f1f3f6",
    panel="#ffffff",
    raised="#f4f6f9",
    hover="#e6ebf1",
    border="#cfd7e1",
    text="#16202b",
    muted="#546374",
    accent="#1765c1",
    on_accent="#ffffff",
    plain="#b04800",
    residual="#006f9e",
    good="#1b7f4d",
    warning="#8f6400",
    danger="#c22f3d",
    plot="#ffffff",
    grid="#d5dce5",
)


def _mix(first: str, second: str, share: float) -> str:
    a, b = QColor(first), QColor(second)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in pairs)).name()


@dataclass(frozen=True)
class Look:
    """How things are painted that go to paper, whatever the screen shows."""

    dark: bool
    font_pixels: int
    line_width: float
    """Pixels."""


class Theme(QObject):
    """The look in force; `changed` is emitted after palette, mode or type size changed."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mode: Mode = "system"
        self._presentation = False
        self._large = _LARGE
        self._application: QApplication | None = None
        self._lent: Look | None = None

    @property
    def mode(self) -> Mode:
        """What the person chose: follow the system, dark or light."""
        return self._mode

    @property
    def presentation(self) -> bool:
        """Whether type and lines are large enough for the last row."""
        return self._presentation and self._lent is None

    @property
    def is_dark(self) -> bool:
        """Whether the dark palette is in force."""
        if self._lent is not None:
            return self._lent.dark
        if self._mode != "system":
            return self._mode == "dark"
        hints = QGuiApplication.styleHints() if QGuiApplication.instance() else None
        return hints is None or hints.colorScheme() != Qt.ColorScheme.Light

    @property
    def colours(self) -> Colours:
        """The palette in force."""
        return DARK if self.is_dark else LIGHT

    @property
    def font_pixels(self) -> int:
        """Size of body text in pixels."""
        if self._lent is not None:
            return self._lent.font_pixels
        return self._large if self._presentation else 13

    @property
    def line_width(self) -> float:
        """Width of a curve in pixels."""
        if self._lent is not None:
            return self._lent.line_width
        return max(3.0, self._large / 6) if self._presentation else 2.0

    @contextmanager
    def lent(self, look: Look) -> Iterator[None]:
        """Answer with another look for a while: nothing is told, so only what is painted inside has it."""
        before, self._lent = self._lent, look
        try:
            yield
        finally:
            self._lent = before

    def set_mode(self, mode: Mode) -> None:
        """Choose the palette and remember the choice."""
        if mode != self._mode:
            self._mode = mode
            QSettings().setValue("theme/mode", mode)
            self._restyle()

    def set_presentation(self, on: bool, pixels: int = _LARGE) -> None:
        """Turn large type (of this size) and lines that are as much thicker on or off."""
        if (on, pixels) != (self._presentation, self._large):
            self._presentation, self._large = on, pixels
            self._restyle()

    def apply(self, application: QApplication) -> None:
        """Dress the application in the mode remembered from last time; follow the system from now on."""
        self._application = application
        saved = QSettings().value("theme/mode", "system")
        self._mode = saved if saved in MODES else "system"
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(
            self._on_scheme_changed, Qt.ConnectionType.UniqueConnection
        )
        self._restyle()

    @Slot()
    def _on_scheme_changed(self) -> None:
        if self._mode == "system":
            self._restyle()

    def _restyle(self) -> None:
        if self._application is not None:
            self._dress(self._application)
        self.changed.emit()

    def _dress(self, application: QApplication) -> None:
        # Qt goes through a list of all widgets and calls what they override: if Python collected garbage
        # meanwhile (menus of closed plots, say), widgets in the list would be gone.
        collecting = gc.isenabled()
        gc.disable()
        try:
            # A sheet in the place of another takes Qt four times as long as none, then the new one.
            application.setStyleSheet("")
            application.setFont(_body_font(self.font_pixels))
            application.setPalette(self._palette())
            application.setStyleSheet(self._style_sheet())
        finally:
            if collecting:
                gc.enable()

    def _style_sheet(self) -> str:
        colours, base = self.colours, self.font_pixels
        return Template((ASSETS / "style.qss").read_text(encoding="utf-8")).substitute(
            vars(colours),
            icons=(ASSETS / "icons").as_posix(),
            tone="dark" if self.is_dark else "light",
            faint=_mix(colours.muted, colours.panel, 0.45),
            accent_hover=_mix(colours.accent, colours.text, 0.15),
            base=base,
            small=base - 2,
            title=base + 3,
            value=base + 7,
            icon=base + 3,
        )

    def _palette(self) -> QPalette:
        colours, made = self.colours, QPalette()
        role = QPalette.ColorRole
        for which, name in (
            (role.Window, colours.window),
            (role.Base, colours.panel),
            (role.AlternateBase, colours.raised),
            (role.Button, colours.raised),
            (role.Text, colours.text),
            (role.WindowText, colours.text),
            (role.ButtonText, colours.text),
            (role.ToolTipBase, colours.raised),
            (role.ToolTipText, colours.text),
            (role.PlaceholderText, colours.muted),
            (role.Highlight, colours.accent),
            (role.HighlightedText, colours.on_accent),
            (role.Link, colours.accent),
            (role.Mid, colours.border),
        ):
            made.setColor(which, QColor(name))
        return made


def _body_font(pixels: int) -> QFont:
    families = _bundled_families()
    font = QFont(families) if families else QFont()
    font.setPixelSize(pixels)
    font.setFeature(QFont.Tag("tnum"), 1)  # live numbers keep their width
    return font


@cache
def _bundled_families() -> list[str]:
    """Register the fonts in assets/fonts; return the families to use (empty: the system's font)."""
    found: list[str] = []
    for path in sorted((ASSETS / "fonts").glob("*.otf")):
        found += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    return ["Inter"] if "Inter" in found else []


@cache
def theme() -> Theme:
    """Return the one theme of this process."""
    return Theme()


def run_colour(index: int, plain: bool) -> QColor:
    """Return the colour of the `index`-th plain (warm) or residual (cool) run, for the palette in force."""
    return QColor(palette.run_colour(index, plain=plain, dark=theme().is_dark))


def named_colour(name: str) -> QColor:
    """Return one of the colours of runs, for the palette in force."""
    return QColor(palette.named_colour(name, dark=theme().is_dark))


def recoloured(colour: QColor) -> QColor:
    """Return a run's colour for the palette in force; another colour stays as it is."""
    name = colour.name()
    found = (each for each, pair in palette.RUNS.items() if name in pair)
    return next((named_colour(each) for each in found), colour)


def scale_colour(t: float) -> QColor:
    """Return the colour of `t` in 0..1 on a perceptually even scale (clamped; grey for NaN)."""
    return QColor(theme().colours.border) if isnan(t) else QColor(*palette.scale_colour(t))


def icon(name: str, colour: str | None = None) -> QIcon:
    """Return `assets/icons/NAME.svg` in `colour` ("#rrggbb"; None: the text colour), with a disabled form."""
    colours = theme().colours
    chosen = colour or colours.text
    result = QIcon()
    result.addPixmap(_drawn(name, chosen), QIcon.Mode.Normal)
    result.addPixmap(_drawn(name, _mix(colours.muted, colours.panel, 0.45)), QIcon.Mode.Disabled)
    return result


@cache
def _drawn(name: str, colour: str) -> QPixmap:
    source = (ASSETS / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    pixmap = QPixmap(48, 48)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, 24, 24))
    painter.end()
    return pixmap
