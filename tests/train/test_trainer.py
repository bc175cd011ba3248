import itertools
import math
import threading

import pytest
import torch

from resviz.arch.graph import Architecture, Wire
from resviz.data.batches import Batches
from resviz.errors import CheckpointError
from resviz.nn.build import build
from resviz.nn.state import checkpoint_names
from resviz.runs.events import Evaluated, Noted, Probed, RateChanged, Saved, Stepped, encode
from resviz.runs.series import RunSeries
from resviz.train import evaluation, reports
from resviz.train.readout import Readout
from resviz.train.reports import DivergedError
from tests.train.small import RECIPE, Rig, architecture, dataset


def batches(recipe, data):
    return Batches(
        data.train_images,
        data.train_labels,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augment=recipe.augment,
        normalise=recipe.normalise,
    )


@pytest.mark.parametrize("name", ["plain-8-w4", "resnet-8-w4"])
def test_equals_a_hand_written_loop(tmp_path, name):
    rig = Rig(tmp_path, name).run()
    network = build(architecture(name), seed=RECIPE.seed).to(memory_format=torch.channels_last)
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.SGD(
        [{"params": weights, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0.0}],
        lr=0.05,
        momentum=0.9,
        fused=True,
    )
    feed, losses = batches(RECIPE, dataset()), []
    for iteration in range(RECIPE.iterations):
        for group in optimiser.param_groups:
            group["lr"] = 0.05 if iteration < 12 else 0.05 * 0.1
        images, labels, *_ = feed.batch(iteration)
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert all(torch.equal(value, rig.state[key]) for key, value in network.state_dict().items())
    told, before = 0.0, 0
    for step in rig.of(Stepped):
        told += step.loss * (step.iteration - before)
        before = step.iteration
    assert before == RECIPE.iterations
    assert told == pytest.approx(sum(losses), rel=1e-6)
    assert [step.iteration for step in rig.of(Stepped)] == list(range(1, RECIPE.iterations + 1))
    assert [step.loss for step in rig.of(Stepped)] == pytest.approx(losses, rel=1e-5)


def curve(*rigs):
    """Return the training curve of a run that several trainers worked on, as a reader folds it."""
    series = RunSeries()
    for rig in rigs:
        series.feed(rig.events)
    points = zip(series.train.x.tolist(), series.loss.y.tolist(), series.train.y.tolist(), strict=True)
    return list(points), series.train_error_pct


@pytest.mark.parametrize("interval", [1, 5, 7])
def test_the_curve_is_a_function_of_the_recipe_alone(tmp_path, monkeypatch, interval):
    steady = Rig(tmp_path / "a", step_interval=interval).run()
    monkeypatch.setattr(reports, "REPORTS_PER_SECOND", 1e9)  # As if every iteration took long.
    slow = Rig(tmp_path / "b", step_interval=interval).run()
    monkeypatch.setattr(reports, "REPORTS_PER_SECOND", 1e-9)
    monkeypatch.setattr(reports, "NOTICE", 3)
    fast = Rig(tmp_path / "c", step_interval=interval).run()
    first = Rig(tmp_path / "d", step_interval=interval).run(until=9)
    first.trainer.save()
    first.run(until=14)  # Lost, as by a kill.
    second = Rig(tmp_path / "d", step_interval=interval).run()
    assert curve(steady) == curve(slow) == curve(fast) == curve(first, second)
    expected = [k for k in range(1, 25) if k % interval == 0 or k == 24]
    assert [x for x, _, _ in curve(steady)[0]] == expected


def test_points_of_one_read_out_are_written_together(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "REPORTS_PER_SECOND", 1e-9)
    calls = []
    rig = Rig(tmp_path, probe_interval=1000, evaluate_interval=24)
    rig.trainer._reports._emit = lambda *events: calls.append(events)
    rig.run()
    assert [len(call) for call in calls if isinstance(call[0], Stepped)] == [24]


def test_the_paper_s_64000_points_fit_into_ten_megabytes(tmp_path):
    rig = Rig(tmp_path).run()
    sizes = [len(encode(step)) for step in rig.of(Stepped)]
    # Five digits more for the iteration than here.
    assert 64_000 * (sum(sizes) / len(sizes) + 5) < 10e6


def test_a_long_test_tells_how_far_it_is(tmp_path, monkeypatch):
    for name in ("_LONG_PASS_S", "_TELL_S"):
        monkeypatch.setattr(evaluation, name, 0.0)
    rig = Rig(tmp_path, data=dataset(test=640), evaluate_interval=24).run()
    shares = [note.progress for note in rig.of(Noted) if note.message == "testing"]
    assert shares == [pytest.approx(k / 10) for k in range(1, 10)]


def test_a_short_test_tells_nothing(tmp_path):
    rig = Rig(tmp_path, data=dataset(test=128), evaluate_interval=24).run()
    assert rig.of(Noted) == []


