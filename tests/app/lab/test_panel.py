import shutil

import pytest
from PySide6.QtCore import Qt

from app.document import Document
from app.lab import followed
from app.lab import panel as lab_panel
from app.lab.bridge import WorkerBridge
from app.lab.live_view import activity_text, duration_text, error_text, preparing_text
from app.lab.panel import LabPanel
from app.lab.session import Session
from app.lab.worker_process import WorkerProcess
from resviz.arch.presets import preset
from resviz.cli.arch import _training_memory, _training_text
from resviz.errors import DiskFullError
from resviz.runs.events import RateChanged, Stepped
from resviz.runs.store import create_experiment
from resviz.train.memory import Budget
from resviz.train.recipe import PAPER
from tests.app.lab.tiny import Recorder, recipe, twins


@pytest.fixture
def panel(qtbot):
    bridge = WorkerBridge()
    session = Session(bridge)
    made = LabPanel(session)
    qtbot.addWidget(made)
    documents = [Document(architecture, made) for architecture in twins()]
    made.set_documents(documents)
    made.resize(312, 480)
    made.show()
    yield made
    bridge.close()


def open_experiment(panel, qtbot, *, state=None, errors=(80.0, 30.0)):
    experiment = create_experiment(twins(), recipe())
    for run, error in zip(experiment.runs, errors, strict=True):
        recorder = Recorder(run)
        recorder.started()
        recorder.steps(1, 40, error)
        if state:
            recorder.ended(state, 40)
    panel._session.take(experiment.runs)
    qtbot.waitUntil(lambda: all(run.series.iteration == 40 for run in panel._session.current), timeout=3000)
    return experiment


def test_ready_to_train_both(panel):
    assert panel.problem == ""
    assert panel.train_button.isEnabled()
    assert [document.name for document in panel.choices.documents] == ["plain-8-w4", "resnet-8-w4"]


def test_nothing_chosen_is_said_above_the_button(panel, qtbot):
    for check in panel.choices.checks:
        qtbot.mouseClick(check, Qt.MouseButton.LeftButton, pos=check.rect().center())
        if check.isChecked():  # The middle of a wide box is no part of it.
            check.click()
    assert panel.problem == "Choose at least one architecture to train."
    assert not panel.train_button.isEnabled()
    assert panel._problem.isVisible()


def test_broken_architecture_is_named_with_its_mend(panel, qtbot):
    broken = twins()[0]
    wire = broken.wires[0]
    broken.disconnect(wire)
    panel.choices._documents[0].replace(broken, "Break")
    qtbot.waitUntil(lambda: not panel.train_button.isEnabled(), timeout=2000)
    assert panel.problem.startswith("plain-8-w4")
    assert panel.problem.endswith("(1 more problem.)")
    with qtbot.waitSignal(panel.problems_wanted) as asked:
        qtbot.mouseClick(panel.problems_button, Qt.MouseButton.LeftButton)
    assert asked.args == [panel.choices._documents[0]]
    with qtbot.waitSignal(panel.problems_wanted):
        panel.train()
    panel.choices._documents[0].undo_stack.undo()
    qtbot.waitUntil(panel.problems_button.isHidden, timeout=2000)


def test_too_few_outputs_for_the_data(panel):
    panel.form.data.choose("cifar100")
    assert "CIFAR-100 has 100 classes, but plain-8-w4 has 10 outputs" in panel.problem
    wide = [
        Document(preset(name, input_shape=(3, 8, 8), classes=100), panel)
        for name in ("plain-8-w4", "resnet-8-w4")
    ]
    panel.set_documents(wide)
    assert panel.problem == ""


def test_gap_and_errors_are_large_and_right(panel, qtbot):
    open_experiment(panel, qtbot, state="finished")
    assert panel.watching
    assert panel.live.gap_points == pytest.approx(50.0)
    texts = [label.text() for label in panel.live.findChildren(type(panel._title))]
    assert "50.0 points" in texts
    assert "80.0 %" in texts
    assert "30.0 %" in texts
    assert panel.new_button.isVisible()
    assert not panel.pause_button.isVisible(), "a finished run is not resumed"


def test_interrupted_run_offers_resume_and_a_way_back(panel, qtbot):
    open_experiment(panel, qtbot, state="interrupted")
    assert panel.pause_button.isVisible()
    assert panel.pause_button.text() == "Resume"
    qtbot.mouseClick(panel.new_button, Qt.MouseButton.LeftButton)
    assert panel.train_button.isVisible()
    qtbot.mouseClick(panel.watch_button, Qt.MouseButton.LeftButton)
    assert panel.watching


def test_failure_is_shown_in_its_sentence(panel, qtbot):
    experiment = create_experiment(twins()[:1], recipe())
    recorder = Recorder(experiment.runs[0])
    recorder.started()
    recorder.ended("failed", 3, "The disk is full: make room, then resume the run.")
    panel._session.take(experiment.runs)
    qtbot.waitUntil(panel.live.message.isVisible, timeout=3000)
    assert panel.live.message.text() == "The disk is full: make room, then resume the run."


DIVERGED = "Training diverged: the loss stopped being a number by iteration 41; start again."


