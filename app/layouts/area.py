"""The plots of one layout on screen: docked panels that are moved, tabbed, closed and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QTabBar, QTabWidget

from app.layouts.catalogue import KINDS, Kind, Layout
from app.layouts.panel import Panel
from app.plots.plot_run import PlotRun
from app.plots.timeline import Timeline
from app.theme import GRID

if TYPE_CHECKING:
    from app.plots.base import Plot

VERSION = 1
"""Of what is remembered; what another version wrote is not read."""
_TOP, _NOWHERE = Qt.DockWidgetArea.TopDockWidgetArea, Qt.DockWidgetArea.NoDockWidgetArea
_ACROSS = Qt.Orientation.Horizontal


class Area(QMainWindow):
    """One layout, as a widget inside the window."""

    told = Signal(str)
    failed = Signal(str)
    layer_clicked = Signal(str)
    """A layer was clicked in a plot: its name."""
    arranged = Signal()
    """A plot was opened or closed."""
    alone_wanted = Signal(object)
    """A plot is wanted over the whole window: its panel."""

    def __init__(self, layout: Layout, timeline: Timeline) -> None:
        super().__init__(None, Qt.WindowType.Widget)
        self.layout_ = layout
        self._timeline = timeline
        self.panels: dict[str, Panel] = {}
        """Panels made so far, closed ones too."""
        self._ready = False
        self._runs: Sequence[PlotRun] = ()
        self._selected: frozenset[str] = frozenset()
        self._marked = ""
        self._waiting: list[Panel] = []
        self._making = QTimer(self)
        self._making.setInterval(0)
        self._making.timeout.connect(self._make_next)
        self.setObjectName(layout.key)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._empty = QLabel(
            "No plot is open in this layout. Open one from the menu Plots, "
            "or choose Plots > Reset this layout (Ctrl+P, 0).",
            self,
        )
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.hide()

    # Reading

    @property
    def plots(self) -> dict[str, Plot]:
        """The plots made so far, by key."""
        return {key: panel.plot for key, panel in self.panels.items() if panel.plot is not None}

    @property
    def open(self) -> list[str]:
        """Keys of the plots that are not closed."""
        return [key for key, panel in self.panels.items() if not panel.isHidden()]

    def plots_in_sight(self) -> list[tuple[Plot, int]]:
        """Return the plots that are seen, from the left and from above, each with its width."""
        seen = [panel for panel in self.panels.values() if panel.in_sight]
        seen.sort(key=lambda panel: (panel.y(), panel.x()))
        return [(panel.plot, max(panel.width(), 1)) for panel in seen if panel.plot is not None]

    # Arranging

    def arrange(self) -> None:
        """Put the plots where the layout has them, whatever a person did."""
        for panel in self.panels.values():
            self.removeDockWidget(panel)
        leads = []
        for column in self.layout_.columns:
            lead, *others = [self._panel(KINDS[name]) for name in column.names]
            self.addDockWidget(_TOP, lead, _ACROSS)
            lead.show()
            for other in others:
                self.tabifyDockWidget(lead, other)
                other.show()
            lead.raise_()
            leads.append(lead)
        shares = [column.share for column in self.layout_.columns]
        self.resizeDocks(leads, [share * self.width() // sum(shares) for share in shares], _ACROSS)
        self._tell()

    def toggle(self, key: str) -> None:
        """Open a plot, bring it in front of those that cover it, or close it where it is in sight."""
        panel = self._panel(KINDS[key])
        if panel.isHidden() or self.dockWidgetArea(panel) == _NOWHERE:
            if self.dockWidgetArea(panel) == _NOWHERE:
                self.addDockWidget(_TOP, panel, _ACROSS)
            panel.show()
            panel.raise_()
        elif not panel.in_sight:
            panel.raise_()
        else:
            panel.close()
        self._tell()

    def save(self) -> None:
        """Remember the arrangement."""
        if self.panels:
            settings = QSettings()
            settings.setValue(f"layouts/{self.layout_.key}/version", VERSION)
            settings.setValue(f"layouts/{self.layout_.key}/open", ",".join(self.open))
            settings.setValue(f"layouts/{self.layout_.key}/state", self.saveState(VERSION))

    def _restore(self) -> bool:
        """Bring the remembered arrangement back; return whether there is a sound one."""
        settings, group = QSettings(), f"layouts/{self.layout_.key}"
        state = settings.value(f"{group}/state")
        keys = [key for key in str(settings.value(f"{group}/open", "")).split(",") if key]
        version = str(settings.value(f"{group}/version"))
        if version != str(VERSION) or not isinstance(state, QByteArray) or not KINDS.keys() >= set(keys):
            return False
        for key in keys:
            self.addDockWidget(_TOP, self._panel(KINDS[key]), _ACROSS)
        sound = self.restoreState(state, VERSION)
        return sound and sorted(self.open) == sorted(keys)

    def _panel(self, kind: Kind) -> Panel:
        if kind.key not in self.panels:
            panel = self.panels[kind.key] = Panel(kind)
            panel.mark.setVisible(kind.key == self._marked)
            panel.alone_wanted.connect(self.alone_wanted)
            panel.seen.connect(self._on_seen)
            panel.toggleViewAction().toggled.connect(self._tell)
        return self.panels[kind.key]

    @Slot()
    def _tell(self) -> None:
        self._empty.setVisible(not self.open)
        for tabs in self.findChildren(QTabBar):
            tabs.setDrawBase(False)
            tabs.setExpanding(False)
        self.arranged.emit()

    # Plots

    def make_plots(self) -> None:
        """Make the plots in sight, and from now on each when it is first seen."""
        self._ready = True
        for panel in self.panels.values():
            if panel.in_sight:
                self._on_seen(panel)

    @Slot(object)
    def _on_seen(self, panel: Panel) -> None:
        if self._ready and panel.plot is None and panel not in self._waiting:
            self._waiting.append(panel)
            self._making.start()

    @Slot()
    def _make_next(self) -> None:
        """Make one plot a turn of the event loop: the first stands while the others are made."""
        if not self._waiting:
            self._making.stop()
            return
        panel = self._waiting.pop(0)
        if not panel.in_sight:  # Covered by another one in the meantime.
            return
        plot = panel.kind.make(self._timeline)
        plot.saver.saved.connect(self._on_saved)
        plot.saver.copied.connect(self.told)
        plot.saver.failed.connect(self.failed)
        plot.saver.view = self.plots_in_sight
        plot.layer_clicked.connect(self.layer_clicked)
        plot.set_selected(self._selected)
        plot.set_runs(self._runs)
        panel.take(plot)

    def set_runs(self, runs: Sequence[PlotRun]) -> None:
        """Show these runs."""
        self._runs = runs
        for plot in self.plots.values():
            plot.set_runs(runs)

    def set_selected(self, blocks: frozenset[str]) -> None:
        """Mark the layers of these blocks."""
        self._selected = blocks
        for plot in self.plots.values():
            plot.set_selected(blocks)

    def highlight(self, name: str) -> None:
        """Point at one plot with a small mark at its top ("" for none)."""
        self._marked = name
        for key, panel in self.panels.items():
            panel.mark.setVisible(key == name)
            panel.mark.raise_()

    # Inside

    def showEvent(self, event: QShowEvent) -> None:
        """Put the panels in their places when they are first seen."""
        super().showEvent(event)
        if not self.panels and not self._restore():
            self.arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the text of an empty layout in the middle."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.rect().adjusted(4 * GRID, 0, -4 * GRID, 0))

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        self.told.emit(f"Saved {path}.")
