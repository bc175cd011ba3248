"""Network: an architecture's blocks as one torch module, run by a plan made beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from resviz.arch.source_plan import module_paths
from resviz.nn.branches import Branch
from resviz.nn.depth import dropped, number_of, survival
from resviz.nn.modules import Addition, BatchNorm
from resviz.nn.probe import ForwardProbe
from resviz.nn.recompute import Segment, remade


@dataclass(frozen=True)
class Step:
    """One block's turn: which values it reads, where its result goes, which values nobody needs any more."""

    module: nn.Module
    sources: tuple[int, ...]
    target: int
    releases: tuple[int, ...]
    probed: bool


class Network(nn.Module):
    """Scores of pictures: (N, C, H, W) to (N, classes).

    A parameter is called by its block's id and layer: "stage1.block1.conv1.weight". The blocks run one after
    the other, not inside each other, so depth costs no recursion, and a value is dropped with its last
    reader.
    """

    def __init__(
        self,
        blocks: Mapping[str, nn.Module],
        sources: Mapping[str, Sequence[str]],
        input_id: str,
        output_id: str,
        *,
        convolutions: Sequence[tuple[str, nn.Conv2d]] = (),
        probe_blocks: Sequence[str] = (),
        responses: Sequence[str] = (),
        residual: Sequence[Branch] = (),
        survival_last: float = 1.0,
        segments: Sequence[Sequence[str]] = (),
        input_shape: tuple[int, ...] = (),
        classes: int = 0,
    ) -> None:
        """Make the plan.

        Args:
            blocks: modules by block id, each after those it reads.
            sources: for each block, the ids it reads, in the order of its module's arguments.
            input_id: what the plan calls the picture.
            output_id: the block whose value is the result: the last one (or `input_id`).
            convolutions: name and layer, in order of depth.
            probe_blocks: ids whose residual magnitude a probe measures, in order of depth.
            responses: names of the convolutions behind whose batch norm a probe measures, in order of depth.
            residual: the residual branches, in order of depth.
            survival_last: probability that the last of them survives a training pass; earlier ones linearly
                more.
            segments: all blocks in runs between which a single value passes; training then keeps that value
                alone and makes those inside again for its backward pass. None: it keeps everything.
            input_shape: (C, H, W) of the pictures that the architecture names.
            classes: number of scores.
        """
        super().__init__()
        self.input_shape = input_shape
        self.classes = classes
        self.convolutions = list(convolutions)
        self.probe_blocks = list(probe_blocks)
        self.responses = list(responses)
        self._blocks = dict(blocks)
        self._steps, self._slots, self._input = _plan(blocks, sources, input_id, output_id)
        self._dropout = any(isinstance(module, nn.Dropout) and module.p > 0 for module in self._layers())
        self._survival = survival(len(residual), survival_last) if survival_last < 1 else []
        self._branches = [(branch.block, _numbers(blocks, branch.own)) for branch in residual]
        self._skipped: frozenset[int] = frozenset()
        for (block_id, _), probability in zip(self._branches, self._survival, strict=False):
            self._addition(block_id).survival = probability
        self._segments = list(_segments(blocks, segments))
        for block_id, path in module_paths(blocks, dir(self)).items():
            _attach(self, path, blocks[block_id])

    def module_of(self, block_id: str) -> nn.Module:
        """Return the module of a block (KeyError if the network has none of that id)."""
        return self._blocks[block_id]

    @property
    def draws(self) -> bool:
        """Whether a training pass depends on random numbers: dropout, stochastic depth."""
        return self._dropout or bool(self._survival)

    def begin(self, seed: int, iteration: int) -> None:
        """Draw what is random in the training pass of an iteration: a pure function of both arguments.

        Which residual blocks are left out is drawn at once; dropout draws in the pass, from PyTorch's own
        generators, which start anew here. Without either nothing happens.
        """
        if self._dropout:
            torch.manual_seed(number_of("dropout", seed, iteration))
        if not self._survival:
            return
        skipped: set[int] = set()
        for (block_id, own), out in zip(
            self._branches, dropped(seed, iteration, self._survival), strict=True
        ):
            self._addition(block_id).dropped = out
            if out:
                skipped |= own
        self._skipped = frozenset(skipped)

    def forward(self, x: Tensor, probe: ForwardProbe | None = None) -> Tensor:
        """Return the scores (N, classes) of (N, C, H, W); `probe` measures on the way."""
        if self._segments and self.training and torch.is_grad_enabled():
            return self._forward_in_segments(x, probe)
        return self._run(range(len(self._steps)), x, probe)

    def _forward_in_segments(self, x: Tensor, probe: ForwardProbe | None) -> Tensor:
        *others, last = self._segments
        for segment in others:

            def run(x: Tensor, again: bool, steps: range = segment.steps) -> Tensor:
                return self._run(steps, x, None if again else probe)

            x = remade(run, segment, x, draws=self._dropout)
        # Backward begins with the last one, which it would have to make again at once.
        return self._run(last.steps, x, probe)

    def _run(self, numbers: range, x: Tensor, probe: ForwardProbe | None) -> Tensor:
        """Run some steps, the first of which reads x and nothing else; return the last one's result."""
        values: list[Tensor | None] = [None] * self._slots
        result = self._steps[numbers.start - 1].target if numbers.start else self._input
        values[result] = x
        skipped = self._skipped if self.training else ()
        for number in numbers:
            step = self._steps[number]
            inputs = [values[source] for source in step.sources]
            for slot in step.releases:
                values[slot] = None
            if number in skipped:
                continue
            result = step.target
            if probe is not None and step.probed:
                values[result] = step.module(*inputs, probe=probe)
            else:
                values[result] = step.module(*inputs)
        made = values[result]
        assert made is not None
        return made

    def _layers(self) -> Iterator[nn.Module]:
        return (layer for block in self._blocks.values() for layer in block.modules())

    def _addition(self, block_id: str) -> Addition:
        module = self._blocks[block_id]
        assert isinstance(module, Addition)
        return module


