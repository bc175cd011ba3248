"""What a canvas shows besides the network, as the person chose it: kept from one start to the next."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QObject, QSettings, Signal


class CanvasOptions(QObject):
    """Shapes on wires, and the ruler; `changed` is emitted after each change."""

    changed = Signal()

    @property
    def shapes(self) -> bool:
        """Whether wires show what shape they carry."""
        return self._get("shapes")

    @property
    def ruler(self) -> bool:
        """Whether there is a ruler under the network."""
        return self._get("ruler")

    def set_shapes(self, on: bool) -> None:
        """Show shapes on wires, or not."""
        self._set("shapes", on)

    def set_ruler(self, on: bool) -> None:
        """Show the ruler, or not."""
        self._set("ruler", on)

    # The settings are the one place that holds them.

    def _get(self, name: str) -> bool:
        return bool(QSettings().value(f"canvas/{name}", False, type=bool))

    def _set(self, name: str, on: bool) -> None:
        if on != self._get(name):
            QSettings().setValue(f"canvas/{name}", on)
            self.changed.emit()


@cache
def canvas_options() -> CanvasOptions:
    """Return the options of all canvases."""
    return CanvasOptions()
