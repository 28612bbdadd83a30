"""A law dragged in the live window: frames a second, and how soon the picture tells what a move of the mouse did.

The real window, the engine in a worker process. The figures depend on the machine, and are told beside it; what is
asserted is a floor far below the aim.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import Frame
from gebm_studio.schema import DivergencesPreset
from gebm_studio.ui.window import StudioWindow
from tests.typed import plain

SECONDS, SETTLE = 6.0, 3.0
BEAT, REACH = 8, 60
"""Milliseconds between two moves of the mouse, and how far it swings to either side, in pixels."""
AIM = 30
"""Frames a second that a drag should have."""
LABS = ("f20", "f23", "f28", "plane, moons, Gaussian")


class Moves(QObject):
    """What the hand wished and when, and when the bars were painted that are of it."""

    def __init__(self, window: StudioWindow) -> None:
        super().__init__()
        self.session = window.session
        self.wishes: list[tuple[float, float]] = []
        self.frames: list[float] = []
        self.delays: list[float] = []
        self._taken: list[float] = []
        self.session.frame.connect(self.take)

    def take(self, frame: Frame) -> None:
        """Note a frame, and which of the wishes it answers."""
        self.frames.append(time.perf_counter())
        preset = self.session.preset
        if frame.preset is None or not isinstance(preset, DivergencesPreset):
            return
        place = frame.preset.q.at[0]  # type: ignore[attr-defined]
        answered = next((k for k, (_, wish) in enumerate(self.wishes) if wish == place), None)
        if answered is not None:
            self._taken.append(self.wishes[answered][0])
            del self.wishes[: answered + 1]

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            now = time.perf_counter()
            self.delays += [now - began for began in self._taken]
            self._taken.clear()
        return False


def lab_named(name: str) -> Any:
    """A shipped lab by its figure, at rest where its point would run along; or one in the plane."""
    if name.startswith("plane"):
        gaussian = {"kind": "gaussian", "at": (0.5, 0.2), "aspect": 0.6, "angle": 0.4}
        toy = {"kind": "toy", "name": "moons"}
        return presets.changed(plain("divergences"), {"space": "plane", "p": toy, "q": gaussian})
    entry = next(entry for entry in presets.listing()[0] if entry.name.startswith(name))
    return presets.changed(entry.preset, {"swept.period": 0.0})


@pytest.mark.parametrize("name", LABS)
def test_drag(benchmark: Any, qtbot: QtBot, tmp_path: Path, report: Callable[[str, str, str], None], name: str) -> None:
    window = StudioWindow(lab_named(name), engine="process", device="cpu", settings_folder=tmp_path)
    window.resize(1440, 900)
    window.show()
    panel: Any = window.panels["pair"]
    moves = Moves(window)
    window.panels["bars"].board.installEventFilter(moves)  # type: ignore[attr-defined]
    rates: list[float] = []

    def drag() -> None:
        target, start = panel.plot.viewport(), panel.plot.mapFromScene(panel.plot.handles.spot("q", "at"))
        QTest.mouseMove(target, start)
        QTest.mousePress(target, Qt.MouseButton.LeftButton, pos=start)
        began, step = time.perf_counter(), 0
        moves.frames.clear()
        while time.perf_counter() - began < SECONDS:
            step += 1
            now, before = time.perf_counter(), panel.hands.setting("q", "at")
            QTest.mouseMove(target, start + QPoint(round(REACH * math.sin(step / 12)), 0))
            wish = panel.hands.setting("q", "at")
            if wish != before:
                moves.wishes.append((now, wish[0]))
            qtbot.wait(BEAT)
        rates.append(len(moves.frames) / (time.perf_counter() - began))
        QTest.mouseRelease(target, Qt.MouseButton.LeftButton, pos=start)

    try:
        qtbot.waitUntil(lambda: not panel.is_empty and not window.panels["bars"].is_empty, timeout=60_000)
        qtbot.wait(round(1000 * SETTLE))
        benchmark.group = "drag in the live lab"
        benchmark.pedantic(drag, rounds=1)
    finally:
        window.close()
        window.deleteLater()
    delays = sorted(moves.delays)
    middle, late = delays[len(delays) // 2], delays[int(0.95 * len(delays))]
    report(f"drag in the live lab, {name}", f"{rates[0]:.1f} frames a second", f"aim {AIM}")
    report("from a move to its picture", f"{1000 * middle:.0f} ms (median), {1000 * late:.0f} ms (95 %)", "")
    assert rates[0] > AIM / 6 and len(delays) > SECONDS * AIM / 12
