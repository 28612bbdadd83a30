"""The comparison's panel: small pictures, scores with intervals, one curve a run, and what a click does."""

from __future__ import annotations

import math
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import ComparePart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import RUN_COLOURS
from gebm_studio.ui.panels.compare_table import shown as written
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]

WIDE, NARROW = (900, 560), (560, 400)
RUNS = [{"label": label} for label in ("GAN", "EBM", "GEBM")]


def shown(make_panel: MakePanel, part: ComparePart | None = None, size: tuple[int, int] = WIDE) -> Any:
    panel = make_panel("compare", size)
    panel.start_run(presets.changed(frames.preset(), {"compare.runs": RUNS}))
    panel.show_frame(frames.frame(compare=part or frames.compare_part()))
    panel.throttle.now()
    QApplication.processEvents()
    return panel


def cells(panel: Any) -> dict[str, dict[str, str]]:
    lines = [line.split("\t") for line in panel.scores.text().splitlines()]
    return {row[0]: dict(zip(lines[0][1:], row[1:], strict=True)) for row in lines[1:]}


@pytest.mark.parametrize(
    ("value", "share", "text"),
    [
        ((0.5, 0.48, 0.52), False, "0.500 ± 0.020"),
        ((math.inf,) * 3, False, "∞"),
        ((math.nan,) * 3, True, "—"),
        ((0.0, 0.0, 0.0), True, "0 %"),
        ((1.0, 1.0, 1.0), True, "100 %"),
        ((0.121, 0.101, 0.141), True, "12.1 ± 2.0 %"),
    ],
)
def test_a_score_is_written_with_half_of_its_interval(
    value: tuple[float, float, float], share: bool, text: str
) -> None:
    assert written(value, share) == text


def test_each_run_has_its_picture_column_and_curve(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert [tile.isVisible() for tile in panel.tiles] == [True, True, True, False]
    assert [entry.accessibleName().split(" ")[0] for entry in panel.names[:3]] == ["GAN", "EBM", "GEBM"]
    table = cells(panel)
    assert list(table) == ["W₁", "KL", "off the manifold"]
    assert table["W₁"] == {"GAN": "0.500 ± 0.020", "EBM": "0.400 ± 0.020", "GEBM": "0.300 ± 0.020",
                           "data": "0.100 ± 0.010"}  # fmt: skip
    assert table["KL"]["GEBM"] == "∞" and table["off the manifold"]["GEBM"] == "0 %"
    gan, gebm = picture(panel.tiles[0]), picture(panel.tiles[2])
    assert has_colour(gan, theme.LIGHT.base) and not has_colour(gan, theme.LIGHT.gebm)
    assert has_colour(gebm, theme.LIGHT.gebm) and not has_colour(gebm, theme.LIGHT.base)
    assert all(has_colour(picture(panel.curves), colour) for colour in RUN_COLOURS[:3])
    assert "base alone" in panel.readout.text and "95 %" in panel.readout.text


def test_numbers_say_how_they_were_measured(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    tip = panel.scores.item(0, 2).toolTip()
    assert "Iteration 200" in tip and "n = 256" in tip and "base alone: 0.50 ± 0.10" in tip
    assert "base alone:" not in panel.scores.item(0, 0).toolTip()
    assert "n = 256" in panel.scores.verticalHeaderItem(0).toolTip()


def test_a_click_on_name_or_picture_brings_a_run_to_the_front(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    with qtbot.waitSignal(panel.setting_changed) as caught:
        qtbot.mouseClick(panel.tiles[1].name, Qt.MouseButton.LeftButton)
    assert caught.args == ["compare.front", 1]
    with qtbot.waitSignal(panel.setting_changed) as caught:
        qtbot.mouseClick(panel.tiles[2].picture.viewport(), Qt.MouseButton.LeftButton)
    assert caught.args == ["compare.front", 2]
    with qtbot.assertNotEmitted(panel.setting_changed, wait=50):
        qtbot.mouseClick(panel.tiles[0].name, Qt.MouseButton.LeftButton)


def test_a_run_that_diverged_is_marked_and_the_others_are_not(make_panel: MakePanel) -> None:
    wild = frames.compared("EBM", stopped="the energy's loss became nan", iteration=150)
    panel = shown(make_panel, frames.compare_part(frames.compared("GAN", "base"), wild, frames.compared()))
    assert [tile.name.state for tile in panel.tiles[:3]] == ["", "diverged", ""]
    assert "the energy's loss became nan" in panel.tiles[1].name.toolTip()
    assert "EBM diverged at 150" in panel.readout.text


def test_pictures_move_together(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.tiles[0].picture.moved.emit((-1.0, 1.0, -1.0, 1.0))
    left, right, *_ = panel.tiles[2].picture.extent
    assert right - left < 3
    panel.tiles[0].picture.moved.emit(None)
    assert panel.tiles[2].picture.extent[1] - panel.tiles[2].picture.extent[0] > 3


def test_it_asks_for_what_it_lacks_and_forgets_with_the_run(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert panel.pull_fields() == {
        "compare_since": (60, 60, 60, 0), "compare_extent": panel.tiles[0].picture.extent,
    }  # fmt: skip
    panel.change_front()
    assert panel.pull_fields()["compare_since"] == (60, 60, 60, 0)
    panel.start_run(frames.preset())
    assert panel.pull_fields() == {"compare_since": (0, 0, 0, 0)} and panel.is_empty and "F07" in panel._note.text()


def test_a_narrow_panel_has_room_for_scores_or_curves(make_panel: MakePanel) -> None:
    panel = shown(make_panel, size=NARROW)
    assert panel.scores.isVisible() and not panel._charts.isVisible()
    panel._below.pick("curves")
    assert panel._charts.isVisible() and not panel.scores.isVisible()


def test_scores_are_copied_as_a_table(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    panel.copy_button.click()
    assert QGuiApplication.clipboard().text().splitlines()[1].split("\t")[:2] == ["W₁", "0.500 ± 0.020"]


def test_what_no_run_has_measured_is_said(make_panel: MakePanel) -> None:
    run = frames.compared(curves=frames.curves_part(60, columns=("iteration",), rows=frames.curve_rows(60)[:, :1]))
    panel = shown(make_panel, frames.compare_part(run, frames.changed(run, label="other")))
    panel._metric.pick("nll_test")
    assert "test NLL has not been measured" in panel.readout.text and not panel.curves.isVisible()
