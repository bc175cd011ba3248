import threading

import msgspec
import pytest
from PySide6.QtCore import Qt

from app.lab import fork_dialog
from app.lab.fork_dialog import NEWEST, REWOUND, ForkDialog
from app.lab.table import RunsTable
from resviz.errors import RunError
from resviz.runs import checkpoints, origin
from resviz.runs.events import Forked
from resviz.runs.series import load
from resviz.runs.store import create_experiment, list_experiments
from tests.app.lab.tiny import Recorder, recipe, twins

LEFT = Qt.MouseButton.LeftButton
START_MS = 90_000


def recorded(*saved, iterations=100):
    """Return an experiment whose runs say that they were trained for 30 iterations, with checkpoints."""
    experiment = create_experiment(twins(), recipe(iterations=iterations))
    for run in experiment.runs:
        recorder = Recorder(run)
        recorder.started()
        recorder.steps(1, 30)
        for at in saved:
            checkpoints.save(run.checkpoints_path, f"iteration-{at}", b"no weights", {"iteration": at})
            recorder.saved(at)
        recorder.ended("stopped", 30)
    return experiment


def open_dialog(qtbot, runs):
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ForkDialog(runs, parent)
    dialog.show()
    return dialog, parent


def set_rate(qtbot, dialog, text):
    editor = dialog.groups.rows["learning_rate"].editor
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, text)


def test_offers_the_checkpoints_that_all_runs_have(qtbot):
    experiment = recorded(10, 20)
    checkpoints.save(experiment.runs[0].checkpoints_path, "iteration-25", b"no weights", {"iteration": 25})
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    titles = [dialog.begin.itemText(i) for i in range(dialog.begin.count())]
    assert titles == [
        "The newest checkpoint", "Iteration 20", "Iteration 10", "The initial weights (rewind)",
    ]  # fmt: skip
    dialog.close()
    alone, _parent = open_dialog(qtbot, experiment.runs[:1])
    qtbot.waitUntil(lambda: alone.begin.itemText(0) == "The newest checkpoint (iteration 25)", timeout=3000)
    alone.close()
    none, _parent = open_dialog(qtbot, recorded().runs)
    assert [none.begin.itemData(i) for i in range(none.begin.count())] == [REWOUND]
    none.close()


def test_forks_from_a_checkpoint_with_another_rate(qtbot):
    experiment = recorded(10, 20)
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    assert dialog.changes.text().startswith("Nothing is changed yet")
    set_rate(qtbot, dialog, "0.01")
    assert dialog.changes.text() == "Learning rate: 0.1 → 0.01"
    dialog.begin.setCurrentIndex(dialog.begin.findData("iteration-10"))
    qtbot.waitUntil(dialog.fork_button.isEnabled, timeout=3000)
    with qtbot.waitSignal(dialog.forked, timeout=5000) as forked:
        qtbot.mouseClick(dialog.fork_button, LEFT)
    made = forked.args[0]
    assert [run.recipe().learning_rate for run in made.runs] == [0.01, 0.01]
    assert [checkpoints.names(run.checkpoints_path) for run in made.runs] == [["iteration-10"]] * 2
    series = load(made.runs[1].events_path)
    assert isinstance(series.forked, Forked)
    assert (series.forked.iteration, series.forked.changes) == (10, ("learning_rate: 0.1 -> 0.01",))
    assert [run.recipe().learning_rate for run in experiment.runs] == [0.1, 0.1], "parents stay as they are"


def test_each_run_keeps_what_is_its_own(qtbot):
    experiment = create_experiment(twins()[1:], recipe(), seeds=[3, 4])
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    set_rate(qtbot, dialog, "0.02")
    assert [(r.seed, r.learning_rate) for r in dialog.recipes] == [(3, 0.02), (4, 0.02)]
    dialog.close()


