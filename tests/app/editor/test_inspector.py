import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSpinBox

from app.editor.fields import common_parameters
from app.editor.inspector import Inspector
from app.editor.problems import ProblemCard
from resviz.arch.graph import Architecture


@pytest.fixture
def inspect(open_pane, qtbot):
    def inspected(architecture="resnet-20"):
        pane, hand = open_pane(architecture)
        inspector = Inspector()
        qtbot.addWidget(inspector)
        inspector.set_pane(pane)
        inspector.resize(300, 700)
        inspector.show()
        hand.settle()
        return pane, hand, inspector

    return inspected


def texts(inspector):
    return [label.text() for label in inspector._scroll.widget().findChildren(QLabel)]


def type_into(box, text):
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def test_nothing_selected_shows_the_network(inspect):
    _, _, inspector = inspect()
    shown = texts(inspector)
    for text in ("resnet-20", "20 layers", "269,722", "40,551,040", "3 x 32 x 32", "10"):
        assert text in shown, (text, shown)


def test_a_block_with_everything_about_it(inspect):
    pane, hand, inspector = inspect()
    hand.click("stage2.block1")
    shown = texts(inspector)
    spec = pane.document.architecture["stage2.block1"].spec
    for text in (spec.title, spec.doc, spec.source, "16 x 32 x 32", "32 x 16 x 16"):
        assert text in shown, (text, shown)
    assert "32,768 · 8.7 %" in shown  # of the activations
    assert "9 layers" in shown
    assert "21 × 21 pixels" in shown
    assert inspector.rename.text() == "stage2.block1"
    assert set(inspector.fields) == {"out_channels", "stride", "shortcut"}


def test_a_typed_value_is_one_step_with_live_effect(inspect):
    pane, hand, inspector = inspect()
    hand.click("classifier")
    box = inspector.fields["out_features"].widget
    assert isinstance(box, QSpinBox)
    type_into(box, "100")
    hand.settle()
    assert pane.document.architecture["classifier"].params["out_features"] == 100
    assert pane.document.undo_stack.count() == 1
    assert "100" in texts(inspector)
    type_into(box, "20")
    assert pane.document.undo_stack.count() == 2
    pane.undo()
    hand.settle()
    assert box.value() == 100  # the field follows


def test_steps_of_one_turn_are_one_undo_step(inspect):
    pane, hand, inspector = inspect()
    hand.click("stem")
    box = inspector.fields["kernel_size"].widget
    box.setFocus()
    for _ in range(4):
        QTest.keyClick(box, Qt.Key.Key_Up)
    assert pane.document.architecture["stem"].params["kernel_size"] == 7
    assert pane.document.undo_stack.count() == 1


def test_choices_and_switches(inspect):
    pane, hand, inspector = inspect()
    hand.click("stage1.block1")
    combo = inspector.fields["shortcut"].widget
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    hand.settle()
    assert pane.document.architecture["stage1.block1"].params["shortcut"] == "B"
    hand.click("classifier")
    switch = inspector.fields["bias"].widget
    assert isinstance(switch, QCheckBox)
    assert switch.isChecked()
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    hand.settle()
    assert pane.document.architecture["classifier"].params["bias"] is False


def test_several_blocks_show_mixed_values_and_change_together(inspect):
    pane, hand, inspector = inspect()
    pane.scene.select(["stage1.block1", "stage2.block1", "stem"])
    hand.settle()
    assert set(inspector.fields) == {"out_channels", "stride"}
    box = inspector.fields["out_channels"].widget
    assert box.text() == "mixed"
    type_into(box, "24")
    hand.settle()
    architecture = pane.document.architecture
    assert {architecture[b].params["out_channels"] for b in ("stage1.block1", "stage2.block1", "stem")} == {
        24
    }
    assert box.text() == "24"
    assert pane.document.undo_stack.count() == 1


def test_mixed_shortcuts(inspect):
    pane, hand, inspector = inspect()
    pane.edits.set_params({"stage1.block1": {"shortcut": "C"}})
    pane.scene.select(["stage1.block1", "stage1.block2"])
    hand.settle()
    assert inspector.fields["shortcut"].widget.currentIndex() == -1
    assert inspector.fields["stride"].widget.value() == 1


def test_rename(inspect):
    pane, hand, inspector = inspect()
    hand.click("stem")
    type_into(inspector.rename, "entry")
    hand.settle()
    assert "entry" in pane.document.architecture
    assert pane.scene.selection_ids() == ["entry"]
    assert inspector.rename.text() == "entry"
    type_into(inspector.rename, "pool")
    assert inspector.error.isVisible()
    assert "already" in inspector.error.text()
    assert inspector.rename.text() == "entry"


