"""The options that describe a recipe, shared by `train` and `recipe`, and the command `recipe`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import msgspec

from resviz.atomic import write_atomically
from resviz.cli.output import answer
from resviz.errors import DataError, FormatError, RecipeError, RunError
from resviz.train import recipe as recipes
from resviz.train.circumstances import PICTURES, UNKNOWN, Circumstances
from resviz.train.objections import objection
from resviz.train.recipe import PRESETS, Precision, Recipe, with_changes

_FIELDS = (
    "data", "data_dir", "seed", "device", "batch_size", "learning_rate", "milestones", "decay_scope",
    "probe_interval", "evaluate_interval", "precision", "augment", "normalise", "train_limit", "test_limit",
    "validation_split",
)  # fmt: skip
"""Fields of a recipe that have an option of the same name."""


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `recipe`."""
    add_options(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, required=True, help="where to write (JSON)"
    )


def run(command: str, args: argparse.Namespace) -> int:
    """Write a recipe file to start from; return 0.

    Raises:
        ResvizError: a value cannot be used, or the file cannot be written.
    """
    recipe = recipe_of(args)
    demand_sense(args, recipe)
    write_atomically(args.output, recipes.to_json(recipe))
    document = {"file": str(args.output), "name": recipe.name}
    answer(args, document, f"{recipe.name}: {args.output}\nTrain with: train ARCH --recipe {args.output}")
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `recipe_of` reads."""

    def add(option: str, metavar: str, about: str, kind: type = str) -> None:
        parser.add_argument(option, metavar=metavar, type=kind, help=about)

    parser.add_argument(
        "--recipe", default="paper", metavar="NAME", help="what to start from: paper, short, quick or a file"
    )
    add("--data", "D", "shapes, cifar10, cifar100 or folder:PATH")
    add("--data-dir", "DIR", "where data sets live; a standard CIFAR archive or folder put there is used")
    add("--iterations", "N", "length of the training; milestones move in proportion", int)
    add("--seed", "S", "decides batches, augmentation, first weights", int)
    add("--device", "DEV", "auto, cpu, cuda or cuda:N")
    add("--batch-size", "N", "pictures an iteration", int)
    add("--learning-rate", "RATE", "before the first milestone", float)
    parser.add_argument(
        "--milestones", metavar="N,N", type=_milestones,
        help="iterations at which the rate drops to a tenth, such as 32000,48000; none: it never does",
    )  # fmt: skip
    parser.add_argument(
        "--decay-scope", choices=("weights", "all"),
        help="weight decay on the weights of convolutions and classifier only, or on every parameter",
    )  # fmt: skip
    add("--probe-interval", "N", "iterations between two probes", int)
    add("--evaluate-interval", "N", "iterations between two passes over the test set", int)
    parser.add_argument(
        "--precision", choices=get_args(Precision),
        help="numbers to compute with: float32 as in the paper; auto: what the hardware is fast in",
    )  # fmt: skip
    parser.add_argument(
        "--no-augment", dest="augment", action="store_false", default=None, help="no random crops, no flips"
    )
    parser.add_argument(
        "--normalise", choices=("pixel-mean", "channel-mean", "channel-mean-std"),
        help="what to subtract from a picture: the mean of each pixel (the paper) or of each channel; "
        "-std divides by the deviation too",
    )  # fmt: skip
    add("--train-limit", "N", "train on N pictures only, of all classes alike", int)
    add("--test-limit", "N", "test on N pictures only, of all classes alike", int)
    parser.add_argument(
        "--validation-split", action="store_true", default=None,
        help="train on nine tenths of the training set, test on the rest of it",
    )  # fmt: skip
    add_set(parser)


def add_set(parser: argparse.ArgumentParser, *, listed: bool = False) -> None:
    """Add the option --set, which `changes_of` reads; `listed`: with all fields below the options."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", dest="changes",
        help="set any field of the recipe, such as schedule=cosine or ema_decay=0.999; may be given often; a "
        "wrong name is answered by the nearest one",
    )  # fmt: skip
    if listed:
        parser.epilog = f"Fields for --set: {', '.join(Recipe.__struct_fields__)}."


