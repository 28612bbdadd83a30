"""When a live window paints what has come."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject


class PaintClock(QObject):
    """Notes when the first paint after each frame begins."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.fresh = False

    def frame(self, _: object) -> None:
        self.fresh = True

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        if self.fresh and event.type() == QEvent.Type.Paint:
            self.fresh = False
            self.times.append(time.perf_counter())
        return False
