"""An exception that leaves an overridden method is reported: the process does not die of it."""

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QGraphicsView, QWidget

from app.overrides import make_errors_whole

make_errors_whole()
EMPTY: list[int] = []


class Faulty(QWidget):
    def showEvent(self, event):
        _, _ = iter("x")  # raised by C code, as a class and a text

    def own(self):
        return 1


class FaultyItem(QGraphicsItem):
    def boundingRect(self):
        return QRectF(0, 0, 10, 10)

    def paint(self, painter, option, widget=None):
        EMPTY[1]


def test_an_error_of_a_widget_is_an_exception(qtbot):
    widget = Faulty()
    qtbot.addWidget(widget)
    with qtbot.captureExceptions() as caught, pytest.raises(ValueError, match="not enough values"):
        widget.show()
    assert not caught
    widget.hide()
    assert widget.own() == 1


def test_an_error_of_a_painting_item_is_an_exception(qtbot):
    scene = QGraphicsScene()
    item = FaultyItem()
    scene.addItem(item)
    view = QGraphicsView(scene)
    qtbot.addWidget(view)
    with qtbot.captureExceptions() as caught:
        with pytest.raises(IndexError):
            view.grab()
        scene.removeItem(item)
    assert not caught
