"""Fitting: how near a whole network can be looked at."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from app.canvas.caption import caption_zooms
from app.canvas.scene import NetworkScene

FIT_LIMIT = 1.25
"""Fitting never enlarges beyond this."""
_LITTLE = 0.999


def fitting(network: NetworkScene, width: float, height: float) -> tuple[QRectF, float]:
    """Return all of a network with what stands over its stages, and the zoom at which that fills a room.

    What stands over them is the wider the less near it is seen, and is not there from far away.
    """
    most = FIT_LIMIT
    for least in (*caption_zooms(), 0.0):
        rect = network.bounds(least)
        zoom = min(width / rect.width(), height / rect.height(), most)
        if zoom >= least:
            break
        most = least * _LITTLE
    return rect, zoom
