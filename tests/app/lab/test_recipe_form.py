import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.lab.recipe_form import PRESETS, RecipeForm
from app.lab.recipe_groups import RecipeGroups
from app.lab.recipe_settings import GROUPS, SETTINGS, in_titles
from app.lab.setting import number_text
from resviz.errors import RecipeError
from resviz.train import cards, demonstration
from resviz.train.circumstances import Circumstances
from resviz.train.recipe import PAPER, Recipe
from resviz.train.recipe import PRESETS as RECIPES

ELSEWHERE = {"name", "data", "data_dir"}
"""Fields of a recipe that are no settings: the name, and what the data field chooses."""


@pytest.fixture
def form(qtbot):
    made = RecipeForm()
    qtbot.addWidget(made)
    made.show()
    return made


def choose(form, title):
    form.preset.setCurrentIndex([each for each, _, _ in PRESETS].index(title))


def type_in(qtbot, row, text):
    row.editor.setFocus()
    row.editor.selectAll()
    qtbot.keyClicks(row.editor, text)


def test_every_field_of_a_recipe_is_a_setting_once():
    names = [setting.name for group in GROUPS for setting in group.settings]
    assert sorted(names) == sorted(set(Recipe.__struct_fields__) - ELSEWHERE)
    assert all(setting.about.endswith(".") for setting in SETTINGS.values())


@pytest.mark.parametrize("recipe", [*RECIPES.values(), demonstration.recipe(3)], ids=lambda r: r.name)
def test_a_recipe_goes_through_the_groups_unchanged(qtbot, recipe):
    groups = RecipeGroups()
    qtbot.addWidget(groups)
    groups.set_base(recipe)
    assert groups.recipe() == recipe
    assert groups.changed == []
    assert groups.problem == ""


def test_every_setting_reaches_the_recipe(qtbot):
    groups = RecipeGroups()
    qtbot.addWidget(groups)
    wanted = {
        "nesterov": True, "momentum": 0.8, "ema_decay": 0.999, "cutout": 16, "mixup": 0.2, "seed": 5,
        "label_smoothing": 0.1, "residual_init": "fixup", "survival_last": 0.5, "warm_up": "on",
        "milestones": (100, 2000), "probe_interval": 7, "validation_split": True, "precision": "auto",
        "compile": "auto", "cuda_graphs": False, "activation_checkpointing": True, "rate_scaling": "linear",
    }  # fmt: skip
    for name, value in wanted.items():
        groups.rows[name].show_value(value)
    assert groups.recipe() == msgspec.structs.replace(PAPER, **wanted)
    assert sorted(groups.changed) == sorted(wanted)
    adam = {"optimiser": "adamw", "adam_betas": (0.8, 0.99), "adam_epsilon": 1e-7, "schedule": "one-cycle"}
    for name, value in adam.items():
        groups.rows[name].show_value(value)
        groups.rows[name].edited.emit()
    recipe = groups.recipe()
    assert {name: getattr(recipe, name) for name in adam} == adam
    assert not recipe.nesterov, "it would be refused with AdamW"


def test_form_gives_the_demonstration_as_it_is(form):
    assert not form.problem
    assert form.recipe() == demonstration.recipe(0)
    assert form.groups.recipe() == demonstration.recipe(0)


def test_form_scales_the_papers_milestones_and_keeps_seed_and_device(form, qtbot):
    rows = form.groups.rows
    type_in(qtbot, rows["seed"], "7")
    choose(form, "Paper")
    assert form.recipe() == Recipe(seed=7)
    type_in(qtbot, rows["iterations"], "640")
    rows["device"].show_value("cpu")
    recipe = form.recipe()
    assert (recipe.iterations, recipe.milestones, recipe.seed, recipe.device) == (640, (320, 480), 7, "cpu")
    assert "milestones" not in form.changed, "they only follow"
    type_in(qtbot, rows["milestones"], "100, 0.5k")
    assert form.problem == "Drops at: give iterations, such as 32k, 48k, or nothing."
    type_in(qtbot, rows["milestones"], "100, 5k")
    type_in(qtbot, rows["iterations"], "64k")
    assert form.recipe().milestones == (100, 5000), "what a person typed stays"
    assert form.recipe().name == "paper, changed"


