"""`train` and `resume`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from resviz.arch import presets
from resviz.arch.compare import differences
from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer
from resviz.arch.twin import is_plain, twin
from resviz.cli.launch import Launch, NothingTrainedError, Watched, demand_started
from resviz.cli.opening import opened
from resviz.cli.output import answer, table
from resviz.cli.progress import ProgressLines
from resviz.cli.recipe import add_options, check_data, check_name, demand_sense, recipe_of
from resviz.errors import BuildError, PresetError, RecipeError, RunError
from resviz.runs.events import Resume
from resviz.runs.store import Run, create_experiment, find_runs, summary
from resviz.train import devices
from resviz.train.circumstances import Circumstances

_POLL_S = 0.05
_ANSWER_S = 10.0
_CLASSES = {"shapes": 10, "cifar10": 10, "cifar100": 100}
_SIDE = 32
"""Pixels a side of the pictures of these data sets."""


def register(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train` and `resume`."""
    parser.add_argument("--threads", type=int, metavar="N", help="processor cores that the runs share (all)")
    if command == "resume":
        parser.add_argument("directory", metavar="DIR", type=Path, help="a run's or an experiment's folder")
        parser.add_argument("--iterations", type=int, metavar="N", help="train on up to N iterations in all")
        return
    parser.add_argument("architectures", nargs="+", metavar="ARCH", help="a preset (resnet-20) or a file")
    parser.add_argument(
        "--twin",
        action="store_true",
        help="train each network's twin too: plain without its shortcuts, or back",
    )
    add_options(parser)
    parser.add_argument(
        "--seeds", type=_seeds, metavar="S,S",
        help="a run of each network with each of these seeds, such as 0,1,2, in place of --seed",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="the experiment's folder")
    parser.add_argument("--name", help="the experiment's name (made of the networks' names)")
    parser.add_argument("--image-size", type=int, metavar="PX", help="input side of preset architectures")


def run(command: str, args: argparse.Namespace) -> int:
    """Train or resume; return 0 if all runs finished, 1 if one failed, 130 if Ctrl-C stopped them."""
    if args.threads is not None and args.threads < 1:
        raise RecipeError(f"--threads must be at least 1, not {args.threads}.")
    return _resume(args) if command == "resume" else _train(args)


def _train(args: argparse.Namespace) -> int:
    if args.seeds is not None and args.seed is not None:
        raise RecipeError("--seed and --seeds say different things: give one of them.")
    check_name(args.name)
    recipe = recipe_of(args)
    devices.check_present(recipe.device)
    classes = _classes_of(recipe.data)
    architectures = [_architecture(text, classes, args.image_size) for text in args.architectures]
    if args.twin:
        architectures = _with_twins(architectures)
    for architecture in architectures:
        for problem in infer(architecture).problems[:1]:
            raise BuildError(f"{architecture.name} cannot be trained: {problem.message} {problem.mend}")
    demand_sense(args, recipe, Circumstances.of(architectures))
    _advise(architectures, recipe.data, args.image_size)
    before = args.out is not None and args.out.is_dir()
    experiment = create_experiment(architectures, recipe, name=args.name, out=args.out, seeds=args.seeds)
    try:
        return _watch(args, experiment.runs, experiment.path, recipe.device)
    except NothingTrainedError:
        # The corrected command shall find the place free.
        experiment.remove(keep_folder=before and experiment.path == args.out)
        raise


def _with_twins(architectures: Sequence[Architecture]) -> list[Architecture]:
    """Return the networks, each with its twin behind it unless that is among them already.

    Raises:
        RecipeError: one has nothing that a twin could lack.
    """
    found: list[Architecture] = []
    for architecture in architectures:
        other = twin(architecture)
        if is_plain(other) == is_plain(architecture):
            raise RecipeError(f"{architecture.name} has no unit with a shortcut: leave out --twin.")
        for each in (architecture, other):
            if all(differences(each, known) for known in found):
                found.append(each)
    return found


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        message = f"{text!r} is no list of seeds: write 0,1,2"
        raise argparse.ArgumentTypeError(message) from None


def _resume(args: argparse.Namespace) -> int:
    runs = find_runs(args.directory)
    waiting = [run for run in runs if run.alive()]
    if waiting:
        return _unpause(args, waiting)
    before = [(run, run.recipe()) for run in runs]
    if args.iterations is not None:
        _extend(runs, args.iterations)
    open_runs = [run for run in runs if run.state() != "finished" or _unfinished(run)]
    if not open_runs:
        print("All runs are finished: give --iterations N to train on.", file=sys.stderr)
    device = open_runs[0].recipe().device if open_runs else "cpu"
    devices.check_present(device)
    try:
        return _watch(args, runs, args.directory, device, open_runs)
    except NothingTrainedError:
        for run, recipe in before if args.iterations is not None else ():
            run.set_recipe(recipe)
        raise


def _extend(runs: Sequence[Run], iterations: int) -> None:
    """Have the runs trained up to so many iterations.

    Raises:
        RecipeError: one has got as far already; nothing is changed then.
    """
    new = [(run, msgspec.structs.replace(run.recipe(), iterations=iterations)) for run in runs]
    furthest = max((summary(run) for run in runs), key=lambda each: each.iterations)
    if furthest.iterations >= iterations:
        raise RecipeError(
            f"--iterations {iterations}: {furthest.name} has {furthest.iterations} iterations behind it "
            f"already; give a number above {furthest.iterations}."
        )
    for run, recipe in new:
        run.set_recipe(recipe)


