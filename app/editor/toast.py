"""Toast: one sentence on the canvas that goes away by itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

SECONDS = 5.0


class Toast(QFrame):
    """A small notice at the lower edge of a widget; a newer sentence replaces it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._owner = parent
        self._avoid = QRect()
        self.setProperty("role", "notice")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self._label)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(int(SECONDS * 1000))
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence on show."""
        return self._label.text()

    def say(self, text: str, avoid: QRect | None = None) -> None:
        """Show a sentence for a few seconds, at the upper edge if it would cover `avoid` at the lower one."""
        self._avoid = avoid or QRect()
        self._label.setText(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    @Slot()
    def dismiss(self) -> None:
        """Go away now."""
        self._timer.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the widget is resized; end with it."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        elif event.type() in (QEvent.Type.Hide, QEvent.Type.Close):
            self.dismiss()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self._owner
        room = max(parent.width() - 32, 80)
        ideal = self._label.fontMetrics().horizontalAdvance(self._label.text()) + 32
        width = min(room, ideal, 480)
        height = self._label.heightForWidth(width - 26) + 18
        place = QRect((parent.width() - width) // 2, parent.height() - height - 16, width, height)
        if place.intersects(self._avoid):
            place.moveTop(16)
        self.setGeometry(place)
