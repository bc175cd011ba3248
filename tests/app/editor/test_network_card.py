"""What a network costs: numbers side by side, what is measured, and bars that lead to blocks."""

import sys

import msgspec
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt

from app.canvas.costs import COSTS
from app.document import Document
from app.editor.estimator import Estimator, Job
from app.editor.network_card import NetworkCard
from app.editor.stage_bars import StageBars, parts_of
from app.editor.training_plan import TrainingPlan
from resviz.arch.presets import preset
from resviz.train import estimates
from resviz.train.recipe import PAPER, Recipe
from tests.train.test_estimates import MEASURED

STUB = """
import sys, json, time
words = sys.argv[1:]
assert words[0] == "estimate" and "--again" in words
print(json.dumps({"progress": 0.5, "doing": "timing steps"}), flush=True)
print("noise", flush=True)
"""
FAILING = STUB + 'print("error: The computer is out of memory: choose less.", file=sys.stderr); sys.exit(2)'
WAITING = STUB + "time.sleep(60)"
DONE = (
    STUB
    + """
from pathlib import Path
import msgspec
from resviz.arch.files import load
from resviz.train import estimates, recipe
from resviz.train.estimates import Measured
found = dict(zip(words, words[1:]))
made = Measured(
    device="cpu", machine="Test 3000", precision="float32", threads=int(found["--threads"]),
    beside=int(found["--beside"]), asked=64, batch_size=64, step_s=0.25, test_s=0.001, memory_factor=1.5,
    whole=True, steps=5, at=0.0,
)
read = recipe.from_json(Path(found["--recipe"]).read_bytes())
assert read.batch_size == 64
estimates.keep(load(Path(words[1])), read, made)
"""
)


@pytest.fixture
def card(qtbot):
    made = []

    def make(*names, script=DONE):
        estimator = Estimator(command=["-c", script])
        shown = NetworkCard(estimator)
        qtbot.addWidget(shown)
        shown.resize(320, 700)
        shown.set_documents([Document(preset(name), shown) for name in names])
        shown.set_plan(TrainingPlan(Recipe(data="cifar10", device="cpu", batch_size=64), runs=1))
        shown.show()
        made.append(estimator)
        qtbot.waitUntil(lambda: bool(shown._predictions))
        return shown

    yield make
    for estimator in made:
        estimator.cancel()


def table(card):
    return {
        caption.text(): [cell.text() for cell in cells]
        for caption, cells in zip(card._captions, card._cells, strict=True)
    }


def test_one_network_is_told_exactly(card):
    shown = table(card("resnet-20"))
    assert shown["Depth"] == ["20 layers"]
    assert shown["Parameters"] == ["269,722"]
    assert shown["Multiply-adds"] == ["40,551,040"]
    assert shown["A step"] == ["–"]
    assert shown["64,000 steps"] == ["–"]
    assert shown["Memory"][0].startswith("≈ ")


def test_twins_are_told_side_by_side(card):
    made = card("plain-20", "resnet-20")
    assert table(made)["Parameters"] == ["269,722", "269,722"]
    assert made.verdict.text() == "The same parameters and multiply-adds: these shortcuts cost nothing."
    other = card("resnet-20-B", "resnet-20")
    assert other.verdict.text() == (
        "resnet-20-B has 2.8 k more parameters (1.0 %) and 262 k more multiply-adds (0.6 %)."
    )


def test_measuring_fills_in_time_and_says_what_it_goes_by(card, qtbot):
    made = card("resnet-20")
    before = table(made)["Memory"]
    qtbot.mouseClick(made.measure_button, Qt.MouseButton.LeftButton)
    assert made.estimator.running
    assert made.cancel_button.isVisible()
    assert not made.measure_button.isEnabled()
    qtbot.waitUntil(lambda: table(made)["A step"] == ["≈ 250 ms"], timeout=10_000)
    assert table(made)["64,000 steps"][0].startswith("≈ 4 h")
    assert table(made)["Memory"] != before
    assert made.note.text().startswith("Estimated by 5 steps of it on 1970-01-0")
    assert "again" in made.measure_button.toolTip()
    assert not made.cancel_button.isVisible()
    made.batch.setValue(128)
    qtbot.waitUntil(lambda: table(made)["A step"] == ["≈ 500 ms"])
    assert "batches of 64 were measured" in made.note.text()


def test_what_was_measured_before_is_known(card, qtbot):
    made = card("resnet-20")
    recipe = made._plan.with_batch(64)
    measured = msgspec.structs.replace(MEASURED, threads=made._plan.threads, step_s=1.0, asked=64)
    estimates.keep(preset("resnet-20"), recipe, measured)
    made.refresh()
    qtbot.waitUntil(lambda: table(made)["A step"] == ["≈ 500 ms"])
    # More runs than cores take longer than what was measured of one.
    runs = 8 * made._plan.threads
    crowded = TrainingPlan(made._plan.recipe, runs)
    assert crowded.crowding(1) == runs * crowded.threads / made._plan.threads


