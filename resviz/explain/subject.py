"""What is explained: a run's network as its newest checkpoint has it, and the run's test pictures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from resviz.arch.graph import Architecture
from resviz.arch.shapes import infer
from resviz.data.dataset import Dataset
from resviz.data.sources import load_dataset
from resviz.data.statistics import Normalise, Statistics
from resviz.errors import CheckpointError, DataError, ResvizError
from resviz.nn.build import Network, ResidualInit, build
from resviz.nn.state import Checkpoint, checkpoint_names, newest_good, part

Report = Callable[[float], None]
"""Called with the share that is done, 0 to 1. Raising from it ends the work: so a request is cancelled."""

V = TypeVar("V")

_DATASETS_KEPT = 2
_SUBJECTS_KEPT = 6


@dataclass(frozen=True)
class RunFiles:
    """What explaining needs to know of a run; the fields from `data` on are its recipe's."""

    name: str
    architecture: Architecture
    checkpoints: Path
    data: str
    data_dir: str | None
    train_limit: int | None
    test_limit: int | None
    validation_split: bool
    normalise: Normalise
    residual_init: ResidualInit = "he"
    survival_last: float = 1.0
    averaged: bool = False
    """The run is tested with the average of its weights."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained network, ready to be asked.

    Attributes:
        run: name of the run.
        architecture: the run's.
        network: on `device`, float32, in evaluation mode.
        checkpoint: name of the checkpoint.
        iteration: finished iterations at the checkpoint.
        averaged: the network has the average of the weights that the run is tested with.
        skipped: a sentence for each newer checkpoint that is damaged.
        dataset: the run's data; the same test picture has the same index for each run of an experiment.
        statistics: the normalisation that the network was trained with.
        device: where the network is.
    """

    run: str
    architecture: Architecture
    network: Network
    checkpoint: str
    iteration: int
    averaged: bool
    skipped: tuple[str, ...]
    dataset: Dataset
    statistics: Statistics
    device: torch.device

    def picture(self, index: int) -> tuple[Tensor, int]:
        """Return a test picture, uint8 (3, H, W), and its label.

        Raises:
            DataError: there is none of that index.
        """
        count = len(self.dataset.test_labels)
        if not 0 <= index < count:
            raise DataError(
                f"There is no test picture {index}: {self.dataset.name} has {count}, counted from 0."
            )
        return self.dataset.test_images[index], int(self.dataset.test_labels[index])

    def normalised(self, pictures: Tensor) -> Tensor:
        """Return uint8 (N, 3, H, W) as the network wants it: float32, on its device."""
        return self.statistics.apply(pictures.to(self.device))

    def class_name(self, number: int) -> str:
        """Return what a score stands for; a network may have more scores than the data has classes."""
        classes = self.dataset.classes
        return classes[number] if number < len(classes) else f"class {number}"


class Trained(NamedTuple):
    """A run's network in evaluation mode, on the CPU; the other fields are those of `Subject`."""

    network: Network
    checkpoint: str
    iteration: int
    averaged: bool
    skipped: tuple[str, ...]


def trained(run: RunFiles) -> Trained:
    """Return a run's network as its newest good checkpoint has it.

    Raises:
        CheckpointError: there is none, or it is of another architecture.
        BuildError: the architecture cannot be used.
    """
    checkpoint, skipped = _newest(run)
    network = build(run.architecture, residual_init=run.residual_init, survival_last=run.survival_last)
    # A fork that begins to average has none in its first checkpoint.
    average = part("average", checkpoint.tensors) if run.averaged else {}
    try:
        network.load_state_dict(average or part("model", checkpoint.tensors))
    except RuntimeError:
        raise CheckpointError(
            f"The checkpoint {checkpoint.name} of {run.name} belongs to another network: "
            "put the run's own architecture back."
        ) from None
    iteration = int(checkpoint.meta.get("iteration", 0))
    return Trained(network.eval(), checkpoint.name, iteration, bool(average), tuple(skipped))


