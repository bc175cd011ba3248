"""Analysis: what is known of an architecture that is being edited, up to date whenever it is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from resviz.arch.cost import NetworkCost, cost_of
from resviz.arch.field import Reading, ruler
from resviz.arch.graph import Architecture
from resviz.arch.reinfer import Changed, cost_again, infer_again, ruler_again
from resviz.arch.shapes import Inference, infer


class Analysis:
    """Shapes, problems, costs and readings of an architecture; worked out again only where it was touched."""

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._touched: set[str] = set()
        self._inference: Inference | None = None
        self._cost: tuple[NetworkCost, Inference] | None = None
        self._ruler: tuple[dict[str, Reading], Inference] | None = None
        """Each with the inference that it was made from."""
        self._since: dict[str, Changed] = {}
        """Where the inference changed since costs, readings, or news of it were asked for."""

    def touch(self, block_ids: Iterable[str]) -> None:
        """Look at these blocks anew: see `infer_again` for which an edit touches."""
        self._touched.update(block_ids)

    @property
    def inference(self) -> Inference:
        """Shapes and problems."""
        if self._inference is None:
            self._inference = infer(self._architecture)
            self._note(None)
        elif self._touched:
            self._inference, changed = infer_again(self._architecture, self._inference, self._touched)
            self._note(changed)
        self._touched.clear()
        return self._inference

    @property
    def cost(self) -> NetworkCost:
        """Parameters, multiply-adds and depth."""
        inference = self.inference
        if self._cost is None:
            self._cost = cost_of(self._architecture, inference), inference
        elif self._cost[1] is not inference:
            cost = cost_again(self._architecture, inference, self._cost[0], self._since["cost"])
            self._cost = cost, inference
        self._since["cost"] = frozenset()
        return self._cost[0]

    @property
    def ruler(self) -> dict[str, Reading]:
        """Depth, receptive field and jump at each block."""
        inference = self.inference
        if self._ruler is None:
            self._ruler = ruler(self._architecture, inference), inference
        elif self._ruler[1] is not inference:
            same = self._ruler[1].input_shape == inference.input_shape
            changed = self._since["ruler"] if same else None
            found = ruler_again(self._architecture, inference, self._ruler[0], changed)
            self._ruler = found, inference
        self._since["ruler"] = frozenset()
        return self._ruler[0]

    def news(self) -> Changed:
        """Return of which blocks something may be different than when this was last asked."""
        self.inference  # noqa: B018 it notes what changed
        news = self._since["news"]
        self._since["news"] = frozenset()
        return news

    def _note(self, changed: Changed) -> None:
        for reader in ("cost", "ruler", "news"):
            noted = self._since.get(reader, frozenset())
            self._since[reader] = None if changed is None or noted is None else noted | changed
