"""A column that scrolls where it has too little room."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.lab.choices import ElidedCheck
from app.lab.scroll import ScrollColumn


class Picture(QWidget):
    """Keeps its shape: the wider, the higher."""

    def __init__(self):
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width):
        return width

    def sizeHint(self):
        return QSize(100, self.heightForWidth(self.width()))


def test_what_is_higher_the_wider_it_is_does_not_dance_with_the_bar(qtbot):
    scroll = ScrollColumn()
    qtbot.addWidget(scroll)
    scroll.column.addWidget(Picture())
    scroll.column.addStretch(1)
    scroll.resize(300, 200)
    scroll.show()
    qtbot.waitExposed(scroll)
    inside = scroll.widget()
    widths = set()
    # Around these heights a bar is needed without it, and not needed with it: the process died here.
    for height in range(280, 304):
        scroll.resize(300, height)
        qtbot.wait(1)
        widths.add(inside.width())
        assert inside.height() >= inside.width()
    assert widths == {300 - scroll.bar_width} == {scroll.column_width}


def test_the_column_fills_the_area_and_scrolls_what_is_more(qtbot):
    scroll = ScrollColumn()
    qtbot.addWidget(scroll)
    low = QWidget()
    low.setMinimumHeight(50)
    scroll.column.addWidget(low)
    scroll.resize(200, 150)
    scroll.show()
    qtbot.waitExposed(scroll)
    qtbot.waitUntil(lambda: scroll.widget().height() == 150)
    assert not scroll.verticalScrollBar().isVisible()
    low.setMinimumHeight(400)
    qtbot.waitUntil(scroll.verticalScrollBar().isVisible)
    assert scroll.widget().height() >= 400


def test_a_name_that_has_no_room_ends_in_dots(qtbot):
    check = ElidedCheck()
    qtbot.addWidget(check)
    check.show_name("preact-164-with-a-long-name")
    check.resize(check.sizeHint())
    check.show()
    qtbot.waitExposed(check)
    assert check.text() == "preact-164-with-a-long-name" == check.toolTip()
    check.resize(100, check.height())
    assert check.text().endswith("…")
    check.resize(400, check.height())
    assert check.text() == "preact-164-with-a-long-name"
