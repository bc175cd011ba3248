"""Finding runs by what is known of them: free words, and words that look in one place only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from resviz.errors import ResvizError
from resviz.runs.experiment import Experiment
from resviz.runs.labels import Labels
from resviz.runs.run import Run
from resviz.train.recipe import Recipe

FIELDS = (
    "name", "title", "tag", "data", "network", "recipe", "state", "note", "seed", "experiment",
)  # fmt: skip
_ASKED_FOR = {"seed", "experiment"}
"""Where free words do not look: numbers mean depths, and an experiment is mostly named after both twins."""
_TERM = re.compile(r'(?:(\w+):)?(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True)
class Query:
    """Terms that all have to be found, each anywhere or in one field; case does not matter."""

    terms: tuple[tuple[str, str], ...] = ()
    """Field ("": any) and text."""

    @classmethod
    def of(cls, text: str) -> Query:
        """Read what a person typed: `deep tag:final state:failed note:"too hot"`."""
        terms = []
        for field, quoted, bare in _TERM.findall(text.casefold()):
            wanted = quoted or bare
            if wanted and field in FIELDS:
                terms.append((field, wanted))
            elif wanted:  # A colon may also be part of a word, as in folder:PATH.
                terms.append(("", f"{field}:{wanted}" if field else wanted))
        return cls(tuple(terms))

    def finds(self, about: Mapping[str, str]) -> bool:
        """Say whether something is meant, of which `about` tells the fields, folded as by `folded`."""
        return all(_found(field, wanted, about) for field, wanted in self.terms)


def unknown_fields(text: str) -> list[str]:
    """Return what stands before a colon in a query and names no field: it may be meant as one."""
    return [field for field, *_ in _TERM.findall(text.casefold()) if field and field not in FIELDS]


def _found(field: str, wanted: str, about: Mapping[str, str]) -> bool:
    if field == "seed":  # 1 is not 10.
        return about.get("seed") == wanted
    if field:
        return wanted in about.get(field, "")
    return any(wanted in text for key, text in about.items() if key not in _ASKED_FOR)


def folded(about: Mapping[str, str]) -> dict[str, str]:
    """Return the fields as `Query.finds` compares them."""
    return {field: text.casefold() for field, text in about.items() if text}


def lasting(run: Run) -> dict[str, str]:
    """Return the fields of a run that its training does not change; what cannot be read is left out."""
    about = {"name": run.name}
    try:
        about["network"] = run.network()
        recipe: Recipe = run.recipe()
    except ResvizError:
        return about
    return {**about, "data": recipe.data, "recipe": recipe.name, "seed": str(recipe.seed)}


def said(labels: Labels, of_experiment: Labels, experiment: Experiment | None) -> dict[str, str]:
    """Return the fields that people wrote: of a run, and of the experiment that it is in."""
    own, name = (experiment.own_name, experiment.name) if experiment is not None else ("", "")
    return {
        "title": _lines(labels.title, of_experiment.title, own),
        "tag": _lines(*labels.tags, *of_experiment.tags),
        "note": _lines(labels.note, of_experiment.note),
        "experiment": _lines(of_experiment.title, name),
    }


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))
