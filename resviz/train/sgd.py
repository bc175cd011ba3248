"""SGD with momentum on PyTorch's fused kernel.

The same arithmetic as `torch.optim.SGD` (a test holds the two equal bit for bit), without the
1.6 seconds it takes to make one: torch.optim loads the compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from resviz.train.recipe import Recipe


class SGD:
    """v = momentum * v + gradient + weight_decay * w;  w = w - rate * v, with v = 0 before the first step.

    Attributes:
        momentum_buffers: v by parameter name, in the memory layout of the parameter.
    """

    def __init__(self, named_parameters: Iterable[tuple[str, nn.Parameter]], recipe: Recipe) -> None:
        """Sort the parameters into those that are decayed and those that are not.

        With `decay_scope` "weights" only convolution and linear weights are decayed: the later
        fb.resnet.torch calls it a deviation of its own that it decays biases and batch norms too.
        """
        self._momentum = recipe.momentum
        self._groups: dict[float, list[tuple[nn.Parameter, Tensor]]] = {}
        self.momentum_buffers: dict[str, Tensor] = {}
        for name, parameter in named_parameters:
            decayed = parameter.ndim > 1 or recipe.decay_scope == "all"
            buffer = torch.zeros_like(parameter, requires_grad=False)
            self.momentum_buffers[name] = buffer
            group = self._groups.setdefault(recipe.weight_decay if decayed else 0.0, [])
            group.append((parameter, buffer))

    @torch.no_grad()
    def step(self, rate: float | Tensor, *, found_inf: Tensor | None = None) -> None:
        """Move every parameter that has a gradient at learning rate `rate`, and forget the gradients.

        With `found_inf`, float32 () on the device, at 1 nothing is moved.
        """
        for weight_decay, group in self._groups.items():
            reached = [(p, p.grad, buffer) for p, buffer in group if p.grad is not None]
            if not reached:
                continue
            parameters, gradients, buffers = map(list, zip(*reached, strict=True))
            torch._fused_sgd_(
                parameters,
                gradients,
                buffers,
                weight_decay=weight_decay,
                momentum=self._momentum,
                lr=rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
                found_inf=found_inf,
            )
            for parameter in parameters:
                parameter.grad = None

    @torch.no_grad()
    def restore(self, buffers: Mapping[str, Tensor]) -> None:
        """Put the momentum buffers of a checkpoint back (KeyError: one is missing)."""
        for name, buffer in self.momentum_buffers.items():
            buffer.copy_(buffers[name])
