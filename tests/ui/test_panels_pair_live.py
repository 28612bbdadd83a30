"""The pair in the window with a real engine: a drag is heard, answered and undone."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gebm_studio.messages import Frame
from gebm_studio.schema import DivergencesPreset
from gebm_studio.ui.panels.pair import PairPanel
from gebm_studio.ui.window import StudioWindow
from tests.ui.conftest import MakeWindow
from tests.ui.lab_frames import lab_preset

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Lab:
    """A window on a lab, with the frames that come."""

    def __init__(self, window: StudioWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot
        self.panel = cast(PairPanel, window.panels["pair"])
        self.frames: list[Frame] = []
        window.session.frame.connect(self.frames.append)
        self.wait(lambda: not self.panel.is_empty and self.kl() is not None)

    def wait(self, true: Any) -> None:
        self.qtbot.waitUntil(true, timeout=8000)

    def kl(self) -> float | None:
        """KL(P‖Q) of the newest frame, where it is of the pair as it is."""
        bars = [frame.bars for frame in self.frames if frame.bars is not None][-1:]
        found = [one.value for part in bars for one in part.values if one.name == "kl" and one.fresh]
        return found[0] if found else None

    @property
    def preset(self) -> DivergencesPreset:
        return cast(DivergencesPreset, self.window.session.preset)

    def at(self) -> float:
        """Where Q stands in the settings."""
        return self.preset.q.at[0]

    def handle(self, grip: Any = "at") -> QPoint:
        return self.panel.plot.mapFromScene(self.panel.plot.handles.spot("q", grip))

    def drag(self, start: QPoint, pixels: int, pause: int = 5) -> None:
        """Drag by so many pixels in five steps, each followed by a pause in milliseconds."""
        target = self.panel.plot.viewport()
        QTest.mousePress(target, LEFT, NONE, start)
        for step in range(1, 6):
            QTest.mouseMove(target, start + QPoint(pixels * step // 5, 0))
            QTest.qWait(pause)
        QTest.mouseRelease(target, LEFT, NONE, start + QPoint(pixels, 0))


@pytest.fixture
def lab(make_window: MakeWindow, qtbot: QtBot) -> Lab:
    """Two Gaussians of width 1, one unit apart, at rest."""
    return Lab(make_window(lab_preset(view__docks=("bars",), view__bars=("kl", "w1"))), qtbot)


def test_dragging_q_into_p_makes_every_divergence_fall(lab: Lab) -> None:
    assert lab.kl() == pytest.approx(0.5)
    pixel = float(lab.panel.plot.view.viewPixelSize()[0])
    lab.drag(lab.handle(), -round(0.8 / pixel))
    assert lab.at() == pytest.approx(0.2, abs=2 * pixel)
    lab.wait(lambda: lab.kl() == pytest.approx(lab.at() ** 2 / 2))
    lab.wait(lambda: lab.frames[-1].pair is not None and lab.frames[-1].pair.q.at[0] == lab.at())
    stand = lab.panel.plot.handles.stand("q")
    assert stand is not None and stand.x == lab.at()
    x, q = lab.panel.line.densities.lines["q"].getData()
    assert q.max() == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-3)
    assert x[q.argmax()] == pytest.approx(lab.at(), abs=0.02)


def test_a_slow_drag_is_one_step_to_undo_and_two_quick_ones_are_two(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gebm_studio.ui.undo.PAUSE", 0.02)
    lab.drag(lab.handle(), -50, pause=60)
    first = lab.at()
    monkeypatch.setattr("gebm_studio.ui.undo.PAUSE", 9.0)
    lab.drag(lab.handle(), -40)
    stack = lab.window.changes.stack
    assert stack.count() == 2 and lab.at() < first < 1.0
    stack.undo()
    assert lab.at() == first
    lab.wait(lambda: lab.panel.plot.handles.stand("q").x == first)  # type: ignore[union-attr]
    stack.undo()
    assert lab.at() == 1.0
    lab.wait(lambda: lab.kl() == pytest.approx(0.5))


def test_a_choice_below_brings_another_function(lab: Lab) -> None:
    names = lab.panel.line.functions.curves
    assert names.names == ["log p/q"]
    lab.panel.choices.lower.pick("mmd_witness")
    lab.wait(lambda: names.names not in ([], ["log p/q"]))
    assert lab.preset.view.lower == "mmd_witness"


def test_a_law_becomes_points_and_is_drawn(lab: Lab) -> None:
    QTest.mouseClick(lab.panel.tools.draw["q"], LEFT)
    assert lab.window.session.settings.pending == {"q": "points"}
    lab.window.controls.apply()
    lab.wait(lambda: lab.frames[-1].run_id == lab.window.session.run_id and not lab.panel.is_empty)
    QTest.mouseClick(lab.panel.tools.draw["q"], LEFT)
    middle = lab.panel.plot.viewport().rect().center()
    lab.drag(middle, 60)
    drawn = lab.preset.q
    assert drawn.kind == "points" and len(drawn.points) > 5
    lab.wait(lambda: lab.frames[-1].pair is not None and len(lab.frames[-1].pair.q.points) == len(drawn.points))
    assert lab.kl() is None or lab.kl() == math.inf
    lab.window.changes.stack.undo()
    lab.wait(lambda: lab.preset.q == type(drawn)())