def _unfinished(run: Run) -> bool:
    """Say whether the recipe asks for more than was trained."""
    return summary(run).iterations < run.recipe().iterations


def _unpause(args: argparse.Namespace, runs: Sequence[Run]) -> int:
    """Tell paused workers, wherever they run, to go on; do not wait for their end."""
    paused = [run for run in runs if run.state() == "paused"]
    if not paused:
        names = ", ".join(run.name for run in runs)
        raise RunError(f"A worker is training {names} already: watch it with `resviz runs {args.directory}`.")
    for run in paused:
        run.send(Resume())
    end = time.monotonic() + _ANSWER_S
    while any(run.state() == "paused" for run in paused) and time.monotonic() < end:
        time.sleep(_POLL_S)
    where = args.directory
    waiting = [each.message for each in map(summary, paused) if each.state == "paused" and each.message]
    text = " ".join(waiting) or f"Training goes on in its own process: watch it with `resviz runs {where}`."
    _answer(args, [Watched(run) for run in paused], where, text)
    return 0


def _watch(
    args: argparse.Namespace,
    runs: Sequence[Run],
    where: Path,
    device: str,
    active: Sequence[Run] | None = None,
) -> int:
    """Train the active runs (None: all) and print how every run ended."""
    active = runs if active is None else active
    interrupted = False
    bars = ProgressLines()
    with Launch(active, device, args.threads) as launch:
        try:
            while launch.poll():
                for line in launch.news():
                    bars.say(line)
                if not launch.refused:
                    bars.show(launch.watched)
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            interrupted = True
        launch.stop()
        demand_started(launch)
        for line in launch.news():
            bars.say(line)
        bars.show(launch.watched, last=True) if active else None
    trained = {each.run.path: each for each in launch.watched}
    watched = [trained.get(run.path) or Watched(run) for run in runs]
    _answer(args, watched, where)
    if any(each.state in {"stopped", "interrupted"} for each in watched):
        print(f"Go on with: python -m resviz resume {where}", file=sys.stderr)
    if interrupted:
        return 130
    return 1 if any(each.state in {"failed", "interrupted"} for each in watched) else 0


def _answer(
    args: argparse.Namespace, watched: Sequence[Watched], where: Path, text: str | None = None
) -> None:
    """Print the runs as a table, or `text`, or all of it as JSON."""
    started = next((each.series.started for each in watched if each.series.started), None)
    results = [each.result() for each in watched]
    document = {"experiment": str(where), "device": started.device if started else None, "runs": results}
    rows = [
        [
            result["name"],
            result["state"],
            f"{result['iterations']}/{summary(each.run).iterations_asked or '?'}",
            percent(result["train_error_pct"]),
            percent(result["test_error_pct"]),
            f"{result['images_per_second'] or 0:.0f}",
        ]
        for each, result in zip(watched, results, strict=True)
    ]
    header = ("run", "state", "iterations", "train error", "test error", "images/s")
    answer(args, document, text or f"{table(header, rows)}\n{where}")


def percent(value: float | None) -> str:
    """Return an error for a table."""
    return "-" if value is None else f"{value:.2f} %"


def _architecture(text: str, classes: int, image_size: int | None) -> Architecture:
    """Return a file's architecture as it is, or a preset for so many classes."""
    if Path(text).is_file():
        return opened(text)
    if image_size is not None and image_size < 1:
        raise RecipeError(f"--image-size must be at least 1, not {image_size}.")
    shape = None if image_size is None else (3, image_size, image_size)
    try:
        usual = presets.preset(text, classes=classes)
        resized = usual if shape is None else presets.preset(text, input_shape=shape, classes=classes)
    except PresetError:
        return opened(text)  # Says what is wrong with it, as a name or as a file.
    if image_size is not None and image_size < (smallest := _reduction(usual)):
        raise RecipeError(
            f"--image-size {image_size} is too small: {usual.name} divides the sides of a picture by "
            f"{smallest}, so that nothing would be left; give {smallest} or more (CIFAR has {_SIDE})."
        )
    return resized


def _reduction(architecture: Architecture) -> int:
    """Return by how much a preset divides the sides of its input up to its last map."""
    inference = infer(architecture)
    side = (inference.input_shape or (0, 1, 1))[1]
    last = next((inference.inputs[block.id][0] for block in architecture.of_kind("global_avg_pool")), None)
    return side // last[1] if last is not None else 1


def _advise(architectures: Sequence[Architecture], data: str, image_size: int | None) -> None:
    """Say on stderr that a network would look at small pictures blown up."""
    for architecture in architectures:
        side = (infer(architecture).input_shape or (0, 0))[1]
        if image_size is None and data in _CLASSES and side > _SIDE:
            print(
                f"note: {architecture.name} takes pictures of {side}x{side} pixels, those of {data} have "
                f"{_SIDE}x{_SIDE}: --image-size {_SIDE} spares {1 - (_SIDE / side) ** 2:.0%} of the work.",
                file=sys.stderr,
            )


def _classes_of(data: str) -> int:
    """Return how many classes the data has; pictures are not read yet.

    Raises:
        DataError: there is no such data set or folder.
    """
    if data in _CLASSES:
        return _CLASSES[data]
    check_data(data)
    from resviz.data.folder import list_folder

    return len(list_folder(Path(data.removeprefix("folder:")).expanduser()).classes)
