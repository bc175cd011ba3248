import itertools
import threading

import pytest
import torch

from resviz.arch.graph import Architecture, Wire
from resviz.runs.events import Noted, Probed, Started, Stepped
from resviz.train import compiled
from tests.train.small import Rig
from tests.train.test_trainer import with_dropout

CARD = torch.device("cuda:0")


def notes(rig):
    return [note.message for note in rig.of(Noted)]


def same(rig, other):
    return all(torch.equal(rig.state[key], value) for key, value in other.state.items()) and all(
        torch.equal(rig.momentum[key], value) for key, value in other.momentum.items()
    )


@pytest.fixture
def compiler(monkeypatch):
    """Stand in for torch.compile; `wrap` says what a network is compiled to."""

    class Compiler:
        calls = 0
        passes = 0

        @staticmethod
        def wrap(forward):
            return forward

        def __call__(self, network):
            self.calls += 1

            def forward(images):
                self.passes += 1
                return self.wrap(network)(images)

            return forward

    stand_in = Compiler()
    monkeypatch.setattr(compiled, "_compiled", stand_in)
    monkeypatch.setattr(compiled, "missing", lambda device: None)
    return stand_in


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_compiling_changes_nothing_but_how_plain_iterations_run(tmp_path, compiler, precision):
    eager = Rig(tmp_path / "a", precision=precision).run()
    rig = Rig(tmp_path / "b", precision=precision, compile="on").run()
    assert rig.of(Started)[0].execution == "compiled"
    assert eager.of(Started)[0].execution == "eager"
    # One pass for the compiler; probed are iterations 1, 5, 10, 15, 20.
    assert (compiler.calls, compiler.passes) == (1, 1 + 24 - 5)
    assert same(rig, eager)
    assert [step.loss for step in rig.of(Stepped)] == [step.loss for step in eager.of(Stepped)]
    assert [p.iteration for p in rig.of(Probed)] == [1, 5, 10, 15, 20]


