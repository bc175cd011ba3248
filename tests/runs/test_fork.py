from pathlib import Path

import msgspec
import pytest

from resviz.errors import CheckpointError, RecipeError, RunError
from resviz.runs import checkpoints
from resviz.runs.events import Changed, Forked, Noted, RateChanged, Saved, Started, Stepped
from resviz.runs.fork import differences, fork
from resviz.runs.origin import Beginning, start_of, take_up
from resviz.runs.run import EventLog
from resviz.runs.series import Tail, load
from resviz.runs.store import create_experiment, summary
from resviz.train.recipe import Recipe, with_changes
from tests.runs.samples import architecture, started, stepped


@pytest.fixture
def parent(tmp_path):
    """A run that was killed at 7, resumed at 5, and saved at 10, where its rate was changed then."""
    [run] = create_experiment([architecture()], Recipe(iterations=20), out=tmp_path / "parent").runs
    for number in (5, 10):
        checkpoints.save(run.checkpoints_path, f"iteration-{number}", bytes([number]), {"iteration": number})
    with EventLog(run) as log:
        log.write(
            Changed(1.0, 0, "running", "Starting."),
            Noted(1.0, 0, "reading", 0.5),
            started(),
            Noted(1.0, 0, "!"),
        )
        log.write(*map(stepped, range(1, 6)), Saved(5, "iteration-5"), RateChanged(5, 0.5, 0.05))
        log.write(*map(stepped, range(6, 8)))
        log.write(started(5), *map(stepped, range(6, 11)), Saved(10, "iteration-10"))
        log.write(RateChanged(10, 0.1, 0.01), stepped(11), Changed(2.0, 11, "finished"))
    return run


def only_fork(*runs, **options):
    [run] = fork(runs, **options).runs
    return run, Tail(run.events_path).read()


def test_a_fork_begins_with_the_newest_checkpoint_and_what_was_told_up_to_there(parent, tmp_path):
    before = {path: path.read_bytes() for path in parent.path.rglob("*") if path.is_file()}
    run, told = only_fork(parent, out=tmp_path / "fork")
    assert {path: path.read_bytes() for path in parent.path.rglob("*") if path.is_file()} == before
    first = told[0]
    assert isinstance(first, Forked)
    assert (first.iteration, first.parent, first.checkpoint, first.changes) == (
        10, str(parent.path.absolute()), "iteration-10", ()
    )  # fmt: skip
    assert checkpoints.names(run.checkpoints_path) == ["iteration-10"]
    assert checkpoints.read(run.checkpoints_path, "iteration-10").tensors == bytes([10])
    assert run.recipe() == parent.recipe()
    assert run.architecture() == parent.architecture()
    series = load(run.events_path)
    assert series.forked == first
    assert series.train.x.tolist() == list(range(1, 11))
    assert [change.iteration for change in series.rate_changes] == [5]  # That at 10 is not in the checkpoint.
    assert [saved.name for saved in series.checkpoints] == ["iteration-10"]
    assert [note.message for note in series.notes] == ["!"]
    assert run.state() == series.state == "stopped"
    assert run.threads() == parent.threads()


def test_a_fork_from_an_earlier_checkpoint_with_changes(parent, tmp_path):
    recipe = with_changes(parent.recipe(), {"learning_rate": "0.02", "milestones": "none", "nesterov": "on"})
    run, told = only_fork(parent, checkpoint="iteration-5", recipes=[recipe], out=tmp_path / "fork")
    assert told[0].changes == (
        "learning_rate: 0.1 -> 0.02", "milestones: 32000,48000 -> none", "nesterov: off -> on"
    )  # fmt: skip
    assert run.recipe() == recipe
    series = load(run.events_path)
    assert series.train.x.tolist() == [1, 2, 3, 4, 5]
    assert series.rate_changes == []
    assert not any(isinstance(event, Started) and event.iteration == 5 for event in told)


def test_rewound_to_the_initialisation_nothing_is_taken_over(parent, tmp_path):
    run, told = only_fork(parent, rewind=True, out=tmp_path / "fork")
    assert [type(event) for event in told] == [Forked]
    assert (told[0].iteration, told[0].checkpoint) == (0, None)
    assert not run.checkpoints_path.exists()
    assert run.state() == "stopped"


def test_the_log_of_a_killed_parent_counts_as_a_whole(parent, tmp_path):
    log = parent.events_path.read_bytes().split(b"\n")
    kept = [line for line in log if b"iteration-10" not in line]
    parent.events_path.write_bytes(b"garbage\n" + b"\n".join(kept[:-1]) + b'\n{"event":"step","torn')
    run, _ = only_fork(parent, out=tmp_path / "fork")
    assert load(run.events_path).train.x.tolist() == list(range(1, 11))


