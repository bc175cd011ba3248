"""How the window shows what it has: dark or light, large for a class room, one plot alone, full screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QStackedWidget

from app.layouts.catalogue import KINDS
from app.layouts.panel import Panel
from app.layouts.solo import Solo
from app.theme import theme

if TYPE_CHECKING:
    from app.window import MainWindow

SIDE_WIDTH = 312
ROWS = (371, 304)
"""Shares of networks and plots: in the smallest window stages have their names and axes their labels."""
_USUAL_WIDTH = 1256
"""Pixels of all columns in a window of 1280, in which the side has `SIDE_WIDTH`."""
"""Pixels of the side panel."""
_SIDE_EMS = 21
"""Its width in presentation mode, against the size of the type."""
_LAST_ROW = 45
"""Lines of text that fill the height of the window: fewer are larger than needed, more are not readable."""
_SMALLEST, _LARGEST = 16, 40
"""Pixels of type in presentation mode."""
_SETTLED_MS = 150
"""The window has its new size when it has not changed for so long."""


class Showing(QObject):
    """Switches how a window shows, and back.

    Attributes:
        pages: what fills the window: all of it (to be put in as the first), or one plot alone.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._bottom = window, window.bottom
        self._before = Qt.WindowState.WindowNoState
        self.solo = Solo(window.bottom.timeline)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.solo)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MS)
        self._settled.timeout.connect(self._on_settled)

    def follow(self) -> None:
        """Follow the window, whose parts and menus are made."""
        self._bottom.arranged.connect(self._on_arranged)
        self._bottom.alone_wanted.connect(self.show_alone)
        self.solo.left.connect(self.leave_alone)
        self._window.offers.turning.connect(self._on_offers_turning)
        theme().changed.connect(self._show_theme)
        self._window.installEventFilter(self)
        self._show_theme()

    @Slot()
    def _on_offers_turning(self) -> None:
        """Let the plots give the bar its room, and have it back: the networks stay as they are seen."""
        rows = self._window.rows
        rows.setSizes(rows.sizes())  # What does not stretch has the height that it was given last.
        rows.setStretchFactor(0, 0)
        QTimer.singleShot(_SETTLED_MS, self, self._share_as_usual)

    @Slot()
    def _share_as_usual(self) -> None:
        self._window.rows.setStretchFactor(0, 3)

    # The whole window

    @Slot()
    def toggle_palette(self) -> None:
        """Show or hide the palette of blocks."""
        palette = self._window.palette_panel
        palette.setVisible(palette.isHidden())

    @Slot()
    def toggle_theme(self) -> None:
        """Go from dark to light and back."""
        theme().set_mode("light" if theme().is_dark else "dark")

    @Slot()
    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    @Slot()
    def toggle_presentation(self) -> None:
        """Make type and lines large enough for the last row, and give curves and numbers the room."""
        window, on = self._window, not theme().presentation
        theme().set_presentation(on, self._type_size())
        window.palette_panel.setVisible(not on)
        self._share_out(on)

    def _type_size(self) -> int:
        """Return pixels of type that can be read from the last row."""
        return min(max(self._window.height() // _LAST_ROW, _SMALLEST), _LARGEST)

    def _share_out(self, large: bool) -> None:
        window = self._window
        # In a large window the side is as large a part of it as in a small one, and comes back to its width.
        usual = max(SIDE_WIDTH, round(SIDE_WIDTH * window.columns.width() / _USUAL_WIDTH))
        side = _SIDE_EMS * theme().font_pixels if large else usual
        window.columns.setSizes([max(1, window.columns.width() - side), side])
        top, bottom = (2, 3) if large else ROWS
        height = max(9, window.rows.height())
        window.rows.setSizes([height * top // (top + bottom), height * bottom // (top + bottom)])
        QTimer.singleShot(0, window, window.side.share_out_anew)  # When the larger type is laid out.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit large type to a new size of the window."""
        if event.type() == QEvent.Type.Resize and theme().presentation:
            self._settled.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_settled(self) -> None:
        if theme().presentation and self._type_size() != theme().font_pixels:
            theme().set_presentation(True, self._type_size())
            self._share_out(True)

    @Slot()
    def _show_theme(self) -> None:
        window = self._window
        window.top_bar.set_icon(window.menus["theme"], "sun" if theme().is_dark else "moon")
        window.menus["present"].setChecked(theme().presentation)

    # One plot alone

    @property
    def alone(self) -> bool:
        """Whether one plot has the whole window."""
        return self.pages.currentWidget() is self.solo

    @Slot()
    def toggle_alone(self) -> None:
        """Show the plot in use over the whole screen, or go back."""
        panel = self._bottom.panel_to_show()
        if self.alone:
            self.leave_alone()
        elif panel is not None:
            self.show_alone(panel)
        else:
            self._window.show_message("No plot is in sight: choose a layout first.")

    @Slot(object)
    def show_alone(self, panel: Panel) -> None:
        """Show one plot over the whole screen."""
        if self.alone or panel.plot is None:
            return
        self._before = self._window.windowState()
        self.pages.setCurrentWidget(self.solo)
        self._window.statusBar().hide()
        self.solo.borrow(panel)
        self._window.setWindowState(self._before | Qt.WindowState.WindowFullScreen)

    @Slot()
    def leave_alone(self) -> None:
        """Show all parts of the window again."""
        if not self.alone:
            return
        panel = self.solo.panel
        self.solo.give_back()
        self._window.statusBar().show()
        self.pages.setCurrentIndex(0)
        self._window.setWindowState(self._before)
        if panel is not None and panel.plot is not None:
            panel.plot.setFocus()

    @Slot()
    def _on_arranged(self) -> None:
        """Show in the menu which plots are open; another layout ends the full screen of one plot."""
        if self.alone and self.solo.panel not in self._bottom.area.panels.values():
            self.leave_alone()
        shown = self._bottom.area.open
        for key in KINDS:
            self._window.menus[f"plot_{key}"].setChecked(key in shown)