def test_changes_are_marked_counted_and_taken_back(form, qtbot):
    qtbot.mouseClick(form.details, Qt.MouseButton.LeftButton)
    groups = form.groups
    assert groups.headers["Optimiser"].note == "paper"
    qtbot.mouseClick(groups.headers["Optimiser"], Qt.MouseButton.LeftButton)
    row = groups.rows["momentum"]
    assert row.isVisible()
    assert not groups.rows["adam_betas"].isVisible(), "it is AdamW's"
    assert not row.reset_button.isVisible()
    type_in(qtbot, row, "0.95")
    assert row.reset_button.isVisible()
    assert row.title.property("role") == "heading"
    assert groups.headers["Optimiser"].note == "1 changed"
    assert row.reset_button.toolTip() == "Back to 0.9"
    qtbot.mouseClick(row.reset_button, Qt.MouseButton.LeftButton)
    assert row.editor.text() == "0.9"
    assert groups.changed == []
    qtbot.mouseClick(groups.headers["Optimiser"], Qt.MouseButton.LeftButton)
    assert groups.headers["Optimiser"].note == "paper"


def test_warm_up_is_asked_about_where_there_is_one(form):
    rows = form.groups.rows
    assert rows["warm_up_rate"].isHidden()
    form.set_networks(Circumstances(110))
    assert not rows["warm_up_rate"].isHidden()
    rows["warm_up"].show_value("off")
    rows["warm_up"].edited.emit()
    assert rows["warm_up_rate"].isHidden()


def test_bad_input_is_one_sentence_and_nothing_is_lost(form, qtbot):
    groups = form.groups
    type_in(qtbot, groups.rows["batch_size"], "12x")
    assert form.problem == "Batch size: give a whole number."
    assert groups.headers["Training"].note == "to be mended"
    choose(form, "Paper")
    assert form.problem == ""
    assert form.recipe().batch_size == 128
    choose(form, "Demonstration")
    assert groups.rows["batch_size"].editor.text() == "12x"
    assert form.problem == "Batch size: give a whole number."
    type_in(qtbot, groups.rows["iterations"], "0")
    assert form.problem.startswith("Iterations: give a whole number from 1")
    form.show_problem()
    assert groups.rows["iterations"].isVisible()


def test_what_is_out_of_use_is_kept_but_does_not_count(form, qtbot):
    rows = form.groups.rows
    choose(form, "Paper")
    type_in(qtbot, rows["milestones"], "abc")
    assert form.problem
    rows["schedule"].show_value("cosine")
    rows["schedule"].edited.emit()
    assert form.problem == ""
    assert form.recipe().milestones == PAPER.milestones
    rows["schedule"].show_value("steps")
    rows["schedule"].edited.emit()
    assert rows["milestones"].editor.text() == "abc"
    assert form.problem


def test_settings_that_do_not_go_together_are_named_by_their_titles(form, qtbot):
    rows = form.groups.rows
    rows["nesterov"].editor.setChecked(True)
    type_in(qtbot, rows["momentum"], "0")
    assert form.problem.startswith("Nesterov needs")
    with pytest.raises(RecipeError) as refused:
        Recipe(milestones=(3, 2))
    assert in_titles(str(refused.value)) == "Drops at must rise, not 3,2."


