"""How often what follows training is painted anew: as often as it leaves the machine to training."""

from __future__ import annotations

import time

MOST_OFTEN_S, LEAST_OFTEN_S = 0.1, 0.4
APART_S = 0.02
"""Between two paintings of any two plots: each is a turn of its own, and the mouse is heard in between."""
_SHARE = (0.08, 0.14)
"""Share of a core that the window takes: below it paints more often, above it less."""
_LOOK_S = 0.5
_STEP = 1.4


class Pace:
    """Watches what the window's thread costs, and says when the next painting of live values may be.

    A fixed rate is too slow on one machine, and on another takes from the workers what they train with. What
    a person does (moving the time cursor, zooming) is painted at once and asks nobody.
    """

    def __init__(self) -> None:
        self.interval = MOST_OFTEN_S
        """Seconds between two paintings of the same thing."""
        self._granted = 0.0
        self._looked, self._spent = time.monotonic(), time.thread_time()

    def allows(self, painted: float) -> bool:
        """Return whether what was painted at a time of the monotonic clock may be painted again."""
        now = time.monotonic()
        self._look(now)
        if now - painted < self.interval or now - self._granted < APART_S:
            return False
        self._granted = now
        return True

    def _look(self, now: float) -> None:
        elapsed = now - self._looked
        if elapsed < _LOOK_S:
            return
        spent = time.thread_time()
        self.adapt((spent - self._spent) / elapsed)
        self._looked, self._spent = now, spent

    def adapt(self, share: float) -> None:
        """Take up how much of a core was taken."""
        low, high = _SHARE
        step = _STEP if share > high else 1 / _STEP if share < low else 1.0
        self.interval = min(max(self.interval * step, MOST_OFTEN_S), LEAST_OFTEN_S)


pace = Pace()
"""Of the one window: all that follows training shares it."""
