"""The side of the window at the size of a small screen: nothing is cut, and nothing scrolls without need."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from app.document import Document
from app.lab.bridge import WorkerBridge
from app.lab.recipe_form import PRESETS
from app.lab.recipe_settings import GROUPS
from app.lab.session import Session
from app.side import INSPECTOR, Side
from app.theme import theme
from resviz.train import demonstration
from resviz.train.circumstances import Circumstances

LEFT = Qt.MouseButton.LeftButton
WIDTH, SMALL, TALL = 312, 641, 1361
"""Pixels that the side has in windows of 1280x720 and 2560x1440."""


@pytest.fixture
def side(qtbot, qapp):
    theme().apply(qapp)
    bridge = WorkerBridge()
    made = Side(Session(bridge))
    qtbot.addWidget(made)
    made.lab.set_documents([Document(each, made) for each in demonstration.architectures()])
    made.resize(WIDTH, SMALL)
    made.show()
    qtbot.wait(50)
    yield made
    bridge.close()


def scrolls(side):
    return side.lab._scroll.verticalScrollBar().maximum() > 0


@pytest.mark.parametrize("preset", range(len(PRESETS)))
def test_the_form_needs_no_scroll_bar(side, qtbot, preset):
    side.lab.form.preset.setCurrentIndex(preset)
    words = side.lab.form.words
    qtbot.wait(50)
    qtbot.waitUntil(lambda: words.height() == words.heightForWidth(words.width()), timeout=1000)
    assert not scrolls(side)
    assert not side.lesson.text.verticalScrollBar().maximum(), "nor does the lesson"


def test_settings_take_the_room_of_the_lesson_on_a_small_screen(side, qtbot):
    lab = side.lab
    lab.form.details.setFocus()
    qtbot.mouseClick(lab.form.details, LEFT)
    qtbot.waitUntil(lambda: not side.tabs.isVisible(), timeout=1000)
    assert lab._title.text() == "Recipe"
    assert lab.form.groups.rows["batch_size"].isVisible()
    qtbot.wait(50)
    assert not scrolls(side)
    qtbot.keyClick(lab.form.groups.rows["batch_size"].editor, Qt.Key.Key_Escape)
    qtbot.waitUntil(side.tabs.isVisible, timeout=1000)
    assert lab.choices.isVisible()


def test_each_group_is_seen_whole(side, qtbot):
    side.lab.form.set_networks(Circumstances(110))
    qtbot.mouseClick(side.lab.form.details, LEFT)
    groups, area = side.lab.form.groups, side.lab._scroll.viewport()
    for group in GROUPS:
        if not groups.headers[group.title].isChecked():
            groups.headers[group.title].click()
        qtbot.wait(50)
        body = groups.bodies[group.title]
        assert body.isVisible()
        top = body.mapTo(area, body.rect().topLeft()).y()
        assert top >= 0
        assert top + body.height() <= area.height()


def test_words_stay_in_sight_beside_every_group(side, qtbot):
    qtbot.mouseClick(side.lab.form.details, LEFT)
    form, area = side.lab.form, side.lab._words_area
    form.groups.rows["precision"].show_value("float16")
    form.groups.rows["device"].show_value("cpu")
    form.groups.rows["device"].edited.emit()
    for group in GROUPS:
        if not form.groups.headers[group.title].isChecked():
            form.groups.headers[group.title].click()
        qtbot.wait(50)
        assert area.isVisible()
        assert area.mapTo(side.lab, area.rect().bottomLeft()).y() < side.lab.train_button.y()
        assert area.height() >= form.plan.least_height
        assert area.verticalScrollBar().value() == 0
    assert form.plan.cautions[0].startswith("float16 is slow")
    side.resize(WIDTH, TALL)
    qtbot.waitUntil(lambda: area.height() == form.plan.heightForWidth(form.plan.width()), timeout=1000)


def test_a_tall_screen_has_room_for_both(side, qtbot):
    side.resize(WIDTH, TALL)
    qtbot.mouseClick(side.lab.form.details, LEFT)
    qtbot.wait(50)
    assert side.tabs.isVisible()


def test_the_inspector_comes_before_the_settings(side, qtbot):
    qtbot.mouseClick(side.lab.form.details, LEFT)
    qtbot.waitUntil(lambda: not side.tabs.isVisible(), timeout=1000)
    side.bring_inspector()
    qtbot.waitUntil(side.tabs.isVisible, timeout=1000)
    assert side.tabs.currentIndex() == INSPECTOR
    assert not side.lab.setting_up


def test_ctrl_return_brings_what_is_wrong_into_sight(side, qtbot):
    lab = side.lab
    lab.form.groups.rows["cutout"].editor.setText("many")
    said = []
    lab.failed.connect(said.append)
    lab.train()
    assert said == ["Cutout, pixels: give a whole number."]
    assert lab.form.groups.rows["cutout"].isVisible()


def test_the_inspector_reckons_with_the_recipe_and_all_networks(side, qtbot):
    documents = [Document(each, side) for each in demonstration.architectures()]
    side.set_documents(documents)
    card = side.inspector.card
    side.inspector.set_document(documents[0])
    assert card._plan.runs == 2
    side.lab.choices.seeds.setValue(3)
    assert card._plan.runs == 6
    field = side.lab.form.groups.rows["batch_size"].editor
    field.selectAll()
    qtbot.keyClicks(field, "32")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert card.batch.value() == 32
    card.batch.setValue(48)
    assert side.lab.recipe.batch_size == 32
    side.show_costs()
    qtbot.waitUntil(lambda: len(card._predictions) == 2)
    assert side.tabs.currentIndex() == INSPECTOR
    assert card.isVisible()


def test_measuring_beside_a_training_is_refused_where_it_is_seen(side, qtbot):
    side._session.current = [SimpleNamespace(active=True)]
    side._tell_busy()
    with qtbot.waitSignal(side.told) as told:
        side.measure()
    assert told.args[0].startswith("A training is running: measure when it has ended")
    assert not side.inspector.card.measure_button.isEnabled()
    assert not side.inspector.card.estimator.running
    side._session.current = []
    side._tell_busy()
    assert "A training" not in side.inspector.card.measure_button.toolTip()
