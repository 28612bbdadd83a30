"""The record of particle flows: scrubbing back, returning to the present, and playing it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.ui.panels.flow_timeline import RATE
from tests.ui.flow_frames import flow_part, flow_preset
from tests.ui.frames import floats, frame
from tests.ui.panels import MakePanel, make_panel

__all__ = ["make_panel"]

Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def panel(make_panel: MakePanel) -> Any:
    """A panel with 41 recorded frames, at steps 0, 5, … 200."""
    made = make_panel("flow", (860, 460), flow_preset())
    show(made, flow_part())
    return made


def show(panel: Any, part: Any, iteration: int = 203) -> None:
    panel.show_frame(frame(iteration=iteration, flow=part))
    QApplication.processEvents()


def at(panel: Any) -> int:
    return int(panel.pull_fields()["flow_at"])


def test_the_slider_looks_back_and_asks_for_the_frame_at_once(panel: Any, qtbot: QtBot) -> None:
    slider = panel.timeline.slider
    assert at(panel) == -1 and slider.maximum() == slider.value() == 40 and panel.timeline.live_button.isChecked()
    with qtbot.waitSignals([panel.hovered, panel.scrubbed]):
        slider.setValue(12)
    assert at(panel) == 12 and not panel.timeline.live_button.isChecked()
    show(panel, flow_part(at=12))
    assert panel.step.text() == "step 60 of 203" and "recorded frame 13 of 41" in panel.readout.text


def test_a_click_brings_the_handle_and_the_right_end_is_the_present(panel: Any, qtbot: QtBot) -> None:
    slider = panel.timeline.slider
    qtbot.mouseClick(slider, LEFT, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert at(panel) == 20
    qtbot.mouseClick(slider, LEFT, pos=QPoint(slider.width() - 2, slider.height() // 2))
    assert at(panel) == -1


@pytest.mark.parametrize("focus", ["slider", "picture", "panel"])
def test_keys_step_through_the_record(panel: Any, qtbot: QtBot, focus: str) -> None:
    widget = {"slider": panel.timeline.slider, "picture": panel.tiles[0].picture, "panel": panel}[focus]
    for key, shift, expected in (
        (Key.Key_Left, False, 39), (Key.Key_Left, False, 38), (Key.Key_Right, False, 39), (Key.Key_Left, True, 29),
        (Key.Key_Home, False, 0), (Key.Key_Left, False, 0), (Key.Key_Right, True, 10), (Key.Key_End, False, -1),
        (Key.Key_Right, False, -1),
    ):  # fmt: skip
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(widget, key, modifier)
        assert at(panel) == expected, key


def test_the_live_button_returns_to_the_present(panel: Any, qtbot: QtBot) -> None:
    panel.timeline.look_at(3)
    with qtbot.waitSignal(panel.hovered):
        panel.timeline.live_button.click()
    assert at(panel) == -1 and panel.timeline.slider.value() == 40 and panel.timeline.live_button.isChecked()
    panel.timeline.live_button.click()  # a second click changes nothing
    assert panel.timeline.live_button.isChecked()


def test_looking_back_stays_at_its_step_while_the_run_goes_on(panel: Any) -> None:
    panel.timeline.look_at(12)
    show(panel, flow_part(frames=60, at=12), 299)
    assert at(panel) == 12 and panel.timeline.slider.maximum() == 59 and panel.timeline.slider.value() == 12
    thinned = flow_part(frames=31, at=6, every=10)
    show(panel, thinned, 301)
    assert thinned.steps[at(panel)] == 60 and panel.timeline.slider.value() == 6


def test_a_slider_in_the_hand_keeps_its_length(panel: Any) -> None:
    slider = panel.timeline.slider
    slider.setSliderDown(True)
    slider.setValue(12)
    show(panel, flow_part(frames=60, at=12), 299)
    assert slider.maximum() == 40 and slider.value() == 12
    slider.setSliderDown(False)
    assert slider.maximum() == 59 and slider.value() == 12


def test_flows_that_begin_again_are_followed_live(panel: Any, qtbot: QtBot) -> None:
    panel.timeline.look_at(12)
    with qtbot.waitSignal(panel.scrubbed) as caught:
        show(panel, flow_part(frames=1, at=0), 2)
    assert caught.args == [None] and at(panel) == -1
    assert not panel.timeline.slider.isEnabled() and not panel.timeline.play_button.isEnabled()


def test_a_record_that_loses_its_last_frame_has_not_begun_again(panel: Any) -> None:
    panel.timeline.look_at(12)
    show(panel, flow_part(frames=20, at=6, every=10))
    assert at(panel) == 6
    panel.timeline.look_at(18)
    show(panel, flow_part(frames=12, at=11, every=10))
    assert at(panel) == -1


def test_the_record_is_played_round_and_round(panel: Any, qtbot: QtBot) -> None:
    timeline = panel.timeline
    assert timeline._timer.interval() == 1000 // RATE
    timeline.play_button.click()
    assert timeline.playing and timeline.play_button.isChecked()
    seen = []
    timeline.moved.connect(lambda: seen.append(timeline.at))
    for _ in range(43):
        timeline._timer.timeout.emit()
    assert seen == [*range(41), 0, 1]
    timeline.play_button.click()
    assert not timeline.playing and at(panel) == 1


def test_frames_are_played_by_the_clock_until_a_hand_takes_over(panel: Any, qtbot: QtBot) -> None:
    panel.timeline.play(True)
    qtbot.waitUntil(lambda: at(panel) >= 2, timeout=5000)
    qtbot.keyClick(panel, Key.Key_Left)
    assert not panel.timeline.playing
    panel.timeline.play(True)
    panel.hide()
    assert not panel.timeline.playing


def test_a_frame_that_the_record_lacks_is_not_asked_for(panel: Any) -> None:
    panel.timeline.look_at(12)
    show(panel, flow_part(frames=3, at=2, steps=floats(np.array([0.0, 100.0, 200.0]))))
    assert at(panel) == 1