def test_several_runs_are_forked_into_one_experiment(parent, tmp_path):
    other = create_experiment([architecture()], Recipe(iterations=20), out=tmp_path / "other").runs[0]
    experiment = fork([parent, other], rewind=True, out=tmp_path / "forks")
    assert [run.name for run in experiment.runs] == [parent.name, f"{parent.name}-2"]
    parents = [Tail(run.events_path).read()[0].parent for run in experiment.runs]
    assert parents == [str(parent.path), str(other.path)]
    assert experiment.name == f"{parent.name} rewound"


def test_a_fork_of_a_fork(parent, tmp_path):
    first, _ = only_fork(parent, out=tmp_path / "first")
    _, told = only_fork(first, out=tmp_path / "second")
    assert [event.parent for event in told if isinstance(event, Forked)] == [str(first.path)]
    assert sum(isinstance(event, Stepped) for event in told) == 12


def test_the_summary_names_the_parent(parent, tmp_path):
    run, _ = only_fork(parent, checkpoint="iteration-5", out=tmp_path / "fork")
    found = summary(run)
    assert (found.parent, found.forked_at) == (str(parent.path), 5)
    assert (found.state, found.iterations, found.train_error_pct is None) == ("stopped", 5, False)
    assert summary(parent).parent is None


def test_the_epoch_of_a_fork_is_its_own(parent, tmp_path):
    run, _ = only_fork(parent, out=tmp_path / "fork")
    with EventLog(run) as log:
        log.write(msgspec.structs.replace(started(10), iterations_per_epoch=1.0), stepped(11, error=7.0))
    assert summary(run).train_error_pct == load(run.events_path).train_error_pct == 7.0


