"""A report: one HTML file of some runs that opens in any browser and loads nothing from anywhere."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path

import msgspec

from resviz import __version__
from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.atomic import write_atomically
from resviz.errors import ResvizError
from resviz.report.figures import Figure, figures
from resviz.report.findings import happened, meaning, percent, reached, verdicts
from resviz.report.network import parts, strip
from resviz.report.repetitions import repetitions, spread
from resviz.report.style import style
from resviz.report.subject import Subject, subjects
from resviz.runs import labels
from resviz.runs.experiment import Experiment
from resviz.runs.run import Run
from resviz.train import recipe as recipes
from resviz.train.circumstances import Circumstances
from resviz.train.describe import words
from resviz.train.recipe import Recipe

_FEW = 4
"""Runs, up to which each has its sentence: of more, the table tells."""
_PAPER = "https://arxiv.org/abs/1512.03385"


def write_report(runs: Sequence[Run], path: str | os.PathLike[str], title: str = "") -> Path:
    """Write the report of some runs, of one experiment or of several; return its path.

    Args:
        runs: those that never began are left out.
        path: of the file.
        title: "": made of the experiment's name.

    Raises:
        RunError: none of the runs has begun.
        ResvizError: the file cannot be written.
    """
    return write_atomically(path, report(runs, title).encode())


def report(runs: Sequence[Run], title: str = "") -> str:
    """Return the page; arguments and errors are those of `write_report`."""
    found = subjects(runs)
    name, date = _origin(found)
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="resviz {escape(__version__)}">\n'
        f"<title>{escape(title or name)}</title>\n<style>{style(found)}</style>\n</head>\n<body>\n"
    )
    sections = [
        _header(title or name, date, found),
        _section("Runs", _runs(found)),
        _section("Figures", _figures(figures(found))),
        _section("What happened", _events(found)),
        _section("Recipe", _recipes(found)),
        _section("Networks", _networks(found)),
    ]
    return f"{head}{''.join(sections)}{_footer()}</body>\n</html>\n"


def _origin(found: Sequence[Subject]) -> tuple[str, str]:
    """Return the experiments' names, and when the first run began."""
    names = []
    for folder in dict.fromkeys(subject.experiment for subject in found):
        own = [subject.name for subject in found if subject.experiment == folder]
        try:
            experiment = Experiment.open(folder)
            names += [experiment.title] if len(own) == len(experiment.runs) else own
        except ResvizError:
            names += own
    first = min(subject.series.first_time or 0.0 for subject in found)
    return ", ".join(dict.fromkeys(names)), time.strftime("%Y-%m-%d", time.localtime(first))


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}</section>\n" if content else ""


def _header(title: str, date: str, found: Sequence[Subject]) -> str:
    count = f"{len(found)} runs" if len(found) > 1 else "One run"
    folders = dict.fromkeys(Path(subject.experiment) for subject in found)
    said = [labels.known(folder)[0].note.strip() for folder in folders]
    notes = "".join(f"<p>{_lines(note)}</p>\n" for note in said if note)
    first, then = verdicts(found), [reached(subject) for subject in found] if len(found) <= _FEW else []
    if not first:
        first, then = [reached(subject) for subject in found], []
    lines = [f"<p>{escape(each)}</p>" for each in first]
    lines += [f'<p class="so">{_linked(each)}</p>' for each in (meaning(found), *then) if each]
    return (
        f"<header>\n<h1>{escape(title)}</h1>\n"
        f'<p class="quiet">{count}, begun on {escape(date)}</p>\n{notes}</header>\n'
        f'<div class="verdict">\n{"".join(lines)}\n</div>\n'
    )


def _swatch(subject: Subject) -> str:
    return f'<span class="swatch r{subject.number}"></span>{escape(subject.name)}'


