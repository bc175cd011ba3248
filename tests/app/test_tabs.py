"""Documents in tabs: with a real mouse and real keys, in a real window."""

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QCloseEvent, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.closing import SaveDialog
from app.document import Document
from app.filing import Filing
from app.leftovers import find_leftovers
from app.theme import theme
from app.window import MainWindow
from app.workspace import Workspace
from resviz.arch import files
from resviz.arch.presets import preset
from tests.app.lab.tiny import twins

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(qtbot, qapp):
    theme().apply(qapp)
    window = MainWindow(twins())
    window.resize(1280, 720)
    window.show()
    yield window
    window.close()
    window.deleteLater()


class Small(QMainWindow):
    """The part of a window that holds documents."""

    def __init__(self):
        super().__init__()
        self.workspace = Workspace(twins())
        self.filing = Filing(self.workspace)
        self.setCentralWidget(self.workspace)


@pytest.fixture
def small(qtbot, qapp):
    theme().apply(qapp)
    window = Small()
    qtbot.addWidget(window)
    window.resize(1000, 500)
    with qtbot.waitExposed(window):
        window.show()
    return window


def open_three(window, folder):
    """Open three files in tabs of the left pane, the last one shown."""
    for name in ("a", "b", "c"):
        window.filing.open_file(str(files.save(preset("resnet-14-w4"), folder / f"{name}.json")))
    window.workspace.active.view.fit()


@pytest.fixture
def tabs(small, tmp_path):
    open_three(small, tmp_path)
    return small


def titles(group):
    return [group.strip.tabText(index) for index in range(group.strip.count())]


def press(qtbot, window, key, modifiers):
    qtbot.keyClick(window.workspace.active.view, key, modifiers)


def choose(strip, index, text):
    """Choose something in the menu of a tab."""
    place = middle(strip, index)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, strip.mapToGlobal(place))
    QApplication.sendEvent(strip, event)
    menu = QApplication.activePopupWidget()
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def close_as_a_person(window):
    QApplication.sendEvent(window.windowHandle(), QCloseEvent())  # as from the window manager


def middle(strip, index):
    return strip.tabRect(index).center()


def test_tabs_are_there_only_for_more_than_one_document(small, tmp_path):
    window = small
    left, right = window.workspace.groups
    assert left.strip.isHidden()
    assert right.strip.isHidden()
    path = files.save(preset("resnet-14-w4"), tmp_path / "a.json")
    window.filing.open_file(str(path))
    assert left.strip.isHidden(), "an untouched preset gives way"
    left.pane.add_block("relu")
    window.workspace.new_from_preset("plain-14-w4")
    assert left.strip.isVisible()
    assert titles(left) == ["a.json", "plain-14-w4"]
    assert str(path) in left.strip.tabToolTip(0)
    assert left.strip.mark(0).modified
    assert not left.strip.mark(1).modified


def test_a_file_that_is_open_is_not_opened_twice(tabs, tmp_path):
    left, right = tabs.workspace.groups
    tabs.workspace.activate(right.pane)
    tabs.filing.open_file(str(tmp_path / "." / "a.json"))
    assert titles(left) == ["a.json", "b.json", "c.json"]
    assert left.current.path == tmp_path / "a.json"
    assert tabs.workspace.active is left.pane
    assert right.strip.isHidden()


