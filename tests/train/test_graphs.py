"""The logic of CUDA graphs on the CPU, with a recorder that captures nothing and does it at replay."""

import pytest
import torch

from resviz.runs.events import Evaluated, Noted, Probed, Stepped
from resviz.train.graphs import WARM_UP, Graphs
from tests.train.small import Rig


class Recorder:
    """Stands in for the captures of a card, and counts."""

    def __init__(self, fails=0):
        self.captured = self.replayed = 0
        self.fails = fails

    def __call__(self, work):
        self.captured += 1
        if self.captured <= self.fails:
            raise RuntimeError("operation not permitted when stream is capturing\nmore")

        def replay():
            self.replayed += 1
            work()

        return replay


def with_graphs(folder, recorder, **fields):
    rig = Rig(folder, **fields)
    trainer = rig.trainer
    trainer._execution = Graphs(
        trainer._step, trainer._batches, trainer._probes, record=recorder, tell=trainer._note
    )
    return rig


OPTIONS = [
    {},
    {"precision": "bfloat16"},
    {"precision": "float16", "nesterov": True},
    {"mixup": 0.3, "cutout": 3, "label_smoothing": 0.1},
    {"optimiser": "adamw", "learning_rate": 0.003, "ema_decay": 0.9, "schedule": "cosine"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equals_the_eager_step_within_rounding(tmp_path, options):
    fields = {"iterations": 50, "milestones": (20, 40), "evaluate_interval": 50, **options}
    precision = fields.get("precision", "float32")
    eager, recorder = Rig(tmp_path / "a", **fields).run(), Recorder()
    graphs = with_graphs(tmp_path / "b", recorder, **fields).run()
    # Probed are iterations 1, 5, 10 ... 50.
    assert (recorder.captured, recorder.replayed) == (2, 50 - 2 * WARM_UP)
    # The rate is a float32 here.
    losses = [[step.loss for step in rig.of(Stepped)] for rig in (eager, graphs)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4 if precision == "float32" else 2e-2)
    assert [step.learning_rate for step in graphs.of(Stepped)] == [s.learning_rate for s in eager.of(Stepped)]
    assert [p.iteration for p in graphs.of(Probed)] == [p.iteration for p in eager.of(Probed)]
    last, expected = graphs.of(Probed)[-1], eager.of(Probed)[-1]
    assert last.gradient_norm == pytest.approx(
        expected.gradient_norm, rel=1e-3 if precision == "float32" else 0.2
    )
    [tested], [expected_test] = graphs.of(Evaluated), eager.of(Evaluated)
    assert tested.test_loss == pytest.approx(
        expected_test.test_loss, rel=1e-3 if precision == "float32" else 0.1
    )
    assert graphs.of(Noted) == []


def test_a_step_that_cannot_be_captured_is_run_eagerly(tmp_path):
    eager, recorder = Rig(tmp_path / "a").run(), Recorder(fails=1)
    graphs = with_graphs(tmp_path / "b", recorder).run()
    assert (recorder.captured, recorder.replayed) == (1, 0)
    [note] = graphs.of(Noted)
    assert "without CUDA graphs" in note.message
    assert "not permitted when stream is capturing)" in note.message
    assert all(torch.equal(graphs.state[key], value) for key, value in eager.state.items())


def test_when_probes_alone_cannot_be_captured_the_plain_graph_stays(tmp_path):
    recorder = Recorder()
    rig = with_graphs(tmp_path, recorder, iterations=40, milestones=())
    rig.run(until=14)  # The plain step is captured, the probed one (1, 5, 10) next.
    recorder.fails = 2
    rig.run()
    assert recorder.captured == 2
    assert [p.iteration for p in rig.of(Probed)] == [1, *range(5, 41, 5)]
    assert recorder.replayed == 40 - len(rig.of(Probed)) - WARM_UP
    assert len(rig.of(Noted)) == 1


def test_resume_from_a_replayed_step(tmp_path):
    unbroken = with_graphs(tmp_path / "a", Recorder()).run()
    first = with_graphs(tmp_path / "b", Recorder()).run(until=13)
    first.trainer.save()
    second = with_graphs(tmp_path / "b", Recorder())
    assert second.trainer.progress.iteration == 13
    second.run()
    for key, value in unbroken.state.items():
        torch.testing.assert_close(second.state[key], value, rtol=1e-4, atol=1e-6)
