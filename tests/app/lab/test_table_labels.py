"""Titles, tags, notes and colours in the table of runs; searching, sorting and choosing several."""

import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLineEdit

from app.lab.cells import RUN, SAID, TAGS_ROLE, TRAIN
from app.lab.label_dialog import LabelChanges, LabelDialog
from app.lab.session import MOST_SHOWN
from app.lab.table import RunsTable
from app.theme import named_colour
from resviz.runs import labels
from resviz.runs.store import create_experiment
from tests.app.lab.tiny import Recorder, recipe, twins


@pytest.fixture
def table(session, qtbot):
    made = RunsTable(session)
    qtbot.addWidget(made)
    made.resize(1000, 400)
    yield made
    made.list.close()


def recorded(*errors, state="finished", **changes):
    experiment = create_experiment(twins(), recipe(iterations=100, **changes))
    for run, error in zip(experiment.runs, errors or (50.0, 20.0), strict=True):
        recorder = Recorder(run)
        recorder.started()
        recorder.steps(1, 30, error)
        recorder.ended(state, 30)
    return experiment


def show(table, qtbot):
    with qtbot.waitExposed(table):
        table.show()
    qtbot.waitUntil(lambda: all(row.summary for row in table.view.rows.values()), timeout=5000)


def index(table, group, row=None, column=RUN):
    top = table.view.table.index(group, column if row is None else 0)
    return top if row is None else table.view.table.index(row, column, top)


def place(table, where, x=60):
    rect = table.view.visualRect(where)
    return QPoint(rect.left() + x, rect.center().y())


def click(table, qtbot, where, keys=Qt.KeyboardModifier.NoModifier, x=60):
    at = place(table, where, x)
    qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, keys, at)


def tick(table, qtbot, where):
    """Click into the box before the name."""
    click(table, qtbot, where, x=16)


def names(table, group=0):
    parent = index(table, group)
    rows = range(table.view.table.rowCount(parent))
    return [index(table, group, row).data() for row in rows if not table.view.isRowHidden(row, parent)]


def type_title(table, qtbot, text):
    editor = next(edit for edit in table.view.findChildren(QLineEdit) if edit.isVisible())
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not table.view.being_edited, timeout=2000)


def test_f2_gives_a_title_that_is_kept_and_shown_everywhere(table, session, qtbot):
    run = recorded().runs[0]
    show(table, qtbot)
    session.show(run)
    click(table, qtbot, index(table, 0, 0))
    qtbot.keyClick(table.view, Qt.Key.Key_F2)
    type_title(table, qtbot, "The deep one")
    assert index(table, 0, 0).data() == "The deep one"
    assert labels.read(run.path).title == "The deep one"
    assert session.shown[0].name == "The deep one"
    qtbot.keyClick(table.view, Qt.Key.Key_F2)
    type_title(table, qtbot, " ")
    assert index(table, 0, 0).data() == run.name


def test_slow_second_click_edits_and_a_double_click_opens(table, session, qtbot):
    experiment = recorded()
    show(table, qtbot)
    click(table, qtbot, index(table, 0))
    qtbot.wait(50)
    click(table, qtbot, index(table, 0))
    qtbot.waitUntil(lambda: table.view.being_edited, timeout=3000)
    type_title(table, qtbot, "Try")
    assert experiment.title == "Try"
    assert index(table, 0).data() == "Try"
    at = place(table, index(table, 0, 0))
    qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert len(session.current) == 2
    assert not table.view.being_edited


def test_news_do_not_end_typing(table, qtbot):
    recorded()
    show(table, qtbot)
    click(table, qtbot, index(table, 0, 1))
    qtbot.keyClick(table.view, Qt.Key.Key_F2)
    recorded()
    table.list.look()
    assert table.view.being_edited
    type_title(table, qtbot, "kept")
    qtbot.waitUntil(lambda: table.view.table.rowCount() == 2, timeout=3000)
    assert names(table, 1)[1] == "kept"


def test_a_title_that_cannot_be_used_is_refused_and_the_old_one_stays(table, qtbot):
    run = recorded().runs[0]
    show(table, qtbot)
    with qtbot.waitSignal(table.failed) as said:
        table.view.table.itemFromIndex(index(table, 0, 0)).setText("x" * 300)
    assert "at most 200 characters" in said.args[0]
    assert index(table, 0, 0).data() == run.name


