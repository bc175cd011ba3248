"""The window as a person uses it: real clicks and keys, real workers on tiny networks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton

from app.bottom import EXPLAIN, RUNS
from app.layouts.catalogue import LAYOUTS
from app.leftovers import find_leftovers
from app.side import INSPECTOR, LESSON
from app.theme import theme
from app.window import MainWindow
from resviz.arch import files, presets
from resviz.runs.store import create_experiment, data_root, list_experiments
from tests.app.lab.tiny import Recorder, recipe, twins

START_MS = 90_000
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def open_window(qtbot, qapp):
    """Return a function that opens a window; all of them are closed in the end."""
    opened = []

    def open_one():
        theme().apply(qapp)
        window = MainWindow(twins())
        opened.append(window)
        window.resize(1280, 720)
        with qtbot.waitSignal(window.painted, timeout=10_000):
            window.show()
        qtbot.waitUntil(lambda: len(window.bottom.plots) == 3, timeout=5000)
        window.side.lab.form.set_base(recipe())
        return window

    yield open_one
    for window in opened:
        window.close()
        window.deleteLater()


@pytest.fixture
def window(open_window):
    return open_window()


def train(window, qtbot, iteration=10):
    qtbot.mouseClick(window.side.lab.train_button, LEFT)
    runs = window.session.current
    qtbot.waitUntil(lambda: all(run.series.iteration >= iteration for run in runs), timeout=START_MS)
    return runs


def test_opens_ready_to_train(window):
    assert [document.name for document in window.workspace.documents] == ["plain-8-w4", "resnet-8-w4"]
    assert window.side.lab.train_button.isEnabled()
    assert window.offers.isHidden()
    assert window.side.tabs.currentIndex() == LESSON


def test_training_a_broken_network_says_why_and_leads_to_what_mends_it(window, qtbot):
    pane = window.workspace.panes[1]
    pane.edits.remove(["stage2.block1"])
    qtbot.keyClick(window, Qt.Key.Key_Return, CONTROL)
    assert "resnet-8-w4, stage3.block1: Basic block: nothing is wired to its input." in window.status
    assert not window.session.current
    assert window.workspace.active is pane
    assert pane.problems.panel.isVisible()
    qtbot.keyClick(pane.problems.panel.rows, Qt.Key.Key_M)
    qtbot.waitUntil(pane.problems.panel.isHidden, timeout=2000)
    qtbot.waitUntil(window.side.lab.train_button.isEnabled, timeout=2000)


def test_train_watch_pause_resume_stop_reopen(window, qtbot):
    lab = window.side.lab
    began = time.perf_counter()
    qtbot.mouseClick(lab.train_button, LEFT)
    assert time.perf_counter() - began < 0.5
    assert lab.watching
    assert window.side.lesson.index == 0, "the lesson goes on when training does"
    assert "Starting the worker…" in [label.text() for label in lab.live.findChildren(type(lab._title))]
    runs = window.session.current
    qtbot.waitUntil(lambda: all(run.series.iteration >= 60 for run in runs), timeout=START_MS)
    qtbot.waitUntil(lambda: all(run.series.test_error_pct is not None for run in runs), timeout=10_000)
    plots = window.bottom.plots
    assert window.side.lesson.index == 1
    qtbot.waitUntil(lambda: all(plot.redraws > 1 for plot in plots.values()), timeout=5000)
    assert all(len(plot.runs) == 2 and plot.with_data() for plot in plots.values())
    assert [run.colour for run in plots["error"].runs] == [window.session.colour(run.path) for run in runs]
    assert not window.workspace.panes[0].legend.isHidden(), "the network itself shows what it learns"

    qtbot.mouseClick(lab.pause_button, LEFT)
    qtbot.waitUntil(lambda: all(run.status == "paused" for run in runs), timeout=5000)
    qtbot.waitUntil(
        lambda: lab.pause_button.text() == "Resume" and lab.pause_button.isEnabled(), timeout=2000
    )
    at = [run.series.iteration for run in runs]
    qtbot.mouseClick(lab.pause_button, LEFT)
    qtbot.waitUntil(
        lambda: all(run.series.iteration > i for run, i in zip(runs, at, strict=True)), timeout=5000
    )
    qtbot.mouseClick(lab.stop_button, LEFT)
    qtbot.waitUntil(lambda: not window.bridge.training, timeout=10_000)
    assert all(run.status == "stopped" for run in runs)
    assert "stopped at iteration" in window.status

    for run in runs:
        window.session.forget(run.path)
    assert plots["error"].runs == []
    window.bottom.setCurrentIndex(RUNS)
    table = window.bottom.table
    qtbot.waitUntil(
        lambda: all(row.summary for group in table.list.groups for row in group.rows), timeout=5000
    )
    row = table.view.visualRect(table.view.table.index(0, 0, table.view.table.index(0, 0))).center()
    qtbot.mouseClick(table.view.viewport(), LEFT, pos=row)
    qtbot.mouseDClick(table.view.viewport(), LEFT, pos=row)
    again = window.session.current
    assert [run.path for run in again] == [run.path for run in runs]
    qtbot.waitUntil(
        lambda: [len(run.series.train) for run in again] == [len(run.series.train) for run in runs],
        timeout=5000,
    )
    assert all(run.resumable for run in again)


def test_killed_worker_is_told_and_resume_goes_on(window, qtbot):
    window.side.lab.form.set_base(recipe(checkpoint_seconds=0.5))
    runs = train(window, qtbot)
    qtbot.waitUntil(lambda: all(run.series.checkpoints for run in runs), timeout=10_000)
    killed = runs[0]
    os.kill(killed.worker.process_id, signal.SIGKILL)
    qtbot.waitUntil(window.offers.isVisible, timeout=2000)
    assert killed.name in window.offers.bar.text
    assert "SIGKILL" in window.offers.bar.text
    assert "SIGKILL" in window.side.lab.live.message.text()
    assert runs[1].status == "running"
    before = killed.series.iteration
    qtbot.mouseClick(window.offers.bar.buttons[0], LEFT)
    assert window.offers.isHidden()
    qtbot.waitUntil(lambda: killed.series.iteration > before + 5, timeout=START_MS)
    assert not window.side.lab.live.message.isVisible()


def test_closing_ends_the_workers_and_the_next_start_offers_to_go_on(window, qtbot, open_window):
    runs = train(window, qtbot)
    process_ids = window.bridge.process_ids
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 2.0
    assert not any(Path(f"/proc/{number}").exists() for number in process_ids)
    experiment = list_experiments()[0]
    assert all(list(run.checkpoints_path.iterdir()) for run in experiment.runs)

    second = open_window()
    qtbot.waitUntil(second.offers.isVisible, timeout=5000)
    at = min(run.series.iteration for run in runs)
    assert second.offers.bar.text == f"plain-8-w4 and resnet-8-w4 were interrupted at iteration {at:,}."
    qtbot.mouseClick(second.offers.bar.buttons[0], LEFT)
    again = second.session.current
    assert second.side.lab.watching
    qtbot.waitUntil(lambda: all(run.status == "running" for run in again), timeout=START_MS)
    assert all(run.series.started.iteration >= at for run in again), (
        "from the checkpoints, not from the start"
    )


def test_not_now_leaves_the_experiment_alone(qtbot, open_window):
    for _ in range(3):
        experiment = create_experiment(twins(), recipe())
        for run in experiment.runs:
            Recorder(run).started()
    window = open_window()
    qtbot.waitUntil(window.offers.isVisible, timeout=5000)
    assert window.offers.bar.text.endswith("2 more under Runs.")
    qtbot.mouseClick(window.offers.bar.buttons[1], LEFT)
    assert window.offers.isHidden()
    assert not window.bridge.training
    assert window.session.current == []


def recorded(state="finished", architectures=None):
    experiment = create_experiment(architectures or twins(), recipe(iterations=100))
    for run in experiment.runs:
        recorder = Recorder(run)
        recorder.started(iterations=100)
        recorder.steps(1, 100, 40.0)
        recorder.probe(100)
        recorder.ended(state, 100)
    return experiment


def test_runs_of_any_folder_are_opened_with_their_networks(window, qtbot):
    other = (presets.preset("plain-14-w4"), presets.preset("resnet-14-w4"))
    experiment = recorded(architectures=other)
    window.workspace.panes[1].add_block("relu")
    window.open_runs_in(str(experiment.path))
    assert [document.name for document in window.workspace.documents] == ["plain-14-w4", "resnet-14-w4"]
    assert not window.workspace.documents[0].modified
    qtbot.waitUntil(lambda: not window.workspace.panes[0].legend.isHidden(), timeout=5000)
    kept = [document for document in window.workspace.open_documents if document.modified]
    assert [document.name for document in kept] == ["resnet-8-w4"], "what was not saved keeps its tab"
    window.open_runs_in(str(experiment.path / "nothing"))
    assert "There is no folder" in window.status


def test_training_one_of_two_leaves_the_panes_alone(window):
    experiment = create_experiment(twins()[1:], recipe())
    window.session.take(experiment.runs)
    assert [document.name for document in window.workspace.documents] == ["plain-8-w4", "resnet-8-w4"]


def test_worker_that_had_to_end_is_offered_again(window, qtbot):
    experiment = recorded("interrupted")
    window.session.take(experiment.runs)
    for run in experiment.runs:
        window.bridge.run_ended.emit(run.path, "interrupted", "")
    qtbot.waitUntil(window.offers.isVisible, timeout=2000)
    assert window.offers.bar.text.startswith("plain-8-w4 and resnet-8-w4: the worker had to end.")


def test_unsaved_architecture_is_offered_at_the_next_start(window, qtbot, open_window):
    pane = window.workspace.panes[0]
    pane.add_block("relu")
    block = next(b for b in pane.document.architecture.blocks if b.startswith("relu"))
    window.close()
    second = open_window()
    qtbot.waitUntil(second.offers.isVisible, timeout=5000)
    assert "plain-8-w4 was changed and not saved" in second.offers.bar.text
    qtbot.mouseClick(second.offers.bar.buttons[0], LEFT)
    assert block in second.workspace.documents[0].architecture
    second.workspace.documents[0].undo_stack.undo()
    assert block not in second.workspace.documents[0].architecture
    second.close()
    assert find_leftovers() == [], "what was taken back is not offered once more"


def test_what_was_discarded_can_be_opened_again(window, qtbot, open_window):
    window.workspace.panes[1].add_block("relu")
    window.close()
    second = open_window()
    qtbot.waitUntil(second.offers.isVisible, timeout=5000)
    qtbot.mouseClick(second.offers.bar.buttons[1], LEFT)
    assert find_leftovers() == []
    assert "Ctrl+Shift+W" in second.status
    assert not second.workspace.documents[1].modified
    qtbot.keyClick(second.workspace.active.view, Qt.Key.Key_W, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    document = second.workspace.documents[1]
    assert document.modified
    assert any(block.startswith("relu") for block in document.architecture.blocks)
    document.undo_stack.undo()
    assert not document.modified


def test_the_question_at_the_end_says_what_becomes_of_the_trainings(window, qtbot):
    qtbot.mouseClick(window.side.lab.train_button, LEFT)
    window.workspace.panes[1].add_block("relu")
    window.quit()
    told = [label.text() for label in window.filing.question.findChildren(QLabel)]
    assert any("2 trainings will stop with a checkpoint, to be resumed" in text for text in told)
    window.filing.question.reject()


def test_second_window_leaves_the_first_ones_autosave_alone(window, qtbot, open_window):
    window.workspace.panes[0].add_block("relu")
    window.workspace.autosave.save()
    assert find_leftovers() == []


def test_add_wire_undo_redo_by_keys(window, qtbot):
    pane = window.workspace.panes[1]
    qtbot.mouseClick(pane.view.viewport(), LEFT, pos=QPoint(4, 4))
    assert window.workspace.active is pane
    before = files.to_json(pane.document.architecture)
    for kind in ("conv", "batch_norm", "relu"):
        window.palette_panel.kind_activated.emit(kind)
    after = files.to_json(pane.document.architecture)
    assert after != before
    window.side.lesson.setFocus()
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert files.to_json(pane.document.architecture) == before
    for _ in range(3):
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        qtbot.keyClick(window, Qt.Key.Key_Z, both)
    assert files.to_json(pane.document.architecture) == after


def test_selecting_a_block_brings_its_inspector(window, qtbot):
    window.workspace.panes[1].reveal("stem")
    qtbot.waitUntil(lambda: window.side.tabs.currentIndex() == INSPECTOR, timeout=2000)
    assert window.workspace.active is window.workspace.panes[1]


def test_twin_beside(window):
    window.workspace.activate(window.workspace.panes[1])
    window.workspace.new_from_preset("resnet-20-w4")
    window.menus["twin"].trigger()
    assert [document.name for document in window.workspace.documents] == ["plain-20-w4", "resnet-20-w4"]


def test_preset_of_any_depth_by_typing(window, qtbot):
    window.menus["presets"].trigger()
    popup = window.presets_popup
    assert popup.isVisible()
    qtbot.keyClicks(popup.edit, "plain-39")
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    assert popup.isVisible(), "what cannot be used is said where it was typed"
    assert popup._hint.property("role") == "error"
    popup.edit.clear()
    qtbot.keyClicks(popup.edit, "plain-38-w4")
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    assert not popup.isVisible()
    qtbot.waitUntil(lambda: window.workspace.active.document.name == "plain-38-w4", timeout=2000)


def test_command_palette_finds_and_does(window, qtbot):
    window.menus["commands"].trigger()
    popup = window.command_popup
    qtbot.keyClicks(popup.edit, "runs")
    qtbot.keyClick(popup.edit, Qt.Key.Key_Return)
    assert window.bottom.currentIndex() == RUNS
    window.menus["layout_overview"].trigger()
    assert window.bottom.currentIndex() == 0


def test_every_action_has_a_shortcut_of_its_own(window):
    keys = [action.shortcut().toString() for action in window.menus.actions.values()]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    pane = {key.toString() for action in window.workspace.active.editor_actions for key in action.shortcuts()}
    assert not pane & set(keys)


def test_save_and_open(window, qtbot, tmp_path):
    document = window.workspace.active.document
    path = tmp_path / "mine.json"
    window.filing.save_to(document, path)
    assert str(path) in window.status
    window.workspace.activate(window.workspace.panes[1])
    window.filing.open_file(str(path))
    assert window.workspace.active is window.workspace.panes[0], "it is open there already"
    window.workspace.close_document(document)
    window.workspace.activate(window.workspace.panes[1])
    window.filing.open_file(str(path))
    assert window.workspace.panes[1].document.architecture == document.architecture
    assert window.side.lab.choices._documents == window.workspace.documents
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    window.filing.open_file(str(broken))
    assert "broken.json" in window.status
    assert window._status.property("role") == "error"


def test_exception_in_a_slot_is_shown_and_logged(window, monkeypatch):
    monkeypatch.setattr(window._reporter, "_previous", lambda *_: None)
    try:
        raise RuntimeError("a slip")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    assert "a slip" in window.status
    assert "RuntimeError: a slip" in (data_root() / "window-log.txt").read_text()


def test_theme_and_presentation_switch_live(window, qtbot):
    mode = theme().mode
    dark = theme().is_dark
    window.menus["theme"].trigger()
    assert theme().is_dark != dark
    window.menus["present"].trigger()
    assert theme().presentation
    window.grab()
    window.menus["present"].trigger()
    assert not theme().presentation
    theme().set_mode(mode)


def test_presentation_is_readable_from_the_last_row_at_any_size(window, qtbot):
    normal = window.side.width()
    window.menus["present"].trigger()
    try:
        assert theme().font_pixels == 16
        assert window.palette_panel.isHidden()
        assert window.bottom.height() > window.workspace.height()
        window.resize(1920, 1080)
        qtbot.waitUntil(lambda: theme().font_pixels == 24, timeout=2000)
        assert theme().line_width == 4
        assert window.side.width() > normal
        assert not window.bottom.plots_button.isHidden()
        window.resize(1280, 720)
        qtbot.waitUntil(lambda: theme().font_pixels == 16, timeout=2000)
        tabs, corner = window.bottom.tabBar(), window.bottom.cornerWidget()
        qtbot.waitUntil(lambda: tabs.tabRect(tabs.count() - 1).right() <= corner.x(), timeout=1000)
        assert not window.bottom.transport.slider.isHidden(), "the button of the menu gave way to it"
    finally:
        window.menus["present"].trigger()
    assert window.side.width() == pytest.approx(normal, abs=4)
    assert not window.palette_panel.isHidden()


def test_explain_is_made_when_it_is_first_seen(window, qtbot):
    assert window.bottom.explain is None
    window.menus["explain"].trigger()
    assert window.bottom.currentIndex() == EXPLAIN
    assert window.bottom.explain is not None
    assert not window.bottom.explain.client.running


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_closes_the_program_politely(number):
    code = (
        "import app.running as w, os\n"
        "show = w.MainWindow.show\n"
        "def shown(self):\n"
        "    self.painted.connect(lambda: os.write(1, b'ready\\n'))\n"
        "    show(self)\n"
        "w.MainWindow.show = shown\n"
        "raise SystemExit(w.run(['resviz']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


def test_workers_killed_together_are_offered_together(window, qtbot):
    window.side.lab.form.set_base(recipe(checkpoint_seconds=0.5))
    runs = train(window, qtbot)
    qtbot.waitUntil(lambda: all(run.series.checkpoints for run in runs), timeout=10_000)
    for number in window.bridge.process_ids:
        os.kill(number, signal.SIGKILL)
    qtbot.waitUntil(window.offers.isVisible, timeout=2000)
    qtbot.wait(400)
    assert window.offers.bar.text.startswith("plain-8-w4 and resnet-8-w4: The worker was killed")
    before = [run.series.iteration for run in runs]
    qtbot.mouseClick(window.offers.bar.buttons[0], LEFT)
    assert window.offers.isHidden(), "one question for the pair"
    qtbot.waitUntil(
        lambda: all(run.series.iteration > at for run, at in zip(runs, before, strict=True)), timeout=START_MS
    )


def test_restored_network_stays_when_its_run_is_resumed(window, qtbot, open_window):
    experiment = recorded("interrupted")
    pane = window.workspace.panes[1]
    pane.add_block("relu")
    window.close()
    second = open_window()
    qtbot.waitUntil(second.offers.isVisible, timeout=5000)
    qtbot.mouseClick(second.offers.bar.buttons[0], LEFT)
    restored = second.workspace.documents[1]
    edited = files.to_json(restored.architecture)
    second.session.take(experiment.runs, alone=True)
    assert restored in second.workspace.open_documents
    assert files.to_json(restored.architecture) == edited
    assert second.workspace.documents[1] is not restored, "what trains is the run's own"


def test_title_names_networks_and_files(window, tmp_path):
    assert window.windowTitle() == "plain-8-w4 + resnet-8-w4 — resviz"
    assert not window.isWindowModified()
    window.workspace.panes[0].add_block("relu")
    assert window.isWindowModified()
    assert window.windowTitle() == "plain-8-w4[*] + resnet-8-w4 — resviz"
    window.filing.save_to(window.workspace.documents[0], tmp_path / "mine.json")
    assert window.windowTitle() == f"plain-8-w4 ({tmp_path / 'mine.json'}) + resnet-8-w4 — resviz"
    assert not window.isWindowModified()
    window.workspace.panes[1].add_block("relu")
    window.workspace.activate(window.workspace.panes[1])
    window.workspace.new_from_preset("plain-8")
    assert window.windowTitle().endswith(" + plain-8 + tabs behind[*] — resviz"), "that one is behind a tab"


def test_each_menu_is_whole_on_a_small_screen_and_all_of_it_is_in_the_palette(window):
    menus = window.menus
    assert max(menu.sizeHint().height() for menu in menus.menus.values()) < 690
    assert menus.menus["View"].sizeHint().height() < 640
    inside = [action.text() for action in menus.menus["View/Colour by"].actions()]
    assert "Colour by gradient norm" in inside
    assert menus.menus["View/Colour by"].menuAction() in menus.menus["View"].actions()
    found = {entry.key: entry for entry in menus.entries()}
    assert found.keys() == {name for name, action in menus.actions.items() if action.isEnabled()}
    assert found["colour_gradient_norm"].words == "View"


def test_menus_show_what_the_pane_in_use_can_do(window):
    def texts(menu):
        return [action.text() for action in window.menus.menus[menu].actions()]

    for pane in reversed(window.workspace.panes):
        window.workspace.activate(pane)
        assert {"Cut", "Copy", "Paste", "Duplicate", "Delete", "Select all"} <= set(texts("Edit"))
        assert {"Zoom in", "Zoom out", "Fit the whole network"} <= set(texts("View"))
        assert pane.editor_actions.copy in window.menus.menus["Edit"].actions()


def test_lesson_says_when_something_else_is_on_screen_and_points_only_while_read(window, qtbot):
    assert not window.side.lesson._elsewhere.isHidden(), "tiny networks are not the demonstration"
    panels = window.bottom.area.panels
    window.side.lesson.follow("training")
    assert not panels["error"].mark.isHidden()
    window.side.tabs.setCurrentIndex(INSPECTOR)
    assert all(panel.mark.isHidden() for panel in panels.values())


def test_focus_goes_to_the_network_when_an_offer_is_answered(window, qtbot):
    window.offers.ask("Really?", (("Yes", None), ("No", None)))
    button = window.offers.bar.buttons[0]
    button.setFocus()
    qtbot.mouseClick(button, LEFT)
    qtbot.waitUntil(window.workspace.active.view.hasFocus, timeout=2000)


def test_a_double_click_answers_one_question(window, qtbot):
    said = []
    for word in ("first", "second"):
        window.offers.ask(f"The {word}?", (("Yes", lambda word=word: said.append(word)),))
    for click in (qtbot.mouseClick, qtbot.mouseDClick):
        click(window.offers.bar.buttons[0], LEFT)
    assert said == ["first"]
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    qtbot.mouseClick(window.offers.bar.buttons[0], LEFT)
    assert said == ["first", "second"]


def test_the_time_cursor_and_the_selection_link_plots_and_networks(window, qtbot):
    runs = train(window, qtbot, iteration=12)
    qtbot.mouseClick(window.side.lab.stop_button, LEFT)
    qtbot.waitUntil(lambda: not window.bridge.training, timeout=10_000)
    bottom, panes = window.bottom, window.workspace.panes
    stem = panes[0].scene.block_item("stem")
    newest = pytest.approx(runs[0].series.gradient_norm[-1][0], rel=1e-5)
    qtbot.waitUntil(lambda: stem.readout == newest, timeout=2000)
    window.menus["first"].trigger()
    first = runs[0].series.gradient_norm[0][0]
    qtbot.waitUntil(lambda: stem.readout != newest, timeout=2000)
    assert stem.readout == pytest.approx(first, rel=1e-5)
    assert bottom.plots["gradient"].header.subtitle.startswith("iteration 1;")
    window.menus["live"].trigger()
    qtbot.waitUntil(lambda: stem.readout == newest, timeout=2000)

    bottom.plots["gradient"].layer_clicked.emit("stage2.block1.conv1")
    assert [pane.scene.selection_ids() for pane in panes] == [["stage2.block1"]] * 2
    qtbot.waitUntil(lambda: bottom.plots["residual"].selected == {"stage2.block1"}, timeout=1000)
    panes[1].scene.select(["stem"])
    qtbot.waitUntil(lambda: bottom.plots["gradient"].selected == {"stem"}, timeout=1000)


def in_sight(area):
    return [panel for panel in area.panels.values() if panel.in_sight]


def test_every_layout_is_made_when_first_seen_and_shows_the_runs(window, qtbot):
    runs = train(window, qtbot, iteration=60)
    qtbot.waitUntil(lambda: all(run.series.test_error_pct is not None for run in runs), timeout=10_000)
    qtbot.mouseClick(window.side.lab.stop_button, LEFT)
    qtbot.waitUntil(lambda: not window.bridge.training, timeout=10_000)
    bottom = window.bottom
    assert list(bottom.plots) == ["error", "gradient", "residual"]
    for place, layout in enumerate(LAYOUTS, 1):
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_0 + place), CONTROL)
        area = bottom.area
        assert area.layout_ is layout
        leads = [column.names[0] for column in layout.columns]
        qtbot.waitUntil(lambda: sorted(p.kind.key for p in in_sight(area)) == sorted(leads), timeout=2000)  # noqa: B023
        qtbot.waitUntil(
            lambda area=area: all(p.plot is not None and p.plot.redraws for p in in_sight(area)), timeout=5000
        )
        assert [p.kind.key for p in in_sight(area) if not p.plot.with_data()] == [], layout.title
        for column in layout.columns:
            for name in column.names[1:]:
                assert name not in area.plots, "what stands behind another plot is not made"
                window.menus[f"plot_{name}"].trigger()
                qtbot.waitUntil(lambda area=area, name=name: name in area.plots, timeout=5000)
                assert area.plots[name].with_data()
    tabs = bottom.tabBar()
    corner = bottom.cornerWidget()
    assert tabs.tabRect(tabs.count() - 1).right() <= corner.x(), "tabs and time controls have room"


def test_report_of_the_experiment_is_offered_to_open(window, qtbot, tmp_path):
    experiment = create_experiment(twins(), recipe(iterations=10))
    for run in experiment.runs:
        recorder = Recorder(run)
        recorder.started(iterations=10)
        recorder.steps(1, 10)
        recorder.ended("finished", 10)
    window.session.take(experiment.runs, alone=True)
    window.menus["report"].trigger()
    [dialog] = [each for each in window.findChildren(QFileDialog) if each.isVisible()]
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(tmp_path / "twins"))
    qtbot.keyClick(dialog.findChild(QLineEdit, "fileNameEdit"), Qt.Key.Key_Return)
    del dialog
    told = f"The report is in {tmp_path / 'twins.html'}."
    qtbot.waitUntil(lambda: window.offers.asks(told), timeout=START_MS)
    assert [button.text() for button in window.offers.bar.buttons] == ["Open", "Close"]
    qtbot.mouseClick(window.offers.bar.buttons[1], LEFT)
    assert window.offers.isHidden()


def test_picture_of_the_network_in_use_is_saved(window, qtbot, tmp_path):
    window.menus["save_network"].trigger()
    [dialog] = [each for each in window.findChildren(QFileDialog) if each.isVisible()]
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(tmp_path / "mine"))
    qtbot.keyClick(dialog.findChild(QLineEdit, "fileNameEdit"), Qt.Key.Key_Return)
    del dialog
    qtbot.waitUntil(lambda: window.status == f"Saved {tmp_path / 'mine.pdf'}.")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")
    window.menus["save_network"].trigger()
    [dialog] = [each for each in window.findChildren(QFileDialog) if each.isVisible()]
    dialog.findChild(QLineEdit, "fileNameEdit").setText(str(tmp_path / "mine.jpg"))
    qtbot.keyClick(dialog.findChild(QLineEdit, "fileNameEdit"), Qt.Key.Key_Return)
    del dialog
    assert window.status == "mine.jpg cannot be written: end its name in .png, .svg or .pdf."
    assert [each.name for each in tmp_path.iterdir()] == ["mine.pdf"]


def test_the_plot_in_use_is_copied_in_a_layout_and_alone(window, qtbot):
    experiment = create_experiment(twins(), recipe(iterations=10))
    for run in experiment.runs:
        recorder = Recorder(run)
        recorder.started(iterations=10)
        recorder.steps(1, 10)
        recorder.ended("finished", 10)
    window.session.take(experiment.runs, alone=True)
    qtbot.waitUntil(lambda: bool(window.bottom.plots["error"].with_data()), timeout=5000)
    told = "Error is on the clipboard, as a picture."
    window.menus["copy_picture"].trigger()
    assert window.status == told
    window.show_message("")
    window.menus["plot_alone"].trigger()
    qtbot.waitUntil(lambda: window.bottom.area.isHidden() or not window.bottom.area.isVisible())
    window.menus["copy_picture"].trigger()
    assert window.status == told
    window.menus["plot_alone"].trigger()
    window.menus["runs"].trigger()
    window.menus["copy_picture"].trigger()
    assert window.status.startswith("No plot is in sight")


def test_a_question_takes_its_room_from_the_plots_not_from_the_networks(window, qtbot):
    view = window.workspace.active.view
    before = view.size(), view.zoom, window.bottom.height()
    window.offers.ask("Really?", (("Yes", None), ("No", None)))
    qtbot.wait(20)
    assert window.offers.isVisible()
    assert (view.size(), view.zoom) == before[:2]
    assert window.bottom.height() < before[2]
    qtbot.mouseClick(next(b for b in window.offers.findChildren(QPushButton) if b.text() == "No"), LEFT)
    qtbot.wait(20)
    assert window.offers.isHidden()
    assert (view.size(), view.zoom, window.bottom.height()) == before