def with_dropout():
    model = architecture("resnet-8-w4")
    [wire] = model.incoming("classifier").values()
    model.disconnect(wire)
    model.add("dropout", "drop", p=0.5)
    model.connect(Wire(wire.source, "drop"))
    model.connect(Wire("drop", "classifier"))
    return model


@pytest.mark.parametrize("name", ["plain-8-w4", "resnet-8-w4", "dropout"])
@pytest.mark.parametrize("fields", [{}, {"precision": "bfloat16", "warm_up": "on"}], ids=["plain", "warm"])
def test_resumed_run_equals_the_unbroken_one_bit_for_bit(tmp_path, name, fields):
    model = with_dropout() if name == "dropout" else name
    unbroken = Rig(tmp_path / "a", model, **fields).run()
    first = Rig(tmp_path / "b", model, **fields).run(until=9)
    first.trainer.save()
    first.run(until=14)  # Lost, as by a kill.
    torch.manual_seed(99)  # A new process has other random states.
    second = Rig(tmp_path / "b", model, **fields)
    assert second.trainer.progress.iteration == 9
    second.run()
    for mine, theirs in ((second.state, unbroken.state), (second.momentum, unbroken.momentum)):
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert second.of(Evaluated)[-1].test_error_pct == unbroken.of(Evaluated)[-1].test_error_pct
    late = [p for p in unbroken.of(Probed) if p.iteration > 9]
    assert second.of(Probed) == late


def test_rate_change_is_recorded_and_kept_over_resume(tmp_path):
    first = Rig(tmp_path).run(until=6)
    first.trainer.set_learning_rate(0.01)
    [change] = first.of(RateChanged)
    assert (change.iteration, change.learning_rate) == (6, 0.01)
    assert change.factor == pytest.approx(0.2)
    first.run(until=8)
    first.trainer.save()
    second = Rig(tmp_path).run()
    rates = {step.iteration: step.learning_rate for step in second.of(Stepped)}
    assert rates[max(rates)] == pytest.approx(0.001)  # The drop at 12 applies in proportion.


def test_a_change_right_behind_a_checkpoint_is_saved_too(tmp_path):
    rig = Rig(tmp_path).run(until=6)
    rig.trainer.save()
    rig.trainer.set_learning_rate(0.02)
    rig.trainer.save()
    assert Rig(tmp_path).trainer.progress.rate_factor == pytest.approx(0.4)


def test_probes_come_first_and_at_their_interval(tmp_path):
    rig = Rig(tmp_path, "plain-8-w4").run()
    assert [p.iteration for p in rig.of(Probed)] == [1, 5, 10, 15, 20]
    assert all(value is None for p in rig.of(Probed) for value in p.residual_magnitude)


def test_a_network_without_convolutions_is_probed_too(tmp_path):
    model = Architecture("linear-only")
    model.add("input", "input", height=8, width=8)
    model.add("flatten", "flatten")
    model.add("linear", "classifier")
    model.add("output", "output")
    for source, target in itertools.pairwise(("input", "flatten", "classifier", "output")):
        model.connect(Wire(source, target))
    rig = Rig(tmp_path, model).run()
    assert {p.gradient_norm for p in rig.of(Probed)} == {()}


def test_probes_change_nothing(tmp_path):
    often, never = Rig(tmp_path / "a", probe_interval=1).run(), Rig(tmp_path / "b", probe_interval=1000).run()
    assert all(torch.equal(often.state[key], value) for key, value in never.state.items())


def test_evaluation_is_of_the_whole_test_set(tmp_path):
    rig = Rig(tmp_path, evaluate_interval=10).run()
    assert [e.iteration for e in rig.of(Evaluated)] == [10, 20, 24]
    network, data = rig.trainer._step.network.eval(), dataset()
    mean = data.train_images.double().mean(0) / 255
    scores = network((data.test_images / 255 - mean).float())
    wrong = (scores.argmax(1) != data.test_labels).double().mean().item()
    last = rig.of(Evaluated)[-1]
    assert last.test_error_pct == pytest.approx(100 * wrong)
    loss = torch.nn.functional.cross_entropy(scores, data.test_labels).item()
    assert last.test_loss == pytest.approx(loss, rel=1e-4)


def test_an_evaluation_cut_off_is_done_after_resume(tmp_path):
    first = Rig(tmp_path, data=dataset(test=200)).run(until=24)
    first.trainer.advance()
    first.trainer.advance()
    assert [e.iteration for e in first.of(Evaluated)][-1] < 24
    first.trainer.save()
    second = Rig(tmp_path, data=dataset(test=200))
    assert not second.trainer.finished
    second.run()
    assert [e.iteration for e in second.of(Evaluated)] == [24]


