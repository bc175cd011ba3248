"""`estimate`: what training will take on this machine, by a few steps of it."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass

import msgspec

from resviz.arch.cost import cost_of
from resviz.arch.graph import Architecture
from resviz.cli.opening import opened
from resviz.cli.output import answer, table
from resviz.cli.recipe import add_options, demand_sense, recipe_of
from resviz.errors import DeviceError, RecipeError, ResvizError
from resviz.train import devices, estimates
from resviz.train.estimate_words import duration, provenance, shortage, step_text
from resviz.train.estimates import Measured, Prediction
from resviz.train.main_memory import free_beside_cards
from resviz.train.memory import size_text
from resviz.train.placement import available_cores, thread_environment
from resviz.train.recipe import Recipe


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `estimate`."""
    parser.add_argument("architectures", nargs="+", metavar="ARCH", help="a preset (resnet-20) or a file")
    add_options(parser)
    parser.add_argument("--threads", type=int, metavar="N", help="processor cores to reckon with (all)")
    parser.add_argument(
        "--again", action="store_true", help="measure anew, even where the same was measured before"
    )
    parser.add_argument(
        "--beside", type=int, default=0, metavar="N", help="note that N others are measured at the same time"
    )
    parser.add_argument(
        "--progress", action="store_true", help="print how far it is as lines of JSON (for the window)"
    )


def run(command: str, args: argparse.Namespace) -> int:
    """Say what training takes; return 0.

    Raises:
        ResvizError: a network cannot be trained, or there is no memory for even a few pictures.
    """
    recipe = recipe_of(args)
    demand_sense(args, recipe)
    devices.check_present(recipe.device)
    threads = available_cores() if args.threads is None else args.threads
    if threads < 1:
        raise RecipeError(f"--threads must be at least 1, not {threads}.")
    free = free_beside_cards()  # Before the measurement takes some of it.
    architectures = [opened(text) for text in args.architectures]
    found = [_one(args, each, recipe, threads, free) for each in architectures]
    document = [each.document() for each in found]
    answer(args, document[0] if len(document) == 1 else {"networks": document}, _text(found))
    return 0


@dataclass(frozen=True)
class _Estimated:
    architecture: Architecture
    prediction: Prediction
    measured: Measured
    free: int | None
    """Bytes of memory that are free where it is trained; None: not known, as on a card."""

    @property
    def lacking(self) -> str:
        """A sentence where the memory does not suffice, else ""."""
        said = shortage(self.prediction.memory, self.free)
        return f"{self.architecture.name}: {said}" if said else ""

    def document(self) -> dict[str, object]:
        """Return what `--json` says."""
        cost, told = cost_of(self.architecture), self.prediction
        return {
            "name": self.architecture.name,
            "depth": cost.depth,
            "parameters": cost.total.parameters,
            "multiply_adds": cost.total.multiply_adds,
            "batch_size": told.batch_size,
            "iterations": told.iterations,
            "memory_bytes": told.memory,
            "memory_free_bytes": self.free,
            "step_seconds": told.step_s,
            "training_seconds": told.training_s,
            "testing_seconds": told.testing_s,
            "images_per_second": told.images_per_second,
            "measured": self.measured,
        }


def _one(
    args: argparse.Namespace, architecture: Architecture, recipe: Recipe, threads: int, free: int | None
) -> _Estimated:
    measured = None if args.again else estimates.find(architecture, recipe, threads, args.beside)
    if measured is None or measured.asked != recipe.batch_size:
        measured = _measured(args, architecture, recipe, threads)
        estimates.keep(architecture, recipe, measured)
    prediction = estimates.predict(architecture, recipe, measured)
    return _Estimated(architecture, prediction, measured, free if measured.device == "cpu" else None)


def _measured(args: argparse.Namespace, architecture: Architecture, recipe: Recipe, threads: int) -> Measured:
    """Measure as a worker would train: its threads, its memory.

    Raises:
        ResvizError: there is no memory for it.
    """
    from resviz.nn.memory import keep_freed_memory

    os.environ.update(thread_environment(threads, os.environ))  # Read when torch is loaded.
    keep_freed_memory()
    tell = _Telling(args, architecture.name)
    tell("loading", 0.0)
    import torch

    from resviz.train.measure import measure
    from resviz.train.session import sentence

    torch.set_num_threads(threads)
    device = devices.choose(recipe.device)
    try:
        return measure(architecture, recipe, device, beside=args.beside, tell=tell)
    except ResvizError:
        raise
    except (RuntimeError, MemoryError) as error:
        said = sentence(error)
        raise DeviceError(said.replace("see log.txt", "choose a smaller batch or network")) from error
    finally:
        tell.end()


class _Telling:
    """Says how far the measurement is: to a person on a line of stderr, to the window as JSON."""

    def __init__(self, args: argparse.Namespace, name: str) -> None:
        self._json, self._name = args.progress, name
        self._person = not args.progress and sys.stderr.isatty()

    def __call__(self, what: str, share: float) -> None:
        if self._json:
            line = msgspec.json.encode({"progress": round(share, 3), "doing": what}).decode()
            print(line, flush=True)
        elif self._person:
            print(f"\r\x1b[K{self._name}: {what} …", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line empty."""
        if self._person:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _rate(images: float) -> str:
    return f"{images:,.0f}" if images >= 9.95 else f"{images:.2g}"


def _text(found: list[_Estimated]) -> str:
    first = found[0].prediction
    rows = [
        [
            each.architecture.name,
            size_text(each.prediction.memory),
            step_text(each.prediction.step_s or 0.0),
            _rate(each.prediction.images_per_second or 0.0),
            duration(each.prediction.training_s or 0.0),
        ]
        for each in found
    ]
    head = ["network", "memory", "a step", "images/s", f"{first.iterations:,} iterations with tests"]
    lacking = [each.lacking for each in found if each.lacking]
    notes = dict.fromkeys(provenance(each.measured, first.batch_size) for each in found)
    return "\n".join(
        [f"Estimated for a batch of {first.batch_size:,}:", "", table(head, rows), "", *lacking, *notes]
    )
