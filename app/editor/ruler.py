"""Ruler: depth, receptive field and map size along the whole chain, with a cursor that leads to blocks."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import log2

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.canvas.paints import Paints, paints
from app.canvas.text import plural, shape_text
from app.document import Document
from app.theme import theme
from resviz.arch.field import Reading
from resviz.arch.layout import main_path

EMPTY = "The ruler needs an input, and blocks wired to it."
_LEFT, _RIGHT = 12.0, 12.0
_PLOT, _LOW_PLOT = 40.0, 24.0
"""Pixels of height of the curves, between words above and depths below; in a low pane, without these."""
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Layers between two numbers of the depth."""


@dataclass(frozen=True)
class Profile:
    """The readings along the main path of a network.

    Attributes:
        blocks: ids in order.
        readings: of each.
        side: pixels of the picture's longest side.
        most: the largest number of pixels on its scale.
    """

    blocks: tuple[str, ...]
    readings: tuple[Reading, ...]
    side: int
    most: int

    @classmethod
    def of(cls, document: Document) -> Profile | None:
        """Return a document's; None where it has no chain that begins at an input."""
        known, shape = document.ruler, document.inference.input_shape
        path = [block_id for block_id in main_path(document.architecture) if block_id in known]
        if len(path) < 2 or shape is None:
            return None
        side, readings = max(shape[1:], default=1), tuple(known[block_id] for block_id in path)
        return cls(tuple(path), readings, side, max(side, *(each.reach for each in readings), 2))

    @property
    def whole_from(self) -> int | None:
        """The first place at which a value depends on more than the picture; None: there is none."""
        places = (place for place, each in enumerate(self.readings) if each.reach > self.side)
        return next(places, None)

    def place_of(self, block_id: str, reading: Reading | None) -> int | None:
        """Return where a block is; beside the chain, where it is as deep."""
        if block_id in self.blocks:
            return self.blocks.index(block_id)
        if reading is None:
            return None
        depths = [each.depth for each in self.readings]
        return max(0, bisect_right(depths, reading.depth) - 1)


def map_side(reading: Reading) -> int:
    """Return pixels of the longest side of a map; a vector has one."""
    return max(reading.shape[1:], default=1)


