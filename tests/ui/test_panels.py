"""All panels: what they share, and that nothing grows, leaks or is asked for in vain."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
import pytest
from pyqtgraph import GraphicsView
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from gebm_studio.messages import Frame, Pull, Reading, frozen
from gebm_studio.ui import theme
from gebm_studio.ui.panels import PANELS
from tests.ui import frames
from tests.ui.lab_frames import bars_part, lab_preset, shift_part
from tests.ui.pair_frames import line_part
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]

NAMES = sorted(name for name, panel in PANELS.items() if panel.kind == "training")


def test_every_part_of_a_frame_has_its_panel() -> None:
    parts = {"data", "latent", "curves", "diagnostics", "gallery", "quality", "race", "decay", "sweep", "critic"}
    assert set(NAMES) == parts | {"compare"}
    assert all(panel.part == name and panel.title and panel.empty for name, panel in PANELS.items())


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_panel_says_what_will_appear(make_panel: MakePanel, name: str) -> None:
    panel = make_panel(name)
    assert panel.is_empty
    assert has_colour(picture(panel), theme.LIGHT.muted)
    redrawn(panel)
    assert panel.is_empty


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_fills_the_panel_and_a_new_run_empties_it(make_panel: MakePanel, name: str) -> None:
    panel = make_panel(name)
    before = picture(panel)
    panel.show_frame(frames.full_frame())
    after = picture(redrawn(panel))
    assert not panel.is_empty
    assert (before != after).any(axis=2).mean() > 0.05
    panel.start_run(frames.preset())
    assert panel.is_empty
    assert (picture(redrawn(panel)) != before).any(axis=2).mean() < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_without_its_part_changes_nothing(make_panel: MakePanel, name: str) -> None:
    panel = make_panel(name)
    panel.show_frame(frames.frame())
    assert panel.is_empty


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_panel_is_not_updated(make_panel: MakePanel, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = make_panel(name)
    taken: list[Any] = []
    monkeypatch.setattr(panel, "take", lambda part, frame: taken.append(part))
    panel.hide()
    panel.show_frame(frames.full_frame())
    assert not taken
    panel.show()
    panel.show_frame(frames.full_frame())
    assert len(taken) == 1


@pytest.mark.parametrize("name", NAMES)
def test_light_and_dark_change_a_shown_and_a_hidden_panel(make_panel: MakePanel, qapp: QApplication, name: str) -> None:
    panel = make_panel(name)
    panel.show_frame(frames.full_frame())
    light = picture(redrawn(panel)).mean()
    theme.apply(qapp, "dark")
    dark = picture(redrawn(panel)).mean()
    assert light > dark + 60
    panel.hide()
    theme.apply(qapp, "light")
    panel.show()
    assert abs(picture(redrawn(panel)).mean() - light) < 12


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(320, 240), (200, 140), (1200, 700)])
def test_any_size_is_painted(make_panel: MakePanel, name: str, size: tuple[int, int]) -> None:
    panel = make_panel(name, size)
    panel.show_frame(frames.full_frame())
    assert picture(redrawn(panel)).shape[:2] == size[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_header_fits_into_a_small_panel(make_panel: MakePanel, name: str) -> None:
    panel = make_panel(name, (320, 240))
    panel.show_frame(frames.full_frame())
    redrawn(panel)
    for button in panel.header.findChildren(QToolButton):
        assert button.isHidden() or panel.header.rect().contains(button.geometry())
        needed = button.sizeHint() if button.text() else QSize(10, 10)
        assert button.width() >= needed.width()


EMPTY = frames.frame(
    data=frames.data_part(0, 0, log_weight=frames.floats([]), arrows=None, map=None),
    latent=frames.latent_part(2, 0, map=None),
    curves=frames.curves_part(0),
    diagnostics=frames.diagnostics_part(
        0, 0, 0, hops=frozen(np.empty(0, np.int32)), accumulated_time=0.0, chain_steps=0
    ),
    gallery=frames.gallery_part(0, frames=0),
)
NAN = float("nan")
STRANGE = frames.frame(
    data=frames.changed(
        frames.data_part(50), ess_fraction=NAN, log_weight=frames.floats([NAN, np.inf, -np.inf, *range(47)]),
        chains=frames.floats([[NAN, 0], [np.inf, 1], [0, 0]]), base=frames.floats(np.full((50, 2), NAN)),
        map=frames.plane_map(levels=(1.0, 1.0)), home=(1.0, 1.0, 2.0, 2.0),
    ),
    latent=frames.latent_part(1, 1, energy=frames.floats([NAN]), line=frames.floats(np.full((4, 20), NAN))),
    curves=frames.curves_part(
        rows=np.column_stack([np.arange(3.0), np.outer([np.inf, -np.inf, NAN], np.ones(len(frames.COLUMNS) - 1))])
    ),
    diagnostics=frames.diagnostics_part(
        1, 1, 1, mean_energy=frames.floats([NAN]), chain_energy=frames.floats([np.inf]), rejected_nonfinite=7
    ),
    gallery=frames.gallery_part(1, 1, 1),
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frame", [EMPTY, STRANGE], ids=["empty", "strange"])
def test_empty_and_strange_numbers_are_survived(make_panel: MakePanel, name: str, frame: Frame) -> None:
    panel = make_panel(name)
    for each in (frame, frames.full_frame(), frame):
        panel.show_frame(each)
        picture(redrawn(panel))


@pytest.mark.parametrize("name", NAMES)
def test_pull_fields_fit_the_message(make_panel: MakePanel, name: str) -> None:
    panel = make_panel(name)
    Pull(**panel.pull_fields())
    panel.show_frame(frames.full_frame())
    Pull(**redrawn(panel).pull_fields())


@pytest.mark.parametrize("name", NAMES)
def test_a_reading_for_another_panel_is_survived(make_panel: MakePanel, name: str) -> None:
    panel = make_panel(name)
    panel.show_frame(frames.full_frame())
    for reading in (Reading("data", (0.0, 1.0), 2.0, 0.5), Reading("latent", (0.0,) * 64, 2.0, NAN, (1.0,), 3.0), None):
        panel.show_reading(reading)


def test_three_hundred_frames_leave_no_more_items_than_three(make_panel: MakePanel) -> None:
    panels = [make_panel(name) for name in NAMES]

    def things() -> tuple[int, ...]:
        return tuple(
            sum(len(view.scene().items()) for view in panel.findChildren(GraphicsView))
            + len(panel.findChildren(QWidget))
            for panel in panels
        )

    def show(tick: int) -> None:
        frame = dataclasses.replace(moving[tick % 12], curves=frames.curves_part(rows=rows[: 20 + tick], since=0))
        for panel in panels:
            panel.show_frame(frame)
            if tick % 50 == 0:
                redrawn(panel)

    rows = frames.curve_rows(330)
    moving = [frames.full_frame(tick=tick, points=200, chains=(64, 8)[tick % 2]) for tick in range(12)]
    for tick in range(3):
        show(tick)
    few, pens = things(), theme._pen.cache_info().currsize
    for tick in range(3, 303):
        show(tick)
    assert things() == few
    assert theme._pen.cache_info().currsize <= pens + 4


def test_a_full_update_is_far_quicker_than_a_frame_lasts(make_panel: MakePanel) -> None:
    panels = [make_panel(name) for name in NAMES]
    moving = [frames.full_frame(tick=6 * tick, points=4000) for tick in range(12)]
    times = []
    for frame in moving:
        begin = time.thread_time()
        for panel in panels:
            panel.show_frame(frame)
        QApplication.processEvents()
        times.append(time.thread_time() - begin)
    assert min(times) < 0.015  # what else the machine does can only add to it


@pytest.mark.parametrize("name", ["pair", "swept", "bars"])
def test_a_new_run_begins_with_nothing_said_of_the_last_one(make_panel: MakePanel, name: str) -> None:
    parts: dict[str, Any] = {"pair": line_part, "swept": shift_part, "bars": bars_part}
    panel = make_panel(name, (560, 400), preset=lab_preset())
    panel.show_frame(frames.frame(**{name: parts[name]()}))
    leave = panel.clear

    def clear() -> None:
        panel.readout.say("what stood under the pointer")  # as the picture does that goes away
        leave()

    panel.clear = clear
    panel.start_run(lab_preset())
    assert panel.readout.text == ""