def test_one_twin_diverges_and_the_other_goes_on(panel, qtbot):
    experiment = open_experiment(panel, qtbot)
    plain, residual = panel._session.current
    Recorder(plain.run).write(Stepped(1041.0, 41, None, 90.0, 0.1, 160.0))
    Recorder(plain.run).ended("failed", 41, DIVERGED)
    Recorder(residual.run).steps(41, 60, 20.0)
    with experiment.runs[1].lock():
        qtbot.waitUntil(
            lambda: (residual.series.iteration, residual.status, plain.status) == (60, "running", "failed"),
            timeout=5000,
        )
        panel._on_updated()
        assert panel.live.message.text() == f"plain-8-w4: {DIVERGED}"
        assert [activity_text(run) for run in (plain, residual)] == ["diverged at 41", "iteration 60"]
        assert panel.live.progress.value() == 60, "it is the other's"
        assert panel.pause_button.text() == "Pause"
        assert "iterations 41 and 60" in panel.live._gap_caption.text()


def test_a_full_disk_is_told_and_stop_needs_no_room(panel, qtbot, monkeypatch):
    class Worker(WorkerProcess):
        told = False

        def end_now(self):
            self.told = True

    def no_room(_command):
        raise DiskFullError("The disk is full.")

    open_experiment(panel, qtbot)
    worker = Worker((panel._session.current[0].run,), 1, panel)
    give(panel, ["running", "running"], worker=worker)
    monkeypatch.setattr(followed, "_SILENT_SECONDS", 0.0)
    monkeypatch.setattr(followed, "_IDLE_SECONDS", 0.05)
    Usage = type(shutil.disk_usage("."))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 100, 0))
    qtbot.waitUntil(lambda: all(run.status == "paused" for run in panel._session.current), timeout=3000)
    panel._on_updated()
    sentence = "The disk is full: make room, then training goes on by itself."
    assert panel.live.message.text() == sentence, "once for both"
    for run in panel._session.current:
        run.run.send = no_room
    panel.stop()
    assert worker.told
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 0, 10**9))
    qtbot.waitUntil(lambda: all(run.status == "running" for run in panel._session.current), timeout=3000)
    give(panel, ["stopped", "stopped"])


def test_pause_that_the_log_tells_of_names_no_folder(panel, qtbot):
    experiment = open_experiment(panel, qtbot)
    run = experiment.runs[1]
    with experiment.runs[0].lock(), run.lock():
        message = f"The disk of {run.path.absolute()} is full: make room, then training goes on by itself."
        Recorder(run).ended("paused", 40, message)
        qtbot.waitUntil(lambda: panel._session.current[1].status == "paused", timeout=3000)
        panel._on_updated()
        assert panel.live.message.text() == (
            "resnet-8-w4: The disk is full: make room, then training goes on by itself."
        )
        assert panel.live._readouts[1]._state.property("role") == "error"


def test_texts():
    assert error_text(None) == error_text(float("nan")) == "–"
    assert error_text(41.26) == "41.3 %"
    assert [duration_text(s) for s in (None, 45, 600, 11_100)] == ["", "45 s", "10 min", "3 h 5 min"]


def give(panel, statuses, *, worker=None):
    """Let the runs in hand stand in given states, as workers of ours would."""
    for run, status in zip(panel._session.current, statuses, strict=True):
        run.series.state, run._alive, run.worker = status, True, worker
    panel._refresh_buttons()


def test_space_after_pause_never_stops(panel, qtbot):
    open_experiment(panel, qtbot)
    give(panel, ["running", "running"])
    panel.pause_button.setFocus()
    qtbot.waitUntil(panel.pause_button.hasFocus, timeout=2000)
    sent = []
    for run in panel._session.current:
        run.run.send = lambda command: sent.append(type(command).__name__)
    for _ in range(3):
        qtbot.keyClick(panel.window().focusWidget(), Qt.Key.Key_Space)
    assert sent == ["Pause", "Pause"], "once for each run, and nothing else"
    assert panel.pause_button.hasFocus()


def test_long_iteration_can_be_ended_in_its_middle(panel, qtbot):
    class Worker(WorkerProcess):
        told = False

        def end_now(self):
            self.told = True

    open_experiment(panel, qtbot)
    worker = Worker((panel._session.current[0].run,), 1, panel)
    give(panel, ["running", "running"], worker=worker)
    panel.stop()
    assert not panel.stop_button.isEnabled()
    for run in panel._session.current:
        run.wished_at -= 3.0
    panel._refresh_buttons()
    assert panel.stop_button.isEnabled()
    assert panel.stop_button.text() == "End now"
    panel.stop()
    assert worker.told
    assert not panel.stop_button.isEnabled()
    give(panel, ["stopped", "stopped"])


def test_network_of_imagenet_is_fitted_to_the_data(panel, qtbot):
    document = Document(preset("resnet-18"), panel)
    panel.set_documents([document])
    assert panel.choices.advice.text().startswith(
        "resnet-18 expects 224x224 pictures and has 1,000 outputs; Built-in shapes has 32x32 and 10 classes."
    )
    qtbot.mouseClick(panel.choices.fit_button, Qt.MouseButton.LeftButton)
    assert document.inference.input_shape == (3, 32, 32)
    assert document.inference.output_shape == (10,)
    qtbot.waitUntil(panel.choices.fit_button.isHidden, timeout=2000)
    assert panel.choices.advice.isHidden()
    document.undo_stack.undo()
    assert document.inference.input_shape == (3, 224, 224)