class Group(nn.Module):
    """The blocks of one stage; it only gives them their names."""


def _numbers(blocks: Iterable[str], chosen: frozenset[str]) -> frozenset[int]:
    """Return the places of the chosen blocks in the plan."""
    if not chosen:
        return frozenset()
    return frozenset(number for number, block_id in enumerate(blocks) if block_id in chosen)


def _segments(blocks: Mapping[str, nn.Module], segments: Iterable[Sequence[str]]) -> Iterator[Segment]:
    start = 0
    for ids in segments:
        layers = (layer for block_id in ids for layer in blocks[block_id].modules())
        norms = tuple(layer for layer in layers if isinstance(layer, BatchNorm))
        yield Segment(range(start, start + len(ids)), norms)
        start += len(ids)


def _attach(root: nn.Module, path: tuple[str, ...], module: nn.Module) -> None:
    for name in path[:-1]:
        if name not in root._modules:
            root.add_module(name, Group())
        group = root._modules[name]
        assert group is not None
        root = group
    root.add_module(path[-1], module)


def _plan(
    blocks: Mapping[str, nn.Module], sources: Mapping[str, Sequence[str]], input_id: str, output_id: str
) -> tuple[tuple[Step, ...], int, int]:
    """Return the steps, the number of slots, and the slot of the picture."""
    last_reader = {source: block_id for block_id in blocks for source in sources[block_id]}
    slot_of, free, slots = {input_id: 0}, list[int](), 1
    steps = []
    for block_id, module in blocks.items():
        ended = {s for s in sources[block_id] if last_reader[s] == block_id and s != output_id}
        reads = tuple(slot_of[source] for source in sources[block_id])
        releases = tuple(sorted(slot_of[source] for source in ended))
        free += releases
        if not free:
            free.append(slots)
            slots += 1
        slot_of[block_id] = target = free.pop()
        probed = bool(getattr(module, "probed", False))
        steps.append(Step(module, reads, target, releases, probed))
    return tuple(steps), slots, slot_of[input_id]
