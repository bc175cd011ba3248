"""Legend: what colours, widths and badges of the blocks mean, and of which moment they are."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.canvas.marks import Mark
from app.canvas.paints import STEPS, paints
from app.canvas.readout import NOTHING, Readouts, ReadoutScale
from app.theme import GRID

_SHORT, _LONG, _NARROW = 96.0, 132.0, 330.0
"""Length of the scale where there is less room than the third, and where there is more."""
_MARGIN, _GAP = 10.0, 14.0
"""Room at both ends, and before the scale."""
_LEFT, _MIDDLE, _RIGHT = (
    int(Qt.AlignmentFlag.AlignVCenter | side)
    for side in (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
)
_WIDTH = "width: share of the signal"


class Legend(QAbstractButton):
    """The scale of the colours, with ends and middle, and words. Clicking asks for another quantity."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Ten times a second, without the network below being painted again.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._scale = ReadoutScale()
        self._note = self._when = self._alarms = ""
        self._used = True
        self._ways = False
        self._live = True
        self._room = 10_000.0
        self.hide()

    @property
    def note(self) -> str:
        """What it says about the values besides."""
        return self._note

    @property
    def words(self) -> str:
        """Its second line."""
        return self._words()

    def show_readouts(self, readouts: Readouts, note: str = "") -> bool:
        """Show what these readouts mean, and a note; return whether it needs another size for that."""
        before, told = self.sizeHint(), (self._scale, self._used, self._note, self._when, self._alarms)
        self._scale, self._note, self._when = readouts.scale, note, readouts.when
        self._used = readouts.used
        self._ways, self._live = self._ways_of(readouts), readouts.live
        self._alarms = " · ".join(
            f"{sign} {count} {word}"
            for mark, sign, word in ((Mark.EXPLODING, "▲", "exploding"), (Mark.DEAD, "■", "dead"))
            if (count := readouts.count(mark))
        )
        if told != (self._scale, self._used, self._note, self._when, self._alarms):
            self._explain()
            self.update()
        return self.sizeHint() != before

    @staticmethod
    def _ways_of(readouts: Readouts) -> bool:
        magnitude = readouts.magnitude
        return magnitude is not None and bool((magnitude >= 0).any())

    def _explain(self) -> None:
        scale = self._scale
        kind = "each step of the scale is a factor" if scale.log else "linear"
        what = scale.name or f"{scale.title.lower()} {scale.formula}"
        text = f"Colour: {what} ({kind}). Click to choose another quantity."
        if self._live:
            text += (
                "\nWidth: the arc carries s(x), the lower edge F(x), each as wide as its share of the signal."
                f"\nFaded, dashed: the branch adds less than {100 * NOTHING:.0f} % to its input. "
                "▲ exploding, ■ dead: the block's tool tip says why."
            )
        if text != self.toolTip():
            self.setToolTip(text)
            self.setAccessibleName(text.partition("\n")[0])

    def fit_into(self, width: int) -> None:
        """Take the size needed, with fewer words where there is no room for all."""
        self._room = float(width)
        self.resize(self.sizeHint())
        self.update()

    @property
    def _bar(self) -> float:
        return _SHORT if self._room < _NARROW else _LONG

    def _title(self) -> str:
        scale, log = self._scale, " · log" if self._scale.log else ""
        if not self._used:
            return self._note
        name = scale.name or f"{scale.short} {scale.title.lower()}"
        return self._first(
            (f"{name} · {scale.formula}{log}" if scale.formula else "", f"{name}{log}", scale.short)
        )

    def _words(self) -> str:
        if self._note and self._used:
            return self._first((f"{self._when} · {self._note}" if self._when else "", self._note))
        width = _WIDTH if self._ways else ""
        forms = ((self._when, self._alarms, width), (self._when, self._alarms), (self._alarms or self._when,))
        return self._first(tuple(" · ".join(part for part in form if part) for form in forms))

    def _first(self, forms: tuple[str, ...]) -> str:
        """Return the first of the forms that fits."""
        metrics = QFontMetrics(paints().number)
        room = self._room - 2 * _MARGIN - (_GAP + self._bar if self._used else 0.0)
        given = [form for form in forms if form]
        return next((form for form in given if metrics.horizontalAdvance(form) <= room), (given or [""])[-1])

    def sizeHint(self) -> QSize:
        """Return the size of scale and words."""
        metrics = QFontMetrics(paints().number)
        words = max(metrics.horizontalAdvance(text) for text in (self._title(), self._words()))
        width = words + 2 * _MARGIN + (_GAP + self._bar if self._used else 0.0)
        # Not a pixel wider or narrower with every digit: the network below would be painted once more.
        steady = min(ceil(width / GRID) * GRID, round(self._room))
        return QSize(steady, 2 * metrics.height() + 6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint words at the left, the scale at the right."""
        look, half = paints(), self.height() / 2
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.accent if self.underMouse() else look.border)
        painter.setBrush(look.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setFont(look.number)
        painter.setPen(look.text if self._used else look.muted)
        room = self.width() - 2 * _MARGIN - (_GAP + self._bar if self._used else 0.0)
        self._paint_line(painter, QRectF(_MARGIN, 2, room, half - 1), self._title())
        painter.setPen(look.warning if self._note and self._used else look.muted)
        self._paint_line(painter, QRectF(_MARGIN, half - 1, room, half - 1), self._words())
        if self._used:
            self._paint_scale(painter, self.width() - _MARGIN - self._bar, half, look.text, look.muted)

    @staticmethod
    def _paint_line(painter: QPainter, place: QRectF, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, ceil(place.width()))
        painter.drawText(place, _LEFT | int(Qt.TextFlag.TextDontClip), shown)

    def _paint_scale(self, painter: QPainter, x: float, half: float, ink: QColor, muted: QColor) -> None:
        length = self._bar
        gradient = QLinearGradient(x, 0, x + length, 0)
        for step in range(0, STEPS, 3):
            gradient.setColorAt(step / (STEPS - 1), paints().scale[step])
        bar = QRectF(x, half / 2 - 2, length, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(ink)
        ticks = [(bar.left() + place * bar.width(), text) for place, text in self._scale.ticks]
        for place, _ in ticks:
            painter.drawLine(QPointF(place, bar.bottom()), QPointF(place, bar.bottom() + 3))
        painter.setPen(muted)
        (_, low), (middle, text), (_, high) = ticks
        around = QRectF(x - _GAP / 2, half, length + _GAP, half - 2)
        painter.drawText(around, _LEFT, low)
        painter.drawText(around, _RIGHT, high)
        metrics = QFontMetrics(paints().number)
        left = around.left() + metrics.horizontalAdvance(low)
        right = around.right() - metrics.horizontalAdvance(high)
        if left < middle - metrics.horizontalAdvance(text) / 2 - 3 and middle < right:
            painter.drawText(QRectF(middle - length / 2, half, length, half - 2), _MIDDLE, text)