def test_damaged_labels_are_told_of_in_the_row(table, qtbot):
    run = recorded().runs[0]
    (run.path / labels.FILE).write_text("{")
    show(table, qtbot)
    assert index(table, 0, 0).data() == run.name
    assert "is damaged" in index(table, 0, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_tags_and_notes_of_several_are_edited_together(table, qtbot):
    one, other = recorded().runs
    labels.change(one.path, tags=["final", "talk"], note="hot")
    labels.change(other.path, tags=["final"])
    show(table, qtbot)
    click(table, qtbot, index(table, 0, 0))
    click(table, qtbot, index(table, 0, 1), Qt.KeyboardModifier.ControlModifier)
    table.label()
    dialog = table.findChild(LabelDialog)
    assert dialog.tags.text() == "final"
    assert not dialog.title.isVisible()
    dialog.tags.clear()
    qtbot.keyClicks(dialog.tags, "deep, deep")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    assert labels.read(one.path).tags == ("talk", "deep")
    assert labels.read(other.path).tags == ("deep",)
    assert labels.read(one.path).note == "hot"
    assert index(table, 0, 0, SAID).data(TAGS_ROLE) == ["talk", "deep"]
    assert index(table, 0, 0, SAID).data() == "hot"
    assert not table.view.isColumnHidden(SAID)


def test_column_of_tags_is_there_only_where_there_are_any(table, qtbot):
    recorded()
    show(table, qtbot)
    assert table.view.isColumnHidden(SAID)


def test_colour_is_chosen_from_the_menu_and_kept(table, session, qtbot):
    first, second = recorded(), recorded()
    show(table, qtbot)
    session.show(first.runs[0])
    before = session.colour(first.runs[0].path)
    menu = table.menu_for(first.runs[0].path)
    colours = next(action.menu() for action in menu.actions() if action.text() == "Colour")
    next(action for action in colours.actions() if action.text() == "Violet").trigger()
    menu.deleteLater()
    assert labels.read(first.runs[0].path).colour == "violet"
    assert session.colour(first.runs[0].path) == named_colour("violet")
    assert QColor(before) != named_colour("violet")
    labels.change(second.runs[0].path, colour="orange")
    session.show(second.runs[0])
    third = session.show(recorded().runs[0])
    assert session.colour(third.path) == named_colour("yellow")  # Orange is taken by choice.


def test_an_experiment_is_ticked_as_a_whole(table, session, qtbot):
    experiment = recorded()
    show(table, qtbot)
    tick(table, qtbot, index(table, 0))
    assert [run.run for run in session.shown] == experiment.runs
    tick(table, qtbot, index(table, 0, 1))
    assert [run.run for run in session.shown] == experiment.runs[:1]
    state = index(table, 0).data(Qt.ItemDataRole.CheckStateRole)
    assert Qt.CheckState(state) == Qt.CheckState.PartiallyChecked
    tick(table, qtbot, index(table, 0))
    tick(table, qtbot, index(table, 0))
    assert session.shown == []


def test_space_ticks_all_that_is_selected(table, session, qtbot):
    recorded()
    recorded()
    show(table, qtbot)
    click(table, qtbot, index(table, 0, 0))
    click(table, qtbot, index(table, 1, 1), Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert len(session.shown) == 4
    qtbot.keyClick(table.view, Qt.Key.Key_Space)
    assert session.shown == []


def test_show_only_these_and_hide_all(table, session, qtbot):
    first, second = recorded(), recorded()
    show(table, qtbot)
    session.take(second.runs)
    click(table, qtbot, index(table, 1, 0))
    click(table, qtbot, index(table, 0, 1), Qt.KeyboardModifier.ControlModifier)
    table.show_only()
    assert {run.path for run in session.shown} == {first.runs[0].path, second.runs[1].path}
    assert [run.run for run in session.current] == second.runs
    session.hide_all()
    assert session.shown == []
    table.view.clearSelection()
    with qtbot.waitSignals([table.failed, table.wanted]):
        table.show_only()


def test_too_many_runs_are_refused_in_one_sentence(table, session, qtbot, monkeypatch):
    monkeypatch.setattr("app.lab.session.MOST_SHOWN", 3)
    assert MOST_SHOWN > 3
    recorded()
    recorded()
    show(table, qtbot)
    tick(table, qtbot, index(table, 0))
    with qtbot.waitSignal(table.failed) as said:
        tick(table, qtbot, index(table, 1))
    assert "4 runs are too many to tell apart: show 3 at most" in said.args[0]
    assert len(session.shown) == 2
    state = index(table, 1).data(Qt.ItemDataRole.CheckStateRole)
    assert Qt.CheckState(state) == Qt.CheckState.Unchecked


def test_search_narrows_the_table_and_keeps_the_ticks(table, session, qtbot):
    recorded(seed=1, name="mine")
    tagged = recorded(state="failed")
    labels.change(tagged.runs[0].path, tags=["final"])
    show(table, qtbot)
    session.show(tagged.runs[0])
    qtbot.keyClicks(table.search, "resnet")
    assert (names(table, 0), names(table, 1)) == (["resnet-8-w4"], ["resnet-8-w4"])
    assert session.is_shown(tagged.runs[0].path)
    assert "2 of 4 runs" in table._count.text()
    table.search.clear()
    for text, found in (("tag:final", 1), ("state:failed", 2), ("seed:1", 2), ("MINE shapes", 2), ("", 4)):
        table.search.setText(text)
        assert table.view.found == found, text
    table.search.setText("recipe:mine")
    tick(table, qtbot, index(table, 1))
    assert len(session.shown) == 3


def test_a_search_that_finds_nothing_says_so_and_escape_ends_it(table, qtbot):
    recorded()
    show(table, qtbot)
    table.search.setFocus()
    qtbot.keyClicks(table.search, "zebra")
    assert table._nothing.isVisible()
    assert "No run matches “zebra”" in table._nothing.text()
    assert table.search.hasFocus()
    qtbot.keyClick(table.search, Qt.Key.Key_Escape)
    assert table.search.text() == ""
    assert table.view.isVisible()


def test_a_click_on_a_header_sorts_within_experiments(table, qtbot):
    recorded(20.0, 50.0)
    recorded(70.0, 30.0)
    show(table, qtbot)
    header = table.view.header()

    def press():
        at = QPoint(header.sectionViewportPosition(TRAIN) + 10, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def errors():
        return [[index(table, g, row, TRAIN).data() for row in range(2)] for g in range(2)]

    press()
    assert errors() == [["30.0 %", "70.0 %"], ["20.0 %", "50.0 %"]]
    press()
    assert errors() == [["70.0 %", "30.0 %"], ["50.0 %", "20.0 %"]]
    press()
    assert errors() == [["70.0 %", "30.0 %"], ["20.0 %", "50.0 %"]]


def test_several_are_deleted_after_one_question(table, session, qtbot):
    first, second = recorded(), recorded()
    show(table, qtbot)
    click(table, qtbot, index(table, 0, 0))
    click(table, qtbot, index(table, 1), Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(table.view, Qt.Key.Key_Delete)
    assert "Delete 3 runs?" in table.question.text
    qtbot.mouseClick(table.question.buttons[0], Qt.MouseButton.LeftButton)
    assert not first.path.exists()
    assert [run.exists() for run in second.runs] == [True]


def test_what_others_say_is_read_when_the_table_is_seen_again(table, qtbot):
    experiment = recorded()
    show(table, qtbot)
    click(table, qtbot, index(table, 0, 1))
    item = table.view.table.itemFromIndex(index(table, 0, 1))
    labels.change(experiment.runs[1].path, title="Told elsewhere")
    labels.change(experiment.path, tags=["x"])
    table.refresh()
    assert item.text() == "Told elsewhere"  # The same cell, which is still the current one.
    assert index(table, 0, column=SAID).data(TAGS_ROLE) == ["x"]
    assert table.view.current == experiment.runs[1].path


def test_many_runs_are_searched_at_once(table, qtbot):
    """300 experiments of 4 runs, as far as the table is concerned."""
    experiment = recorded()
    show(table, qtbot)
    [group] = table.list.groups
    rows = group.rows * 2
    table.list.close()
    many = []
    for number in range(300):
        made = type(group)(experiment)
        made.__class__ = type("Far", (type(group),), {"path": experiment.path / str(number)})
        for place_, row in enumerate(rows):
            run = type(row.run)(experiment.path / str(number) / f"run-{place_}")
            made.rows.append(type(row)(run, made, dict(row.lasting, recipe=f"r{number}"), row.summary))
        many.append(made)
    table.view.fill(many)
    times = []
    for text in ("plain", "recipe:r7", "", "state:finished r29"):
        begun = time.process_time()
        table.search.setText(text)
        times.append(time.process_time() - begun)
    assert table.view.found == 44
    assert min(times) < 0.1  # 15 ms on a quiet machine


def test_changes_of_several_stop_at_the_first_that_cannot_be_written(table, qtbot):
    one, other = recorded().runs
    show(table, qtbot)
    (one.path / labels.FILE).write_text("{")
    with qtbot.waitSignal(table.failed) as said:
        table.acts.change(list(table.view.rows.values()), LabelChanges(added=("x",)))
    assert "is damaged" in said.args[0]
    assert labels.read(other.path).tags == ()