def test_refusal_is_a_sentence_in_the_dialog_and_nothing_is_lost(qtbot, monkeypatch):
    dialog, _parent = open_dialog(qtbot, recorded(20).runs)
    set_rate(qtbot, dialog, "x")
    assert dialog.problem.text() == "Learning rate: give a number."
    assert not dialog.fork_button.isEnabled()
    set_rate(qtbot, dialog, "0.3")
    qtbot.waitUntil(dialog.fork_button.isEnabled, timeout=5000)
    dialog.groups.rows["iterations"].editor.setText("20")
    assert dialog.problem.text().startswith("Iterations: plain-8-w4 has 20 of them behind it")
    assert not dialog.fork_button.isEnabled(), "it is said before the press"
    dialog.groups.rows["iterations"].editor.setText("100")
    dialog.groups.rows["cutout"].editor.setText("9")
    assert dialog.problem.text().startswith("Cutout, pixels: 9 pixels are more than the 8")
    dialog.groups.rows["cutout"].editor.setText("0")

    def full(*_runs, **_how):
        raise RunError("The disk is full.")

    monkeypatch.setattr(fork_dialog, "fork", full)
    qtbot.mouseClick(dialog.fork_button, LEFT)
    qtbot.waitUntil(dialog.problem.isVisible, timeout=5000)
    assert dialog.problem.text() == "The disk is full."
    assert dialog.isVisible()
    assert dialog.groups.rows["learning_rate"].editor.text() == "0.3"
    assert dialog.fork_button.isEnabled()
    assert len(list_experiments()) == 1
    dialog.close()


def damage(run, name):
    path = run.checkpoints_path / f"{name}.safetensors"
    path.write_bytes(path.read_bytes() + b"x")


def test_a_damaged_newest_checkpoint_is_not_proposed_but_told(qtbot):
    experiment = recorded(10, 20)
    for run in experiment.runs:
        damage(run, "iteration-20")
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    qtbot.waitUntil(dialog.fork_button.isEnabled, timeout=3000)
    assert dialog.begin.currentText() == "The newest undamaged checkpoint (iteration 10)"
    assert dialog.plan.cautions == (
        "The checkpoint iteration-20.safetensors is damaged (its SHA-256 does not match), so iteration-10 is "
        "used instead.",
    )
    assert "From iteration 10 on: rate 0.1 up to 100 iterations." in dialog.plan.sentences
    dialog.begin.setCurrentIndex(dialog.begin.findData("iteration-20"))
    qtbot.waitUntil(lambda: "is damaged" in dialog.problem.text(), timeout=3000)
    assert not dialog.fork_button.isEnabled()
    dialog.begin.setCurrentIndex(0)
    with qtbot.waitSignal(dialog.forked, timeout=5000) as forked:
        qtbot.mouseClick(dialog.fork_button, LEFT)
    assert load(forked.args[0].runs[0].events_path).forked.checkpoint == "iteration-10"


def test_the_window_goes_on_while_a_checkpoint_is_read(qtbot, monkeypatch):
    read, go = origin.stored, threading.Event()

    def slow(run, name):
        go.wait(5)
        return read(run, name)

    monkeypatch.setattr(origin, "stored", slow)
    dialog, _parent = open_dialog(qtbot, recorded(10).runs)
    assert dialog.plan.sentences == ("Reading the checkpoint…",)
    assert not dialog.fork_button.isEnabled()
    dialog.rewind()
    assert dialog.fork_button.isEnabled(), "the initial weights need no reading"
    assert dialog.plan.sentences[1] == "Rate 0.1 for 100 iterations."
    go.set()
    qtbot.waitUntil(lambda: isinstance(dialog._found[NEWEST], list), timeout=3000)
    dialog.close()


def test_a_finished_run_is_proposed_as_many_iterations_again(qtbot):
    experiment = recorded(50, 100)
    for run in experiment.runs:
        run.set_recipe(recipe(iterations=100, milestones=(60,)))
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    qtbot.waitUntil(dialog.fork_button.isEnabled, timeout=3000)
    iterations = dialog.groups.rows["iterations"]
    assert iterations.editor.text() == "200"
    assert "Iterations: 100 → 200. As many again are proposed" in dialog.changes.text()
    assert dialog.changes.text().endswith("drops of the rate stay at 60.")
    assert dialog.plan.sentences[1] == "From iteration 100 on: rate 0.01 up to 200 iterations."
    assert dialog.plot.rate_at(150) == pytest.approx(0.01)
    dialog.begin.setCurrentIndex(dialog.begin.findData("iteration-50"))
    qtbot.waitUntil(lambda: iterations.editor.text() == "100", timeout=3000)
    assert (
        dialog.plan.sentences[1] == "From iteration 50 on: rate 0.1, divided by 10 at 60 of 100 iterations."
    )
    dialog.begin.setCurrentIndex(0)
    assert iterations.editor.text() == "200"
    with qtbot.waitSignal(dialog.forked, timeout=5000) as forked:
        qtbot.mouseClick(dialog.fork_button, LEFT)
    assert [run.recipe().iterations for run in forked.args[0].runs] == [200, 200]


