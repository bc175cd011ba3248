import pytest
from PySide6.QtCore import Qt

from app.lab.run_list import interrupted
from app.lab.table import RunsTable
from resviz.runs.store import create_experiment, list_experiments
from tests.app.lab.tiny import Recorder, recipe, twins


def recorded(state="finished", error=40.0):
    experiment = create_experiment(twins(), recipe(iterations=100))
    for run in experiment.runs:
        recorder = Recorder(run)
        recorder.started()
        recorder.steps(1, 30, error)
        recorder.evaluated(30, error + 10)
        recorder.ended(state, 30)
    return experiment


@pytest.fixture
def table(session, qtbot):
    made = RunsTable(session)
    qtbot.addWidget(made)
    made.resize(900, 300)
    yield made
    made.list.close()


def show(table, qtbot):
    table.show()
    qtbot.waitUntil(
        lambda: all(row.summary for group in table.list.groups for row in group.rows), timeout=3000
    )


def cells(table, group, row):
    parent = table.view.table.index(group, 0)
    return [table.view.table.index(row, column, parent).data() or "" for column in (0, *range(2, 8))]


def click(table, qtbot, index, *, double=False, x=None):
    rect = table.view.visualRect(index)
    place = rect.center() if x is None else rect.topLeft() + type(rect.topLeft())(x, rect.height() // 2)
    viewport = table.view.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    if double:
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)


def test_empty_table_says_what_to_do(table, qtbot):
    table.show()
    assert table.view.isHidden()


def test_rows_are_grouped_newest_first(table, qtbot):
    recorded(error=50.0)
    recorded(error=25.0)
    show(table, qtbot)
    assert table.view.table.rowCount() == 2
    assert cells(table, 0, 0)[:6] == [
        "plain-8-w4",
        "built-in shapes",
        "finished",
        "30 of 100",
        "25.0 %",
        "35.0 %",
    ]
    assert cells(table, 1, 1)[4] == "50.0 %"


def test_double_click_reopens_the_experiment(table, session, qtbot):
    experiment = recorded()
    show(table, qtbot)
    click(table, qtbot, table.view.table.index(0, 0, table.view.table.index(0, 0)), double=True)
    assert [run.run for run in session.current] == experiment.runs
    qtbot.waitUntil(lambda: all(len(run.series.train) == 30 for run in session.current), timeout=3000)
    first = table.view.table.index(0, 0, table.view.table.index(0, 0))
    assert (
        first.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked.value
        or first.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    )


def test_tick_shows_and_hides_a_run(table, session, qtbot):
    experiment = recorded()
    show(table, qtbot)
    item = table.view.table.item(0).child(1)
    item.setCheckState(Qt.CheckState.Checked)
    assert [run.run for run in session.shown] == [experiment.runs[1]]
    item.setCheckState(Qt.CheckState.Unchecked)
    assert session.shown == []


def test_delete_asks_first(table, session, qtbot):
    run = recorded().runs[0]
    show(table, qtbot)
    click(table, qtbot, table.view.table.index(0, 0, table.view.table.index(0, 0)))
    qtbot.keyClick(table.view, Qt.Key.Key_Delete)
    assert not table.question.isHidden()
    assert run.name in table.question.text
    qtbot.mouseClick(table.question.buttons[1], Qt.MouseButton.LeftButton)
    assert run.exists()
    table.acts.ask_to_delete([run.path])
    qtbot.mouseClick(table.question.buttons[0], Qt.MouseButton.LeftButton)
    assert not run.path.exists()
    assert len(list_experiments()[0].runs) == 1
    table.acts.ask_to_delete([list_experiments()[0].path])
    qtbot.mouseClick(table.question.buttons[0], Qt.MouseButton.LeftButton)
    assert list_experiments() == []


def test_run_in_training_is_not_deleted(table, qtbot):
    experiment = recorded()
    show(table, qtbot)
    said = []
    table.failed.connect(said.append)
    with experiment.runs[0].lock():
        table.acts.ask_to_delete([experiment.runs[0].path])
        qtbot.mouseClick(table.question.buttons[0], Qt.MouseButton.LeftButton)
    assert experiment.runs[0].exists()
    assert "is being trained" in said[0]


def test_context_menu_offers_what_can_be_done(table, qtbot):
    experiment = recorded("stopped")
    show(table, qtbot)
    menu = table.menu_for(experiment.runs[0].path)
    actions = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert actions["Resume"]
    assert not actions["Stop"]
    assert actions["Delete…"]
    menu.deleteLater()


def test_only_interrupted_experiments_are_offered_again(qtbot):
    recorded("stopped")
    recorded("finished")
    broken = recorded("interrupted")
    killed = create_experiment(twins(), recipe())
    Recorder(killed.runs[0]).started()
    found = {experiment.path: runs for experiment, runs in interrupted(list_experiments())}
    assert found == {broken.path: broken.runs, killed.path: killed.runs[:1]}


def test_equal_names_are_told_apart_and_a_failure_says_why(table, qtbot):
    recorded()
    experiment = create_experiment(twins(), recipe(iterations=100))
    recorder = Recorder(experiment.runs[0])
    recorder.started()
    recorder.ended("failed", 3, "The disk is full: make room, then resume the run.")
    show(table, qtbot)
    titles = [table.view.table.index(row, 0).data() for row in range(2)]
    assert titles == ["plain-8-w4 and resnet-8-w4 (2)", "plain-8-w4 and resnet-8-w4"]
    assert cells(table, 0, 0)[2] == "failed: The disk is full: make room, then resume the run."
    with qtbot.waitSignal(table.opened, timeout=2000):
        table.acts.open_experiment(experiment.path)
