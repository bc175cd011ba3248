"""One plot in a layout: a card that is dragged by its title, closed, and shown alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QEnterEvent, QHideEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QFrame, QVBoxLayout, QWidget

from app.layouts.catalogue import Kind
from app.theme import GRID

if TYPE_CHECKING:
    from app.plots.base import Plot

_HANDLE = 4 * GRID
"""Pixels at the top by which a panel is dragged: the height of a plot's title."""
_LEAST = QSize(18 * GRID, 10 * GRID)
"""The least room for a plot below its title."""
ALONE_KEY = Qt.Key.Key_F


class _Spacer(QWidget):
    """Asks for room and shows nothing: the card lies above it."""

    def __init__(self, least: QSize) -> None:
        super().__init__()
        self._least = least

    def minimumSizeHint(self) -> QSize:
        """Return what it was made with."""
        return self._least

    sizeHint = minimumSizeHint


class Panel(QDockWidget):
    """The place of one plot, which is made when it is first seen."""

    alone_wanted = Signal(object)
    """The plot is wanted over the whole window: this panel."""
    seen = Signal(object)
    """It came into sight: this panel."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.title)
        self.kind = kind
        self.plot: Plot | None = None
        """None until `take`."""
        self.in_sight = False
        """Whether it is open and in front of others that share its place."""
        self.setObjectName(kind.key)
        self.setAccessibleName(kind.title)
        features = QDockWidget.DockWidgetFeature
        self.setFeatures(features.DockWidgetMovable | features.DockWidgetClosable)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        # Qt drags a dock by its title bar. Plots have titles of their own, so an empty bar stands behind
        # the card, and what the title does not take of the mouse goes on to the dock.
        self.setTitleBarWidget(_Spacer(QSize(_LEAST.width(), _HANDLE)))
        self.setWidget(_Spacer(_LEAST))
        self.card = QFrame(self)
        self.card.setProperty("role", "card")
        self._inside = QVBoxLayout(self.card)
        self._inside.setContentsMargins(1, 1, 1, 1)
        self.mark = QFrame(self.card)
        """Points at the plot while the lesson speaks of it."""
        self.mark.setProperty("role", "marker")
        self.mark.setGeometry(2 * GRID, 0, 4 * GRID, 3)
        self.mark.hide()
        self.visibilityChanged.connect(self._on_visibility_changed)

    def take(self, plot: Plot) -> None:
        """Show `plot`: a new one, or the same that was shown elsewhere for a while."""
        if self.plot is None:
            self.plot = plot
            plot.header.setToolTip(
                f"{plot.explanation}\n\nDrag the title to move the plot; double-click it for full screen."
            )
            alone = QAction("Full screen (F)", plot.menu)
            alone.triggered.connect(self._ask_alone)
            close = QAction("Close this plot", plot.menu)
            close.triggered.connect(self.close)
            plot.menu.addSeparator()
            plot.menu.addActions([alone, close])
        self._inside.addWidget(plot)
        plot.show()
        self.mark.raise_()

    @Slot()
    def _ask_alone(self) -> None:
        self.alone_wanted.emit(self)

    @Slot(bool)
    def _on_visibility_changed(self, seen: bool) -> None:
        """Rest behind another panel: Qt only moves it out of sight there."""
        self.in_sight = seen
        self.card.setVisible(seen)
        if seen:
            self.seen.emit(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cover the bar and what is below it."""
        super().resizeEvent(event)
        self.card.setGeometry(self.rect())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the plot alone."""
        if event.position().y() <= _HANDLE and event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self._ask_alone()
        else:
            super().mouseDoubleClickEvent(event)

    # The key works where the mouse is, too, whatever has the keyboard.

    def enterEvent(self, event: QEnterEvent) -> None:
        """Listen for the key."""
        super().enterEvent(event)
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def leaveEvent(self, event: QEvent) -> None:
        """Listen no more."""
        self._stop_listening()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Listen no more."""
        self._stop_listening()
        super().hideEvent(event)

    def _stop_listening(self) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the key before a shortcut does, unless something is being typed or is in the way."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return super().eventFilter(watched, event)
        assert isinstance(event, QKeyEvent)
        if event.key() != ALONE_KEY or event.modifiers() or not self._may_take(watched):
            return super().eventFilter(watched, event)
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self._ask_alone()
        return True

    def _may_take(self, watched: QObject) -> bool:
        """Say whether a key that goes to `watched` is not meant for a text, a list or another window."""
        return (
            isinstance(watched, QWidget)
            and watched.window() is self.window()
            and not watched.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
            and QApplication.activePopupWidget() is None
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the plot alone where it has the keyboard."""
        if event.key() == ALONE_KEY and not event.modifiers():
            self._ask_alone()
        else:
            super().keyPressEvent(event)
