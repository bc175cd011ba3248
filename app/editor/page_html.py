"""A block's page as rich text, in the colours of the theme."""

from __future__ import annotations

import re
from html import escape

from app.theme import theme
from resviz.arch.about import About, Costing, Setting
from resviz.arch.typeset import html, prose_html

_NAMED, _ITALIC = re.compile(r"`(\w+)`"), r"<i>\1</i>"


def page_html(about: About) -> str:
    """Return everything of a page but its figure."""
    parts = [f"<p>{_NAMED.sub(_ITALIC, escape(about.doc))}</p>", _equations(about)]
    parts += [_heading("In the papers"), f"<p>{_with_links(about)}</p>"]
    if about.settings:
        parts += [_heading("Parameters"), _settings(about.settings)]
    parts += [_heading("Shape"), "".join(f"<p>{escape(line)}</p>" for line in _arrows(about.shape))]
    parts += [_heading("Cost" if about.block else "Cost, by the example above"), _costs(about)]
    return f"<html><head>{_style()}</head><body>{''.join(parts)}</body></html>"


def _style() -> str:
    colours, pixels = theme().colours, theme().font_pixels
    rules = (
        f"body {{ color: {colours.text}; font-size: {pixels}px; }}",
        "p { margin: 4px 0; line-height: 130%; }",
        f"h3 {{ margin: 14px 0 2px 0; font-size: {pixels + 1}px; font-weight: 600; }}",
        "b { font-weight: 600; }",
        f"a {{ color: {colours.accent}; text-decoration: none; }}",
        f".muted {{ color: {colours.muted}; }}",
        "td { padding: 3px 14px 3px 0; vertical-align: top; }",
        f".equation {{ font-size: {pixels + 4}px; margin: 6px 0 6px 16px; }}",
    )
    return f"<style>{' '.join(rules)}</style>"


def _heading(text: str) -> str:
    return f"<h3>{escape(text)}</h3>"


def _equations(about: About) -> str:
    return "".join(f'<p class="equation">{html(equation)}</p>' for equation in about.equations)


def _with_links(about: About) -> str:
    """Return what the papers say; the number of a paper leads to it."""
    return " ".join(_linked(word) for word in prose_html(about.paper).split(" "))


def _linked(word: str) -> str:
    name = word.rstrip(",.;:)")
    if not name.startswith("arXiv:"):
        return word
    link = f'<a href="https://arxiv.org/abs/{name.removeprefix("arXiv:")}">{name}</a>'
    return link + word[len(name) :]


def _settings(settings: tuple[Setting, ...]) -> str:
    rows = [
        f"<tr><td><b>{escape(s.name.replace('_', ' '))}</b></td><td>{escape(s.value)}</td>"
        f'<td>{escape(s.meaning)} <span class="muted">{escape(s.range)}.</span></td></tr>'
        for s in settings
    ]
    return f'<table cellspacing="0">{"".join(rows)}</table>'


def _arrows(lines: tuple[str, ...]) -> list[str]:
    return [line.replace("->", "→").replace(" x ", " × ") for line in lines]


def _costs(about: About) -> str:
    rows = "".join(_cost(cost) for cost in about.costs)
    symbols = "; ".join(f"{html(name)}: {escape(meaning)}" for name, meaning in about.symbols)
    note = f'<p class="muted">{symbols}.</p>' if symbols else ""
    return f'<table cellspacing="0">{rows}</table>{note}'


def _cost(cost: Costing) -> str:
    value = "?" if cost.value is None else f"{cost.value:,}"
    formula = html(cost.formula)
    lines = [formula]
    if cost.filled and cost.filled not in (cost.formula, value):
        lines.append(f'<span class="muted">= {html(cost.filled)}</span>')
    shown = "" if cost.formula == "0" else "<br>".join(lines)
    return f'<tr><td>{escape(cost.name)}</td><td align="right"><b>{value}</b></td><td>{shown}</td></tr>'
