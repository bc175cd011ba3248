"""EditorPane: one document with its header, canvas, legend and toast."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.canvas import geometry as g
from app.canvas.block_item import BlockItem
from app.canvas.minimap import Minimap
from app.canvas.readout import Readouts
from app.canvas.scene import NetworkScene, Port
from app.canvas.sight import Sight
from app.canvas.view import NetworkView
from app.document import Document
from app.editor.actions import EditorActions
from app.editor.align_actions import AlignActions
from app.editor.chrome import FloatingButtons, Header
from app.editor.edits import Edits, new_session
from app.editor.extras import Extras
from app.editor.gestures import EditingGestures
from app.editor.glide import Glide
from app.editor.group_actions import GroupActions
from app.editor.legend import Legend
from app.editor.problem_actions import ProblemActions
from app.editor.quick_add import QuickAdd
from app.editor.toast import Toast
from app.editor.unit_actions import UnitActions
from app.editor.units import UnitEdits
from app.theme import theme
from resviz.arch.graph import Wire
from resviz.errors import ResvizError


class EditorPane(QWidget):
    """Shows and edits one document."""

    activated = Signal()
    """The pane got the keyboard focus: it is the one in use."""
    selection_changed = Signal(list)
    """Ids of the selected blocks."""
    block_activated = Signal(str)
    """A block was double-clicked: its inspector is wanted."""
    document_changed = Signal(object)
    """The pane shows another document."""
    find_wanted = Signal()
    """The key that finds was pressed on the canvas: elsewhere it finds other things."""
    said = Signal(str)
    """The sentence in the toast."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.scene = NetworkScene(document, self)
        self.edits, self.units = Edits(document), UnitEdits(document)
        self.view = NetworkView(self.scene)
        self.header = Header()
        self.editor_actions = EditorActions(self)
        self.legend = Legend(self.view)
        self.toast = Toast(self.view)
        self.quick_add = QuickAdd(self)
        self.glide = Glide(self.view)
        actions = self.editor_actions
        self.buttons = FloatingButtons([actions.zoom_out, actions.zoom_in, actions.fit], self.view)
        self.minimap = Minimap(self.view)
        self.minimap.resized.connect(self._place_floating)
        actions.minimap.setChecked(self.minimap.wanted)
        self.floating: list[QWidget] = [self.minimap, self.buttons, self.legend]
        """What may lie over the canvas; the window adds to it."""
        self.view.covered = self._covered
        self.led = False
        """What is selected was taken over from another pane; nobody chose it here."""
        self._followed: frozenset[str] | None = None
        self._nudge_session = new_session()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.view, 1)
        self.setFocusProxy(self.view)
        self.view.installEventFilter(self)
        self.view.kind_dropped.connect(self._on_kind_dropped)
        self.view.nudged.connect(self._on_nudged)
        self.view.focused.connect(self.activated)
        self.view.hovered.connect(self._show_buttons)
        self.view.zoom_changed.connect(self._show_buttons)
        self.view.block_activated.connect(self._on_block_activated)
        self.view.paper_activated.connect(self._on_paper_activated)
        self.quick_add.added.connect(self.show_new)
        self.view.block_hovered.connect(self._on_block_hovered)
        self.header.renamed.connect(self._on_renamed)
        theme().changed.connect(self._place_floating)
        self._connect_actions()
        self._unit_actions = UnitActions(self)
        self._align_actions = AlignActions(self)
        self.problems = ProblemActions(self)
        layout.addWidget(self.problems.panel)
        self.extras = Extras(self)
        layout.insertWidget(layout.indexOf(self.view) + 1, self.extras.ruler)
        self.group_actions = GroupActions(self)
        self._bind()
        self._on_selection_settled()

    # The document

    def set_document(self, document: Document, sight: Sight | None = None) -> Sight:
        """Show another document, as it was shown before if `sight` says so.

        Returns how the old one was shown. It and its scene are left to their owner.
        """
        before = Sight.of(self.view)
        self.view.cancel_gesture()
        self._unbind(self.document)
        self.document = document
        self.scene = NetworkScene(document, self) if sight is None else sight.scene
        self.edits, self.units = Edits(document), UnitEdits(document)
        self.view.set_network(self.scene)
        self._bind()
        if sight is not None:
            sight.show_in(self.view)
        else:
            self.group_actions.offer()
        self.document_changed.emit(document)
        self._on_selection_settled()
        return before

    def _bind(self) -> None:
        editing = EditingGestures(self.edits, self.say, self._offer_at)
        self.view.makers[:] = [self._unit_actions.gestures(), editing]
        self.view.landing = self.edits.landing
        self.glide.follow(self.document.undo_stack)
        self.scene.selection_settled.connect(self._on_selection_settled)
        self.problems.set_document(self.document)
        self.minimap.set_network(self.scene)
        document = self.document
        document.analysed.connect(self._on_document_told)
        document.modified_changed.connect(self._on_document_told)
        document.name_changed.connect(self._on_document_told)
        document.path_changed.connect(self._on_document_told)
        document.history_changed.connect(self._on_undo_changed)
        self.legend.hide()
        self.extras.follow()
        self._on_document_told()
        self._on_undo_changed()

    def _unbind(self, document: Document) -> None:
        self.scene.disconnect(self)  # It may be shown again, and would tell twice.
        document.analysed.disconnect(self._on_document_told)
        document.modified_changed.disconnect(self._on_document_told)
        document.name_changed.disconnect(self._on_document_told)
        document.path_changed.disconnect(self._on_document_told)
        document.history_changed.disconnect(self._on_undo_changed)

    def _connect_actions(self) -> None:
        actions, view = self.editor_actions, self.view
        actions.bind(
            {
                actions.undo: self.undo,
                actions.redo: self.redo,
                actions.cut: self.cut,
                actions.copy: self.copy,
                actions.paste: self.paste,
                actions.duplicate: self.duplicate,
                actions.delete: self.delete_selection,
                actions.select_all: self.select_all,
                actions.add_by_name: self.add_by_name,
                actions.twin: self.make_twin,
                actions.tidy_up: self.tidy_up,
                actions.fit: view.fit,
                actions.zoom_in: view.zoom_in,
                actions.zoom_out: view.zoom_out,
                actions.actual_size: view.zoom_to_actual_size,
                actions.zoom_to_selection: self.zoom_to_selection,
            }
        )
        actions.minimap.triggered.connect(self.minimap.choose)

    # What a person can do

    @Slot(str)
    def say(self, text: str, block_id: str | None = None) -> None:
        """Show a sentence for a few seconds where it covers least, and not the block that it speaks of."""
        spoken_of = QRect()
        if block_id is not None:
            body = self.scene.block_item(block_id).body_in_scene()
            spoken_of = self.view.mapFromScene(body).boundingRect()
        self.toast.say(text, spoken_of)
        self.said.emit(text)

    @Slot()
    def undo(self) -> None:
        """Take the last step back; while the mouse does something, that alone."""
        self._step(self.document.undo_stack.undo)

    @Slot()
    def redo(self) -> None:
        """Do the step again; while the mouse does something, end that alone."""
        self._step(self.document.undo_stack.redo)

    def _end_gesture(self) -> bool:
        """End what the mouse does as if it had not begun; return whether there was anything."""
        going_on = self.view.gesture is not None
        self.view.cancel_gesture()
        return going_on

    def _step(self, step: Callable[[], None]) -> None:
        """End what the mouse does, or take a step: where all of the network was in sight, it still is."""
        if self._end_gesture():
            return
        before = self.scene.bounds()
        with self.glide.held():
            step()
            if self.view.fitted and self.scene.bounds() != before:
                self.view.fit()

    @Slot(str)
    def add_block(self, kind: str) -> None:
        """Add a block at the middle of the view, or behind the one selected block if its output is free."""
        chosen = self.scene.selection_ids()
        after = None
        if len(chosen) == 1:
            block = self.document.architecture[chosen[0]]
            if block.spec.outputs and not self.document.architecture.outgoing(block.id) and kind != "input":
                after = block.id
        self.show_new([self.edits.add(kind, self.view.centre(), after=after)])

    @Slot()
    def add_by_name(self) -> None:
        """Ask for a block's name, and add it where the mouse is, or in the middle of the view."""
        place = self.view.last_cursor
        self._offer_at(None, self.view.centre() if place is None else place)

    def _offer_at(self, port: Port | None, place: QPointF) -> None:
        """Offer what fits at the end of a wire (None: there is none), at a place in the scene."""
        self.view.cancel_gesture()
        corner = self.view.viewport().mapToGlobal(self.view.mapFromScene(place))
        self.quick_add.ask(self.edits, place, port, corner)

    @Slot()
    def delete_selection(self) -> None:
        """Delete the selected blocks and wires."""
        self.view.cancel_gesture()
        self.edits.remove(self.scene.selection_ids(), self.scene.selected_wires())

    @Slot()
    def copy(self) -> None:
        """Put the selected blocks on the clipboard as text."""
        ids = self.scene.selection_ids()
        if ids:
            QGuiApplication.clipboard().setText(self.edits.copy_text(ids))

    @Slot()
    def cut(self) -> None:
        """Copy, then delete."""
        if self.scene.selection_ids():
            self.copy()
            self.delete_selection()

    @Slot()
    def paste(self) -> None:
        """Add what the clipboard holds: at the mouse if that is over the canvas, else beside the original."""
        text = QGuiApplication.clipboard().text()
        if not text.strip():
            self.say("The clipboard is empty: copy blocks first.")
            return
        try:
            self.show_new(self.edits.paste_text(text, self.view.last_cursor))
        except ResvizError as error:
            self.say(str(error))

    @Slot()
    def duplicate(self) -> None:
        """Copy the selected blocks beside themselves."""
        ids = self.scene.selection_ids()
        if ids:
            self.show_new(self.edits.duplicate(ids))

    @Slot()
    def select_all(self) -> None:
        """Select every block."""
        self.scene.select_all()

    @Slot()
    def make_twin(self) -> None:
        """Remove the shortcuts, or put them back."""
        try:
            self.edits.twin()
        except ResvizError as error:
            self.say(str(error))

    @Slot()
    def tidy_up(self) -> None:
        """Arrange the blocks, and show them all."""
        with self.glide.held():
            self.edits.tidy_up()
            self.view.fit()

    @Slot()
    def zoom_to_selection(self) -> None:
        """Let the selected blocks fill the view."""
        self.view.zoom_to(self.scene.selection_ids())

    @Slot(str)
    def reveal(self, block_id: str) -> None:
        """Select a block and bring it into sight."""
        if block_id in self.document.architecture:
            self.scene.select([block_id])
            self.view.show_blocks([block_id])
            if self.scene.block_item(block_id).is_stack:
                self.say(f"{block_id} is folded in here: Shift+G unfolds it.", block_id)

    def set_readouts(self, readouts: Readouts | None, *, note: str = "") -> int:
        """Show live values with a legend (None: neither); return how many blocks were painted anew.

        `note`: what the legend says about the values besides.
        """
        changed = self.scene.set_readouts(readouts)
        grown = self.legend.isHidden() == (readouts is not None)
        if readouts is not None:
            grown |= self.legend.show_readouts(readouts, note)
        if grown:
            self.legend.setVisible(readouts is not None)
            self._place_floating()
        return changed

    @Slot(list)
    def show_new(self, block_ids: list[str]) -> None:
        """Select blocks, and bring them into sight."""
        self.scene.select(block_ids)
        self.view.keep_in_sight(block_ids)

    def follow_selection(self, block_ids: Iterable[str]) -> None:
        """Select what is selected in another pane."""
        wanted = frozenset(block_ids)
        for item in self.scene.selectedItems():
            if not isinstance(item, BlockItem) or wanted.isdisjoint(item.members):
                item.setSelected(False)
        self.scene.select(wanted, add=True)
        self._followed = frozenset(self.scene.selection_ids())  # Of a folded group all are selected.

    # Slots

    @Slot(str, QPointF, object)
    def _on_kind_dropped(self, kind: str, place: QPointF, wire: Wire | None) -> None:
        new = self.edits.add(kind, place, wire=wire)
        self.scene.select([new])
        body = self.view.mapFromScene(self.scene.block_item(new).body_in_scene()).boundingRect()
        covered = any(cover.intersects(body) for cover in self._covered())
        if covered or not self.view.viewport().rect().contains(body):  # else it stays under the mouse
            self.view.keep_in_sight([new])

    @Slot(str)
    def _on_block_activated(self, block_id: str) -> None:
        if self.scene.block_item(block_id).is_stack:
            self.group_actions.unfold()
        else:
            self.block_activated.emit(block_id)

    @Slot(QPointF)
    def _on_paper_activated(self, place: QPointF) -> None:
        self._offer_at(None, place)

    @Slot(str)
    def _on_block_hovered(self, block_id: str) -> None:
        known = block_id in self.document.architecture
        differs = self.scene.differences.told(block_id)
        summary = self.scene.summary(block_id) if known and not differs else ()
        self.header.show_block((f"{block_id}: {differs}", differs) if differs else summary)

    @Slot(str)
    def _on_renamed(self, name: str) -> None:
        self.edits.rename_architecture(name)
        self.view.setFocus()

    @Slot(int, int, bool)
    def _on_nudged(self, right: int, down: int, repeats: bool) -> None:
        if not repeats:
            self._nudge_session = new_session()
        ids = self.scene.selection_ids()
        self.edits.nudge(ids, right * g.SNAP, down * g.SNAP, self._nudge_session)

    @Slot()
    def _on_selection_settled(self) -> None:
        ids = self.scene.selection_ids()
        actions = self.editor_actions
        for action in (actions.cut, actions.copy, actions.duplicate, actions.zoom_to_selection):
            action.setEnabled(bool(ids))
        self._unit_actions.enable(bool(ids))
        self.led = self._followed == frozenset(ids)
        if not self.led:
            self._followed = None
        self.selection_changed.emit(ids)

    @Slot()
    def _on_document_told(self) -> None:
        self.header.show_document(self.document)

    @Slot()
    def _on_undo_changed(self) -> None:
        self.toast.dismiss()  # It spoke of what was; what is to be said of this step is said after it.
        stack, actions = self.document.undo_stack, self.editor_actions
        for action, possible, verb, text in (
            (actions.undo, stack.canUndo(), "Undo", stack.undoText()),
            (actions.redo, stack.canRedo(), "Redo", stack.redoText()),
        ):
            action.setEnabled(possible)
            action.setText(f"{verb}: {text}" if text else verb)
        self._on_document_told()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep legend and buttons in their corners; take keys from the window that mean something else."""
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Find):
            if event.type() == QEvent.Type.KeyPress:
                self.find_wanted.emit()
            event.accept()
            return True
        undoes = isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Undo)
        if undoes and event.type() == QEvent.Type.KeyPress and self._end_gesture():
            return True  # It comes here where there is no step that the action could take back.
        if watched is self.view and event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place_floating()
        return super().eventFilter(watched, event)

    @Slot()
    def _show_buttons(self) -> None:
        """Show the zoom buttons when they are of use: the mouse is here, or not all is in sight."""
        self.buttons.setVisible(self.view.underMouse() or not self.view.fitted)

    def _covered(self) -> list[QRect]:
        """Return where something floats over the canvas, or is about to."""
        self.minimap.measure()
        shown = (widget for widget in self.floating if widget.isVisible())
        return [
            QRect(self.view.viewport().mapFromGlobal(widget.mapToGlobal(QPoint())), widget.size())
            for widget in shown
        ]

    @Slot()
    def _place_floating(self) -> None:
        right, bottom = self.view.width() - 4, self.view.height() - 4
        self.buttons.adjustSize()
        self.buttons.move(right - self.buttons.width(), bottom - self.buttons.height())
        self.minimap.move(right - self.minimap.width(), self.buttons.y() - 4 - self.minimap.height())
        self.legend.fit_into(self.buttons.x() - 16)
        self.legend.move(4, self.view.height() - 4 - self.legend.height())
