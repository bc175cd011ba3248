"""Mathematics in one notation, as HTML or plain text.

"C_{in}" and "k^2" have sub- and superscripts, single letters are variables, words in double quotes are words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

_TOKENS = re.compile(r'([_^])(?:\{([^{}]*)\}|(\w))|"([^"]*)"|([^\W\d_]+)|([\s\S])')
_INSERTS = re.compile(r"\$([^$]*)\$")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def html(text: str) -> str:
    """Return mathematics as HTML: real sub- and superscripts, variables in italics."""
    made = []
    for mark, braced, single, quoted, word, other in _TOKENS.findall(text):
        if mark:
            tag = "sub" if mark == "_" else "sup"
            made.append(f"<{tag}>{html(braced or single)}</{tag}>")
        elif word:
            made.append(f"<i>{escape(word)}</i>" if len(word) == 1 else escape(word))
        else:
            made.append(escape(quoted or other))
    return "".join(made)


def plain(text: str) -> str:
    """Return mathematics as text: small figures where they exist, "C_in" and "x_(i,j)" else."""
    made = []
    for mark, braced, single, quoted, word, other in _TOKENS.findall(text):
        inside = braced or single
        if mark and inside.isdecimal():
            made.append(inside.translate(_LOWERED if mark == "_" else _RAISED))
        elif mark:
            made.append(f"{mark}{inside}" if inside.isalnum() else f"{mark}({plain(inside)})")
        else:
            made.append(quoted or word or other)
    return "".join(made)


def prose_html(text: str) -> str:
    """Return sentences with mathematics between dollar signs as HTML."""
    parts = _INSERTS.split(text)
    return "".join(html(part) if number % 2 else escape(part) for number, part in enumerate(parts))


def prose(text: str) -> str:
    """Return sentences with mathematics between dollar signs as plain text."""
    return "".join(plain(part) if number % 2 else part for number, part in enumerate(_INSERTS.split(text)))


_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", 1),
    ast.Sub: (" − ", 1),
    ast.Mult: ("·", 2),
    ast.Div: ("/", 2),
    ast.Pow: ("^", 3),
}
"""What an operation is written with, and how tightly it binds."""


@dataclass(frozen=True)
class Formula:
    """Arithmetic on named numbers, written as in Python ("k**2*C_in*C_out"): set and computed alike."""

    source: str

    def value(self, names: Mapping[str, int]) -> int:
        """Return what it comes to; divisions must come out even."""
        result = _value(ast.parse(self.source, mode="eval").body, names)
        if result != int(result):
            raise ValueError(f"{self.source} is no whole number: {result}")
        return int(result)

    def names(self) -> list[str]:
        """Return the names in it, in order."""
        found = (node for node in ast.walk(ast.parse(self.source)) if isinstance(node, ast.Name))
        ordered = sorted(found, key=lambda node: node.col_offset)
        return list(dict.fromkeys(node.id for node in ordered))

    def text(self, numbers: Mapping[str, int] | None = None) -> str:
        """Return it in the notation of this module; with `numbers`, these in the place of the names."""
        return _set(ast.parse(self.source, mode="eval").body, numbers)[0]


def symbol(name: str) -> str:
    """Return a name in this notation: "C_in" -> "C_{in}"."""
    base, _, below = name.partition("_")
    return f"{base}_{{{below}}}" if below else base


def _value(node: ast.expr, names: Mapping[str, int]) -> float:
    match node:
        case ast.Constant(int(number)):
            return number
        case ast.Name(name):
            return names[name]
        case ast.BinOp(left, operation, right):
            a, b = _value(left, names), _value(right, names)
            match operation:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a // b if a % b == 0 else a / b
                case ast.Pow():
                    return float(a**b) if b < 0 else a ** int(b)
    raise ValueError(f"{ast.unparse(node)} is no arithmetic.")


def _set(node: ast.expr, numbers: Mapping[str, int] | None) -> tuple[str, int]:
    """Return a part as text, and how tightly its outermost operation binds."""
    match node:
        case ast.Constant(int(number)):
            return f"{number}", 4
        case ast.Name(name):
            return (symbol(name), 4) if numbers is None else (f"{numbers[name]:,}", 4)
        case ast.BinOp(left, operation, right):
            sign, binds = _SIGNS[type(operation)]
            first, second = _set(left, numbers), _set(right, numbers)
            before = first[0] if first[1] >= binds else f"({first[0]})"
            after = second[0] if second[1] >= binds else f"({second[0]})"
            return f"{before}{sign}{after}", binds
    raise ValueError(f"{ast.unparse(node)} is no arithmetic.")
