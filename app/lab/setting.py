"""What a setting of a recipe is in the window, and how its values are read and typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["count", "optional", "number", "choice", "switch", "counts", "pair"]
"""A whole number; one or nothing; a number; one of some words; yes or no; several counts; two numbers."""
Choices = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Setting:
    """One field of a recipe.

    Attributes:
        name: as `Recipe` calls it.
        title: on screen, with the unit where there is one.
        about: what it does, and where that was published.
        choices: titles and values, of a choice.
        low, high: least and largest number.
        nothing: what an empty "optional" reads.
        useful: whether the field matters, given the choices made and the `depth` of the networks.
        unused: what the recipe holds where it does not; None: what it held before.
        of_paper: whether the paper says anything about it.
    """

    name: str
    title: str
    kind: Kind
    about: str
    choices: Choices = ()
    low: float = 0.0
    high: float = 1e9
    nothing: str = ""
    useful: Callable[[dict[str, Any]], bool] = lambda values: True
    unused: Any = None
    of_paper: bool = True


@dataclass(frozen=True)
class Group:
    """Settings under one heading that folds."""

    title: str
    settings: tuple[Setting, ...]


def value_text(setting: Setting, value: Any) -> str:
    """Return a value as it is typed and read."""
    if setting.kind == "choice":
        return next((title for title, own in setting.choices if own == value), str(value))
    if setting.kind == "switch":
        return "on" if value else "off"
    if value is None or value == ():
        return setting.nothing
    if setting.kind in ("count", "optional"):
        return f"{value:,d}"
    parts = value if isinstance(value, tuple) else (value,)
    return ", ".join(number_text(part) for part in parts)


def number_text(value: float) -> str:
    """Return a number in the fewest digits that give it back: "0.05", "1e-4", "32000"."""
    if isinstance(value, int):
        return str(value)
    short = f"{value:g}"
    return (short if float(short) == value else repr(value)).replace("e-0", "e-").replace("e+0", "e")
