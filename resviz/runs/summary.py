"""One line about a run, read from the end of its log."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import islice

import msgspec

from resviz.errors import ResvizError
from resviz.runs import events, labels, lines
from resviz.runs.events import Changed, Evaluated, Forked, Noted, RateChanged, RunState, Started, Stepped
from resviz.runs.run import Run, settled, tells_state


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What tables and the command line show of a run; None: not known (yet)."""

    name: str
    """The name of the run's folder."""
    directory: str
    state: RunState
    title: str = ""
    """What a person calls the run; "": nobody gave it a title."""
    tags: tuple[str, ...] = ()
    note: str = ""
    """What a person wrote about the run."""
    labels_problem: str = ""
    """Why title, tags and note cannot be read, one sentence."""
    message: str = ""
    """The worker's sentence about the state, where there is one."""
    iterations: int = 0
    """Finished iterations."""
    iterations_asked: int | None = None
    train_error_pct: float | None = None
    """Percent, mean over the batches of the last epoch."""
    test_error_pct: float | None = None
    loss: float | None = None
    diverged: bool = False
    """The newest loss is not a number."""
    learning_rate: float | None = None
    images_per_second: float | None = None
    """Images over seconds of training in the last epoch, tests and pauses left out."""
    device: str | None = None
    parameters: int | None = None
    parent: str | None = None
    """Folder of the run that this one was forked from, as it was then."""
    forked_at: int | None = None
    """Iteration of the parent at which it was."""
    updated: float | None = None
    """Time of the newest event, seconds since 1970 (UTC)."""


def summary(run: Run) -> RunSummary:
    """Return what is known of a run; reads the log backwards, an epoch or so.

    Raises:
        RunError: the log is there but cannot be read.
    """
    alive = run.alive()
    said, labels_problem = labels.known(run.path)
    forked, begun = _beginning(run)
    if forked is not None:
        begun = _newest_started(run)  # Its epochs may be of another length than its parent's.
    per_epoch = begun.iterations_per_epoch if begun else float("inf")
    state: Started | Changed | None = None
    started: Started | None = None
    evaluated: Evaluated | None = None
    newest: events.Event | None = None
    updated: float | None = None
    steps: list[Stepped] = []  # newest first
    limit = step_limit = float("inf")  # What a resume went back behind is void, and so is a step told twice.
    measured = False
    for line in lines.backwards(run.events_path):
        if measured and not tells_state(line):
            continue
        try:
            event = events.decode_event(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if newest is None and not isinstance(event, Noted | RateChanged):
            newest = event
        if updated is None:
            updated = getattr(event, "time", None)
        match event:
            case Started():
                state, started = state or event, started or event
                limit = min(limit, event.iteration)
            case Changed():
                state = state or event
            case Stepped() if event.iteration <= min(limit, step_limit):
                step_limit = event.iteration - 1
                steps.append(event)
            case Evaluated() if event.iteration <= limit:
                evaluated = evaluated or event
            case _:
                continue
        whole_epoch = bool(steps) and steps[-1].iteration <= steps[0].iteration - per_epoch
        measured = whole_epoch and evaluated is not None
        if measured and state is not None:
            break
    begun = started or begun
    step = steps[0] if steps else None
    settled_state = settled(state, alive)
    return RunSummary(
        name=run.name,
        directory=str(run.path),
        state=settled_state,
        title=said.title,
        tags=said.tags,
        note=said.note,
        labels_problem=labels_problem,
        message=state.message if isinstance(state, Changed) and state.state == settled_state else "",
        iterations=newest.iteration if newest else 0,
        iterations_asked=_iterations_asked(run, begun),
        train_error_pct=mean_of_last_epoch(
            [s.iteration for s in steps], [s.train_error_pct for s in steps], per_epoch
        ),
        test_error_pct=evaluated.test_error_pct if evaluated else None,
        loss=step.loss if step else None,
        diverged=step is not None and step.loss is None,
        learning_rate=step.learning_rate if step else None,
        images_per_second=speed_of_last_epoch(
            [s.iteration for s in steps], [s.images_per_second for s in steps], per_epoch
        ),
        device=begun.device if begun else None,
        parameters=begun.parameters if begun else None,
        parent=forked.parent if forked else None,
        forked_at=forked.iteration if forked else None,
        updated=updated,
    )


def mean_of_last_epoch(
    iterations: Sequence[int], values: Sequence[float], iterations_per_epoch: float
) -> float | None:
    """Return the mean over the last epoch of values that each stand for the iterations since the one before.

    Args:
        iterations: newest first; one before the epoch, where there is one, closes the last gap.
        values: as many.
        iterations_per_epoch: the length of the window.
    """
    if not iterations:
        return None
    edge = max(iterations[0] - iterations_per_epoch, 0)
    total = weight = 0.0
    for index, (iteration, value) in enumerate(zip(iterations, values, strict=True)):
        before = iterations[index + 1] if index + 1 < len(iterations) else 0
        span = iteration - max(before, edge)
        if span <= 0:
            break
        total += value * span
        weight += span
    return total / weight if weight else values[0]


def speed_of_last_epoch(
    iterations: Sequence[int], speeds: Sequence[float], iterations_per_epoch: float
) -> float | None:
    """Return images over seconds in the last epoch; the arguments are those of `mean_of_last_epoch`."""
    # Of equal batches, seconds an image is what has a mean.
    paces = [1 / speed if speed > 0 else float("inf") for speed in speeds]
    pace = mean_of_last_epoch(iterations, paces, iterations_per_epoch)
    return 1 / pace if pace else None


def _iterations_asked(run: Run, begun: Started | None) -> int | None:
    """Return what the recipe asks for now, which a resume may have raised; a recording has no recipe."""
    try:
        return run.recipe().iterations
    except ResvizError:
        return begun.iterations if begun else None


def _newest_started(run: Run) -> Started | None:
    for line in lines.backwards(run.events_path):
        if b'"started"' in line[:32]:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                event = events.decode_event(line)
                return event if isinstance(event, Started) else None
    return None


def _beginning(run: Run) -> tuple[Forked | None, Started | None]:
    """Return where the run comes from, and the first `Started`: the length of an epoch does not change."""
    forked = None
    try:
        with run.events_path.open("rb") as file:
            # Between them stand only notes about data being loaded.
            for line in islice(file, 1000):
                if b'"started"' in line[:32] or b'"forked"' in line[:32]:
                    event = events.decode_event(line)
                    if isinstance(event, Started):
                        return forked, event
                    forked = event if isinstance(event, Forked) else forked
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        pass
    return forked, None