def test_keys_go_round_and_close_and_open_again(window, qtbot, tmp_path):
    open_three(window, tmp_path)
    tabs, left = window, window.workspace.groups[0]
    assert window.side.lab.choices._documents == window.workspace.documents
    shown = []
    for key, modifiers in (
        (Qt.Key.Key_Tab, CONTROL),
        (Qt.Key.Key_PageDown, CONTROL),
        (Qt.Key.Key_PageUp, CONTROL),
        (Qt.Key.Key_Backtab, CONTROL | SHIFT),
    ):
        press(qtbot, tabs, key, modifiers)
        shown.append(left.current.path.stem)
    assert shown == ["a", "b", "a", "c"]
    left.pane.add_block("relu")
    left.pane.undo()
    press(qtbot, tabs, Qt.Key.Key_W, CONTROL)
    assert titles(left) == ["a.json", "b.json"]
    assert left.current.path.stem == "b"
    press(qtbot, tabs, Qt.Key.Key_W, CONTROL | SHIFT)
    assert left.current.path.stem == "c"
    assert left.current.undo_stack.canRedo(), "with all its steps"
    for _ in range(3):
        press(qtbot, tabs, Qt.Key.Key_W, CONTROL)
    assert (left.current.name, len(left.current.architecture.blocks)) == ("untitled", 0)
    press(qtbot, tabs, Qt.Key.Key_W, CONTROL)
    assert left.strip.isHidden()
    press(qtbot, tabs, Qt.Key.Key_P, CONTROL | Qt.KeyboardModifier.AltModifier)
    assert titles(window.workspace.groups[1]) == ["resnet-8-w4", "untitled"]
    close_as_a_person(window)
    assert not window.isVisible(), "nothing is changed, nothing is asked"


def test_opening_closes_no_tab_and_what_was_closed_last_comes_back(tabs, qtbot):
    work, (left, right) = tabs.workspace, tabs.workspace.groups
    work.new_from_preset("plain-14-w4")
    work.new_from_preset("resnet-20")
    assert titles(left) == ["a.json", "b.json", "c.json", "plain-14-w4", "resnet-20"]
    work.close_document(left.documents[0])
    work.close_document(right.current)
    work.reopen()
    assert titles(right) == ["resnet-8-w4"], "an untouched one too, where it was"
    work.new_from_preset("plain-20")
    assert titles(right) == ["resnet-8-w4", "plain-20"], "what was asked for once stays"
    work.reopen()
    assert titles(left) == ["b.json", "c.json", "plain-14-w4", "resnet-20", "a.json"]


def test_files_of_one_name_say_their_folders(small, tmp_path):
    for folder in ("mine", "theirs"):
        (tmp_path / folder).mkdir()
        path = files.save(preset("resnet-14-w4"), tmp_path / folder / "a.json")
        small.filing.open_file(str(path))
    left = small.workspace.groups[0]
    assert titles(left) == ["mine/a.json", "theirs/a.json"]
    assert left.strip.tabToolTip(0) == f"resnet-14-w4: {tmp_path / 'mine' / 'a.json'}"


def test_opening_takes_no_tab_away_that_was_chosen(window):
    left, right = window.workspace.groups
    for name in ("resnet-14-w4", "plain-14-w4"):
        window.workspace.new_from_preset(name)
    assert titles(left) == ["resnet-14-w4", "plain-14-w4"], "the start's network gave way, not the chosen one"
    window.workspace.activate(right.pane)
    window.side.lab.trained.emit()
    window.workspace.new_from_preset("resnet-20-w4")
    assert titles(right) == ["resnet-8-w4", "resnet-20-w4"], "what was trained was chosen, too"
    window.workspace.twin_beside()
    assert titles(left) == ["resnet-14-w4", "plain-14-w4", "plain-20-w4"]


def test_zoom_place_and_selection_come_back_with_the_tab(tabs, qtbot):
    left = tabs.workspace.groups[0]
    view = left.pane.view
    view.set_zoom(1.3)
    view.centerOn(left.pane.scene.block_item("stage2.block1"))
    left.pane.scene.select(["stage2.block1", "stem"])
    before = view.viewportTransform()
    qtbot.mouseClick(left.strip, LEFT, pos=middle(left.strip, 0))
    assert left.current.path.stem == "a"
    assert left.pane.scene.selection_ids() == []
    assert view.fitted
    left.pane.add_block("relu")
    for _ in range(4):
        tabs.workspace.step_tab(-1)
        tabs.workspace.step_tab(1)
    qtbot.mouseClick(left.strip, LEFT, pos=middle(left.strip, 2))
    assert left.current.path.stem == "c"
    assert left.pane.scene.selection_ids() == ["stem", "stage2.block1"]
    assert view.viewportTransform() == before