def test_problems_are_listed_and_lead_to_their_block(inspect):
    pane, hand, inspector = inspect()
    pane.edits.remove(["stage2.block2"])
    hand.settle()
    cards = inspector._scroll.widget().findChildren(ProblemCard)
    assert len(cards) == len(pane.document.inference.problems) >= 2
    QTest.mouseClick(cards[-1], Qt.MouseButton.LeftButton)
    hand.settle()
    assert pane.scene.selection_ids() == [cards[-1].problem.block]
    (card,) = [c for c in inspector._scroll.widget().findChildren(ProblemCard) if c.isVisible()]
    title = card.button.text()
    assert title.startswith("Connect")
    QTest.mouseClick(card.button, Qt.MouseButton.LeftButton)
    hand.settle()
    assert pane.document.inference.problems == []
    assert pane.document.undo_stack.undoText() == title
    pane.undo()
    pane.undo()
    pane.scene.clearSelection()
    hand.settle()
    assert [c for c in inspector._scroll.widget().findChildren(ProblemCard) if c.isVisible()] == []


def test_a_wheel_over_a_field_changes_nothing(inspect):
    pane, hand, inspector = inspect()
    hand.click("stem")
    box = inspector.fields["out_channels"].widget
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QGuiApplication.instance().sendEvent(box, wheel)
    assert pane.document.undo_stack.count() == 0


def test_the_pane_in_hand_changes(inspect, open_pane):
    _pane, hand, inspector = inspect()
    other, _other_hand = open_pane("plain-8")
    inspector.set_pane(other)
    assert "plain-8" in texts(inspector)
    hand.click("stem")
    assert inspector.rename is None
    inspector.set_pane(None)
    assert inspector.fields == {}


def test_common_parameters_take_the_narrower_range():
    architecture = Architecture()
    blocks = [
        architecture.add("max_pool", "a"),
        architecture.add("avg_pool", "b"),
        architecture.add("conv", "c"),
    ]
    common = {parameter.name: parameter for parameter in common_parameters(blocks)}
    assert set(common) == {"kernel_size", "stride", "padding"}
    assert common["kernel_size"].maximum == 31
    assert common["stride"].maximum == 16


def test_a_stage_is_changed_by_mouse_in_one_step(inspect):
    pane, hand, inspector = inspect("plain-20")
    before = pane.document.architecture.copy()
    hand.click("stage2.block2")
    (button,) = [b for b in inspector.findChildren(QPushButton) if "stage2" in b.text()]
    assert button.text() == "Change all 3 of stage2 together"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    hand.settle()
    assert pane.scene.selection_ids() == [f"stage2.block{i}" for i in (1, 2, 3)]
    combo = inspector.fields["shortcut"].widget
    QTest.keyClick(combo, Qt.Key.Key_B)
    hand.settle()
    blocks = pane.document.architecture
    assert {blocks[b].params["shortcut"] for b in pane.scene.selection_ids()} == {"B"}
    assert inspector.fields["stride"].widget.text() == "mixed"
    assert pane.document.undo_stack.count() == 1
    pane.undo()
    assert pane.document.architecture == before


def test_arrows_lead_on_from_the_first_value_and_are_one_step(inspect):
    pane, hand, inspector = inspect()
    pane.scene.select(["stage1.block1", "stage2.block1"])
    hand.settle()
    box = inspector.fields["out_channels"].widget
    box.setFocus()
    for expected in (24, 32, 40):  # at 32 one of the two is there already
        QTest.keyClick(box, Qt.Key.Key_Up)
        hand.settle()
        assert box.value() == expected
    blocks = pane.document.architecture
    assert [blocks[b].params["out_channels"] for b in ("stage1.block1", "stage2.block1")] == [40, 40]
    assert pane.document.undo_stack.count() == 1
    pane.undo()
    hand.settle()
    assert [blocks[b].params["out_channels"] for b in ("stage1.block1", "stage2.block1")] == [16, 32]
    assert box.text() == "mixed"
    QTest.keyClick(box, Qt.Key.Key_Down)
    hand.settle()
    assert box.value() == 8


def test_mixed_switches_and_kinds_that_share_nothing(inspect):
    architecture = Architecture()
    for name in ("a", "b"):
        architecture.add("linear", name, None, bias=name == "a")
    architecture.add("relu", "c")
    pane, hand, inspector = inspect(architecture)
    pane.scene.select(["a", "b"])
    hand.settle()
    switch = inspector.fields["bias"].widget
    assert switch.checkState() == Qt.CheckState.PartiallyChecked
    assert switch.text() == "mixed"
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    hand.settle()
    assert len({pane.document.architecture[b].params["bias"] for b in "ab"}) == 1
    assert switch.text() == ""
    pane.scene.select(["a", "c"])
    hand.settle()
    assert inspector.fields == {}
    assert any("no parameter in common" in text for text in texts(inspector))