def flip(path: Path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_a_damaged_checkpoint_is_not_copied(parent, tmp_path):
    flip(parent.checkpoints_path / "iteration-10.safetensors")
    with pytest.raises(CheckpointError, match=r"iteration-10\.safetensors is damaged"):
        fork([parent], checkpoint="iteration-10", out=tmp_path / "fork")
    assert not (tmp_path / "fork").exists()
    _, told = only_fork(parent, out=tmp_path / "fork")
    assert told[0].checkpoint == "iteration-5"


@pytest.mark.parametrize(
    ("options", "changes", "words"),
    [
        ({"checkpoint": "iteration-7"}, {}, "no checkpoint 'iteration-7': choose iteration-5 or"),
        ({"checkpoint": "iteration-5", "rewind": True}, {}, "not at both"),
        ({"rewind": True}, {"seed": "1"}, "that of seed 0"),
        ({}, {"residual_init": "fixup"}, "rewind to the initialisation"),
        ({}, {"iterations": "10"}, "has 10 of them behind it"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(parent, tmp_path, options, changes, words):
    recipe = with_changes(parent.recipe(), changes)
    with pytest.raises((RunError, RecipeError), match=words):
        fork([parent], recipes=[recipe], out=tmp_path / "fork", **options)
    assert not (tmp_path / "fork").exists()


def test_nothing_is_left_of_a_fork_that_found_no_room(parent, tmp_path, monkeypatch):
    def full(*_):
        raise RunError("Full.")

    monkeypatch.setattr(checkpoints, "save", full)
    with pytest.raises(RunError, match="Full"):
        fork([parent], out=tmp_path / "fork")
    assert not (tmp_path / "fork").exists()


def test_a_run_without_checkpoint_can_be_rewound_only(tmp_path):
    runs = create_experiment([architecture()], Recipe(), out=tmp_path / "new").runs
    with pytest.raises(RunError, match="no checkpoint yet: rewind"):
        fork(runs)
    with pytest.raises(RunError, match="no run to fork"):
        fork([])


def test_differences_can_be_typed_again():
    after = Recipe(milestones=(1, 2), data_dir="there", augment=False, learning_rate=0.3, train_limit=7)
    told = dict(change.split(": ", 1) for change in differences(Recipe(), after))
    typed = {field: change.split(" -> ")[1] for field, change in told.items()}
    assert with_changes(Recipe(), typed) == after


def slowed(parent):
    """Save at 10 with a rate that a person had set to half of the recipe's."""
    meta = {"iteration": 10, "rate_factor": 0.5, "warm_up_end": 0}
    checkpoints.save(parent.checkpoints_path, "iteration-10", bytes([10]), meta)


def test_a_rate_set_by_hand_gives_way_to_a_changed_recipe(parent, tmp_path):
    slowed(parent)
    recipe = with_changes(parent.recipe(), {"learning_rate": "0.02"})
    run, told = only_fork(parent, recipes=[recipe], out=tmp_path / "fork")
    assert checkpoints.read(run.checkpoints_path, "iteration-10").meta["rate_factor"] == 1
    assert load(run.events_path).rate_changes[-1] == RateChanged(10, 1.0, 0.02)
    assert "no longer applies" in told[-1].message


def test_a_rate_set_by_hand_stays_where_the_recipe_does_and_is_told(parent, tmp_path):
    slowed(parent)
    run, told = only_fork(parent, out=tmp_path / "fork")
    assert checkpoints.read(run.checkpoints_path, "iteration-10").meta["rate_factor"] == 0.5
    assert "stays 0.5 times" in told[-1].message


def test_a_damaged_newest_checkpoint_is_told(parent, tmp_path):
    path = parent.checkpoints_path / "iteration-10.safetensors"
    path.write_bytes(path.read_bytes() + b"x")
    _, told = only_fork(parent, out=tmp_path / "fork")
    assert told[0].checkpoint == "iteration-5"
    assert "iteration-10" in told[-1].message
    assert "iteration-5 is used instead" in told[-1].message


@pytest.mark.parametrize("change", [{"data": "cifar10"}, {"train_limit": "9"}, {"validation_split": "on"}])
def test_pictures_trained_on_are_not_kept_back_afterwards(parent, tmp_path, change):
    recipe = with_changes(parent.recipe(), change)
    with pytest.raises(RecipeError, match=r"rewind"):
        fork([parent], recipes=[recipe], out=tmp_path / "fork")
    assert only_fork(parent, rewind=True, recipes=[recipe], out=tmp_path / "fork")[0].recipe() == recipe


def taken(changes, before=None, **meta):
    recipe = Recipe(iterations=20) if before is None else with_changes(Recipe(iterations=20), before)
    beginning = Beginning("iteration-10", {"iteration": 10, **meta})
    return take_up("net", recipe, with_changes(recipe, changes), beginning)


ADAM = {"optimiser": "adamw", "learning_rate": "0.001"}


@pytest.mark.parametrize(
    ("before", "changes", "words", "anew"),
    [
        ({}, ADAM, "AdamW begins anew", False),
        (ADAM, {"optimiser": "sgd"}, "SGD begins anew: AdamW's averages are left behind", False),
        (ADAM, {"adam_betas": "0.8,0.99"}, "averages begin anew, for they are of other betas", True),
        ({}, {"momentum": "0"}, "gathered so far is left behind", False),
        ({"momentum": "0"}, {"momentum": "0.9"}, "begins at 0", False),
        ({}, {"nesterov": "on"}, "gathered so far is kept", False),
        ({}, {"momentum": "0.5"}, "gathered so far is kept", False),
        ({}, {"warm_up": "on"}, "no warm-up: training has begun", False),
    ],
)
def test_what_becomes_of_the_optimisers_state_is_told(before, changes, words, anew):
    found = taken(changes, before)
    assert words in found.notes[0]
    assert len(found.notes) == 1
    assert ("optimiser_anew" in found.changed) == anew


def test_nothing_is_told_of_what_just_goes_on():
    assert taken({"weight_decay": "0.1"}) == ((10, 1.0, 0), {}, ())
    assert taken({}, rate_factor=0.5, warm_up_end=None).start == (10, 0.5, None)


def test_a_run_tells_where_it_goes_on(parent, tmp_path):
    meta = {"iteration": 10, "rate_factor": 0.5, "warm_up_end": 4}
    checkpoints.save(parent.checkpoints_path, "iteration-10", b"x", meta)
    assert start_of(parent, 10) == (10, 0.5, 4)
    assert start_of(parent, 0) == (0, 1.0, None)
    assert start_of(parent, 7) == (7, 1.0, 0), "its checkpoint is gone"


@pytest.mark.parametrize("change", [{"cutout": "99"}, {"learning_rate": "500"}, {"name": ""}])
def test_what_nobody_can_mean_is_refused(parent, tmp_path, change):
    recipe = with_changes(parent.recipe(), change)
    with pytest.raises(RecipeError, match=next(iter(change))):
        fork([parent], recipes=[recipe], out=tmp_path / "fork")
    assert not (tmp_path / "fork").exists()


def test_what_the_parent_was_is_not_refused(parent, tmp_path):
    parent.set_recipe(with_changes(parent.recipe(), {"cutout": "99"}))
    assert only_fork(parent, out=tmp_path / "fork")[0].recipe().cutout == 99
