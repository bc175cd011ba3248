"""What the table of runs shows of one run, live or from the end of its log."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtGui import QColor, QIcon, QStandardItem

from app.lab.cells import (
    COLOUR_ROLE,
    DATA,
    ITERATION,
    RUN,
    SAID,
    STATE,
    TAGS_ROLE,
    TEST,
    TRAIN,
    data_name,
    in_order,
    swatch,
)
from app.lab.followed import FollowedRun
from app.lab.live_view import device_sentence, error_text, state_text
from app.lab.run_list import Group, Row
from resviz.runs.labels import Labels


@dataclass(frozen=True)
class Shown:
    """The values of a row."""

    state: str = "…"
    message: str = ""
    iteration: int | None = None
    asked: int | None = None
    train: float | None = None
    test: float | None = None

    @classmethod
    def of(cls, row: Row, followed: FollowedRun | None) -> Shown:
        """Return what is known of a run: of one that is followed, the newest."""
        if followed is not None and followed.series.started is not None:
            series = followed.series
            return cls(
                state_text(followed), device_sentence(followed.trouble or series.message),
                series.iteration, series.iterations, series.train_error_pct, series.test_error_pct,
            )  # fmt: skip
        summary = row.summary
        if summary is None:
            return cls()
        return cls(
            "training" if summary.state == "running" else summary.state, device_sentence(summary.message),
            summary.iterations, summary.iterations_asked, summary.train_error_pct, summary.test_error_pct,
        )  # fmt: skip

    def sort_key(self, row: Row, column: int, *, rising: bool) -> str | float:
        """Return what a column is sorted by; what is not known comes last either way."""
        numbers = {ITERATION: self.iteration, TRAIN: self.train, TEST: self.test}
        if column in numbers:
            number = numbers[column]
            known = number is not None and not math.isnan(number)
            return float(number) if known and number is not None else math.inf if rising else -math.inf
        texts = {RUN: row.title, SAID: said(row.labels), DATA: data_name(row.data), STATE: self.state}
        return in_order(texts.get(column, "")) or ("\U0010ffff" if rising else "")


def write(row: Row, items: list[QStandardItem], shown: Shown) -> None:
    """Write a run's cells; only what differs is touched."""
    iteration = "" if shown.iteration is None else f"{shown.iteration:,}"
    told = shown.state in ("failed", "paused") and shown.message
    texts = {
        RUN: row.title,
        DATA: data_name(row.data),
        STATE: f"{shown.state}: {shown.message}" if told else shown.state,
        ITERATION: iteration + (f" of {shown.asked:,}" if iteration and shown.asked else ""),
        TRAIN: error_text(shown.train),
        TEST: error_text(shown.test),
    }
    for column, text in texts.items():
        if items[column].text() != text:
            items[column].setText(text)
    if items[STATE].toolTip() != shown.message:
        items[STATE].setToolTip(shown.message)
    where = str(row.run.path)
    parts = (row.title if row.labels.title else "", where, shown.message, row.labels_problem)
    tip = "\n".join(filter(None, parts))
    if items[RUN].toolTip() != tip:
        items[RUN].setToolTip(tip)
    write_said(items[SAID], row.labels)


def write_group(group: Group, cells: list[QStandardItem]) -> None:
    """Write an experiment's cells; only what differs is touched."""
    if cells[RUN].text() != group.title:
        cells[RUN].setText(group.title)
    tip = "\n".join(filter(None, (group.title, str(group.path), group.labels_problem)))
    if cells[RUN].toolTip() != tip:
        cells[RUN].setToolTip(tip)
    write_said(cells[SAID], group.labels)


def write_said(item: QStandardItem, labels: Labels) -> None:
    """Write tags and note into their cell."""
    tags = list(labels.tags)
    if (item.data(TAGS_ROLE) or []) != tags:
        item.setData(tags, TAGS_ROLE)
    note = labels.note.partition("\n")[0]
    if item.text() != note:
        item.setText(note)
    tip = "\n".join(filter(None, (", ".join(tags), labels.note)))
    if item.toolTip() != tip:
        item.setToolTip(tip)


def said(labels: Labels) -> str:
    """Return tags and note as one text."""
    return " ".join((*labels.tags, labels.note)).strip()


def write_swatch(item: QStandardItem, colour: QColor | None) -> None:
    """Show a run's colour before its name; None: it is not on screen."""
    mark = colour.name() if colour is not None else ""
    if item.data(COLOUR_ROLE) != mark:
        item.setData(mark, COLOUR_ROLE)
        item.setIcon(swatch(colour) if colour is not None else QIcon())
