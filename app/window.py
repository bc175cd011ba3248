"""The window: composes canvas, lab, plots, lessons and explanations; owns menus, status line and closing."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.arrivals import Arrivals
from app.bottom import Bottom
from app.closing import what_ends
from app.commands import window_specs
from app.conductor import Conductor
from app.dialogs import file_dialog
from app.document import Document
from app.editor.palette import Palette
from app.editor.pane import EditorPane
from app.filing import Filing
from app.finder import Finder
from app.help import Help
from app.lab.bridge import WorkerBridge
from app.lab.fields import set_property
from app.lab.session import Session
from app.menus import Menus
from app.offers import Offers
from app.overlay import Overlay
from app.pane_actions import PaneActions
from app.recent import RECENT, RecentMenu, short
from app.reporting import ExceptionReporter
from app.search_popup import Entry, SearchPopup
from app.showing import ROWS, SIDE_WIDTH, Showing
from app.side import Side
from app.theme import GRID
from app.top_bar import TopBar
from app.twins.twins import Twins
from app.workspace import Workspace
from resviz.arch import presets
from resviz.arch.graph import Architecture
from resviz.errors import ResvizError
from resviz.runs.store import find_runs
from resviz.train import demonstration

MINIMUM = QSize(1024, 640)
FRAME = QSize(8, 40)
"""What a window manager may add around the window; it is known only once the window is shown."""
PALETTE_WIDTH = 200
_STATUS_SECONDS = 8
_HIDING_MS = 40
"""A closed list needs so long until what was under it is painted."""


class MainWindow(QMainWindow):
    """Everything on one screen: palette, two networks, curves, training."""

    painted = Signal()
    """The window was painted for the first time."""

    def __init__(self, architectures: tuple[Architecture, Architecture] | None = None) -> None:
        super().__init__()
        self.setWindowTitle("resviz")
        self.setMinimumSize(MINIMUM)
        self.bridge = WorkerBridge(self)
        self.session = Session(self.bridge, self)
        self.workspace = Workspace(architectures or demonstration.architectures())
        self.palette_panel = Palette()
        self.bottom = Bottom(self.session)
        self.side = Side(self.session)
        self.overlay = Overlay(self.session, self.workspace.panes, self.bottom.timeline, self)
        self.offers = Offers()
        self.showing = Showing(self)
        self.twins = Twins(self.workspace)
        self.filing = Filing(self.workspace)
        self.finder = Finder(self, self.workspace)
        self.help = Help(self)
        self.menus = Menus(self, window_specs(self))
        self._pane_actions = PaneActions(self.menus.menus["Edit"], self.menus.menus["View"])
        self.conductor = Conductor(self)
        self.arrivals = Arrivals(self)
        self.presets_popup = SearchPopup(
            self,
            "plain-56, resnet-50, preact-110 …",
            "Any depth 6n+2 and width can be typed: plain-38, resnet-110-B-w32.",
        )
        self.command_popup = SearchPopup(self, "Type what you want to do")
        self._painted = False
        self._closing = self._discarding = False
        self._build()
        self._connect()
        self._reporter = ExceptionReporter(self.show_problem, self.close)
        self._restore_geometry()
        self.workspace.active.setFocus()

    # Composition

    def _build(self) -> None:
        editing = QSplitter(Qt.Orientation.Horizontal)
        editing.setHandleWidth(GRID)
        editing.addWidget(self.palette_panel)
        editing.addWidget(self.workspace)
        editing.setCollapsible(1, False)
        editing.setStretchFactor(1, 1)
        editing.setSizes([PALETTE_WIDTH, 1280])
        self.palette_panel.setMinimumWidth(160)
        centre = QSplitter(Qt.Orientation.Vertical)
        centre.setChildrenCollapsible(False)
        centre.setHandleWidth(GRID)
        centre.addWidget(editing)
        centre.addWidget(self.bottom)
        self.rows = centre
        centre.setStretchFactor(0, 3)
        centre.setStretchFactor(1, 2)
        centre.setSizes(list(ROWS))
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.columns.setChildrenCollapsible(False)
        self.columns.setHandleWidth(GRID)
        self.columns.addWidget(centre)
        self.columns.addWidget(self.side)
        # Of a wide screen the side takes a share too: words and plots in it are read.
        self.columns.setStretchFactor(0, 6)
        self.columns.setStretchFactor(1, 1)
        self.columns.setSizes([1256 - SIDE_WIDTH, SIDE_WIDTH])
        self.side.setMinimumWidth(280)
        actions = self.menus
        self.top_bar = TopBar(
            actions.bar,
            [
                [
                    (actions["presets"], "new", True),
                    (actions["open"], "folder", False),
                    (actions["save"], "save", False),
                ],
                [(actions["undo"], "undo", False), (actions["redo"], "redo", False)],
                [(actions["twin"], "twin", True)],
            ],
            [
                (actions["commands"], "search", False),
                (actions["present"], "screen", False),
                (actions["theme"], "sun", False),
            ],
        )
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(GRID, 0, GRID, GRID)
        row.addWidget(self.columns)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.top_bar)
        column.addWidget(self.offers)
        column.addWidget(body, 1)
        self.setCentralWidget(self.showing.pages)
        self.showing.pages.insertWidget(0, content)
        self.showing.pages.setCurrentIndex(0)
        self._status = QLabel()
        self._status.setProperty("role", "caption")
        self._status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self._status, 1)
        hint = QLabel("All commands: Ctrl+Shift+P")
        hint.setProperty("role", "caption")
        hint.setContentsMargins(0, 0, GRID, 0)
        self._status.setContentsMargins(GRID, 0, 0, 0)
        self.statusBar().addPermanentWidget(hint)
        self._status_timer = QTimer(self)
        self._status_timer.setSingleShot(True)
        self._status_timer.setInterval(_STATUS_SECONDS * 1000)
        self._status_timer.timeout.connect(self._on_status_old)
        self.recent_menu = RecentMenu(self.filing.recent)
        self.recent_menu.chosen.connect(self.filing.open_file)
        actions.menus["File"].insertMenu(actions["open_runs"], self.recent_menu)
        self.top_bar.give_menu(actions["open"], self.recent_menu)
        self._fill_edit_menu()
        self._on_undo_changed()
        self.side.set_documents(self.workspace.documents)
        self.side.follow(self.workspace.active)
        self.palette_panel.follow(self.workspace.active)

    def _connect(self) -> None:
        workspace, lab, bottom = self.workspace, self.side.lab, self.bottom
        self.finder.told.connect(self.show_message)
        self.filing.asked.connect(self._on_asked)
        self.filing.settled.connect(self.offers.withdraw)
        for part in (workspace, self.filing, bottom, self.conductor):
            part.told.connect(self.show_message)
            part.failed.connect(self.show_problem)
        lab.failed.connect(self.show_problem)
        workspace.documents_changed.connect(self._on_documents_changed)
        workspace.tabs_changed.connect(self._show_title)
        workspace.active_changed.connect(self._on_active_changed)
        workspace.undo_changed.connect(self._on_undo_changed)
        for pane in workspace.panes:
            pane.selection_changed.connect(self._on_selection_changed)
            pane.block_activated.connect(self._on_block_activated)
        self.palette_panel.kind_activated.connect(self._on_kind_activated)
        self.side.lesson.highlighted.connect(bottom.highlight)
        bottom.set_plots_menu(self.menus.menus["Plots"])
        bottom.layer_clicked.connect(workspace.select_layer)
        self.presets_popup.chosen.connect(self._on_preset_chosen)
        self.command_popup.chosen.connect(self._on_command_chosen)
        self.showing.follow()
        lab.told.connect(self.show_message)
        self.side.told.connect(self.show_message)
        lab.trained.connect(workspace.keep_shown)
        self.offers.closed.connect(self._focus_network)
        self._show_title()

    # Messages

    @Slot(str)
    def show_message(self, text: str) -> None:
        """Show a sentence in the status line for a while."""
        self._say(text, "caption")

    @Slot(str)
    def show_problem(self, text: str) -> None:
        """Show in the status line what went wrong."""
        self._say(text, "error")

    def _say(self, text: str, role: str) -> None:
        if self._closing:
            return
        self._status.setText(text)
        self._status.setToolTip(text)
        set_property(self._status, "role", role)
        self._status_timer.start()

    @property
    def status(self) -> str:
        """The sentence in the status line."""
        return self._status.text()

    # Start

    def event(self, event: QEvent) -> bool:
        """Do what can wait once the window has been painted."""
        result = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            self.painted.emit()
            QTimer.singleShot(0, self, self._after_first_paint)
        return result

    @Slot()
    def _after_first_paint(self) -> None:
        if self._closing:
            return
        self.bottom.make_plots()
        self.side.lab.form.look_for_cards()
        self.offers.offer_leftovers(self.filing.restore, self.filing.discard)
        self.offers.offer_interrupted(self.session)
        self.bridge.warm_up()

    # What people choose

    @Slot()
    def open_runs(self) -> None:
        """Choose the folder of a run or of an experiment, wherever it lies, and show its curves."""
        dialog = file_dialog(self, "Open runs from a folder")
        dialog.fileSelected.connect(self.open_runs_in)
        dialog.open()

    @Slot(str)
    def open_runs_in(self, folder: str) -> None:
        """Show the runs in a folder; whoever trains them, they are followed."""
        try:
            self.session.take(find_runs(folder), alone=True)
        except ResvizError as error:
            self.show_problem(str(error))
        else:
            self.bottom.show_plots()

    @Slot()
    def show_presets(self) -> None:
        """Open the list of presets under its button."""
        entries = [Entry(name, name) for name in presets.names()]
        button = self.top_bar.buttons["presets"]
        self.presets_popup.open_at(button.mapToGlobal(button.rect().bottomLeft()), entries)

    @Slot()
    def show_commands(self) -> None:
        """Open the command palette."""
        area = self.rect()
        place = self.mapToGlobal(area.topLeft())
        place.setX(place.x() + area.width() // 2 - 180)
        place.setY(place.y() + 96)
        entries = self.menus.entries(list(self.workspace.active.editor_actions))
        self.command_popup.open_at(place, [*entries, *self.filing.recent.entries()])

    @Slot(str)
    def _on_preset_chosen(self, name: str) -> None:
        try:
            architecture = presets.preset(name)
        except ResvizError as error:
            self.presets_popup.complain(str(error))
        else:
            # A thousand blocks take a while: the list is off the screen before.
            QTimer.singleShot(_HIDING_MS, self, lambda: self._put(architecture))

    def _put(self, architecture: Architecture) -> None:
        self.workspace.put(Document(architecture, self.workspace))
        self.workspace.active.setFocus()

    @Slot(str)
    def _on_command_chosen(self, key: str) -> None:
        if key in self.menus.actions:
            self.menus[key].trigger()
        elif key.startswith(RECENT):
            self.filing.open_file(key.removeprefix(RECENT))
        elif key.startswith("+"):
            list(self.workspace.active.editor_actions)[int(key[1:])].trigger()

    @Slot(str, object, str)
    def _on_asked(self, text: str, answers: object, before: str) -> None:
        self.offers.ask(text, answers, instead_of=before)  # type: ignore[arg-type]

    # Following

    def _fill_edit_menu(self) -> None:
        self._pane_actions.show(self.workspace.active.editor_actions)

    @Slot()
    def _focus_network(self) -> None:
        """Give the keyboard to the network in use, unless something else has it."""
        focused = QApplication.focusWidget()
        if focused is None or focused is self or not focused.isVisible() or self.offers.isAncestorOf(focused):
            self.workspace.active.setFocus()

    @Slot()
    def _show_title(self) -> None:
        """Say in the title what is shown, in which files, and which of what is open is not saved."""
        shown = self.workspace.documents
        changed = [document for document in self.workspace.open_documents if document.modified]
        names = [
            (d.name if d.path is None else f"{d.name} ({short(d.path)})") + ("[*]" if d in changed else "")
            for d in shown
        ]
        behind = "" if set(changed) <= set(shown) else " + tabs behind[*]"
        self.setWindowTitle(f"{' + '.join(names)}{behind} — resviz")
        self.setWindowModified(bool(changed))

    @Slot()
    def _on_undo_changed(self) -> None:
        actions = self.workspace.active.editor_actions
        for name, action in (("undo", actions.undo), ("redo", actions.redo)):
            self.menus[name].setEnabled(action.isEnabled())
            self.menus[name].setText(action.text())

    @Slot()
    def _on_active_changed(self) -> None:
        self._fill_edit_menu()
        self._on_undo_changed()
        self.side.follow(self.workspace.active)
        self.palette_panel.follow(self.workspace.active)

    @Slot()
    def _on_documents_changed(self) -> None:
        self.side.set_documents(self.workspace.documents)
        self._show_title()

    @Slot(list)
    def _on_selection_changed(self, ids: list[str]) -> None:
        pane = self.sender()
        if not isinstance(pane, EditorPane) or pane.led:
            return
        if ids:
            self.workspace.activate(pane)
            self.side.bring_inspector()
        self.bottom.set_selected(frozenset(ids))

    @Slot(str)
    def _on_block_activated(self, _block_id: str) -> None:
        self.side.bring_inspector()

    @Slot(str)
    def _on_kind_activated(self, kind: str) -> None:
        self.workspace.active.add_block(kind)

    @Slot()
    def _on_status_old(self) -> None:
        self._say("", "caption")
        self._status_timer.stop()

    # Closing

    def _restore_geometry(self) -> None:
        saved = QSettings().value("window/geometry")
        if isinstance(saved, QByteArray) and self.restoreGeometry(saved):
            return
        screen = QGuiApplication.primaryScreen()
        room = (screen.availableSize() if screen is not None else QSize(1280, 720)) - FRAME
        self.resize(
            max(MINIMUM.width(), min(1600, room.width())), max(MINIMUM.height(), min(960, room.height()))
        )
        if screen is not None:  # In the upper left of what is free: all of it is in sight.
            self.move(screen.availableGeometry().topLeft())

    @Slot()
    def quit(self) -> None:
        """Close the window; what is changed and not saved is asked about, once for all."""
        question = self.filing.ask_about_all(what_ends(self.bridge))
        if question is None:
            self.close()
        else:
            question.accepted.connect(self._on_decided)

    @Slot()
    def _on_decided(self) -> None:
        self._discarding = True
        QTimer.singleShot(0, self, self.close)  # The question is off the screen before.

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what is not saved, let the workers checkpoint and end, and go.

        Only a person is asked before. Whatever else closes the window (a signal, say) finds nobody to answer:
        then the next start offers what is not saved.
        """
        if self._closing:
            event.ignore()
            return
        if event.spontaneous() and not self._discarding and self.filing.changed:
            event.ignore()
            self.quit()
            return
        self._closing = self.conductor.closing = True
        self.showing.leave_alone()
        QSettings().setValue("window/geometry", self.saveGeometry())
        self.bottom.save_layouts()
        self.workspace.autosave.close(keep=not self._discarding)
        self._status_timer.stop()
        self.hide()
        self.bridge.close()
        self.bottom.close_workers()
        self.side.inspector.card.estimator.cancel()
        self.filing.exporting.close()
        self._reporter.close()
        event.accept()
