"""How fast a run goes, and how fast it may."""

from __future__ import annotations

import time
from collections import deque

WINDOW = 1.0
"""Seconds over which the rate is measured."""


class Speed:
    """Measures iterations a second, and holds a run to a pace (0: as fast as it goes)."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._due = 0.0

    def clear(self) -> None:
        """Begin to measure anew."""
        self._marks.clear()

    def wait(self, pace: float) -> float:
        """Seconds until the next iteration may begin."""
        return max(0.0, self._due - time.perf_counter()) if pace > 0 else 0.0

    def passed(self, iteration: int, pace: float) -> None:
        """Note that an iteration is done; one before the last means that the run began again."""
        if self._marks and iteration < self._marks[-1][1]:
            self.clear()
        now = time.perf_counter()
        # From the due time and not from now, so that the pace is kept on average.
        self._due = max(self._due + 1 / pace, now) if pace > 0 else 0.0
        self._marks.append((now, iteration))
        while now - self._marks[0][0] > WINDOW and len(self._marks) > 2:
            self._marks.popleft()

    @property
    def rate(self) -> float:
        """Iterations a second of late, 0 before there are two."""
        if len(self._marks) < 2:
            return 0.0
        (began, first), (ended, last) = self._marks[0], self._marks[-1]
        return (last - first) / max(ended - began, 1e-9)