def test_what_a_tab_behind_selects_is_told_once(tabs, qtbot):
    left = tabs.workspace.groups[0]
    for _ in range(6):
        tabs.workspace.step_tab(1)
    qtbot.wait(1)
    told = []
    left.pane.selection_changed.connect(told.append)
    left.pane.scene.select(["stem"])
    qtbot.waitUntil(lambda: bool(told), timeout=1000)
    qtbot.wait(1)
    assert told == [["stem"]]


def test_middle_click_and_cross_close(tabs, qtbot):
    left = tabs.workspace.groups[0]
    qtbot.mouseClick(left.strip, MIDDLE, pos=middle(left.strip, 0))
    assert titles(left) == ["b.json", "c.json"]
    assert left.current.path.stem == "c", "a tab behind is closed without being shown"
    qtbot.mouseClick(left.strip.mark(1), LEFT)
    assert left.strip.isHidden()
    assert left.current.path.stem == "b"


def test_the_menu_of_a_tab(tabs, tmp_path):
    left, right = tabs.workspace.groups
    choose(left.strip, 1, "Copy the path")
    assert QApplication.clipboard().text() == str(tmp_path / "b.json")
    choose(left.strip, 0, "Move to the other pane")
    assert titles(right) == ["resnet-8-w4", "a.json"]
    choose(right.strip, 1, "Move to the other pane")
    assert titles(left) == ["b.json", "c.json", "a.json"]
    left.pane.add_block("relu")
    told = []
    tabs.filing.told.connect(told.append)
    choose(left.strip, 0, "Close the others")
    assert titles(left) == ["b.json", "a.json"]
    assert told == ["One changed and not saved: left open."]
    choose(left.strip, 0, "Close")
    assert left.strip.isHidden()
    QApplication.clipboard().clear()


def drag(strip, index, to):
    """Drag a tab to a place on the screen."""
    start = middle(strip, index)
    QTest.mousePress(strip, LEFT, pos=start)
    end = strip.mapFromGlobal(to)
    for step in range(1, 6):
        QTest.mouseMove(strip, start + (end - start) * step / 5)
    QTest.mouseRelease(strip, LEFT, pos=end)


def test_tabs_are_dragged_into_another_order(tabs):
    left = tabs.workspace.groups[0]
    drag(left.strip, 2, left.strip.mapToGlobal(QPoint(4, middle(left.strip, 2).y())))
    assert titles(left) == ["c.json", "a.json", "b.json"]
    assert [document.path.stem for document in left.documents] == ["c", "a", "b"]
    left.step(1)
    assert left.current.path.stem == "a"


def test_a_tab_is_dragged_to_the_other_pane_as_it_is_shown(tabs):
    left, right = tabs.workspace.groups
    left.pane.view.set_zoom(1.1)
    left.pane.scene.select(["stem"])
    document = left.current
    drag(left.strip, 2, right.pane.view.mapToGlobal(right.pane.view.rect().center()))
    assert right.current is document
    assert titles(right) == ["resnet-8-w4", "c.json"]
    assert titles(left) == ["a.json", "b.json"]
    assert right.hint.isHidden()
    assert tabs.workspace.active is right.pane
    assert right.pane.scene.selection_ids() == ["stem"]
    assert right.pane.view.zoom == pytest.approx(1.1)
    right.pane.add_block("relu")
    assert document.modified, "it is edited where it is"


def test_the_only_tab_leaves_an_empty_canvas_when_it_moves(small):
    left, right = small.workspace.groups
    small.workspace.move_to_other_pane()
    assert (left.current.name, titles(right)) == ("untitled", ["resnet-8-w4", "plain-8-w4"])
    small.workspace.move_to_other_pane()
    assert (left.current.name, right.current.name) == ("plain-8-w4", "resnet-8-w4")
    assert left.strip.isHidden(), "the empty canvas gives way"


