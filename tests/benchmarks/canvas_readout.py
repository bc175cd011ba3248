"""A new probe on the canvas: both panes painted anew, network beside its twin, in under 30 ms.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/canvas_readout.py

Two panes as wide as in a window of 1920x1080 show resnet-56, resnet-110 or resnet-1202 beside its plain twin,
all of it or so near that words can be read. Processor time of the window's thread from the probe to the last
pixel. The control repaints the whole scenes: what an update costs that does not ask what changed.
"""

import statistics
import time
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from app.document import Document
from app.editor.pane import EditorPane
from app.overlay import Overlay
from app.plots.timeline import Timeline
from app.theme import theme
from resviz.arch.composites import RESIDUAL_KINDS
from resviz.arch.presets import preset
from resviz.runs.events import Probed, Started
from resviz.runs.series import RunSeries

DEPTHS, UPDATES = (56, 110, 1202), 60
PANE = (660, 560)
"""Of two panes in a window of 1920x1080."""


class Bridge(QObject):
    """Tells of new events."""

    updated = Signal()


class Session(QObject):
    """Two runs in hand."""

    current_changed = Signal()

    def __init__(self, runs: list[SimpleNamespace]) -> None:
        super().__init__()
        self.current, self.bridge = runs, Bridge()


class Run:
    """A run whose probes wander."""

    def __init__(self, name: str, seed: int) -> None:
        self.architecture = preset(name)
        blocks = self.architecture.blocks.values()
        self.blocks = tuple(block.id for block in blocks if block.kind in RESIDUAL_KINDS)
        self.convolutions = (
            "stem.conv",
            *(f"{block}.conv{n}" for block in self.blocks for n in (1, 2)),
        )
        self.name, self.plain = name, name.startswith("plain")
        self.rng, self.series = np.random.default_rng(seed), RunSeries()
        place = (self.convolutions, self.blocks, self.convolutions)
        self.series.feed([Started(0.0, 0, 64000, 391.0, 128, 0, "cpu", "float32", 1, *place)])
        self.level = self.rng.normal(-2.0, 0.5, len(self.convolutions))
        self.magnitude = np.exp(self.rng.normal(-1.0, 1.0, len(self.blocks)))

    def probe(self) -> None:
        """Take a probe: every value is another one than before."""
        self.level += self.rng.normal(0, 0.1, len(self.level))
        self.magnitude *= np.exp(self.rng.normal(0, 0.1, len(self.magnitude)))
        wide = tuple((10**self.level).tolist())
        parts = tuple((None,) * len(self.blocks) if self.plain else self.magnitude.tolist())
        ones = (1.0,) * len(wide)
        event = Probed(self.series.iteration + 10, wide, parts, ones, ones, wide, parts, parts, parts)
        self.series.feed([event])


def main() -> None:
    """Measure and print."""
    application = QApplication([])
    theme().apply(application)
    for depth in DEPTHS:
        runs = [Run(f"plain-{depth}", 1), Run(f"resnet-{depth}", 2)]
        box = QWidget()
        row = QHBoxLayout(box)
        panes = [EditorPane(Document(run.architecture)) for run in runs]
        for pane in panes:
            row.addWidget(pane)
        box.resize(2 * PANE[0], PANE[1])
        box.show()
        for run in runs:
            run.probe()
        overlay = Overlay(Session(runs), panes, Timeline())
        overlay.refresh()
        count = len(panes[0].document.architecture.blocks)
        for zoom in (None, 0.2, 0.3, 0.72):
            for pane in panes:
                if zoom is None:
                    pane.view.fit()
                else:
                    pane.view.set_zoom(zoom)
                    middle = runs[0].blocks[len(runs[0].blocks) // 2]
                    pane.view.centerOn(pane.scene.block_item(middle))
            application.processEvents()
            spent: dict[str, list[float]] = {"update": [], "whole scenes": []}
            for _ in range(UPDATES):
                for run in runs:
                    run.probe()
                for way, times in spent.items():
                    begin = time.thread_time()
                    if way == "update":
                        overlay.refresh()
                    else:
                        for pane in panes:
                            pane.scene.update()
                    application.processEvents()
                    times.append(1000 * (time.thread_time() - begin))
            told = "; ".join(
                f"{way} {statistics.median(times):.1f} ms, p99 {np.quantile(times, 0.99):.1f}"
                for way, times in spent.items()
            )
            print(f"2 x {count} blocks, zoom {panes[0].view.zoom:.2f}: {told}")
        box.close()
        for pane in panes:
            pane.deleteLater()
        application.processEvents()


if __name__ == "__main__":
    main()