def test_costly_step_is_warned_of_in_a_moment(panel, qtbot):
    panel.set_documents([Document(preset("resnet-1202"), panel)])
    assert panel.choices.advice.isHidden()
    qtbot.waitUntil(lambda: "billion multiply-adds" in panel.choices.advice.text())
    assert panel.problem == ""


def test_memory_is_what_info_and_the_worker_say(panel, monkeypatch, qtbot):
    architecture = preset("resnet-1202")
    panel.form.preset.setCurrentText("Paper")
    panel.set_documents([Document(architecture, panel)])
    of_run = Budget(architecture, PAPER, "float32", 2**32)
    qtbot.waitUntil(lambda: of_run.need in panel.choices.advice.text())
    assert of_run.need in _training_text(_training_memory(architecture))
    monkeypatch.setattr(lab_panel, "free_beside_cards", lambda: 2**32)
    panel.form.groups.rows["device"].show_value("cpu")
    panel.form.groups.rows["device"].edited.emit()
    qtbot.waitUntil(lambda: panel.choices.advice.text() == of_run.warning())
    assert "choose a batch of" in of_run.warning()


def test_rate_in_force_is_followed_and_a_large_one_asked_about(panel, qtbot):
    open_experiment(panel, qtbot)
    give(panel, ["running", "running"])
    panel._on_updated()
    row = panel.rate_row
    assert row.rate.edit.text() == "0.1"
    Recorder(panel._session.current[0].run).write(RateChanged(40, 0.5, 0.05))
    qtbot.waitUntil(lambda: row.rate.edit.text() == "0.05", timeout=3000)
    give(panel, ["running", "running"])
    sent, told = [], []
    row.chosen.connect(sent.append)
    panel.told.connect(told.append)
    row.rate.edit.selectAll()
    qtbot.keyClicks(row.rate.edit, "99")
    row.refresh()
    assert row.rate.edit.text() == "99", "what is being typed stays"
    qtbot.keyClick(row.rate.edit, Qt.Key.Key_Return)
    assert sent == []
    assert row.question.text() == "0.1 → 99 is 990 times as much."
    qtbot.mouseClick(row.anyway_button, Qt.MouseButton.LeftButton)
    assert sent == [99.0]
    for run in panel._session.current:
        Recorder(run.run).write(RateChanged(40, 990.0, 99.0))
    qtbot.waitUntil(lambda: bool(told), timeout=3000)
    assert told == ["The learning rate is 99 from iteration 40 on."]


def test_time_left_waits_for_every_run(panel, qtbot):
    open_experiment(panel, qtbot)
    give(panel, ["running", "running"])
    slow = panel._session.current[1].series
    slow.pace_from = slow._steps.size
    panel.live.refresh()
    assert panel.live._where.text().endswith("– iterations/s · – left")


def test_gap_of_twins_at_different_iterations_says_where(panel, qtbot):
    open_experiment(panel, qtbot, state="stopped")
    panel._session.current[0].series.iteration = 36
    panel.live.refresh()
    assert panel.live._gap_caption.text().endswith("at iterations 36 and 40")


def test_lacking_card_is_told_in_the_forms_words(panel, qtbot):
    experiment = create_experiment(twins()[:1], recipe())
    message = "--device cuda: this machine has no CUDA card or driver; choose auto or cpu."
    Recorder(experiment.runs[0]).ended("failed", 0, message)
    panel._session.take(experiment.runs)
    qtbot.waitUntil(panel.live.message.isVisible, timeout=3000)
    assert panel.live.message.text() == "This machine has no CUDA card: choose Automatic or CPU."
    assert not panel.pause_button.isVisible(), "to resume could only fail again"


def test_reading_pictures_is_told_with_its_share(panel, qtbot):
    open_experiment(panel, qtbot)
    run = panel._session.current[0]
    run.worker, run.begun = object(), False
    run.note, run.progress = "reading 12,000 pictures", 0.43
    assert preparing_text(panel._session.current) == "Reading 12,000 pictures: 43 %."
    run.note, run.progress = "Starting the worker", None
    assert "PyTorch is being loaded" in preparing_text(panel._session.current)
    run.worker, run.begun = None, True


def test_each_network_is_trained_with_so_many_seeds(panel, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(panel._session, "train", lambda *given: asked.append(given))
    qtbot.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    assert [list(seeds) for _, _, seeds in asked] == [[0]]
    panel.choices.seeds.setFocus()
    qtbot.keyClick(panel.choices.seeds, Qt.Key.Key_Up)
    qtbot.keyClick(panel.choices.seeds, Qt.Key.Key_Up)
    qtbot.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    architectures, recipe, seeds = asked[1]
    assert (len(architectures), recipe.seed, list(seeds)) == (2, 0, [0, 1, 2])
