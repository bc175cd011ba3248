"""SGD with momentum and AdamW on PyTorch's fused kernels.

The same arithmetic as `torch.optim` (tests hold them equal bit for bit), without the 1.6 seconds it takes
to make one: torch.optim loads the compiler.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from resviz.train.recipe import Recipe

SCALAR_RATE = 0.1
"""Share of the learning rate for Fixup's scalars, as in its authors' code (github.com/hongyi-zhang/Fixup)."""


class _Group:
    """Parameters of one weight decay and one share of the rate, and what is remembered of each."""

    def __init__(self, kinds: int, share: float) -> None:
        self.share = share
        self.parameters: list[Tensor] = []
        self.memories: tuple[list[Tensor], ...] = tuple([] for _ in range(kinds))

    def rate(self, rate: float | Tensor) -> float | Tensor:
        """Return the group's learning rate."""
        return rate if self.share == 1 else rate * self.share

    def take_gradients(self) -> list[Tensor]:
        """Return the gradients, and forget them.

        A parameter of a dropped block has none, and gets zeros: momentum and decay go on there, as in the
        Torch code of arXiv:1603.09382, where gradients lie in one zeroed vector.
        """
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        for parameter in self.parameters:
            parameter.grad = None
        return gradients


class Optimiser(ABC):
    """Moves parameters along their gradients; what it remembers has the parameters' layout in memory."""

    def __init__(
        self, named_parameters: Iterable[tuple[str, nn.Parameter]], recipe: Recipe, kinds: Sequence[str]
    ) -> None:
        """Sort the parameters into those that are decayed and those that are not.

        With `decay_scope` "weights" only convolution and linear weights are decayed: the later
        fb.resnet.torch calls it a deviation of its own that it decays biases and batch norms too.
        """
        self._groups: dict[tuple[float, float], _Group] = {}
        self._memory: dict[str, Tensor] = {}
        for name, parameter in named_parameters:
            decayed = parameter.ndim > 1 or recipe.decay_scope == "all"
            weight_decay = recipe.weight_decay if decayed else 0.0
            share = SCALAR_RATE if recipe.residual_init == "fixup" and parameter.ndim == 0 else 1.0
            group = self._groups.setdefault((weight_decay, share), _Group(len(kinds), share))
            group.parameters.append(parameter)
            for kind, memory in zip(kinds, group.memories, strict=True):
                memory.append(torch.zeros_like(parameter, requires_grad=False))
                self._memory[f"{kind}/{name}"] = memory[-1]

    @abstractmethod
    def step(self, rate: float | Tensor, *, found_inf: Tensor | None = None) -> None:
        """Move every parameter, and forget the gradients.

        Args:
            rate: the learning rate; a tensor () on the parameters' device, float32 on CUDA, so that a graph
                can read another one at every replay.
            found_inf: float32 () on the device: if it is 1, nothing is moved or remembered.
        """

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint holds: the tensors themselves, by kind and parameter."""
        return dict(self._memory)

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Put a checkpoint's state back (KeyError: something is missing); what else it holds is ignored."""
        for name, memory in self._memory.items():
            memory.copy_(state[name])


class SGD(Optimiser):
    """v = momentum * v + g;  w = w - rate * v, with g the gradient + weight_decay * w and v = 0 at first.

    With Nesterov's momentum w = w - rate * (g + momentum * v): the look-ahead of Sutskever et al. 2013,
    "On the importance of initialization and momentum in deep learning", Eq. 3 and 4, written for the
    parameters at the point looked ahead to. Remembers "momentum/NAME", unless there is no momentum.
    """

    def __init__(self, named_parameters: Iterable[tuple[str, nn.Parameter]], recipe: Recipe) -> None:
        super().__init__(named_parameters, recipe, ("momentum",) if recipe.momentum else ())
        self._momentum, self._nesterov = recipe.momentum, recipe.nesterov

    @torch.no_grad()
    def step(self, rate: float | Tensor, *, found_inf: Tensor | None = None) -> None:
        """Move every parameter."""
        for (weight_decay, _), group in self._groups.items():
            torch._fused_sgd_(
                group.parameters,
                group.take_gradients(),
                group.memories[0] if group.memories else [],
                weight_decay=weight_decay,
                momentum=self._momentum,
                lr=group.rate(rate),
                dampening=0.0,
                nesterov=self._nesterov,
                maximize=False,
                is_first_step=False,
                found_inf=found_inf,
            )


class AdamW(Optimiser):
    """Adam with decoupled weight decay: w = w - rate * weight_decay * w before Adam's own step.

    arXiv:1711.05101, Algorithm 2, with one rate for its schedule times alpha; as in PyTorch that rate also
    multiplies the decay. Remembers "first/NAME" and "second/NAME", the moving averages of gradients and of
    their squares, and "step", the number of updates.
    """

    def __init__(self, named_parameters: Iterable[tuple[str, nn.Parameter]], recipe: Recipe) -> None:
        super().__init__(named_parameters, recipe, ("first", "second"))
        self._betas, self._epsilon = recipe.adam_betas, recipe.adam_epsilon
        some = next(iter(self._memory.values()))
        self._memory["step"] = self._step = torch.zeros((), device=some.device)

    @torch.no_grad()
    def step(self, rate: float | Tensor, *, found_inf: Tensor | None = None) -> None:
        """Move every parameter."""
        self._step += 1 if found_inf is None else 1 - found_inf
        for (weight_decay, _), group in self._groups.items():
            first, second = group.memories
            torch._fused_adamw_(
                group.parameters,
                group.take_gradients(),
                first,
                second,
                [],
                [self._step] * len(group.parameters),
                lr=group.rate(rate),
                beta1=self._betas[0],
                beta2=self._betas[1],
                weight_decay=weight_decay,
                eps=self._epsilon,
                amsgrad=False,
                maximize=False,
                found_inf=found_inf,
            )


def make_optimiser(named_parameters: Iterable[tuple[str, nn.Parameter]], recipe: Recipe) -> Optimiser:
    """Return the recipe's optimiser for parameters that are on their device and in their memory layout."""
    return (AdamW if recipe.optimiser == "adamw" else SGD)(named_parameters, recipe)