class Library:
    """Loads subjects, and keeps the data sets and networks of the last requests."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._datasets: OrderedDict[Hashable, Dataset] = OrderedDict()
        self._subjects: OrderedDict[Hashable, tuple[str, Subject]] = OrderedDict()
        self._statistics: OrderedDict[Hashable, tuple[Dataset, Statistics]] = OrderedDict()

    def subject(self, run: RunFiles, report: Report | None = None) -> Subject:
        """Return a run's network as its newest good checkpoint has it; it may still be in training.

        Args:
            run: which one.
            report: told the progress of loading data.

        Raises:
            CheckpointError: there is none, or it is of another architecture.
            BuildError, DataError: the architecture or the data cannot be used.
        """
        names = checkpoint_names(run.checkpoints)
        newest = names[-1] if names else ""
        key = run.checkpoints.resolve()
        kept = self._subjects.get(key)
        if kept is not None and kept[0] == newest:
            self._subjects.move_to_end(key)
            return kept[1]
        found = trained(run)
        dataset = self.dataset(run, report)
        subject = Subject(
            run.name,
            run.architecture,
            found.network.to(self._device).to(memory_format=torch.channels_last),
            found.checkpoint,
            found.iteration,
            found.averaged,
            found.skipped,
            dataset,
            self._statistics_of(dataset, run.normalise),
            self._device,
        )
        _keep(self._subjects, key, (newest, subject), _SUBJECTS_KEPT)
        return subject

    def dataset(self, run: RunFiles, report: Report | None = None) -> Dataset:
        """Return the data that a run was trained and tested on.

        Raises:
            DataError: it is missing or damaged.
        """
        shape = infer(run.architecture).input_shape
        size = None if shape is None else (shape[1], shape[2])
        key = (run.data, run.data_dir, size, run.train_limit, run.test_limit, run.validation_split)
        if key in self._datasets:
            self._datasets.move_to_end(key)
            return self._datasets[key]

        def progress(_stage: str, done: float, total: float, _unit: str) -> None:
            if report is not None:
                report(done / total if total else 0.0)

        dataset = load_dataset(
            run.data,
            run.data_dir,
            image_size=size,
            train_limit=run.train_limit,
            test_limit=run.test_limit,
            progress=progress,
        )
        if run.validation_split:
            dataset = dataset.split_validation()
        _keep(self._datasets, key, dataset, _DATASETS_KEPT)
        return dataset

    def _statistics_of(self, dataset: Dataset, normalise: Normalise) -> Statistics:
        key = (id(dataset), normalise)
        if key not in self._statistics:
            # the data set goes with it, so that its id is not given away
            statistics = Statistics.of(dataset.train_images, normalise).to(self._device)
            _keep(self._statistics, key, (dataset, statistics), _DATASETS_KEPT)
        return self._statistics[key][1]


def batches(subject: Subject, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield all test pictures, normalised, float32 (n, 3, H, W), with their labels, on the device."""
    images, labels = subject.dataset.test_images, subject.dataset.test_labels
    for start in range(0, len(labels), batch_size):
        chosen = slice(start, start + batch_size)
        pictures = subject.normalised(images[chosen]).contiguous(memory_format=torch.channels_last)
        yield pictures, labels[chosen].to(subject.device)


def _newest(run: RunFiles) -> tuple[Checkpoint, list[str]]:
    try:
        checkpoint, skipped = newest_good(run.checkpoints)
    except CheckpointError:
        # The worker may have written a newer one, and deleted the one just listed, while we looked.
        checkpoint, skipped = newest_good(run.checkpoints)
    if checkpoint is None:
        raise CheckpointError(
            f"{run.name} has no checkpoint yet: write one, pause or finish the run, then try again."
        )
    return checkpoint, skipped


def _keep(kept: OrderedDict[Hashable, V], key: Hashable, value: V, limit: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > limit:
        kept.popitem(last=False)


def sentence(error: BaseException) -> str:
    """Return one sentence about an error: what happened, and what to do."""
    if isinstance(error, ResvizError):
        return str(error)
    if isinstance(error, MemoryError) or "not enough memory" in str(error):
        return "The computer is out of memory: close other programs, then try again."
    detail = "".join(f": {line}" for line in str(error).strip().splitlines()[:1])
    return f"The explanation failed unexpectedly ({type(error).__name__}{detail}): choose another checkpoint."