class Ruler(QWidget):
    """A strip under the canvas. Mouse or arrow keys move its cursor; a click, or Enter, goes there."""

    chosen = Signal(str)
    """A block that is to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._low = False
        self._profile: Profile | None = None
        self._stale = True
        self._picture: tuple[object, QPixmap] | None = None
        self._at: int | None = None
        """The place of the cursor."""
        self._block = ""
        """What the canvas shows: the block that is hovered, or selected."""
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Ruler")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip(
            "Along the chain: the side of the maps (filled), and of the square of input pixels that a value "
            "depends on (line: its receptive field), both in pixels on a logarithmic scale. Dashed: the side "
            "of the picture; tinted: the field is larger. Numbers below: weighted layers."
        )

        theme().changed.connect(self._on_theme_changed)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def set_document(self, document: Document) -> None:
        """Measure a document from now on."""
        if self._document is not None:
            self._document.analysed.disconnect(self._on_analysed)
        self._document = document
        document.analysed.connect(self._on_analysed)
        self._block, self._at = "", None
        self._on_analysed()

    @Slot(str)
    def show_block(self, block_id: str) -> None:
        """Put the cursor where a block is; "": nowhere."""
        self._block = block_id
        self._put_cursor()

    @property
    def profile(self) -> Profile | None:
        """What is drawn."""
        if self._stale and self._document is not None:
            self._stale, self._picture = False, None
            self._profile = Profile.of(self._document)
        return self._profile

    @property
    def at(self) -> int | None:
        """The place of the cursor along the chain."""
        return self._at

    @property
    def words(self) -> str:
        """What is said of the place of the cursor, or of the whole."""
        profile = self.profile
        if profile is None:
            return EMPTY
        if self._at is None:
            last, whole = profile.readings[-1], profile.whole_from
            text = f"{plural(last.depth, 'layer')} deep"
            if whole is None:
                return f"{text} · no value sees all {profile.side} × {profile.side} pixels"
            return f"{text} · sees the whole picture from layer {profile.readings[whole].depth} on"
        reading, block_id = profile.readings[self._at], profile.blocks[self._at]
        sees = f"{reading.reach} × {reading.reach} pixels"
        if reading.reach > profile.side:
            sees = f"all {profile.side} × {profile.side} (field {reading.reach})"
        place = f"{block_id} · layer {reading.depth}"
        forms = (
            f"{place} · {shape_text(reading.shape)} · sees {sees}",
            f"{place} · {shape_text(reading.shape).replace(' ', '')} · sees {reading.reach} px",
            f"{place} · sees {reading.reach} px",
        )
        metrics, room = self._metrics(), self.width() - _LEFT - _RIGHT
        return next((form for form in forms if metrics.horizontalAdvance(form) <= room), forms[-1])

    def _put_cursor(self) -> None:
        profile = self.profile if self.isVisible() else None
        at = None
        if profile is not None and self._block and self._document is not None:
            at = profile.place_of(self._block, self._document.ruler.get(self._block))
        self._move_to(at)

    def _move_to(self, at: int | None) -> None:
        if at != self._at:
            self._at = at
            self.update()

    @Slot()
    def _on_analysed(self) -> None:
        self._stale, self._at = True, None
        if self.isVisible():
            self._put_cursor()
            self.update()

    # Where things are

    def sizeHint(self) -> QSize:
        """Return the height of words, curves and depths."""
        lines = 1 if self._low else 2
        return QSize(200, round(self._plot + lines * self._metrics().height() + 8))

    @property
    def _plot(self) -> float:
        return _LOW_PLOT if self._low else _PLOT

    def set_low(self, low: bool) -> None:
        """Take less height, or as much as curves and depths need."""
        if low != self._low:
            self._low = low
            self.updateGeometry()
            self.update()

    def _type(self) -> QFont:
        font = QFont(paints().number)
        font.setPixelSize(max(font.pixelSize(), theme().font_pixels - 4))
        return font

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._type())

    def _line(self) -> float:
        return self._metrics().height()

    def _x(self, place: float) -> float:
        profile = self.profile
        count = len(profile.blocks) - 1 if profile is not None else 1
        return _LEFT + (self.width() - _LEFT - _RIGHT) * place / count

    def _place_at(self, x: float) -> int | None:
        profile = self.profile
        if profile is None:
            return None
        count = len(profile.blocks) - 1
        place = round((x - _LEFT) / max(1.0, self.width() - _LEFT - _RIGHT) * count)
        return min(max(place, 0), count)

    def _y(self, pixels: float, profile: Profile) -> float:
        bottom = self._line() + 2 + self._plot
        return bottom - (self._plot - 4) * log2(max(pixels, 1)) / log2(profile.most) - 1

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the cursor."""
        self._move_to(self._place_at(event.position().x()))

    def leaveEvent(self, _event: QEvent) -> None:
        """Put the cursor back where the canvas says."""
        self._put_cursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the block under the mouse."""
        at = self._place_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and at is not None and self.profile is not None:
            self.chosen.emit(self.profile.blocks[at])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the cursor along the chain; Enter goes to the block."""
        profile = self.profile
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if profile is not None and step is not None:
            start = self._at if self._at is not None else -1 if step > 0 else len(profile.blocks)
            self._move_to(min(max(start + step, 0), len(profile.blocks) - 1))
        elif profile is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._at is not None:
                self.chosen.emit(profile.blocks[self._at])
        else:
            super().keyPressEvent(event)

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the kept picture of the curves, the cursor and the words."""
        look, profile = paints(), self.profile
        painter = QPainter(self)
        if profile is None:
            painter.fillRect(self.rect(), look.panel)
        else:
            painter.drawPixmap(0, 0, self._painted(look, profile))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._type())
        painter.setPen(look.text if self._at is not None else look.muted)
        room = QRectF(_LEFT, 1, self.width() - _LEFT - _RIGHT, self._line())
        text = self._metrics().elidedText(self.words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        if profile is not None and self._at is not None:
            reading, x = profile.readings[self._at], self._x(self._at)
            top = self._line() + 2
            painter.setPen(QPen(look.text, 1.0))
            painter.drawLine(QPointF(x, top), QPointF(x, top + self._plot))
            for pixels, colour in ((map_side(reading), look.muted), (reading.reach, look.accent)):
                painter.setPen(QPen(look.panel, 1.5))
                painter.setBrush(colour)
                painter.drawEllipse(QPointF(x, self._y(pixels, profile)), 3.5, 3.5)
        if self.hasFocus():
            painter.setPen(look.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _painted(self, look: Paints, profile: Profile) -> QPixmap:
        """Return the curves, painted once for a size and a palette."""
        ratio = self.devicePixelRatioF()
        key = profile, id(look), self.width(), self.height(), ratio
        if self._picture is None or self._picture[0] != key:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(look.panel)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw(painter, look, profile)
            painter.end()
            self._picture = key, pixmap
        return self._picture[1]

    def _draw(self, painter: QPainter, look: Paints, profile: Profile) -> None:
        top, bottom = self._line() + 2, self._line() + 2 + self._plot
        painter.setPen(QPen(look.border, 1.0))
        painter.drawLine(QPointF(0, 0.5), QPointF(self.width(), 0.5))
        self._draw_maps(painter, look, profile, bottom)
        whole = profile.whole_from
        if whole is not None:
            warm = QColor(look.warning)
            warm.setAlpha(40)
            left = self._x(whole)
            painter.fillRect(QRectF(left, top, self.width() - _RIGHT - left, self._plot), warm)
        edge = self._y(profile.side, profile)
        painter.setPen(QPen(look.muted, 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(_LEFT, edge), QPointF(self.width() - _RIGHT, edge))
        field = [
            QPointF(self._x(place), self._y(each.reach, profile))
            for place, each in enumerate(profile.readings)
        ]
        painter.setPen(QPen(look.accent, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(field))
        self._draw_depths(painter, look, profile, bottom)

    def _draw_maps(self, painter: QPainter, look: Paints, profile: Profile, bottom: float) -> None:
        """Draw the side of the maps as steps, each with its number."""
        sides = [map_side(each) for each in profile.readings]
        begins = [place for place, side in enumerate(sides) if place == 0 or side != sides[place - 1]]
        painter.setFont(self._type())
        for begin, end in zip(begins, [*begins[1:], len(sides) - 1], strict=True):
            left, right = self._x(begin), self._x(end)
            y = self._y(sides[begin], profile)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.tones["none"].far)
            painter.drawRect(QRectF(QPointF(left, y), QPointF(right, bottom)))
            text = f"{sides[begin]} px"
            if self._metrics().horizontalAdvance(text) + 8 < right - left:
                painter.setPen(look.text)
                place = QRectF(left, bottom - self._line(), right - left, self._line())
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_depths(self, painter: QPainter, look: Paints, profile: Profile, bottom: float) -> None:
        """Write the depth below, as often as there is room."""
        deepest = profile.readings[-1].depth
        metrics = self._metrics()
        room = metrics.horizontalAdvance("0000") + 16
        most = max(1.0, (self.width() - _LEFT - _RIGHT) / room)
        step = next((each for each in _TICKS if deepest / each <= most), _TICKS[-1])
        wanted = step
        painter.setPen(look.muted)
        painter.setFont(self._type())
        end = 0.0
        for place, each in enumerate(profile.readings):
            if each.depth < wanted:
                continue
            wanted = (each.depth // step + 1) * step
            x, text = self._x(place), f"{each.depth}"
            width = metrics.horizontalAdvance(text)
            left = min(x - width / 2, self.width() - width - 2)
            if left > end:
                painter.drawLine(QPointF(x, bottom), QPointF(x, bottom + 3))
                if not self._low:
                    painter.drawText(QPointF(left, bottom + 2 + metrics.ascent()), text)
                end = left + width + 8
