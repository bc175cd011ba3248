"""What a kind of block is: parameters, ports, shape rule, cost rule, documentation."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resviz.errors import ParameterError

Value = bool | int | float | str
Params = Mapping[str, Value]
Shape = tuple[int, ...]
"""`(C, H, W)` of a map or `(F,)` of a vector, without the batch dimension."""


class ShapeError(Exception):
    """Raised by a shape rule; carries the sentence and the mend that the person sees.

    "{block}" in a mend stands for the block's id, which a rule does not know.
    """

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


@dataclass(frozen=True)
class Cost:
    """What one block costs.

    `parameters`: count; `multiply_adds`: count a sample, of convolutions and linear layers (a tool that
    counts multiplication and addition apart gives twice that); `activations`: values kept a sample.
    """

    parameters: int = 0
    multiply_adds: int = 0
    activations: int = 0

    def __add__(self, other: Cost) -> Cost:
        """Return the sum of two costs."""
        return Cost(
            self.parameters + other.parameters,
            self.multiply_adds + other.multiply_adds,
            self.activations + other.activations,
        )


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kind: its default (which fixes its type), range or choices, and meaning."""

    name: str
    default: Value
    doc: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    since: int = 1
    """Version of the file format that first had it; a later one is written only where it says something."""

    def check(self, kind: str, value: object) -> Value:
        """Return `value` as this parameter's type.

        Raises:
            ParameterError: wrong type, out of range or not among the choices.
        """
        wanted = type(self.default)
        if wanted is bool:
            if not isinstance(value, bool):
                raise self._refusal(kind, "true or false", value)
            return value
        if wanted is str:
            if not isinstance(value, str) or value not in self.choices:
                raise self._refusal(kind, f"one of {', '.join(self.choices)}", value)
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refusal(kind, "a number", value)
        low, high = self.minimum, self.maximum
        # Written so that NaN fails too; and before any conversion, which infinity would not survive.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            bounds = f"at least {low:g}" if high is None else f"from {low or 0:g} to {high:g}"
            raise self._refusal(kind, bounds, value)
        if wanted is int and int(value) != value:
            raise self._refusal(kind, "a whole number", value)
        return int(value) if wanted is int else float(value)

    def _refusal(self, kind: str, must: str, value: object) -> ParameterError:
        return ParameterError(f"{kind}.{self.name} must be {must}, not {reprlib.repr(value)}.")


@dataclass(frozen=True)
class Kind:
    """One entry of the catalogue.

    `infer(params, shapes)` gives the output shape from the input shapes in the order of `inputs`, or raises
    `ShapeError`; `cost(params, shapes, output)` the cost of one instance; `depth(params)` the weighted layers
    on the way from "in" to "out" (shortcuts not counted, as in arXiv:1512.03385).
    """

    name: str
    title: str
    group: str
    doc: str
    source: str
    infer: Callable[[Params, tuple[Shape, ...]], Shape]
    cost: Callable[[Params, tuple[Shape, ...], Shape], Cost]
    inputs: tuple[str, ...] = ("in",)
    outputs: tuple[str, ...] = ("out",)
    parameters: tuple[Parameter, ...] = ()
    depth: int = 0
    synonyms: tuple[str, ...] = ()
    short_title: str = ""
    """For narrow places; "" where the title is short."""

    def parameter(self, name: str) -> Parameter:
        """Return the parameter called `name`.

        Raises:
            ParameterError: there is none.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(p.name for p in self.parameters) or "none"
        raise ParameterError(f"{self.title} has no parameter {name!r}; it has: {known}.")

    def complete(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Return all parameters, checked, defaults filled in.

        Raises:
            ParameterError: unknown name or unusable value.
        """
        for name in given:
            self.parameter(name)
        return {p.name: p.check(self.name, given.get(p.name, p.default)) for p in self.parameters}


def integer(params: Params, name: str) -> int:
    """Return a checked whole-number parameter."""
    value = params[name]
    assert isinstance(value, int)
    return value


def need_map(shape: Shape, what: str) -> tuple[int, int, int]:
    """Return `shape` as (C, H, W).

    Raises:
        ShapeError: it is a vector.
    """
    if len(shape) != 3:
        raise ShapeError(
            f"{what}: needs a map (channels, height, width), but gets a vector of {shape[0]}.",
            "Place {block} before the pooling or flatten block.",
        )
    return shape[0], shape[1], shape[2]


def shape_text(shape: Shape) -> str:
    """Return a shape as text: "16 x 32 x 32"."""
    return " x ".join(map(str, shape))


def window(size: int, kernel: int, stride: int, padding: int, what: str) -> int:
    """Return the output size of a sliding window.

    Raises:
        ShapeError: the window does not fit.
    """
    if size + 2 * padding < kernel:
        raise ShapeError(
            f"{what}: a window of {kernel} does not fit a map of {size} with padding {padding}.",
            "Use a smaller kernel or more padding in {block}, fewer strides before it, or a larger input.",
        )
    return (size + 2 * padding - kernel) // stride + 1