@pytest.mark.parametrize("save", [True, False])
def test_divergence_is_one_sentence_and_leaves_no_spoilt_checkpoint(tmp_path, save):
    # Decay alone multiplies the weights by -23 a step.
    explosive = {"learning_rate": 50.0, "weight_decay": 0.5, "iterations": 200, "milestones": ()}
    rig = Rig(tmp_path, **explosive)

    def train(save):
        for _ in range(200):
            rig.trainer.advance()
            if save:
                rig.trainer.save()

    with pytest.raises(DivergedError, match=r"diverged.*lower learning rate"):
        train(save)
    assert rig.of(Stepped)[-1].loss is None
    names = checkpoint_names(tmp_path)
    fresh = Rig(tmp_path, **explosive)
    assert fresh.trainer.progress.iteration == (int(names[-1].split("-")[1]) if names else 0)
    assert all(p.isfinite().all() for p in fresh.trainer._step.network.parameters())


class Late:
    """An event of a device that is always behind."""

    def query(self):
        return False

    def synchronize(self):
        pass


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("interval", [1, 30, 1000])
def test_divergence_is_noticed_within_50_iterations(tmp_path, monkeypatch, late, interval):
    monkeypatch.setattr(reports, "REPORTS_PER_SECOND", 1e-9)
    if late:
        monkeypatch.setattr(Readout, "_copy", lambda self, values: (values.clone(), Late()))
    rig = Rig(tmp_path, iterations=400, step_interval=interval, probe_interval=1000, evaluate_interval=400)
    spoilt = 101
    rig.run(until=spoilt - 1)
    with torch.no_grad():
        rig.trainer._step.network.module_of("classifier").bias.fill_(torch.nan)
    with pytest.raises(DivergedError):
        rig.run()
    assert spoilt <= rig.trainer.progress.iteration < spoilt + 50
    assert rig.of(Stepped)[-1].loss is None
    assert all(step.iteration % interval == 0 for step in rig.of(Stepped)[:-1])


def test_warm_up_ends_when_the_error_is_low_enough(tmp_path):
    rig = Rig(tmp_path, warm_up="on", iterations=120, milestones=(), warm_up_error_pct=95.0).run()
    end = rig.trainer.progress.warm_up_end
    assert end in {50, 100}
    assert any("warm-up ended" in note.message for note in rig.of(Noted))
    rates = {step.iteration: step.learning_rate for step in rig.of(Stepped)}
    assert {rate for k, rate in rates.items() if k <= end} == {0.01}
    assert {rate for k, rate in rates.items() if k > end} == {0.05}


def test_checkpoints_of_one_moment_are_written_once_and_two_are_kept(tmp_path):
    rig = Rig(tmp_path)
    for until in (2, 4, 6):
        rig.run(until=until)
        rig.trainer.save()
        rig.trainer.save()
    assert [s.iteration for s in rig.of(Saved)] == [2, 4, 6]
    assert checkpoint_names(tmp_path) == ["iteration-4", "iteration-6"]


def test_a_damaged_checkpoint_is_skipped_and_told(tmp_path):
    rig = Rig(tmp_path)
    for until in (2, 4):
        rig.run(until=until)
        rig.trainer.save()
    file = tmp_path / "iteration-4.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    again = Rig(tmp_path)
    assert again.trainer.progress.iteration == 2
    assert "iteration-4.safetensors is damaged" in again.of(Noted)[0].message
    (tmp_path / "iteration-2.json").write_bytes(b"")
    with pytest.raises(CheckpointError, match="begin anew"):
        Rig(tmp_path)


def test_a_checkpoint_of_another_network_is_one_sentence(tmp_path):
    rig = Rig(tmp_path, "resnet-8-w4").run(until=2)
    rig.trainer.save()
    with pytest.raises(CheckpointError, match="another network"):
        Rig(tmp_path, "resnet-14-w4")


def test_rescue_in_the_middle_of_an_iteration_is_the_last_finished_one(tmp_path, monkeypatch):
    unbroken = Rig(tmp_path / "a").run()
    cut = Rig(tmp_path / "b").run(until=7)
    cut_off = cut.trainer
    cut_off._last_iteration_s = math.inf  # As if iterations took minutes.
    compute = cut_off._step.compute

    def interrupted_compute(*arguments):
        compute(*arguments)
        rescuer = threading.Thread(target=cut_off.rescue)
        rescuer.start()
        rescuer.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(cut_off._step, "compute", interrupted_compute)
    with pytest.raises(KeyboardInterrupt):
        cut_off.advance()
    again = Rig(tmp_path / "b")
    assert again.trainer.progress.iteration == 7
    again.run()
    assert all(torch.equal(again.state[key], value) for key, value in unbroken.state.items())
    assert curve(cut, again) == curve(unbroken)


def test_twins_share_the_weights_that_they_share(tmp_path):
    plain, residual = Rig(tmp_path / "a", "plain-8-w4"), Rig(tmp_path / "b", "resnet-8-w4")
    for key, value in plain.state.items():
        assert torch.equal(value, residual.state[key])


def test_seed_decides(tmp_path):
    recipe_seeds = [Rig(tmp_path / str(seed), seed=seed).run(until=3).state for seed in (0, 0, 1)]
    same = [all(torch.equal(recipe_seeds[0][k], other[k]) for k in other) for other in recipe_seeds]
    assert same == [True, True, False]
