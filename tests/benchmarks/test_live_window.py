"""What a live window costs the engine, and how evenly its frames come.

The real window with all its panels, painted offscreen at 30 frames a second, on the ring preset with
the engine in a worker process. Watching and not watching take turns of a few seconds on one and the
same engine, and each turn is compared with its neighbours: a machine whose speed drifts (here by a third
within a minute) does not decide.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.ui.window import StudioWindow
from tests.benchmarks.clock import PaintClock

SECONDS, SETTLE, TURNS = 2.0, 5.0, 12
PERIOD = 1 / 30


class Turns:
    """Watches a running engine, or leaves it alone, for a while; either way tells its speed."""

    def __init__(self, qtbot: QtBot, window: StudioWindow) -> None:
        self._qtbot, self._session = qtbot, window.session

    def speed(self, watched: bool) -> float:
        """Iterations a second."""
        began, first = self._mark()
        if not watched:
            self._session._pacing.stop()
        self._qtbot.wait(round(1000 * SECONDS))
        if not watched:
            self._session._pacing.start()
        ended, last = self._mark()
        return (last - first) / (ended - began)

    def _mark(self) -> tuple[float, int]:
        """A moment, and the iteration that the engine was at."""
        with self._qtbot.waitSignal(self._session.frame, timeout=10_000):
            pass
        return time.perf_counter(), self._session.iteration


def test_live_window_against_headless(
    benchmark: Any, qtbot: QtBot, tmp_path: Path, report: Callable[[str, str, str], None]
) -> None:
    window = StudioWindow(presets.load("ring"), engine="process", device="cpu", settings_folder=tmp_path)
    window.resize(1440, 900)
    window.show()
    clock = PaintClock()
    window.session.frame.connect(clock.frame)
    for child in window.panels["data"].findChildren(QObject):
        child.installEventFilter(clock)
    shares: list[float] = []
    intervals: list[float] = []

    def turns() -> None:
        turn = Turns(qtbot, window)
        alone = turn.speed(watched=False)
        for _ in range(TURNS):
            clock.times.clear()
            live = turn.speed(watched=True)
            intervals.extend(b - a for a, b in zip(clock.times[:-1], clock.times[1:], strict=True))
            before, alone = alone, turn.speed(watched=False)
            shares.append(live / statistics.mean((before, alone)))

    try:
        qtbot.waitUntil(lambda: window.session.state == "running" and window.session.iteration > 0, timeout=30_000)
        qtbot.wait(round(1000 * SETTLE))
        benchmark.group = "live window"
        benchmark.pedantic(turns, rounds=1)
    finally:
        window.close()
        window.deleteLater()
    shares.sort()
    intervals.sort()
    p50, p99 = intervals[len(intervals) // 2], intervals[int(len(intervals) * 0.99)]
    low, high = shares[TURNS // 4], shares[-1 - TURNS // 4]
    report(
        "training speed kept with a live window",
        f"{statistics.median(shares):.0%} (quartiles {low:.0%} to {high:.0%})",
        "aim ≥ 90 %",
    )
    report("frame interval p50", f"{1000 * p50:.1f} ms, {p50 / PERIOD:.2f} periods", "")
    report("frame interval p99", f"{1000 * p99:.1f} ms, {p99 / PERIOD:.2f} periods", "aim ≤ 1.25")
    report("frame interval max", f"{1000 * intervals[-1]:.1f} ms, n = {len(intervals)}", "")
    assert len(intervals) > TURNS * SECONDS / PERIOD / 2, "fewer than half of the frames were painted"