def changes_of(texts: Iterable[str], given: Iterable[str] = ()) -> dict[str, str]:
    """Return the values of --set by field.

    Args:
        texts: "FIELD=VALUE" each.
        given: fields that other options set already.

    Raises:
        RecipeError: one is no change, or a field is set twice.
    """
    changes: dict[str, str] = {}
    options = set(given)
    for text in texts:
        field, equals, value = text.partition("=")
        if not equals:
            raise RecipeError(f"--set {text!r} is no change: write FIELD=VALUE, such as learning_rate=0.01.")
        name = recipes.field_name(field)
        if name in changes or name in options:
            also = f" and by --{name.replace('_', '-')}" if name in options else " twice"
            raise RecipeError(f"{name} is set by --set{also}: give it once.")
        changes[name] = value
    return changes


def check_name(name: str | None) -> None:
    """Check an experiment's name.

    Raises:
        RunError: it is empty.
    """
    if name is not None and not name.strip():
        raise RunError(
            "--name must not be empty: the experiment is found by it; leave it out for a usual one."
        )


def recipe_of(args: argparse.Namespace) -> Recipe:
    """Return the recipe that the arguments describe.

    Raises:
        RecipeError: a value cannot be used; the sentence names the option.
        FormatError: the recipe file is missing, damaged or newer.
    """
    base = _named_recipe(args.recipe)
    given = {field: value for field in _FIELDS if (value := getattr(args, field)) is not None}
    options = (*given, *(["iterations"] if args.iterations is not None else []))
    several = getattr(args, "seeds", None) is not None
    if several and any(text.partition("=")[0].strip().lower() == "seed" for text in args.changes):
        raise RecipeError("--set seed and --seeds say different things: give one of them.")
    changes = changes_of(args.changes, options)
    try:
        scaled = base if args.iterations is None else base.scaled(args.iterations)
        recipe = msgspec.structs.replace(scaled, **given)
    except RecipeError as error:
        raise RecipeError(_with_options(str(error), (*given, "iterations"))) from None
    return with_changes(recipe, changes)


def demand_sense(args: argparse.Namespace, recipe: Recipe, circumstances: Circumstances = UNKNOWN) -> None:
    """Refuse a recipe that nobody can mean, in the words that a person typed.

    Raises:
        RecipeError: the sentence says what is wrong.
        DataError: there is no such data set.
    """
    typed = [field for field in _FIELDS if getattr(args, field) is not None]
    if sentence := objection(recipe, circumstances):
        raise RecipeError(_with_options(sentence, tuple(typed)))
    check_data(recipe.data)


def check_data(data: str) -> None:
    """Check what `--data` says; pictures are not looked for yet.

    Raises:
        DataError: there is no such data set.
    """
    if data not in PICTURES and (not data.startswith("folder:") or data == "folder:"):
        raise DataError(f"There is no data set {data!r}: choose {', '.join(PICTURES)} or folder:PATH.")


def _with_options(sentence: str, fields: tuple[str, ...]) -> str:
    """Return a sentence about a recipe's fields in the words that a person typed."""
    for field in fields:
        option = "--" + field.replace("_", "-")
        sentence = re.sub(rf"^{field}\b|(?<=\s){field}(?= must)", option, sentence)
    return sentence


def _milestones(text: str) -> tuple[int, ...]:
    if text.strip() in ("", "none"):
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        message = f"{text!r} is no list of iterations: write 32000,48000, or none"
        raise argparse.ArgumentTypeError(message) from None


def _named_recipe(text: str) -> Recipe:
    if text in PRESETS:
        return PRESETS[text]
    path = Path(text)
    try:
        return recipes.from_json(path.read_bytes(), str(path))
    except OSError as error:
        known = f"choose {', '.join(PRESETS)} or a file"
        raise FormatError(f"There is no recipe {text!r} ({error.strerror}): {known}.") from None