def _table(
    columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]], foot: Sequence[str] = ()
) -> str:
    """Return a table; columns are (title, whether it holds numbers), cells are HTML."""

    def line(cells: Sequence[str], kind: str) -> str:
        made = []
        for (_, number), cell in zip(columns, cells, strict=True):
            made.append(f"<{kind}{' class=number' if number else ''}>{cell}</{kind}>")
        return f"<tr>{''.join(made)}</tr>"

    head = line([escape(title) for title, _ in columns], "th")
    body = "\n".join(line(row, "td") for row in rows)
    end = f"<tfoot>{line(foot, 'td')}</tfoot>" if foot else ""
    return (
        f'<div class="scroll"><table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>{end}</table></div>\n'
    )


def _runs(found: Sequence[Subject]) -> str:
    columns = [
        ("Run", False), ("Layers", True), ("Parameters", True), ("Iterations", True),
        ("Training error", True), ("Test error", True), ("Images/s", True), ("Computed on", False),
        ("Seed", True), ("State", False),
    ]  # fmt: skip
    notes = ((subject, labels.known(subject.run.path)[0].note.strip()) for subject in found)
    told = [f"<p>{_swatch(subject)}: {_lines(note)}</p>\n" for subject, note in notes if note]
    known = dict.fromkeys(s.series.started.versions for s in found if s.series.started is not None)
    versions = "; ".join(each for each in known if each)
    by = f'<p class="quiet">Trained with {escape(versions)}.</p>\n' if versions else ""
    table = _table(columns, [_run_row(subject) for subject in found])
    return f"{table}{_repetitions(found)}{''.join(told)}{by}"


def _repetitions(found: Sequence[Subject]) -> str:
    """Return a table of what runs that differ by their seeds only reached together; "" without such."""
    groups = repetitions(found)
    rows = []
    for group in groups:
        train = [subject.series.train_error_pct for subject in group]
        test = [subject.series.test_error_pct for subject in group]
        best = min((each for each in test if each is not None), default=None)
        rows.append([escape(group[0].network), str(len(group)), spread(train), spread(test), percent(best)])
    columns = [
        ("Over seeds", False),
        ("Runs", True),
        ("Training error", True),
        ("Test error", True),
        ("Best", True),
    ]
    note = '<p class="quiet">Mean ± standard deviation of the sample.</p>\n'
    return _table(columns, rows) + note if rows else ""


def _lines(note: str) -> str:
    """Return a person's note as HTML."""
    return escape(note).replace("\n", "<br>")


def _run_row(subject: Subject) -> list[str]:
    series, started = subject.series, subject.series.started
    assert started is not None  # `subjects` leaves out what never began.
    more = [subject.network] if subject.network not in ("", subject.name) else []
    below = "".join(
        f"<small>{escape(e)}</small>" for e in (*more, ", ".join(labels.known(subject.run.path)[0].tags)) if e
    )
    layers = str(cost_of(subject.architecture).depth) if subject.architecture is not None else "–"
    asked, speed = series.iterations, series.images_per_second
    of = f"<small>of {asked:,}</small>" if asked and asked != series.iteration else ""
    train = "diverged" if series.diverged else percent(series.train_error_pct)
    papers = [f"<small>paper {value:g} %</small>" for value in subject.paper or ()] or ["", ""]
    how = started.precision if started.execution == "eager" else f"{started.precision}, {started.execution}"
    threads = f", {started.threads} thread{'s' * (started.threads > 1)}" if started.threads else ""
    return [
        f"{_swatch(subject)}{below}", layers, f"{started.parameters:,}", f"{series.iteration:,}{of}",
        f"{train}{papers[0]}", f"{percent(series.test_error_pct)}{papers[1]}",
        f"{speed:,.0f}" if speed else "–", f"{escape(started.device)}{threads}<small>{escape(how)}</small>",
        str(started.seed), escape(subject.state),
    ]  # fmt: skip


