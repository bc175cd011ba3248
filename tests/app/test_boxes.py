from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

import app
from app.boxes import ComboBox, DoubleSpinBox, SpinBox
from app.lab.scroll import ScrollColumn


@pytest.fixture
def column(qtbot):
    column = ScrollColumn()
    qtbot.addWidget(column)
    for _ in range(4):
        combo, whole, fraction = ComboBox(), SpinBox(), DoubleSpinBox()
        combo.addItems(["A", "none"])
        whole.setValue(5)
        fraction.setValue(0.5)
        for box in (combo, whole, fraction):
            box.setFixedHeight(40)
            column.column.addWidget(box)
    column.resize(200, 200)
    column.show()
    return column


def scroll(column, notches=1):
    place = QPointF(60, 100)
    turned = QPoint(0, -120 * notches)
    QTest.wheelEvent(column.windowHandle(), place, turned, turned)


def values(column):
    boxes = column.findChildren(QWidget)
    return [box.currentText() for box in boxes if isinstance(box, ComboBox)] + [
        box.value() for box in boxes if isinstance(box, SpinBox | DoubleSpinBox)
    ]


def test_the_wheel_scrolls_past_all_boxes_and_changes_none(column):
    before = values(column)
    bar = column.verticalScrollBar()
    at = []
    for _ in range(8):
        at.append(bar.value())
        scroll(column)
    assert bar.value() == bar.maximum() > 100
    assert len(set(at)) > 2
    assert values(column) == before


def test_after_a_choice_one_scrolls_on(column):
    combo = column.findChildren(ComboBox)[0]
    combo.setFocus(Qt.FocusReason.MouseFocusReason)
    place = QPointF(combo.mapTo(column, QPoint(20, 20)))
    QTest.wheelEvent(column.windowHandle(), place, QPoint(0, -120), QPoint(0, -120))
    assert combo.currentText() == "A"
    assert column.verticalScrollBar().value() > 0


def test_a_number_in_use_is_turned(column):
    box = column.findChildren(SpinBox)[0]
    box.setFocus(Qt.FocusReason.MouseFocusReason)
    place = QPointF(box.mapTo(column, QPoint(20, 20)))
    QTest.wheelEvent(column.windowHandle(), place, QPoint(0, 120), QPoint(0, 120))
    assert box.value() == 6


def test_all_boxes_are_of_these_kinds():
    folder = Path(app.__file__).parent
    for file in folder.rglob("*.py"):
        if file.name == "boxes.py":
            continue
        for kind in ("QComboBox", "QSpinBox", "QDoubleSpinBox"):
            assert f"{kind}(" not in file.read_text(encoding="utf-8"), f"{file}: the wheel changes a {kind}"
            assert f"({kind})" not in file.read_text(encoding="utf-8"), file
