"""torch.compile, where it pays: an option that nothing depends on.

Compiled kernels join what eager ones do one by one (batch norm, ReLU, addition), so that less goes through
memory. They take from ten seconds to minutes to make, and are kept on the disk for the next run. Sums come in
another order than in the eager step: losses agree within rounding. Iterations with probes and the test set
are run eagerly: to compile the network with all its measurements too would take as long again.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs
import torch
from torch import Tensor

from resviz.data.batches import Batch, Batches
from resviz.nn.network import Network
from resviz.train import checkpoint
from resviz.train.execution import Eager
from resviz.train.step import Step

TRIAL = 20
"""Iterations without probes that are timed before and after compiling, where the choice is "auto"."""
_GAIN_WITH_AMX = 0.1
"""Share of the time that compiling is expected to save on a CPU with AMX. Without, convolutions take four
fifths of the time, which compiling leaves as they are: measured with AVX-512, it saved nothing."""
_FIRST_S, _LAYER_S = 20.0, 1.5
"""How long it takes on the CPU: to start, and for each convolution (measured with both cores busy)."""
_CARD_ITERATIONS = 5_000
"""From so many iterations on it pays on a CUDA card."""

Tell = Callable[[str], None]


class Auto:
    """Runs eagerly, and compiles as soon as it is known that it pays: where enough iterations are left.

    Once compiled, it is timed again, and what is faster stays. `tell` takes sentences about it.
    """

    def __init__(self, eager: Eager, step: Step, batches: Batches, *, iterations: int, tell: Tell) -> None:
        self._eager, self._step, self._batches = eager, step, batches
        self._iterations, self._tell = iterations, tell
        self._began = 0.0
        self._times: list[float] = []
        self._eager_s: float | None = None
        self._decided = False

    @property
    def slow(self) -> bool:
        """Whether the next iteration may be one that compiles."""
        return not self._decided and len(self._times) >= TRIAL

    def compute(self, iteration: int, *, probed: bool) -> None:
        """Make the batch and its gradients; before that, decide if it is time."""
        if self.slow and not probed:
            self._decide(self._iterations - iteration, statistics.median(self._times))
            self._times = []
        self._began = time.perf_counter()
        self._eager.compute(iteration, probed=probed)

    def update(self, rate: float, *, probed: bool) -> Tensor | None:
        """Move the parameters."""
        values = self._eager.update(rate, probed=probed)
        if not probed and not self._decided:
            self._times.append(time.perf_counter() - self._began)
        return values

    def _decide(self, left: int, seconds: float) -> None:
        if self._eager_s is None:
            self._eager_s = seconds
            worth = pays(left, seconds, len(self._step.network.convolutions))
            self._decided = not (worth and attempt(self._step, self._batches, self._tell))
            return
        self._decided = True
        before, now = f"{1e3 * self._eager_s:.3g} ms", f"{1e3 * seconds:.3g} ms"
        if seconds < self._eager_s:
            self._tell(f"Compiled, an iteration takes {now} instead of {before}.")
        else:
            self._step.forward = self._step.network
            self._tell(f"Compiled, an iteration takes {now} instead of {before}: it is run uncompiled again.")


def missing(device: torch.device) -> str | None:
    """Return what torch.compile lacks on this machine, or None."""
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        return "Triton"
    names = (os.environ.get("CXX"), "g++", "clang++", "c++", "cl")
    return None if any(name and shutil.which(name) for name in names) else "C++ compiler"


def pays_on_a_card(iterations: int) -> bool:
    """Return whether compiling pays on a CUDA card with so many iterations left."""
    return iterations >= _CARD_ITERATIONS


def pays(iterations: int, seconds: float, convolutions: int) -> bool:
    """Return whether compiling pays on the CPU: whether it may save the time that it takes.

    Args:
        iterations: left to do.
        seconds: one takes.
        convolutions: in the network.
    """
    if not torch.cpu._is_amx_tile_supported():
        return False
    return _GAIN_WITH_AMX * iterations * seconds > _FIRST_S + _LAYER_S * convolutions


def possible(step: Step, device: torch.device) -> bool:
    """Return whether compiling is worth a thought; a network that draws is another one in each iteration."""
    return missing(device) is None and not step.network.draws


def attempt(step: Step, batches: Batches, tell: Tell) -> bool:
    """Compile, or tell why it cannot be; return whether `step` runs a compiled network now."""
    lacking = missing(batches.device)
    if lacking is not None:
        tell(f"The network is run uncompiled, for this machine has no {lacking}.")
        return False
    if step.network.draws:
        tell("The network is run uncompiled, for dropout or stochastic depth change it in each iteration.")
        return False
    tell("Compiling the network, which may take some minutes the first time; later runs find it on the disk.")
    try:
        seconds = compile_step(step, batches.batch(0))
    except Exception as error:  # Training depends on nothing that the compiler may say.
        reason = str(error).strip().split("\n")[0]
        tell(f"The network is run uncompiled, for the compiler failed ({type(error).__name__}: {reason}).")
        return False
    tell(f"The network was compiled in {seconds:.0f} s.")
    return True


def compile_step(step: Step, batch: Batch) -> float:
    """Have `step` run a compiled network from now on; nothing else of it changes.

    The compiler does its work when it first meets a batch, in forward and in backward: one pass is made for
    it, and what that changed is put back.

    Args:
        step: that of the run.
        batch: of the shape that all batches have.

    Returns:
        the seconds it took.

    Raises:
        Exception: whatever the compiler has to say; the step is as it was.
    """
    began = time.perf_counter()
    before = checkpoint.changed_by_forward(step)
    try:
        step.forward = _compiled(step.network)
        step.compute(batch)
    except Exception:
        step.forward = step.network
        raise
    finally:
        _put_back(step, before)
    return time.perf_counter() - began


def _compiled(network: Network) -> Callable[[Tensor], Tensor]:
    cache = Path(platformdirs.user_cache_dir("resviz", appauthor=False)) / "compiled"
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache))
    import torch._dynamo  # noqa: PLC0415
    import torch._inductor.config as settings  # noqa: PLC0415

    # A process on the CPU is one of several, each with its share of the cores.
    settings.compile_threads = torch.get_num_threads()
    torch._dynamo.config.recompile_limit = 64  # Runs of a process share the code that is compiled.
    forward: Callable[[Tensor], Tensor] = torch.compile(network, dynamic=False, fullgraph=True)
    return forward


def _put_back(step: Step, before: dict[str, Tensor]) -> None:
    with torch.no_grad():
        now = checkpoint.tensors_of(step)
        for name, value in before.items():
            now[name].copy_(value)
    for parameter in step.network.parameters():
        parameter.grad = None