def _figures(made: Sequence[Figure]) -> str:
    found = []
    for figure in made:
        legend = "".join(f"<span>{_swatch(subject)}</span>" for subject in figure.runs)
        found.append(
            f"<figure{' class=wide' if figure.wide else ''}>\n<h3>{escape(figure.title)}</h3>\n"
            f'<div class="legend">{legend}</div>\n{figure.svg}\n'
            f"<figcaption>{escape(figure.text)}</figcaption>\n</figure>\n"
        )
    return f'<div class="figures">\n{"".join(found)}</div>\n'


def _events(found: Sequence[Subject]) -> str:
    """Return what was done to the runs by hand, and what they noted; "" where there is nothing."""
    told = [(subject, happened(subject)) for subject in found]
    return "".join(
        f"<h3>{_swatch(subject)}</h3>\n<ul>{''.join(f'<li>{escape(each)}</li>' for each in sentences)}</ul>\n"
        for subject, sentences in told
        if sentences
    )


def _recipes(found: Sequence[Subject]) -> str:
    """Return each recipe in words and as a file; runs that differ in the seed alone share one."""
    shared: dict[bytes, list[Subject]] = {}
    for subject in found:
        if subject.recipe is not None:
            shared.setdefault(_without_seed(subject.recipe), []).append(subject)
    content = []
    for runs in shared.values():
        recipe = runs[0].recipe
        assert recipe is not None
        if len(shared) > 1:
            content.append(f"<h3>{', '.join(_swatch(subject) for subject in runs)}</h3>\n")
        known = Circumstances.of(s.architecture for s in runs if s.architecture is not None)
        depths = {cost_of(s.architecture).depth for s in runs if s.architecture is not None}
        sentences = words(recipe, known if len(depths) == 1 else known._replace(depth=None))
        content.append(f"<ul>{''.join(f'<li>{_linked(each)}</li>' for each in sentences)}</ul>\n")
        file = recipes.to_json(recipe).decode()
        content.append(
            f"<details><summary>The recipe as a file</summary><pre>{escape(file)}</pre></details>\n"
        )
    return "".join(content)


def _without_seed(recipe: Recipe) -> bytes:
    return recipes.to_json(msgspec.structs.replace(recipe, seed=0))


def _linked(sentence: str) -> str:
    """Return a sentence as HTML, its papers as links."""
    return re.sub(
        r"arXiv:(\d{4}\.\d{5})", r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', escape(sentence)
    )


def _networks(found: Sequence[Subject]) -> str:
    """Return each architecture once, with its stages."""
    shown: dict[str, list[Subject]] = {}
    for subject in found:
        if subject.architecture is not None:
            shown.setdefault(subject.network, []).append(subject)
    content = []
    for name, runs in shown.items():
        architecture = runs[0].architecture
        assert architecture is not None
        cost = cost_of(architecture)
        content.append(
            f'<div class="network">\n<h3>{escape(name)}</h3>\n<p class="quiet">{cost.depth} weighted layers, '
            f"{cost.total.parameters:,} parameters, {_millions(cost.total.multiply_adds)} multiply-adds "
            "a picture</p>\n"
            f"{strip(architecture, runs[0].number)}\n{_stages(architecture)}</div>\n"
        )
    return "".join(content)


def _stages(architecture: Architecture) -> str:
    columns = [
        ("Part", False),
        ("Blocks", False),
        ("Output", False),
        ("Parameters", True),
        ("Multiply-adds", True),
    ]
    found = parts(architecture)
    rows = [
        [escape(p.name), escape(p.kinds), escape(p.shape), f"{p.parameters:,}", _millions(p.multiply_adds)]
        for p in found
    ]
    return _table(columns, rows)


def _millions(count: int) -> str:
    return f"{count / 1e6:,.2f} M" if count >= 10_000 else f"{count:,}"


def _footer() -> str:
    return (
        f"<footer>Written by resviz {escape(__version__)} on {time.strftime('%Y-%m-%d at %H:%M')}. "
        f'He, Zhang, Ren, Sun: <a href="{_PAPER}">Deep Residual Learning for Image Recognition</a>, '
        "2015.</footer>\n"
    )