def test_measuring_can_be_cancelled(card, qtbot):
    made = card("plain-8", "resnet-8", script=WAITING)
    made.set_plan(TrainingPlan(made._plan.recipe, runs=2))
    made.measure()
    assert len(made.estimator._children) == 2  # At once, as they would be trained.
    qtbot.waitUntil(lambda: made.estimator.share == 0.5, timeout=10_000)
    assert made.note.text() == "Timing steps …"
    qtbot.mouseClick(made.cancel_button, Qt.MouseButton.LeftButton)
    assert not made.estimator.running
    assert not made.cancel_button.isVisible()


def test_a_network_beside_a_broken_one_is_measured_alone(card, qtbot):
    made = card("resnet-20", "resnet-8")
    made.set_plan(TrainingPlan(made._plan.recipe, runs=2))
    made._documents[1].disconnect_wire(made._documents[1].architecture.incoming("pool")["in"])
    qtbot.waitUntil(lambda: len(made._predictions) == 1)
    made.measure()
    qtbot.waitUntil(lambda: table(made)["A step"] == ["≈ 250 ms", "–"], timeout=10_000)


def test_a_failure_is_a_sentence(card, qtbot):
    made = card("resnet-8", script=FAILING)
    made.measure()
    qtbot.waitUntil(lambda: not made.estimator.running, timeout=10_000)
    assert made.note.text() == "The computer is out of memory: choose less."
    assert made.note.property("role") == "error"


def test_nothing_is_measured_beside_a_training(card):
    made = card("resnet-8")
    made.set_busy(True)
    made.measure()
    assert not made.estimator.running
    assert not made.measure_button.isEnabled()
    assert "A training is running" in made.measure_button.toolTip()
    assert "A training is running" in made.note.text()
    made.set_busy(False)
    assert made.measure_button.isEnabled()
    assert "A training is running" not in made.note.text()


def test_a_network_with_problems_costs_nothing_yet(card, qtbot):
    made = card("resnet-8")
    (document,) = made._documents
    document.set_params("classifier", {"out_features": 7})
    document.disconnect_wire(document.architecture.incoming("classifier")["in"])
    qtbot.waitUntil(lambda: not made._predictions)
    assert table(made)["Parameters"] == ["–"]
    assert "when the problems are mended" in made.note.text()
    assert not made.measure_button.isEnabled()


def test_a_python_that_is_not_there_is_told(qtbot, monkeypatch):
    estimator = Estimator()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with qtbot.waitSignal(estimator.changed):
        estimator.start([Job(preset("resnet-8"), PAPER, 1)])
    qtbot.waitUntil(lambda: not estimator.running)
    assert estimator.problem.startswith("The measurement could not be started")


def test_parts_are_stages_or_sizes():
    document = Document(preset("resnet-20"))
    parts = parts_of(document, COSTS["parameters"])
    assert [part.name for part in parts] == ["stem", "stage1", "stage2", "stage3", "classifier"]
    assert sum(part.share for part in parts) == pytest.approx(100)
    assert parts[1].blocks == ("stage1.block1", "stage1.block2", "stage1.block3")
    loose = preset("resnet-56")
    for number, block_id in enumerate(list(loose.blocks)):
        loose.rename(block_id, f"b{number}")
    assert [part.name for part in parts_of(Document(loose), COSTS["multiply_adds"])] == [
        "16 x 32 x 32", "32 x 16 x 16", "64 x 8 x 8", "10",
    ]  # fmt: skip


def test_bars_lead_to_their_blocks(qtbot):
    bars = StageBars()
    qtbot.addWidget(bars)
    bars.show_parts(parts_of(Document(preset("resnet-8")), COSTS["parameters"]), COSTS["parameters"])
    bars.resize(300, bars.sizeHint().height())
    bars.show()
    with qtbot.waitSignal(bars.chosen) as chosen:
        qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(50, bars._row + 4))
    assert chosen.args == [("stage1.block1",)]
    bars.setFocus()
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    with qtbot.waitSignal(bars.chosen) as chosen:
        qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert chosen.args == [("stage1.block1",)]


def test_the_inspector_shows_the_card_while_nothing_is_selected(open_pane, qtbot):
    from app.editor.inspector import Inspector

    pane, _hand = open_pane("resnet-20")
    inspector = Inspector()
    qtbot.addWidget(inspector)
    inspector.set_pane(pane)
    inspector.show()
    assert inspector.card.isVisible()
    pane.scene.select(["stem"])
    qtbot.waitUntil(lambda: not inspector.card.isVisible())
    pane.scene.clearSelection()
    qtbot.waitUntil(inspector.card.isVisible)
    inspector.card.bars.chosen.emit(("stage2.block1", "stage2.block2"))
    assert pane.scene.selection_ids() == ["stage2.block1", "stage2.block2"]
    inspector.set_compared([Document(preset("plain-20"), inspector)])
    pane.scene.clearSelection()
    qtbot.waitUntil(lambda: table(inspector.card)["Parameters"] == ["269,722", "269,722"])


def test_laying_out_opens_no_window_that_takes_the_keyboard(card, qapp):
    shown = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and watched.isWidgetType() and watched.isWindow():
                shown.append(watched)
            return False

    made, watch = card("resnet-8"), Watch()
    qapp.installEventFilter(watch)
    made.set_documents([*made._documents, Document(preset("plain-8"), made)])
    qapp.removeEventFilter(watch)
    assert shown == []
    assert all(head.isVisible() for head in made._heads)
