"""When the next frame is asked for: once the last one is being painted, and not too often."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

PAUSED_HZ = 5.0
"""Frames a second while nothing runs; a change by the person asks at once."""
UNPAINTED = 0.1
"""Seconds after which a frame that no panel painted counts as painted (panels hidden, window minimised)."""


class Pacing(QObject):
    """Turns "a frame came", "painting starts" and "something changed" into the moment of the next pull.

    At most one pull is under way. Asking when painting *starts* lets the engine make the next frame
    while this one is drawn.
    """

    due = Signal()

    def __init__(self, frames_per_second: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frames_per_second = frames_per_second
        self.running = False
        self._asked_at = 0.0
        self._beat = 0.0
        self._waiting = False
        self._painted = True
        self._hurry = False
        self._stopped = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._ask)

    @property
    def waiting_for(self) -> float:
        """Seconds since the unanswered pull, 0 where none is under way."""
        return time.monotonic() - self._asked_at if self._waiting and not self._stopped else 0.0

    def start(self) -> None:
        """Ask for the first frame of an engine."""
        self._stopped, self._waiting, self._painted = False, False, True
        self._schedule(0.0)

    def stop(self) -> None:
        """Ask for nothing more."""
        self._stopped = True
        self._timer.stop()

    def frame_came(self) -> None:
        """The answer to the pull has come and was handed to the panels."""
        if self._stopped:
            return
        self._waiting, self._painted = False, False
        self._schedule(max(UNPAINTED, self._remaining()))

    def painting_starts(self) -> None:
        """The window begins to paint."""
        if self._stopped or self._painted or self._waiting:
            return
        self._painted = True
        self._schedule(self._remaining())

    def hurry(self) -> None:
        """Something was changed by hand: ask as soon as the frame rate allows."""
        if self._stopped:
            return
        self._hurry = True
        if not self._waiting:
            self._schedule(self._remaining())

    def _remaining(self) -> float:
        """Seconds until the next pull may be sent."""
        rate = self.frames_per_second if self.running or self._hurry else PAUSED_HZ
        return self._beat + 1.0 / rate - time.monotonic()

    def _schedule(self, seconds: float) -> None:
        if seconds <= 0.001:
            self._timer.stop()
            self._ask()
        else:
            self._timer.start(round(1000 * seconds))

    def _ask(self) -> None:
        if self._stopped or self._waiting:
            return
        now, period = time.monotonic(), 1.0 / self.frames_per_second
        # A little late now means a little early next, so that the rate holds on average.
        self._beat = max(self._beat + period, now - 0.25 * period) if self.running else now
        self._asked_at, self._waiting, self._hurry = now, True, False
        self._painted = True
        self.due.emit()
