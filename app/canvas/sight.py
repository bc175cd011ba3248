"""Where a view looks: its zoom and its place, to come back to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from app.canvas.scene import NetworkScene
from app.canvas.view import NetworkView


@dataclass(frozen=True)
class Sight:
    """How a document was shown before another one took its place.

    Attributes:
        scene: its picture, with what is selected in it.
        zoom: pixels on the screen for a scene pixel; None: all of the network was kept in sight.
        centre: the scene place in the middle of the view.
    """

    scene: NetworkScene
    zoom: float | None
    centre: QPointF

    @classmethod
    def of(cls, view: NetworkView) -> Sight:
        """Return what `view` shows now."""
        seen = QRectF(view.viewport().rect())
        back, _ = view.viewportTransform().inverted()
        return cls(view.network, None if view.fitted else view.zoom, back.map(seen.center()))

    def show_in(self, view: NetworkView) -> None:
        """Let `view`, which shows the scene already, look there again."""
        if self.zoom is None:
            view.fit()
        else:
            view.set_zoom(self.zoom)
            view.centerOn(self.centre)
