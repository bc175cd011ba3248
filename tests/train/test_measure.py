"""Steps that are timed: whole networks, and what is added up from smaller ones."""

import pytest
import torch

from resviz.arch.presets import preset
from resviz.errors import BuildError
from resviz.train import measure as module
from resviz.train.measure import measure
from tests.train.small import CPU, RECIPE, architecture


class Work:
    """A clock that goes on by the multiply-adds of what is trained: a time that nothing disturbs."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        advance = module.Trainer.advance

        def counted(trainer):
            before = trainer.progress.iteration
            advance(trainer)
            size = trainer.recipe.batch_size
            trained = trainer.progress.iteration > before
            self.now += size * (0.01 + trainer._step.network.blocks_in_all * 0.001) * (3 if trained else 1)

        monkeypatch.setattr(module.Trainer, "advance", counted)
        build = module.Trainer.__init__

        def built(trainer, model, *args, **fields):
            build(trainer, model, *args, **fields)
            trainer._step.network.blocks_in_all = len(model.blocks)

        monkeypatch.setattr(module.Trainer, "__init__", built)

    def __call__(self):
        return self.now


def test_a_small_network_is_measured_itself(monkeypatch):
    clock, told = Work(monkeypatch), []
    found = measure(architecture(), RECIPE, CPU, clock=clock, tell=lambda *said: told.append(said))
    blocks = len(architecture().blocks)
    assert found.whole
    assert (found.asked, found.batch_size, found.device, found.precision) == (16, 16, "cpu", "float32")
    assert found.step_s == pytest.approx(3 * 16 * (0.01 + 0.001 * blocks))
    assert found.test_s == pytest.approx(0.01 + 0.001 * blocks)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert found.threads == torch.get_num_threads()
    assert 0 < found.got < 1.5


def test_a_deep_network_is_added_up(monkeypatch):
    clock = Work(monkeypatch)
    monkeypatch.setattr(module, "_WHOLE_S", 0.0)
    monkeypatch.setattr(module, "_count", lambda _step_s: 1)
    deep = preset("resnet-62-w4", input_shape=(3, 8, 8))
    found = measure(deep, RECIPE, CPU, clock=clock)
    assert not found.whole
    assert found.step_s == pytest.approx(3 * found.batch_size * (0.01 + 0.001 * len(deep.blocks)), rel=0.03)


def test_what_takes_too_long_is_measured_with_fewer_pictures(monkeypatch):
    clock = Work(monkeypatch)
    monkeypatch.setattr(module, "_STEP_S", 0.8)
    found = measure(architecture(), RECIPE, CPU, clock=clock)
    assert (found.asked, found.batch_size) == (16, 8)


def test_networks_that_cannot_be_trained_are_refused():
    broken = architecture()
    broken.remove("stem")
    with pytest.raises(BuildError, match="cannot be trained"):
        measure(broken, RECIPE, CPU)
    grey = preset("resnet-8", input_shape=(1, 8, 8))
    with pytest.raises(BuildError, match="3 x height x width"):
        measure(grey, RECIPE, CPU)
