"""What a live window costs the engine, and how evenly its frames come.

The real window with all its panels, painted offscreen at 30 frames a second, on the ring preset with
the engine in a worker process; against the same engine with nobody watching. Live and alone take
turns, so that a machine whose speed drifts does not decide.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject
from pytestqt.qtbot import QtBot

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import host

SECONDS, SETTLE, TURNS = 6.0, 4.0, 3
PERIOD = 1 / 30


class PaintClock(QObject):
    """Notes when the first paint after each frame begins."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.fresh = False

    def frame(self, _: object) -> None:
        self.fresh = True

    def eventFilter(self, _: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if self.fresh and event.type() == QEvent.Type.Paint:
            self.fresh = False
            self.times.append(time.perf_counter())
        return False


def alone() -> float:
    """Iterations a second of an engine that nobody watches."""
    engine = host.start("process", host.Options(device="cpu"))
    try:
        engine.connection.send(m.Load(presets.load("ring"), 1, running=True))

        def iteration() -> int:
            engine.connection.send(m.Pull())
            while not isinstance(answer := engine.connection.recv(), m.Frame):
                pass
            return answer.iteration

        time.sleep(SETTLE)
        began, first = time.perf_counter(), iteration()
        time.sleep(SECONDS)
        return (iteration() - first) / (time.perf_counter() - began)
    finally:
        engine.end(2.0)


def live(qtbot: QtBot, folder: Path) -> tuple[float, list[float]]:
    """Iterations a second with a live window, and the times at which frames were painted."""
    from gebm_studio.ui.window import StudioWindow

    window = StudioWindow(presets.load("ring"), engine="process", device="cpu", settings_folder=folder)
    window.resize(1440, 900)
    window.show()
    clock = PaintClock()
    window.session.frame.connect(clock.frame)
    panel = window.panels["data"]
    for child in panel.findChildren(QObject):
        child.installEventFilter(clock)
    try:
        qtbot.waitUntil(lambda: window.session.state == "running" and window.session.iteration > 0, timeout=30_000)
        qtbot.wait(round(1000 * SETTLE))
        began, first, painted = time.perf_counter(), window.session.iteration, len(clock.times)
        qtbot.wait(round(1000 * SECONDS))
        rate = (window.session.iteration - first) / (time.perf_counter() - began)
        return rate, clock.times[painted:]
    finally:
        window.close()
        window.deleteLater()


def test_live_window_against_headless(
    benchmark: Any, qtbot: QtBot, tmp_path: Path, report: Callable[[str, str, str], None]
) -> None:
    shares, intervals = [], []

    def turns() -> None:
        for turn in range(TURNS):
            before = alone()
            rate, times = live(qtbot, tmp_path / str(turn))
            after = alone()
            shares.append(rate / statistics.mean((before, after)))
            intervals.extend(b - a for a, b in zip(times[:-1], times[1:], strict=True))

    benchmark.group = "live window"
    benchmark.pedantic(turns, rounds=1)
    intervals.sort()
    p50, p99 = intervals[len(intervals) // 2], intervals[int(len(intervals) * 0.99)]
    spread = ", ".join(f"{share:.0%}" for share in shares)
    report("training speed kept with a live window", f"{statistics.median(shares):.0%} ({spread})", "aim ≥ 90 %")
    report("frame interval p50", f"{1000 * p50:.1f} ms, {p50 / PERIOD:.2f} periods", "")
    report("frame interval p99", f"{1000 * p99:.1f} ms, {p99 / PERIOD:.2f} periods", "aim ≤ 1.25")
    report("frame interval max", f"{1000 * intervals[-1]:.1f} ms, n = {len(intervals)}", "")
    assert len(intervals) > TURNS * SECONDS / PERIOD / 2, "fewer than half of the frames were painted"

