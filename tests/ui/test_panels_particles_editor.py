"""The row below particle flows in which the numbers of one of them are changed while it runs."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio.schema.particles import Flow
from tests.ui.flow_frames import LABELS, cloud, flow_part, flow_preset
from tests.ui.frames import frame
from tests.ui.panels import MakePanel, make_panel

__all__ = ["make_panel"]

WIDE, SMALL = (860, 460), (560, 330)


def shown(make_panel: MakePanel, flows: int = 2, size: tuple[int, int] = WIDE) -> Any:
    panel = make_panel("flow", size, flow_preset(flows))
    panel.show_frame(frame(iteration=203, flow=flow_part(*map(cloud, LABELS[:flows]))))
    QApplication.processEvents()
    return panel


def edited(panel: Any, place: int, qtbot: QtBot) -> Any:
    qtbot.mouseClick(panel.tiles[place].caption, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    return panel.editor


def test_a_click_on_a_caption_opens_its_numbers_and_another_puts_them_away(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel, 2, size=SMALL)
    editor = edited(panel, 1, qtbot)
    assert editor.isVisible() and editor.name.text() == LABELS[1]
    assert {name for name, field in editor.fields.items() if field.isVisible()} == {
        "step_size", "scale", "noise", "noise_decay",
    }  # fmt: skip
    assert not panel.grid.geometry().isEmpty() and panel.tiles[1].picture.height() >= 80
    edited(panel, 1, qtbot)
    assert not editor.isVisible()
    edited(panel, 0, qtbot)
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert not editor.isVisible() and not panel.tiles[0].caption.isChecked()


@pytest.mark.parametrize(("width", "lines"), [(556, 2), (860, 2), (1100, 1)])
def test_sliders_are_as_long_as_their_lines_allow(make_panel: MakePanel, qtbot: QtBot, width: int, lines: int) -> None:
    panel = shown(make_panel, 1, size=(width, 460))
    editor = edited(panel, 0, qtbot)
    rooms = [field.geometry() for field in editor.fields.values() if field.isVisible()]
    assert len({room.top() for room in rooms}) == lines and all(editor.rect().contains(room) for room in rooms)
    assert max(room.right() for room in rooms) > 0.8 * editor.width() or rooms[0].width() > 260


def test_the_first_flow_is_changed_at_its_own_place(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    line = edited(panel, 0, qtbot).fields["regularisation"].editor.line
    line.selectAll()
    with qtbot.waitSignal(panel.setting_changed) as caught:
        qtbot.keyClicks(line, "0.5")
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert caught.args == ["flow.regularisation", 0.5]


def test_the_other_flows_are_changed_as_a_whole(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel, 3)
    preset = panel.preset
    slider = edited(panel, 2, qtbot).fields["step_size"].editor.slider
    with qtbot.waitSignal(panel.setting_changed) as caught:
        slider.setValue(slider.maximum())
    path, others = caught.args
    assert path == "others" and others == (preset.others[0], Flow.model_validate(
        preset.others[1].model_dump() | {"step_size": 1.0}))  # fmt: skip
    with qtbot.waitSignals([panel.held, panel.held]):
        slider.sliderPressed.emit()
        slider.sliderReleased.emit()


def test_a_number_out_of_range_is_refused_in_words(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    line = edited(panel, 0, qtbot).fields["step_size"].editor.line
    line.selectAll()
    with qtbot.assertNotEmitted(panel.setting_changed, wait=20):
        qtbot.keyClicks(line, "-1")
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert panel.readout.text == "Step must be a number above 0 to 100, got -1"
    panel.show_frame(frame(iteration=204, flow=flow_part()))
    assert "above 0 to 100" in panel.readout.text
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert "240 particles" in panel.readout.text


def test_a_flow_that_is_gone_takes_its_numbers_with_it(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel, 3)
    editor = edited(panel, 2, qtbot)
    panel.update_settings(flow_preset(2))
    assert not editor.isVisible()
