import pytest
from PySide6.QtCore import Qt

from app.lessons.lesson import Lesson, Step, load_lesson
from app.lessons.panel import LessonPanel
from resviz.errors import FormatError


def test_demonstration_has_its_three_steps_and_says_what_it_does_not_show():
    lesson = load_lesson()
    assert [step.title for step in lesson.steps] == ["What to expect", "What to watch", "What it means"]
    assert [step.when for step in lesson.steps] == ["ready", "training", "ended"]
    assert "does not show" in lesson.steps[2].text
    assert "converged" in lesson.steps[2].text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "damaged"),
        (b'{"format": "other", "version": 1, "title": "", "steps": []}', "no lesson"),
        (
            b'{"format": "resviz-lesson", "version": 9, "title": "", "steps": [{"title": "a", "text": "b"}]}',
            "newer",
        ),
    ],
)
def test_wrong_file_is_one_sentence(tmp_path, content, said):
    (tmp_path / "demonstration.json").write_bytes(content)
    with pytest.raises(FormatError, match=said):
        load_lesson(folder=tmp_path)


def test_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(FormatError, match="cannot be read"):
        load_lesson("nothing", tmp_path)


@pytest.fixture
def panel(qtbot):
    steps = (
        Step("a", "one"),
        Step("b", "two", "training", "error"),
        Step("c", "**three**", "ended", "residual"),
    )
    made = LessonPanel(Lesson("resviz-lesson", 1, "test", steps))
    qtbot.addWidget(made)
    made.show()
    return made


def test_leafing(panel, qtbot):
    assert not panel.back_button.isEnabled()
    qtbot.mouseClick(panel.next_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.next_button, Qt.MouseButton.LeftButton)
    assert panel.index == 2
    assert not panel.next_button.isEnabled()
    assert panel.text.toPlainText() == "three"
    qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel.index == 1


def test_following_the_training_never_pulls_a_reader_back(panel, qtbot):
    with qtbot.waitSignal(panel.highlighted) as told:
        panel.follow("training")
    assert (panel.index, told.args) == (1, ["error"])
    panel.back()
    panel.follow("training")
    assert panel.index == 0, "the reader leafed back and is left in peace"
    panel.follow("ended")
    assert panel.index == 2
    panel.start_over()
    panel.follow("training")
    assert panel.index == 1
