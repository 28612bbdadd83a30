"""The race panel: what it writes, marks and hides, what a person can change, and that it keeps up."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.messages import RacePart, frozen
from gebm_studio.published import relative_scores
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.numbers import with_error
from gebm_studio.ui.panels.race_columns import COLUMNS, DASH, place, progress, shown_pairs
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]

WIDE = (900, 420)


def shown(make_panel: MakePanel, part: RacePart | None = None, size: tuple[int, int] = WIDE) -> Any:
    panel = make_panel("race", size)
    panel.show_frame(frames.frame(race=part or frames.race_part()))
    QApplication.processEvents()
    return panel


def test_a_number_has_as_many_places_as_its_error() -> None:
    assert with_error(-0.6344, 0.0127) == "−0.634 ± 0.013"
    assert with_error(0.6557, 0.0133, signed=True) == "+0.656 ± 0.013"
    assert with_error(-0.0001, 0.002) == "0.000 ± 0.002"
    assert with_error(-0.652151, 3e-8) == "−0.652"
    assert with_error(12.3, 1.4) == "12.3 ± 1.4"
    assert with_error(-1.3843, 0.0068) == "−1.384 ± 0.007"
    assert with_error(1.0, 0.00021) == "1.00000 ± 0.00021"
    assert with_error(250.0, 31.0) == "250 ± 31"
    assert with_error(1.0, math.nan) == "1.00" and with_error(math.nan, 1.0) == "—"


def test_a_score_is_a_bar_with_its_interval_and_what_was_published(make_panel: MakePanel) -> None:
    lanes = [
        frames.lane("independence MH", score=(65.0, 53.0, 78.0)),
        frames.lane("ULA", score=(math.nan, math.nan, math.nan)),
    ]
    section = {"lanes": [{"name": "independence"}, {"name": "ula"}]}
    panel = make_panel("race", WIDE)
    panel.start_run(presets.changed(frames.preset(), {"race.lanes": section["lanes"]}))
    panel.show_frame(frames.frame(race=frames.race_part(*lanes)))
    first, second = (row.numbers for row in panel.rows)
    assert first.texts["FD %"] == "65 [53, 78]" and second.texts["FD %"] == DASH
    assert first.bar is not None and (first.bar.value, first.bar.low, first.bar.high) == (65.0, 53.0, 78.0)
    published = [score.value for score in relative_scores() if score.sampler == "independence"]
    assert published and first.bar.published == tuple(published)
    assert second.bar is None
    assert has_colour(picture(first), theme.LIGHT.gebm, 20)


def test_each_lane_says_its_numbers(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    ula, mala, kinetic = (row.numbers for row in panel.rows)
    assert ula.texts["bias"] == "+0.656 ± 0.013" and "bias" in ula.marked
    assert mala.texts["bias"] == "+0.018 ± 0.013" and "bias" not in mala.marked
    assert (mala.texts["accepts"], ula.texts["accepts"]) == ("70 %", DASH)
    assert kinetic.texts["R-hat"] == "1.300" and kinetic.marked == {"R-hat"}
    assert mala.texts["ESS/grad"] == "0.044"
    assert panel.exact.numbers.texts["mean E"] == "−0.652"
    assert panel.exact.numbers.texts["off-mode"] == "base 27 %"
    assert [row.name.text() for row in panel.rows] == ["ULA", "MALA", "kinetic ABOBA"]
    assert "biased" in panel.rows[0].name.toolTip() and "exact" in panel.rows[1].name.toolTip()
    assert has_colour(picture(panel), theme.LIGHT.warning, 20)


def test_columns_without_anything_to_say_are_hidden(make_panel: MakePanel) -> None:
    unknown = replace(frames.race_part(), exact_energy=math.nan, exact_error=math.nan)
    lanes = tuple(replace(lane, bias=math.nan, astray=math.nan, acceptance=math.nan) for lane in unknown.lanes)
    panel = shown(make_panel, replace(unknown, lanes=lanes, base_astray=math.nan))
    titles = set(panel.rows[0].numbers.texts)
    assert not titles & {"bias", "off-mode", "accepts", "FD %"}
    assert {"steps", "gradients", "mean E", "ESS/grad", "R-hat"} <= titles


@pytest.mark.parametrize("width", [520, 700, 1100])
def test_no_two_texts_overlap(make_panel: MakePanel, width: int) -> None:
    """All columns but that of images, at the widths of small and large windows."""
    panel = shown(make_panel, size=(width, 420))
    slots = panel._slots
    assert {slot.lines for slot in slots} == ({1} if width == 1100 else {2})
    ends: dict[int, float] = {}
    font = theme.current().number_font
    for slot in slots:
        text = max((slot.column.title, slot.column.widest), key=lambda text: theme.text_width(font, text))
        left = slot.left + slot.width - theme.text_width(font, text)
        assert left >= ends.get(slot.line, 0.0), slot.column.title
        ends[slot.line] = slot.left + slot.width
    assert max(ends.values()) <= panel.exact.numbers.width() + 1
    for row in panel.rows:
        parts = [row.name.geometry(), row.latent.geometry(), row.data.geometry(), row.numbers.geometry()]
        assert not any(a.intersects(b) for i, a in enumerate(parts) for b in parts[i + 1 :])
        assert row.lines["step_size"].geometry().right() <= row.latent.x()


def test_every_column_explains_itself(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    for slot in panel._slots:
        spot = QPoint(round(panel.heads._left + slot.left + slot.width - 3), panel.heads.height() // 2)
        if slot.lines == 1:
            assert panel.heads.tip_at(spot) == slot.column.explain(panel._part)
    tips = [column.explain(frames.race_part()) for pair in COLUMNS for column in pair]
    assert all(tip.endswith(".") and "{" not in tip for tip in tips)
    assert any("quadrature on 256" in tip for tip in tips)


def test_pictures_show_densities_on_one_scale_and_the_chains(make_panel: MakePanel) -> None:
    part = frames.race_part()
    panel = shown(make_panel, part)
    for row, lane in zip(panel.rows, part.lanes, strict=True):
        assert row.latent.points is lane.latents and row.latent.density is lane.density
        assert row.data.points is lane.samples
    pixels = picture(panel.rows[0].latent)
    assert has_colour(pixels, theme.LIGHT.chains, 5, 60) and has_colour(pixels, theme.LIGHT.map_high, 5, 30)


def test_a_latent_line_and_images_have_pictures_of_their_own(make_panel: MakePanel) -> None:
    images = frozen(np.full((8, 8, 8), 200, dtype=np.uint8))
    line = frames.floats(np.exp(-np.square(np.linspace(-4, 4, 160)))[None, :])
    part = frames.race_part(*(frames.lane(seed=seed, images=images, density=line) for seed in range(3)))
    panel = shown(make_panel, part)
    assert len(panel.rows[0].data.images) == 8
    assert has_colour(picture(panel.rows[0].data), "#c8c8c8", 100)
    assert has_colour(picture(panel.rows[0].latent), theme.LIGHT.map_high, 30)


def test_lanes_that_diverged_say_so_in_place_of_numbers(make_panel: MakePanel) -> None:
    gone = frames.lane(diverged=3, energy=math.nan, latents=frames.floats(np.full((64, 2), np.nan)))
    panel = shown(make_panel, frames.race_part(gone, frames.lane(seed=1), frames.lane(seed=2)))
    assert panel.rows[0].numbers.instead == "3 chains have diverged: lower the step size"
    assert panel.rows[1].numbers.instead == ""
    picture(panel)


def test_the_progress_and_the_note_are_said(make_panel: MakePanel) -> None:
    assert progress(frames.race_part()).replace("\N{NARROW NO-BREAK SPACE}", " ") == "1 240 of 2 000 gradients a chain"
    assert progress(replace(frames.race_part(), budget=0)).endswith("gradients a chain, without end")
    assert progress(replace(frames.race_part(), budget=1000)).endswith(": complete")
    panel = shown(make_panel, replace(frames.race_part(), note="the model is still learning"))
    assert panel.notice.isVisible() and panel.notice.text() == "the model is still learning"
    panel.show_frame(frames.frame(race=frames.race_part()))
    assert not panel.notice.isVisible()


def test_a_person_edits_adds_and_removes_lanes(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    line = panel.rows[1].lines["step_size"]
    line.selectAll()
    qtbot.keyClicks(line, "0.25")
    with qtbot.waitSignal(panel.setting_changed) as caught:
        qtbot.keyClick(line, Qt.Key.Key_Return)
    path, lanes = caught.args
    assert path == "race.lanes" and [lane["step_size"] for lane in lanes] == [0.05, 0.25, 0.1]
    presets.changed(frames.preset(), {path: lanes})  # what is sent is what the schema takes
    with qtbot.waitSignal(panel.setting_changed) as caught:
        panel.rows[0].remove.click()
    assert [lane["name"] for lane in caught.args[1]] == ["mala", "kinetic"]
    with qtbot.waitSignal(panel.setting_changed) as caught:
        next(action for action in panel.add_button.menu().actions() if action.text() == "HMC").trigger()
    assert [lane["name"] for lane in caught.args[1]] == ["ula", "mala", "kinetic", "hmc"]
    for signal, button in (
        (panel.restart_wished, panel.restart_button), (panel.export_wished, panel.export_button),
    ):  # fmt: skip
        with qtbot.waitSignal(signal):
            button.click()


def test_a_bad_number_is_explained_and_stays(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = shown(make_panel)
    line = panel.rows[2].lines["friction"]
    line.selectAll()
    qtbot.keyClicks(line, "-3")
    with qtbot.assertNotEmitted(panel.setting_changed):
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert panel.notice.text() == "Friction must be a number from 0.0001 to 10000, got -3"
    assert line.text() == "-3"
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "1" and panel.notice.text() == ""


def test_only_what_acts_can_be_edited(make_panel: MakePanel) -> None:
    panel = make_panel("race", WIDE)
    lanes = [{"name": name} for name in ("ula", "kinetic", "independence")]
    panel.update_settings(TrainingPreset.model_validate({"title": "t", "race": {"lanes": lanes}}))
    panel.show_frame(frames.frame(race=frames.race_part()))
    hidden = [[row.lines[name].isHidden() for name in ("step_size", "friction")] for row in panel.rows]
    assert hidden == [[False, True], [False, False], [True, True]]


def test_lanes_come_and_go_with_the_settings(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    one = TrainingPreset.model_validate({"title": "t", "race": {"lanes": [{"name": "hmc"}]}})
    panel.update_settings(one)
    panel.show_frame(frames.frame(race=frames.race_part()))  # it was on its way: three lanes
    assert len(panel.rows) == 1
    panel.show_frame(frames.frame(race=frames.race_part(frames.lane("HMC h=0.1"))))
    assert not panel.is_empty and panel.rows[0].name.text() == "HMC"
    panel.update_settings(TrainingPreset(title="t"))
    assert panel.is_empty and not panel.rows and not panel.export_button.isEnabled()
    assert panel.add_button.isEnabled()


def test_the_least_room_that_all_columns_need_is_known() -> None:
    pairs = shown_pairs(frames.race_part())
    assert [slot.line for slot in place(pairs, 10_000.0)] == [0] * 8
    assert [slot.line for slot in place(pairs, 330.0)] == [0, 1] * 4
    # Where rooms are few, the steps go first: how far the race is stands above it.
    assert next(slot.column.title for slot in place(pairs, 200.0)) == "mean E"


def test_six_lanes_are_drawn_within_a_frame(make_panel: MakePanel) -> None:
    """Taking a frame and painting it: some milliseconds, with a large margin for a busy machine."""
    panel = make_panel("race", WIDE)
    lanes = [{"name": "ula", "step_size": 0.01 * (1 + place)} for place in range(6)]
    panel.update_settings(TrainingPreset.model_validate({"title": "t", "race": {"lanes": lanes}}))
    times = []
    for tick in range(20):
        part = frames.race_part(*(frames.lane(seed=10 * tick + place) for place in range(6)))
        frame = frames.frame(race=part)
        began = time.perf_counter()
        panel.show_frame(frame)
        QApplication.processEvents()
        times.append(time.perf_counter() - began)
    assert sorted(times)[10] < 0.033
