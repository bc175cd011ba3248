"""What a machine can do about the problems: pure functions from architecture to architecture."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from resviz.arch.graph import Architecture
from resviz.arch.mend_edits import Mend
from resviz.arch.mend_shapes import shape_mends
from resviz.arch.mend_wiring import Wiring
from resviz.arch.shapes import Fault, Inference, Problem, infer
from resviz.errors import ArchitectureError

__all__ = ["Mend", "Mended", "Mender", "badness", "mended"]


class Mender:
    """Knows the mends of one architecture's problems. Cheap to make; each problem is looked at when asked."""

    def __init__(self, architecture: Architecture, inference: Inference) -> None:
        self._architecture, self._inference = architecture, inference
        self._wiring = Wiring(architecture, inference)

    def mends(self, problem: Problem) -> list[Mend]:
        """Return the ways to mend a problem, the best first; empty where only a person can know.

        Each one removes the problem and brings none that is worse (`badness` falls).
        """
        if problem.fault is Fault.SHAPE and problem.block is not None:
            return shape_mends(self._architecture, self._inference, self._architecture[problem.block])
        return self._wiring.mends(problem)


def badness(architecture: Architecture, inference: Inference) -> tuple[int, ...]:
    """Return how bad the problems are; tuples compare: how many of each fault of the wiring, the worst first.

    Last comes how many blocks have no known shape: behind a block that refuses a shape others may hide their
    problems, so that their number alone says little.
    """
    counts = [0] * len(Fault)
    for problem in inference.problems:
        counts[problem.fault] += 1
    counts[Fault.SHAPE] = len(architecture.blocks) - len(inference.shapes)
    return tuple(counts)


@dataclass
class Mended:
    """What came of mending all: the architecture, what was done in order, and what is left."""

    architecture: Architecture
    done: list[Mend] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)


def mended(architecture: Architecture, *, deleting: bool = False) -> Mended:
    """Mend what can be mended, by the first mend of each problem, until nothing is left that can be.

    What is loose or leads nowhere is deleted only with `deleting`: someone may still want it.
    """
    now, inference, result = architecture, infer(architecture), Mended(architecture)
    while inference.problems:
        chosen = _together(now, inference, deleting)
        step = _applied(now, chosen) or _applied(now, chosen[:1])
        if step is None:
            break
        after, done = step
        found = infer(after)
        if not badness(after, found) < badness(now, inference):  # A net: mends are made so that it is.
            break
        now, inference = after, found
        result.done += done
    result.architecture, result.left = now, inference.problems
    return result


def _together(architecture: Architecture, inference: Inference, deleting: bool) -> list[Mend]:
    """Return mends of as many problems as do not meddle with each other's blocks."""
    mender, chosen, touched = Mender(architecture, inference), list[Mend](), set[str]()
    for problem in inference.problems:
        ways = (mend for mend in mender.mends(problem) if deleting or not mend.deletes)
        for mend in islice(ways, 1):
            if touched.isdisjoint(mend.touches):
                chosen.append(mend)
                touched |= mend.touches
    return chosen


def _applied(architecture: Architecture, mends: list[Mend]) -> tuple[Architecture, list[Mend]] | None:
    """Return a copy with all these mends; None where there are none, or they do not go together."""
    copy = architecture.copy()
    try:
        for mend in mends:
            mend.edit(copy)
    except ArchitectureError:
        return None
    return (copy, mends) if mends else None