def test_the_wheel_changes_nothing_in_passing(form, qtbot):
    before = form.recipe()
    for combo in (form.preset, form.groups.rows["precision"].editor):
        wheel = QWheelEvent(
            QPointF(4, 4), QPointF(4, 4), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(combo, wheel)
    assert form.recipe() == before


def test_plot_shows_the_schedule_and_follows(form, qtbot):
    choose(form, "Paper")
    assert [form.plot.rate_at(at) for at in (0, 31_999, 32_000, 63_999)] == pytest.approx(
        [0.1, 0.1, 0.01, 0.001]
    )
    assert form.plot.logarithmic
    assert form.plot.rate_at(47_999) == pytest.approx(0.01)
    type_in(qtbot, form.groups.rows["learning_rate"], "0.4")
    assert form.plot.rate_at(0) == 0.4
    type_in(qtbot, form.groups.rows["learning_rate"], "x")
    assert form.plot.rate_at(0) == 0.4, "what was right last stays"
    choose(form, "Quick look")
    form.groups.rows["schedule"].show_value("cosine")
    form.groups.rows["schedule"].edited.emit()
    assert not form.plot.logarithmic
    assert form.plot.rate_at(320) == pytest.approx(0.05, abs=1e-4)
    form.set_networks(Circumstances(110))
    assert form.plot.rate_at(0) == 0.01, "it warms up first"


def test_says_in_words_what_will_be_run(form, qtbot):
    choose(form, "Paper")
    assert form.words.sentences == (
        "SGD with momentum 0.9, batch 128.",
        "Rate 0.1, divided by 10 at 32,000 and 48,000 of 64,000 iterations.",
    )
    qtbot.mouseClick(form.details, Qt.MouseButton.LeftButton)
    assert "Trained on shapes" in form.plan.told
    form.groups.rows["cutout"].editor.setText("16")
    qtbot.mouseClick(form.details, Qt.MouseButton.LeftButton)
    assert form.about.text().endswith("1 setting changed.")
    qtbot.mouseClick(form.details, Qt.MouseButton.LeftButton)
    assert "a square of 16 pixels cut out" in form.plan.told
    form.set_networks(Circumstances(110))
    assert "Warm-up: at most 0.01" in form.plan.told
    form.groups.rows["survival_last"].editor.setText("0.5")
    form.set_networks(Circumstances(20, plain=True, residual=False))
    assert "Stochastic depth changes nothing here" in form.plan.cautions[0]
    assert form.words.cautions == form.plan.cautions


def test_what_nobody_can_mean_is_refused_where_it_is_typed(form, qtbot):
    choose(form, "Paper")
    form.set_networks(Circumstances(20, side=16))
    rows = form.groups.rows
    for name, text, sentence in (
        ("cutout", "17", "Cutout, pixels: 17 pixels are more than the 16"),
        ("train_limit", "10,001", "Train on: shapes has 10,000 training pictures"),
        ("milestones", "64k", "Drops at: none of 64,000 is within 64,000 iterations"),
    ):
        type_in(qtbot, rows[name], text)
        assert form.problem.startswith(sentence)
        rows[name].reset()
        assert form.problem == ""
    type_in(qtbot, rows["milestones"], "32k, 64k")
    assert form.problem == ""
    assert form.plan.cautions == ("The drop of the rate at 64,000 never comes: training ends at 64,000.",)


def test_the_plot_calls_the_end_of_a_warm_up_a_guess(form):
    choose(form, "Quick look")
    assert form.plot.guess is None
    form.groups.rows["schedule"].show_value("one-cycle")
    form.groups.rows["warm_up"].show_value("on")
    form.groups.rows["warm_up"].edited.emit()
    assert form.plot.guess == 400
    assert "warm-up ends: a guess" in form.plot.accessibleDescription()
    highest = max(form.plot.rate_at(each) for each in range(640))
    assert form.plan.cautions[0].endswith(f"no higher than {highest:.3g}.")


def test_card_that_is_not_there_cannot_be_chosen(form, monkeypatch):
    monkeypatch.setattr(cards, "cuda_present", lambda: False)
    monkeypatch.setattr(cards, "count", lambda: 0)
    form.look_for_cards()
    combo = form.groups.rows["device"].editor
    assert not combo.model().item(2).isEnabled()
    assert combo.model().item(2).toolTip() == "This machine has no CUDA card."
    combo.setCurrentIndex(2)
    assert form.problem == "This machine has no CUDA card: choose Automatic or CPU."


@pytest.mark.parametrize(("value", "text"), [(0.05, "0.05"), (1e-8, "1e-8"), (1 / 3, repr(1 / 3)), (5, "5")])
def test_numbers_are_short_but_exact(value, text):
    assert number_text(value) == text
    assert float(number_text(value)) == value