class Spoilt(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise NotImplementedError("no kernel\nfor this")


def spoil_forward(network):
    def forward(images):
        network(images)
        raise AssertionError

    return forward


@pytest.mark.parametrize(
    "wrap", [spoil_forward, lambda network: lambda images: Spoilt.apply(network(images))]
)
def test_a_compiler_that_fails_is_told_and_changes_nothing(tmp_path, compiler, wrap):
    eager = Rig(tmp_path / "a").run()
    compiler.wrap = wrap
    rig = Rig(tmp_path / "b", compile="on").run()
    assert rig.of(Started)[0].execution == "eager"
    assert "the compiler failed" in notes(rig)[-1]
    assert "\n" not in notes(rig)[-1]
    assert same(rig, eager)


def test_networks_that_draw_are_run_uncompiled(tmp_path, compiler):
    rig = Rig(tmp_path, with_dropout(), compile="on")
    assert rig.of(Started)[0].execution == "eager"
    assert "dropout" in notes(rig)[0]
    assert notes(Rig(tmp_path, with_dropout(), compile="auto")) == []
    assert compiler.calls == 0


def test_a_machine_without_a_compiler_is_told(tmp_path, compiler, monkeypatch):
    monkeypatch.setattr(compiled, "missing", lambda device: "C++ compiler")
    assert "this machine has no C++ compiler" in notes(Rig(tmp_path, compile="on"))[0]
    assert notes(Rig(tmp_path, compile="auto")) == []
    assert compiler.calls == 0


def test_what_is_missing(monkeypatch):
    monkeypatch.setattr(compiled.shutil, "which", lambda name: None)
    assert compiled.missing(torch.device("cpu")) == "C++ compiler"
    monkeypatch.setattr(compiled.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert compiled.missing(torch.device("cpu")) is None
    monkeypatch.setattr(compiled.importlib.util, "find_spec", lambda name: None)
    assert compiled.missing(CARD) == "Triton"
    assert compiled.missing(torch.device("cpu")) is None


def test_it_pays_in_long_runs_alone(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    # resnet-20 takes about 0.15 s: a tenth of the paper's 64,000 iterations pays, a hundredth does not.
    assert compiled.pays(6_400, 0.15, 19)
    assert not compiled.pays(640, 0.15, 19)
    assert not compiled.pays(64_000, 0.001, 19)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert not compiled.pays(64_000, 0.15, 19)
    assert compiled.pays_on_a_card(64_000)
    assert not compiled.pays_on_a_card(640)


def test_auto_compiles_nothing_where_it_does_not_pay(tmp_path, compiler):
    rig = Rig(tmp_path, iterations=60, milestones=(), compile="auto").run()
    assert compiler.calls == 0
    assert notes(rig) == []


@pytest.mark.parametrize("faster", [True, False])
def test_auto_keeps_what_is_faster(tmp_path, compiler, monkeypatch, faster):
    monkeypatch.setattr(compiled, "TRIAL", 5)
    monkeypatch.setattr(compiled, "pays", lambda *_: True)
    medians = iter([0.2, 0.1 if faster else 0.3])
    monkeypatch.setattr(compiled.statistics, "median", lambda times: (len(times), next(medians))[1])
    eager = Rig(tmp_path / "a", iterations=40, milestones=()).run()
    rig = Rig(tmp_path / "b", iterations=40, milestones=(), compile="auto").run()
    assert compiler.calls == 1
    # Iterations 2, 3, 4, 6, 7 are timed eagerly, 8, 9, 11, 12, 13 compiled; then 14 to 40 without six probed.
    assert compiler.passes == 1 + 5 + (27 - 6 if faster else 0)
    assert notes(rig)[-1] == (
        "Compiled, an iteration takes 100 ms instead of 200 ms."
        if faster
        else "Compiled, an iteration takes 300 ms instead of 200 ms: it is run uncompiled again."
    )
    assert same(rig, eager)


def test_a_worker_that_ends_while_it_compiles_loses_nothing(tmp_path, compiler, monkeypatch):
    monkeypatch.setattr(compiled, "TRIAL", 5)
    monkeypatch.setattr(compiled, "pays", lambda *_: True)
    eager = Rig(tmp_path / "a").run()
    rig = Rig(tmp_path / "b", compile="auto")

    def cut_off(network):
        def forward(images):
            network(images)  # Changes the running statistics.
            rescuer = threading.Thread(target=rig.trainer.rescue)
            rescuer.start()
            rescuer.join()
            raise KeyboardInterrupt

        return forward

    compiler.wrap = cut_off
    rig.trainer._last_iteration_s = 0.0
    with pytest.raises(KeyboardInterrupt):
        rig.run()
    again = Rig(tmp_path / "b")
    assert again.trainer.progress.iteration == 7
    assert same(again.run(), eager)


def tiny():
    """A network of as few kernels as can be: each takes the compiler seconds."""
    model = Architecture("tiny")
    model.add("input", "input", height=8, width=8)
    model.add("conv_bn_relu", "stem", out_channels=16)
    model.add("global_avg_pool", "pool")
    model.add("linear", "classifier")
    model.add("output", "output")
    for source, target in itertools.pairwise(("input", "stem", "pool", "classifier", "output")):
        model.connect(Wire(source, target))
    return model


@pytest.mark.skipif(compiled.missing(torch.device("cpu")) is not None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # The compiler's own.
def test_a_compiled_network_equals_the_eager_one_within_rounding(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    fields = {"iterations": 50, "milestones": (), "probe_interval": 10}
    eager = Rig(tmp_path / "a", tiny(), **fields).run()
    rig = Rig(tmp_path / "b", tiny(), compile="on", **fields).run()
    assert rig.of(Started)[0].execution == "compiled", notes(rig)
    losses = [[step.loss for step in r.of(Stepped)] for r in (rig, eager)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert any((tmp_path / "cache").rglob("*.so"))
    for mine, theirs in zip(rig.of(Probed), eager.of(Probed), strict=True):
        assert mine.gradient_norm == pytest.approx(theirs.gradient_norm, rel=1e-2)
