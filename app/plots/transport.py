"""The controls of the time cursor: play, speed, a slider over all probes, and the way back to live."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QSizePolicy, QSlider, QToolButton, QWidget

from app.plots.timeline import Timeline, index_at
from app.theme import GRID, icon, theme

_LOOK_MS = 200
"""How often the end of the slider follows training."""


class Transport(QWidget):
    """One row that steers a `Timeline`.

    The slider counts probes, not iterations: training is probed densely while it is young, when most happens.
    """

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._room = 0
        self.play_button = QToolButton()
        self.play_button.setProperty("role", "tiny")
        self.play_button.setIconSize(QSize(14, 14))
        self.play_button.clicked.connect(timeline.toggle)
        self.speed_button = QToolButton()
        self.speed_button.setProperty("role", "tiny")
        self.speed_button.setToolTip("Speed of the replay")
        self.speed_button.clicked.connect(self._on_speed)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Iteration shown")
        self.slider.setToolTip("Go back to any iteration; at the right end, follow training live")
        self.slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.slider.setMinimumWidth(6 * GRID)
        self.slider.valueChanged.connect(self._on_slid)
        self.live_button = QToolButton()
        self.live_button.setProperty("role", "tiny")
        self.live_button.setToolTip("Back to the newest iteration, and follow it (Alt+End)")
        self.live_button.clicked.connect(timeline.go_live)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, GRID, 0)
        row.setSpacing(GRID // 2)
        for widget in (self.play_button, self.speed_button):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        row.addWidget(self.live_button)
        self._showing = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.refresh)
        timeline.moved.connect(self.refresh)
        timeline.supplied.connect(self.refresh)
        timeline.played.connect(self._show_state)
        theme().changed.connect(self._show_state)
        self._show_state()
        self.refresh()
        self._timer.start()

    def set_room(self, width: int) -> None:
        """Take this width; where it is too little, leave out the slider, then the speed."""
        self._room = width
        with_speed = self.whole_width - 7 * GRID
        self.speed_button.setVisible(width >= with_speed)
        self.slider.setVisible(width >= self.whole_width)
        self.updateGeometry()

    @Slot()
    def ask(self) -> None:
        """Ask for an iteration and go there."""
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle("Go to iteration")
        dialog.setLabelText(f"Iteration, 1 to {self._timeline.newest:,}")
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, max(1, self._timeline.newest))
        dialog.setIntValue(max(1, self._timeline.shown))
        dialog.intValueSelected.connect(self._timeline.go_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @property
    def whole_width(self) -> int:
        """The least width in which nothing has to be left out."""
        controls = self.play_button.sizeHint().width() + self.live_button.minimumWidth() + 3 * GRID
        return controls + self.speed_button.sizeHint().width() + 8 * GRID

    def sizeHint(self) -> QSize:
        """Return the width that was given: a tab widget asks for nothing else."""
        least = self.minimumSizeHint()
        return QSize(max(least.width(), self._room), least.height())

    @Slot()
    def refresh(self) -> None:
        """Show where the cursor is."""
        timeline = self._timeline
        stops = timeline.stops
        self.setEnabled(len(stops) > 1)
        # The last place of the slider is "live", behind all probes.
        last = len(stops)
        self._showing = True
        if last != self.slider.maximum():
            self.slider.setRange(0, last)
            self.slider.setPageStep(max(1, last // 10))
        self.slider.setValue(last if timeline.live else index_at(stops, timeline.at))
        self._showing = False
        end = "live" if timeline.going or not timeline.newest else "end"
        newest = f"{end.capitalize()} · {timeline.newest:,}" if timeline.newest else "Live"
        text = newest if timeline.live else f"{timeline.shown:,} ›› {end}"
        if text != self.live_button.text():
            self.live_button.setText(text)
            metrics = self.live_button.fontMetrics()
            widest = max(f"{timeline.newest:,} ›› live", text, key=metrics.horizontalAdvance)
            self.live_button.setMinimumWidth(metrics.horizontalAdvance(widest) + 2 * GRID)
        self.live_button.setEnabled(not timeline.live)

    @Slot()
    def _show_state(self) -> None:
        playing = self._timeline.playing
        self.play_button.setIcon(icon("pause" if playing else "play"))
        self.play_button.setToolTip(
            "Stop the replay (Alt+P)" if playing else "Replay from the cursor, or from the start (Alt+P)"
        )
        self.play_button.setAccessibleName("Stop the replay" if playing else "Replay")
        self.speed_button.setText(f"{self._timeline.speed}×")
        self.speed_button.setAccessibleName(f"Speed of the replay: {self._timeline.speed}")

    @Slot()
    def _on_speed(self) -> None:
        self._timeline.next_speed()
        self._show_state()

    @Slot(int)
    def _on_slid(self, value: int) -> None:
        if self._showing:
            return
        stops = self._timeline.stops
        if value >= len(stops):
            self._timeline.go_live()
        else:
            self._timeline.go_to(int(stops[value]))
