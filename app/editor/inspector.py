"""Inspector: what is selected, its parameters and costs; with nothing selected, the network as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.costs import COSTS
from app.canvas.glyphs import glyph_icon
from app.canvas.paints import family, paints
from app.canvas.text import plural, shape_text, short_count
from app.document import Document
from app.editor.bits import add_row, form, label, separator
from app.editor.edits import Edits, new_session
from app.editor.fields import ParameterField, common_parameters, field_for
from app.editor.group_note import add_note
from app.editor.network_card import NetworkCard
from app.editor.pane import EditorPane
from app.editor.problems import ProblemCards
from app.theme import theme
from resviz.arch.graph import Block
from resviz.arch.mends import Mend
from resviz.arch.rework import same_stage, stage_of
from resviz.arch.shapes import Problem
from resviz.arch.spec import Value
from resviz.errors import ResvizError


class Inspector(QWidget):
    """Follows a pane's selection."""

    about_wanted = Signal()
    """The page of the one selected block is wanted."""
    problem_clicked = Signal(str)
    """The block of a problem in the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._edits: Edits | None = None
        self._pane: EditorPane | None = None
        self._ids: list[str] = []
        self._built_for: object = None
        self._refreshers: list[Callable[[], None]] = []
        self.fields: dict[str, ParameterField] = {}
        self.rename: QLineEdit | None = None
        self.error = label("", "error")
        self._session = new_session()
        self.card = NetworkCard()
        """What the network costs; kept from page to page, for it may be measuring."""
        self.card.blocks_chosen.connect(self._on_blocks_chosen)
        self._compared: list[Document] = []
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        theme().changed.connect(self._on_theme_changed)
        self._build()

    def sizeHint(self) -> QSize:
        """Return a width at which every field fits."""
        return QSize(296, 480)

    # What is inspected

    def set_pane(self, pane: EditorPane | None) -> None:
        """Follow a pane: its document and its selection."""
        if self._pane is not None:
            self._pane.selection_changed.disconnect(self.show_selection)
            self._pane.document_changed.disconnect(self._on_pane_document_changed)
        self._pane = pane
        if pane is None:
            self.set_document(None)
            return
        pane.selection_changed.connect(self.show_selection)
        pane.document_changed.connect(self._on_pane_document_changed)
        self.set_document(pane.document, pane.edits)
        self.show_selection(pane.scene.selection_ids())

    def set_document(self, document: Document | None, edits: Edits | None = None) -> None:
        """Inspect a document, as a whole until blocks are selected (no change if it is inspected already)."""
        if document is self._document and edits is None:
            return
        if self._document is not None:
            self._document.analysed.disconnect(self._refresh)
            self._document.name_changed.disconnect(self._refresh)
            self._document.block_renamed.disconnect(self._on_block_renamed)
        self._document = document
        self._edits = edits or (Edits(document) if document is not None else None)
        if document is not None:
            document.analysed.connect(self._refresh)
            document.name_changed.connect(self._refresh)
            document.block_renamed.connect(self._on_block_renamed)
        self._ids = []
        self._built_for = None
        self._tell_card()
        self._refresh()

    def set_compared(self, documents: Sequence[Document]) -> None:
        """Compare what networks cost with those of these documents, besides the one inspected."""
        self._compared = list(documents)
        self._tell_card()

    def _tell_card(self) -> None:
        others = [each for each in self._compared if each is not self._document]
        self.card.set_documents([] if self._document is None else [self._document, *others])

    @Slot(tuple)
    def _on_blocks_chosen(self, block_ids: tuple[str, ...]) -> None:
        if self._pane is not None:
            self._pane.show_new(list(block_ids))

    @Slot(list)
    def show_selection(self, block_ids: list[str]) -> None:
        """Inspect blocks of the document; none: the network."""
        if block_ids != self._ids:
            self._ids = list(block_ids)
            self._session = new_session()
        self._refresh()

    @Slot(object)
    def _on_pane_document_changed(self, _document: Document) -> None:
        self.set_pane(self._pane)

    @Slot(str, str)
    def _on_block_renamed(self, old: str, new: str) -> None:
        self._ids = [new if block_id == old else block_id for block_id in self._ids]

    @Slot()
    def _on_theme_changed(self) -> None:
        self._built_for = None
        self._refresh()

    @property
    def _blocks(self) -> list[Block]:
        if self._document is None:
            return []
        architecture = self._document.architecture
        return [architecture[block_id] for block_id in self._ids if block_id in architecture]

    # Building and refreshing

    @Slot()
    def _refresh(self) -> None:
        blocks = self._blocks
        signature = (id(self._document), tuple((b.id, b.kind) for b in blocks))
        if signature != self._built_for:
            self._built_for = signature
            self._build()
        for refresher in self._refreshers:
            refresher()

    def _build(self) -> None:
        self._refreshers, self.fields, self.rename = [], {}, None
        self.error = label("", "error")
        self.error.hide()
        self.card.setParent(self)  # Not to go with the page that it was on.
        self.card.hide()
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        blocks = self._blocks
        if self._document is None:
            layout.addWidget(label("Open a network to see what it is made of.", "muted"))
        elif not blocks:
            self._build_network(layout)
        elif len(blocks) == 1:
            self._build_block(layout, blocks[0])
        else:
            self._build_several(layout, blocks)
        layout.addStretch(1)
        self._scroll.setWidget(page)

    def _build_network(self, layout: QVBoxLayout) -> None:
        document = self._document
        assert document is not None
        title = label("", "title")
        layout.addWidget(title)
        self._refreshers.append(lambda: title.setText(document.name))
        layout.addWidget(label("Select a block to change it.", "muted"))
        self._problems(layout, lambda: document.inference.problems, clickable=True)
        layout.addWidget(self.card)
        self.card.show()

    def _build_block(self, layout: QVBoxLayout, block: Block) -> None:
        document = self._document
        assert document is not None
        head = QHBoxLayout()
        head.setSpacing(8)
        glyph = QLabel()
        glyph.setFixedSize(24, 24)
        head.addWidget(glyph)
        head.addWidget(label(block.spec.title, "title"), 1)
        about = QToolButton()
        about.setText("?")
        about.setToolTip(f"About {block.spec.title}: what it computes and costs (F1)")
        about.setAccessibleName(f"About {block.spec.title}")
        about.clicked.connect(self.about_wanted)
        head.addWidget(about)
        layout.addLayout(head)

        def refresh_glyph() -> None:
            if block.id in document.architecture:
                now = document.architecture[block.id]
                plain = family(now) == "plain"
                glyph.setPixmap(
                    glyph_icon(now.kind, paints().tone(now).strip, 24, plain=plain).pixmap(24, 24)
                )

        self._refreshers.append(refresh_glyph)
        self.rename = QLineEdit(block.id)
        self.rename.setAccessibleName("Name of the block")
        self.rename.setToolTip('The block\'s name. Names are unique; "stage2.block1" puts it into stage 2.')
        self.rename.editingFinished.connect(self._on_rename)
        layout.addWidget(self.rename)
        self._refreshers.append(add_note(layout, lambda: document.architecture, [block.id]))
        layout.addWidget(self.error)
        self._parameters(layout, [block])
        self._offer_stage(layout, block)
        self._problems(
            layout, lambda: [p for p in document.inference.problems if p.block == block.id], clickable=False
        )
        layout.addWidget(separator())
        rows = self._table(layout, ("Input", "Output", *_COSTS, "Depth", "Sees"))

        def refresh() -> None:
            if block.id not in document.architecture:
                return
            inference, cost = document.inference, document.cost
            own, total = cost.blocks.get(block.id), cost.total
            inputs = [
                shape_text(inference.shapes.get(wire.source))
                for wire in document.architecture.incoming(block.id).values()
            ]
            rows[0].setText(", ".join(inputs) or ("none" if not block.spec.inputs else "not wired"))
            rows[1].setText(shape_text(inference.shapes.get(block.id)) if block.spec.outputs else "none")
            for row, kind in zip(rows[2:], COSTS.values(), strict=False):
                row.setText(_share(kind.of(own) if own else 0, kind.of(total)))
            reading = document.ruler.get(block.id)
            rows[-2].setText(plural(reading.depth, "layer") if reading else "?")
            rows[-1].setText(f"{reading.field} × {reading.field} pixels" if reading else "?")

        self._refreshers.append(refresh)
        layout.addWidget(separator())
        layout.addWidget(label(block.spec.doc))
        layout.addWidget(label(block.spec.source, "caption"))

    def _build_several(self, layout: QVBoxLayout, blocks: list[Block]) -> None:
        document = self._document
        assert document is not None
        layout.addWidget(label(plural(len(blocks), "block"), "title"))
        kinds: dict[str, int] = {}
        for block in blocks:
            kinds[block.spec.title] = kinds.get(block.spec.title, 0) + 1
        layout.addWidget(label(", ".join(f"{number} x {title}" for title, number in kinds.items()), "muted"))
        self._refreshers.append(add_note(layout, lambda: document.architecture, [b.id for b in blocks]))
        layout.addWidget(self.error)
        self._parameters(layout, blocks)
        if not self.fields:
            layout.addWidget(label("Blocks of these kinds have no parameter in common.", "muted"))
        layout.addWidget(separator())
        rows = self._table(layout, _COSTS)
        ids = [block.id for block in blocks]

        def refresh() -> None:
            costs = [document.cost.blocks[block_id] for block_id in ids if block_id in document.cost.blocks]
            total = document.cost.total
            for row, kind in zip(rows, COSTS.values(), strict=True):
                row.setText(_share(sum(map(kind.of, costs)), kind.of(total)))

        self._refreshers.append(refresh)
        self._problems(
            layout, lambda: [p for p in document.inference.problems if p.block in ids], clickable=True
        )

    def _table(self, layout: QVBoxLayout, names: tuple[str, ...]) -> list[QLabel]:
        grid = form()
        values = []
        for name in names:
            value = label("", None)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            add_row(grid, label(name, "muted"), value)
            values.append(value)
        layout.addLayout(grid)
        return values

    def _problems(
        self, layout: QVBoxLayout, problems: Callable[[], list[Problem]], *, clickable: bool
    ) -> None:
        cards = ProblemCards(clickable=clickable)
        cards.clicked.connect(self._on_problem_clicked)
        cards.mend_wanted.connect(self._on_mend_wanted)
        layout.addWidget(cards)
        document = self._document
        assert document is not None
        self._refreshers.append(lambda: cards.show_problems(document, problems()))

    def _parameters(self, layout: QVBoxLayout, blocks: list[Block]) -> None:
        common = common_parameters(blocks)
        if not common:
            return
        grid = form()
        for parameter in common:
            field = field_for(parameter)
            field.committed.connect(lambda value, name=parameter.name: self._on_committed(name, value))
            field.settled.connect(self._on_settled)
            caption = label(parameter.name.replace("_", " "))
            caption.setToolTip(parameter.doc)
            add_row(grid, caption, field.widget)
            self.fields[parameter.name] = field
        layout.addLayout(grid)
        ids = [block.id for block in blocks]

        def refresh() -> None:
            assert self._document is not None
            architecture = self._document.architecture
            now = [architecture[block_id].params for block_id in ids if block_id in architecture]
            for name, field in self.fields.items():
                if now:
                    field.show_values([params[name] for params in now])

        self._refreshers.append(refresh)

    def _offer_stage(self, layout: QVBoxLayout, block: Block) -> None:
        """Lead from one block of a stage to all that are like it."""
        pane, document = self._pane, self._document
        if pane is None or document is None or not self.fields:
            return
        button = QPushButton()
        button.setToolTip(pane.editor_actions.select_stage.toolTip())
        button.clicked.connect(pane.editor_actions.select_stage.trigger)
        layout.addWidget(button)

        def refresh() -> None:
            alike = same_stage(document.architecture, block.id) if block.id in document.architecture else []
            button.setText(f"Change all {len(alike)} of {stage_of(block.id)} together")
            button.setVisible(len(alike) > 1)

        self._refreshers.append(refresh)

    # What the person does

    def _on_committed(self, name: str, value: Value) -> None:
        if self._edits is None:
            return
        self._try(lambda edits: edits.set_params({b.id: {name: value} for b in self._blocks}, self._session))

    @Slot()
    def _on_settled(self) -> None:
        self._session = new_session()

    @Slot()
    def _on_rename(self) -> None:
        blocks = self._blocks
        if self.rename is None or len(blocks) != 1 or self._edits is None:
            return
        text = self.rename.text()
        if not self._try(lambda edits: edits.rename(blocks[0].id, text)):
            self.rename.setText(blocks[0].id)

    def _try(self, edit: Callable[[Edits], None]) -> bool:
        """Do an edit; show the sentence where it refuses. Return whether it was done."""
        assert self._edits is not None
        try:
            edit(self._edits)
        except ResvizError as error:
            self.error.setText(escape(str(error)))
            self.error.show()
            return False
        self.error.hide()
        return True

    @Slot(object)
    def _on_mend_wanted(self, mend: Mend) -> None:
        if self._pane is not None:
            self._pane.problems.mend(mend)

    @Slot(object)
    def _on_problem_clicked(self, problem: Problem) -> None:
        if problem.block is not None:
            self.problem_clicked.emit(problem.block)
            if self._pane is not None:
                self._pane.reveal(problem.block)


_COSTS = ("Parameters", "Multiply-adds", "Activations")
"""Rows of what is in `COSTS`."""


def _share(own: int, total: int) -> str:
    if not own:
        return "0"
    return (
        f"{own:,} · {100 * own / total:.1f} %"
        if total and own < 1e7
        else f"{short_count(own)} · {100 * own / max(total, 1):.1f} %"
    )
