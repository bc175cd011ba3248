"""The small widgets around the canvas: chips, header, zoom buttons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.paints import family
from app.canvas.text import plural, short_count
from app.document import Document
from app.theme import theme
from resviz.arch.shapes import Inference


class Chip(QAbstractButton):
    """A small rounded label in one of the theme's colours; can be pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = "muted"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def tone(self) -> str:
        """Name of the theme colour."""
        return self._tone

    def show_text(self, text: str, tone: str) -> None:
        """Show `text` in the theme colour called `tone`."""
        self.setText(text)
        self._tone = tone
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the text with a margin."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + 18, metrics.height() + 6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a tinted pill."""
        colour = QColor(getattr(theme().colours, self._tone))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = QColor(colour)
        fill.setAlpha(70 if self.underMouse() and self.isEnabled() else 44)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        painter.setPen(colour)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class ElidedLabel(QLabel):
    """A label that gives way: cut with an ellipsis where there is no room."""

    def __init__(self, role: str, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self.setProperty("role", role)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """Return the size of the whole text."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return a width of a few letters."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), self.alignment(), text)


class Header(QFrame):
    """Name, plain or residual, what it costs, how many problems."""

    problems_clicked = Signal()
    renamed = Signal(str)
    """A new name was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._name = self._cost = ""
        self._judged: tuple[Inference, bool] | None = None
        """Of the inference shown last, whether the network is plain."""
        self.name = ElidedLabel("title", Qt.TextElideMode.ElideMiddle)
        self.editor = QLineEdit()
        self.editor.setAccessibleName("Name of the network")
        self.editor.hide()
        self.editor.editingFinished.connect(self._on_name_edited)
        self.tag = Chip()
        self.tag.setEnabled(False)
        self.numbers = ElidedLabel("caption")
        self.problems = Chip()
        self.problems.setCursor(Qt.CursorShape.PointingHandCursor)
        self.problems.clicked.connect(self.problems_clicked)
        self.extras = QHBoxLayout()
        """Room for the window's own buttons."""
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 1)
        top.addWidget(self.editor, 1)
        top.addWidget(self.tag)
        top.addWidget(self.problems)
        top.addLayout(self.extras)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 14, 6)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.numbers)

    def show_document(self, document: Document) -> None:
        """Show what the document's analysis says."""
        self._name = document.name
        self.name.setText(f"{document.name}{' *' if document.modified else ''}")
        self.name.setToolTip(
            str(document.path) if document.path else "Not saved in a file yet. Double-click to rename."
        )
        if self._judged is None or self._judged[0] is not document.inference:
            self._judged = document.inference, _is_plain(document)
        plain = self._judged[1]
        self.tag.setVisible(bool(document.architecture.blocks))
        self.tag.show_text(*(("plain", "plain") if plain else ("residual", "residual")))
        self.tag.setToolTip(
            "No shortcuts: each layer builds on the one before."
            if plain
            else "Shortcuts carry each unit's input around it: y = s(x) + F(x)."
        )
        cost = document.cost
        if document.inference.output_shape is None:
            self._cost = f"{plural(len(document.architecture.blocks), 'block')} · not a whole network yet"
            self.numbers.setToolTip(
                "Depth and costs appear when every block between input and output is in order."
            )
        else:
            self._cost = (
                f"depth {cost.depth} · {plural(cost.total.parameters, 'parameter')} · "
                f"{short_count(cost.total.multiply_adds)} multiply-adds"
            )
            self.numbers.setToolTip(f"{cost.total.multiply_adds:,} multiply-adds for one picture")
        self.numbers.setText(self._cost)
        problems = document.inference.problems
        self.problems.setVisible(bool(problems))
        if problems:
            self.problems.show_text(plural(len(problems), "problem"), "danger")
            self.problems.setToolTip("\n".join(f"{p.message} {p.mend}" for p in problems[:8]))

    def show_block(self, forms: tuple[str, ...]) -> None:
        """Show a line about one block in the place of the network's costs: its longest form that fits."""
        metrics, width = self.numbers.fontMetrics(), self.numbers.width()
        fits = (form for form in forms if metrics.horizontalAdvance(form) <= width)
        self.numbers.setText(next(fits, forms[-1]) if forms else self._cost)

    @Slot()
    def edit_name(self) -> None:
        """Let the name be changed in its place; Enter takes it, Esc leaves it."""
        self.editor.setText(self._name)
        self.name.hide()
        self.editor.show()
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.editor.selectAll()

    @Slot()
    def _on_name_edited(self) -> None:
        if self.editor.isHidden():
            return
        text = self.editor.text()
        self._end_editing()
        self.renamed.emit(text)

    def _end_editing(self) -> None:
        self.editor.hide()
        self.name.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the name as it was."""
        if event.key() == Qt.Key.Key_Escape and not self.editor.isHidden():
            self._end_editing()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double-click on the name lets it be changed."""
        if self.name.geometry().contains(event.position().toPoint()):
            self.edit_name()


def _is_plain(document: Document) -> bool:
    """Return whether no block that takes part in the output has a shortcut."""
    blocks, live = document.architecture.blocks.values(), document.inference.live
    judged = [block for block in blocks if block.id in live] or blocks
    return all(family(block) != "residual" for block in judged)


class FloatingButtons(QFrame):
    """A short row of tool buttons over the canvas."""

    def __init__(self, actions: list[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setIconSize(QSize(14, 14))
            button.setFixedSize(26, 20)
            button.setProperty("role", "tiny")
            layout.addWidget(button)
        self.adjustSize()

    @Slot()
    def refresh(self) -> None:
        """Take the size that the type in force needs."""
        self.adjustSize()
