import pytest
from PySide6.QtCore import Qt

from app.document import Document
from app.lab.bridge import WorkerBridge
from app.lab.live_view import duration_text, error_text
from app.lab.panel import LabPanel
from app.lab.session import Session
from resviz.arch.presets import preset
from resviz.runs.store import create_experiment
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
    assert [document.name for document in panel.chosen] == ["plain-8-w4", "resnet-8-w4"]


def test_nothing_chosen_is_said_above_the_button(panel, qtbot):
    for check in panel._checks:
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
    panel._documents[0].replace(broken, "Break")
    qtbot.waitUntil(lambda: not panel.train_button.isEnabled(), timeout=2000)
    assert panel.problem.startswith("plain-8-w4")


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


def test_texts():
    assert error_text(None) == error_text(float("nan")) == "–"
    assert error_text(41.26) == "41.3 %"
    assert [duration_text(s) for s in (None, 45, 600, 11_100)] == ["", "45 s", "10 min", "3 h 5 min"]
