"""How networks would be trained from here: recipe, threads and company, and what that will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.document import Document
from app.editor.estimator import Job
from resviz.train import estimates
from resviz.train.cards import cuda_present
from resviz.train.estimates import Prediction
from resviz.train.placement import available_cores, on_card, place
from resviz.train.recipe import Recipe


@dataclass(frozen=True)
class TrainingPlan:
    """What the train panel is set to.

    Attributes:
        recipe: the one in the form.
        runs: how many runs would be trained together.
    """

    recipe: Recipe
    runs: int = 1

    @property
    def on_card(self) -> bool:
        """Whether a graphics card would train."""
        return on_card(self.recipe.device, cuda_present())

    @property
    def threads(self) -> int:
        """How many threads a run would have."""
        runs = [Path(str(number)) for number in range(max(1, self.runs))]
        return place(runs, self.recipe.device, available_cores(), cuda_present())[0].threads

    def beside(self, networks: int) -> int:
        """Return how many others a network is measured beside, where so many networks are there."""
        return networks - 1 if self.runs > 1 else 0

    def crowding(self, networks: int) -> float:
        """Return how much longer training takes than was measured, because more runs share the cores."""
        measured = (self.beside(networks) + 1) * self.threads
        wanted = self.runs * self.threads
        return 1.0 if self.on_card else max(1.0, wanted / max(available_cores(), measured))

    def with_batch(self, batch_size: int) -> Recipe:
        """Return the recipe with another size of batch."""
        return msgspec.structs.replace(self.recipe, batch_size=batch_size)

    def jobs(self, documents: Sequence[Document], batch_size: int) -> list[Job]:
        """Return what is to be measured of documents without problems."""
        recipe, beside = self.with_batch(batch_size), self.beside(len(documents))
        return [Job(each.architecture.copy(), recipe, self.threads, beside) for each in documents]

    def predict(self, document: Document, batch_size: int, networks: int) -> Prediction:
        """Return what training a document without problems takes, beside the other networks."""
        recipe, architecture = self.with_batch(batch_size), document.architecture
        measured = estimates.find(architecture, recipe, self.threads, self.beside(networks))
        return estimates.predict(architecture, recipe, measured)
