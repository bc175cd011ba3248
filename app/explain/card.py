"""One network's answer to one picture: the overlay, what it takes the picture for, and how sure it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from app.theme import GRID, theme

_TOP = 3
"""How many classes are listed."""


class Picture(QWidget):
    """A small picture, enlarged without smoothing so that its pixels stay what they are."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap: QPixmap | None = None
        self.hint = ""
        """What stands in the place of a picture that is not there."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_file(self, path: str | None, hint: str = "") -> None:
        """Show a picture file; None shows an empty place with a hint in it."""
        self.hint = hint
        pixmap = QPixmap(path) if path else None
        self._pixmap = pixmap if pixmap is not None and not pixmap.isNull() else None
        self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(144, 144)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size at which a picture can be made out."""
        return QSize(72, 72)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture as a square in the corner, level with the words."""
        side = min(self.width(), self.height())
        where = QRectF(0, 0, side, side)
        painter = QPainter(self)
        if self._pixmap is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme().colours.raised))
            painter.drawRoundedRect(where, 6, 6)
            painter.setPen(QColor(theme().colours.muted))
            inside = where.adjusted(GRID, GRID, -GRID, -GRID)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.hint)
        else:
            smooth = self._pixmap.width() > 2 * side
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawPixmap(where, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()


class ExplainCard(QFrame):
    """One network's explanation of the chosen picture."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.picture = Picture()
        self._name, self.verdict = QLabel(), QLabel()
        self.verdict.setProperty("role", "heading")
        self.verdict.setWordWrap(True)
        self._classes = [QLabel() for _ in range(_TOP)]
        self._legend = QLabel()
        self._legend.setProperty("role", "caption")
        self._legend.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.message = QLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        words.addWidget(self._name)
        words.addWidget(self.verdict)
        for label in self._classes:
            label.setProperty("role", "caption")
            words.addWidget(label)
        words.addSpacing(GRID // 2)
        words.addWidget(self._legend)
        words.addWidget(self.message)
        words.addStretch(1)
        words.addWidget(self.progress)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(self.picture, 1)
        row.addLayout(words, 1)
        self._plain = True
        theme().changed.connect(self._on_theme_changed)
        self.clear()

    def set_network(self, name: str, plain: bool) -> None:
        """Say whose answer this is."""
        self._plain = plain
        self._name.setText(name)
        self._name.setProperty("role", "plain" if plain else "residual")
        self._name.style().unpolish(self._name)
        self._name.style().polish(self._name)

    def clear(self, hint: str = "") -> None:
        """Show nothing yet, and in the picture's place why, or what to do."""
        self.picture.show_file(None, hint)
        self.verdict.clear()
        for label in (*self._classes, self._legend):
            label.clear()
        self.message.clear()
        self.message.hide()
        self.progress.hide()

    def show_progress(self, share: float) -> None:
        """Show how much is done, 0 to 1."""
        self.progress.show()
        self.progress.setValue(round(share * 1000))

    def show_problem(self, sentence: str) -> None:
        """Say why there is no answer."""
        self.progress.hide()
        self.message.setText(sentence)
        self.message.show()

    def show_result(self, result: dict[str, Any]) -> None:
        """Show the worker's answer."""
        self.clear()
        overlay = str(result.get("overlay") or result.get("picture") or "")
        self.picture.show_file(overlay if Path(overlay).is_file() else None)
        label, predicted = str(result.get("label", "")), str(result.get("predicted", ""))
        right = label == predicted
        self.verdict.setText(f"says {predicted}: right" if right else f"says {predicted}, but it is {label}")
        ranked = sorted(dict(result.get("probabilities", {})).items(), key=lambda item: -float(item[1]))
        for place, (name, share) in zip(self._classes, ranked, strict=False):
            place.setText(f"{float(share) * 100:.0f} %  {name}")
        self._legend.setText(str(result.get("legend", "")))
        if "iteration" in result:
            self.setToolTip(f"From the checkpoint of iteration {result['iteration']:,}")

    @Slot()
    def _on_theme_changed(self) -> None:
        self.update()