def test_what_becomes_of_the_optimisers_state_stands_in_the_dialog(qtbot):
    dialog, _parent = open_dialog(qtbot, recorded(10).runs)
    qtbot.waitUntil(dialog.fork_button.isEnabled, timeout=3000)
    dialog.groups.rows["optimiser"].editor.setCurrentText("AdamW")
    assert any(caution.startswith("AdamW begins anew") for caution in dialog.plan.cautions)
    assert dialog.plan.sentences[0] == "AdamW (arXiv:1711.05101), batch 16."
    dialog.close()


def test_escape_waits_for_the_copy(qtbot, monkeypatch):
    experiment, copied = recorded(10), threading.Event()

    def slow(runs, **_how):
        copied.wait(5)
        return experiment

    monkeypatch.setattr(fork_dialog, "fork", slow)
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    qtbot.waitUntil(dialog.fork_button.isEnabled, timeout=3000)
    qtbot.mouseClick(dialog.fork_button, LEFT)
    assert dialog.fork_button.text() == "Copying…"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.forked, timeout=5000):
        copied.set()


def test_milestones_stay_where_they_are(qtbot):
    experiment = create_experiment(twins(), recipe(iterations=100, milestones=(50,)))
    dialog, _parent = open_dialog(qtbot, experiment.runs)
    dialog.groups.rows["iterations"].editor.setText("200")
    assert dialog.recipes[0] == msgspec.structs.replace(experiment.runs[0].recipe(), iterations=200)
    dialog.close()


def test_rewound_from_the_table_and_trained_beside_its_parent(session, qtbot):
    experiment = recorded()
    table = RunsTable(session)
    qtbot.addWidget(table)
    said, opened = [], []
    table.failed.connect(said.append)
    table.opened.connect(lambda: opened.append(True))
    table.forking.fork()
    assert said == ["There is no run to fork: select one under Runs, or train one."]
    session.take(experiment.runs[1:])
    table.forking.rewind()
    dialog = table.findChild(ForkDialog) or table.window().findChild(ForkDialog)
    assert dialog.begin.currentData() == REWOUND
    set_rate(qtbot, dialog, "0.05")
    qtbot.mouseClick(dialog.fork_button, LEFT)
    qtbot.waitUntil(lambda: bool(opened), timeout=5000)
    child = session.current[0]
    assert child.run.recipe().learning_rate == 0.05
    assert session.is_shown(experiment.runs[1].path)
    assert session.is_shown(child.path)
    assert session.colour(child.path) != session.colour(experiment.runs[1].path)
    qtbot.waitUntil(lambda: child.series.iteration >= 3, timeout=START_MS)
    assert [run.name for run in session.shown] == ["resnet-8-w4", "resnet-8-w4 (fork)"]
    assert child.series.forked.parent == str(experiment.runs[1].path.absolute())
    table.list.close()


def test_menu_of_a_run_offers_fork_and_rewind(session, qtbot):
    experiment = recorded(10)
    table = RunsTable(session)
    qtbot.addWidget(table)
    table.show()
    qtbot.waitUntil(
        lambda: all(row.summary for group in table.list.groups for row in group.rows), timeout=3000
    )
    menu = table.menu_for(experiment.runs[0].path)
    actions = {action.text(): action for action in menu.actions()}
    actions["Fork…"].trigger()
    dialog = table.window().findChild(ForkDialog)
    assert dialog.windowTitle() == "Fork plain-8-w4"
    assert dialog.begin.currentData() == NEWEST
    dialog.close()
    menu.deleteLater()
    table.list.close()


def test_fork_is_in_the_command_palette_and_the_train_menu(qtbot, qapp):
    from app.search_popup import SearchPopup
    from app.window import MainWindow

    window = MainWindow(twins())
    qtbot.addWidget(window)
    window.bridge.warm.close()
    with qtbot.waitSignal(window.painted, timeout=10_000):
        window.show()
    window.session.take(recorded(10).runs)
    for text in ("Fork", "Rewind"):
        window.show_commands()
        popup = window.command_popup
        assert isinstance(popup, SearchPopup)
        qtbot.keyClicks(popup.edit, text)
        qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
        dialog = window.findChild(ForkDialog)
        assert dialog is not None
        assert dialog.windowTitle() == "Fork plain-8-w4 and resnet-8-w4"
        assert (dialog.begin.currentData() == REWOUND) == (text == "Rewind")
        dialog.close()
        qtbot.waitUntil(lambda: window.findChild(ForkDialog) is None, timeout=2000)
    assert "Ctrl+Shift+F" in window.menus["fork"].toolTip()
    window.close()
