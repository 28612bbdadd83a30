"""How evenly a live race comes: the real window on F11 with six samplers, the engine in a worker process.

The figures depend on the machine, and are told beside it; what is asserted is a floor far below the aim.
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
from tests.typed import training

SECONDS, SETTLE = 10.0, 6.0
LANES = 6


def test_a_live_race(benchmark: Any, qtbot: QtBot, tmp_path: Path, report: Callable[[str, str, str], None]) -> None:
    preset = training("f11")
    lanes = [lane.model_dump() for lane in preset.race.lanes[:LANES]]
    preset = presets.changed(preset, {"race.lanes": lanes, "race.budget": 0})
    window = StudioWindow(preset, engine="process", device="cpu", settings_folder=tmp_path)
    window.resize(1440, 900)
    window.show()
    clock = PaintClock()
    panel: Any = window.panels["race"]
    taking: list[float] = []
    take = panel.take

    def timed_take(part: Any, frame: Any) -> None:
        began = time.perf_counter()
        take(part, frame)
        taking.append(time.perf_counter() - began)

    panel.take = timed_take
    window.session.frame.connect(clock.frame)
    for child in panel.findChildren(QObject):
        child.installEventFilter(clock)
    costs: list[float] = []

    def watch() -> None:
        clock.times.clear()
        taking.clear()
        began = panel._part.lanes[0].cost
        qtbot.wait(round(1000 * SECONDS))
        costs.append((panel._part.lanes[0].cost - began) / SECONDS)

    try:
        qtbot.waitUntil(lambda: panel._part is not None and len(panel.rows) == LANES, timeout=60_000)
        qtbot.wait(round(1000 * SETTLE))
        benchmark.group = "live race"
        benchmark.pedantic(watch, rounds=1)
    finally:
        window.close()
        window.deleteLater()
    intervals = sorted(b - a for a, b in zip(clock.times[:-1], clock.times[1:], strict=True))
    rate = len(clock.times) / SECONDS
    p50, p99 = intervals[len(intervals) // 2], intervals[int(0.99 * len(intervals))]
    report(f"live race of {LANES} samplers: frames painted", f"{rate:.1f} a second", "aim 30")
    report("race frame interval p50, p99", f"{1000 * p50:.1f} ms, {1000 * p99:.1f} ms", "")
    report("race panel takes a frame in", f"{1000 * statistics.median(taking):.2f} ms (median)", "")
    report("race gradients of each chain", f"{costs[0]:.0f} a second", "")
    assert rate > 10