def test_twin_beside_leaves_a_file_alone(tabs, tmp_path):
    _, right = tabs.workspace.groups
    tabs.filing.save_to(right.current, tmp_path / "mine.json")
    tabs.workspace.twin_beside()
    assert titles(right) == ["mine.json", "plain-14-w4"]
    tabs.workspace.twin_beside()
    assert titles(right) == ["mine.json", "plain-14-w4"], "an untouched twin gives way to the next"


def test_a_changed_document_asks_once_before_it_closes(tabs, qtbot, tmp_path):
    left = tabs.workspace.groups[0]
    close = tabs.filing.close_tab
    left.pane.add_block("relu")
    document = left.current
    close()
    question = tabs.filing.question
    assert question.isVisible()
    qtbot.keyClick(question, Qt.Key.Key_Escape)
    assert document in left.documents
    close()
    qtbot.mouseClick(tabs.filing.question.save_button, LEFT)
    assert document not in left.documents
    assert any(block.startswith("relu") for block in files.load(tmp_path / "c.json").blocks)
    left.pane.add_block("relu")
    before = (tmp_path / "b.json").read_bytes()
    close()
    qtbot.mouseClick(tabs.filing.question.discard_button, LEFT)
    assert left.current.path.stem == "a"
    assert (tmp_path / "b.json").read_bytes() == before


def test_closing_the_window_asks_once_for_all(window, qtbot, tmp_path):
    open_three(window, tmp_path)
    tabs, (left, right) = window, window.workspace.groups
    for group in (left, right):
        group.pane.add_block("relu")
    left.step(1)
    left.pane.add_block("relu")
    close_as_a_person(tabs)
    question = tabs.filing.question
    assert tabs.isVisible()
    assert [document.name for document, _, _ in question.rows] == ["resnet-14-w4"] * 2 + ["resnet-8-w4"]
    assert [where.text() for _, _, where in question.rows[:2]] == [
        str(tmp_path / "a.json"),
        str(tmp_path / "c.json"),
    ]
    qtbot.mouseClick(question.rows[0][1], LEFT, pos=QPoint(8, question.rows[0][1].height() // 2))
    assert question.save_button.text() == "Save 2, discard the rest"
    (tmp_path / "there.json").write_text("mine")
    question.rows[2][2].setText(str(tmp_path / "there"))
    qtbot.mouseClick(question.save_button, LEFT)
    assert "There is a file" in question.problem.text(), "nothing is overwritten that was not opened"
    question.rows[2][2].setText(str(tmp_path / "new"))
    with qtbot.waitSignal(question.accepted):
        qtbot.mouseClick(question.save_button, LEFT)
    qtbot.waitUntil(lambda: not tabs.isVisible(), timeout=5000)
    assert files.load(tmp_path / "new.json").name == "resnet-8-w4"
    assert (tmp_path / "there.json").read_text() == "mine"
    assert not any(block.startswith("relu") for block in files.load(tmp_path / "a.json").blocks)
    assert find_leftovers() == [], "what was discarded is not offered again"


def test_a_free_name_is_suggested(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("app.closing.usual_folder", lambda: tmp_path)
    (tmp_path / "plain-8-w4.json").write_text("{}")
    architecture = preset("plain-8-w4")
    architecture.name = "a/b"
    documents = [Document(preset("plain-8-w4")), Document(preset("plain-8-w4")), Document(architecture)]
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = SaveDialog(documents, lambda _document, _path: None, parent, "They are gone.")
    assert [where.text() for _, _, where in dialog.rows] == [
        str(tmp_path / name) for name in ("plain-8-w4-2.json", "plain-8-w4-3.json", "a-b.json")
    ]


def test_the_question_for_several_opens_no_window_beside_itself(tabs, qapp):
    shown = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and watched.isWidgetType() and watched.isWindow():
                shown.append(type(watched))
            return False

    for document in tabs.workspace.open_documents[:2]:
        document.undo_stack.resetClean()
    watch = Watch()
    qapp.installEventFilter(watch)
    tabs.filing.ask_about_all()
    qapp.removeEventFilter(watch)
    assert shown == [SaveDialog]
    tabs.filing.question.reject()
