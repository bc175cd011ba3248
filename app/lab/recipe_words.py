"""What will be run, one short line a sentence; cautions stand apart, above."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QSize, Qt, Slot

from app.lab.fields import Sentence
from app.lab.scroll import ScrollColumn
from app.theme import theme

_LEAST_LINES = 4
"""So many lines behind the cautions are seen where there is no room for all."""


class RecipeWords(Sentence):
    """Sentences as lines that hang behind a dot, and cautions in the colour of warnings."""

    def __init__(self) -> None:
        super().__init__("caption")
        self.sentences: tuple[str, ...] = ()
        self.cautions: tuple[str, ...] = ()
        self.setTextFormat(Qt.TextFormat.RichText)
        theme().changed.connect(self._on_theme_changed)

    def tell(self, sentences: Sequence[str], cautions: Sequence[str] = ()) -> None:
        """Show them."""
        shown = (tuple(sentences), tuple(cautions))
        if shown != (self.sentences, self.cautions):
            self.sentences, self.cautions = shown
            self.setAccessibleName(self.told)
            self._on_theme_changed()

    @property
    def told(self) -> str:
        """All of it, to be read aloud."""
        return " ".join((*(f"Caution: {caution}" for caution in self.cautions), *self.sentences))

    @property
    def least_height(self) -> int:
        """The height of the cautions and the first lines."""
        lines = _LEAST_LINES + 2 * len(self.cautions)
        return lines * self.fontMetrics().lineSpacing()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.setText(_table(self.cautions, "!", theme().colours.warning) + _table(self.sentences, "•"))


class WordsArea(ScrollColumn):
    """Shows words in what room there is, and scrolls the rest."""

    def __init__(self, words: RecipeWords) -> None:
        super().__init__()
        self._words = words
        self.column.addWidget(words)
        self.column.addStretch(1)

    def take(self, room: int) -> None:
        """Be as tall as the words, but no taller than `room`, and never lower than their first lines."""
        whole, least = self._words.heightForWidth(self.column_width), self._words.least_height
        self.setFixedHeight(min(whole, max(room, least)))

    def sizeHint(self) -> QSize:
        """Return the height that was taken."""
        return QSize(super().sizeHint().width(), self.maximumHeight())


def _table(sentences: Sequence[str], mark: str, colour: str = "") -> str:
    """Return lines: a mark, and behind it a sentence that wraps under itself."""
    style = f' style="color: {colour}"' if colour else ""
    rows = (
        f'<tr><td style="padding-right: 6px"><span{style}>{mark}</span></td>'
        f"<td><span{style}>{escape(sentence)}</span></td></tr>"
        for sentence in sentences
    )
    return f'<table cellspacing="0" cellpadding="0">{"".join(rows)}</table>' if sentences else ""
