"""The chart of relative scores: bars as long as they should be, ghosts that never pass for facts, and its exports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from gebm_studio import presets
from gebm_studio.messages import LaneResult, frozen
from gebm_studio.published import relative_scores
from gebm_studio.ui import theme
from gebm_studio.ui.panels.race_bars import PALE
from gebm_studio.ui.panels.race_bars_rows import PROVISO
from gebm_studio.ui.render import export_panel
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture

__all__ = ["make_panel"]

NAN = math.nan
NAMES = ("independence", "transport", "ula", "kinetic")
SCORES = ((88.0, 80.0, 97.0), (94.0, 94.0, 94.0), (60.0, 60.0, 60.0), (30.0, 30.0, 30.0))
LAWS = ("exact", "other", "biased", "biased")


def lanes(scores: Sequence[tuple[float, float, float]] = SCORES, **changes: Any) -> list[LaneResult]:
    return [
        frames.lane(name, law=law, score=score, seed=place, **changes)
        for place, (name, law, score) in enumerate(zip(NAMES, LAWS, scores, strict=True))
    ]


def shown(make_panel: MakePanel, *results: LaneResult, size: tuple[int, int] = (900, 420)) -> Any:
    panel = make_panel("race", size)
    panel.start_run(presets.changed(frames.preset(), {"race.lanes": [{"name": name} for name in NAMES]}))
    show(panel, *(results or lanes()))
    return panel


def show(panel: Any, *results: LaneResult) -> None:
    panel.show_frame(frames.frame(race=frames.race_part(*results)))
    QApplication.processEvents()


def pixels_of(panel: Any, colour: str) -> np.ndarray:
    """Where the chart has a colour, (h, w)."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return (np.abs(picture(panel.bars).astype(int) - wanted) <= 2).sum(axis=2) == 3


def test_scores_come_as_bars_and_a_race_without_them_stays_a_table(make_panel: MakePanel) -> None:
    panel = shown(make_panel, *lanes([(NAN, NAN, NAN)] * 4))
    assert panel.form.isHidden() and panel.heads.isVisible() and not panel.bars.isVisible()
    show(panel, *lanes())
    assert panel.form.isVisible() and panel.form.value() == "bars"
    assert panel.bars.isVisible() and not panel.heads.isVisible()
    panel.form.pick("table")
    assert panel.heads.isVisible() and not panel.bars.isVisible() and not panel.published.isVisible()
    show(panel, *lanes())
    assert panel.form.value() == "table", "what a person chose stays"


def test_bars_end_at_their_scores(make_panel: MakePanel) -> None:
    """The base's bar ends at 100, ULA's at 60 and kinetic Langevin's at 30 of the same axis, to a pixel."""
    panel = shown(make_panel)
    bars = panel.bars
    left = bars.plot().left()
    assert bars.across(100.0) - left == pytest.approx(100 / bars.end * bars.plot().width())
    found = {role: pixels_of(panel, getattr(theme.LIGHT, role)) for role in ("base", "gebm", "first")}
    for place, role, score in ((0, "base", 100.0), (2, "first", 94.0), (3, "gebm", 60.0), (4, "gebm", 30.0)):
        room = bars.room_of(place).toRect()
        row = found[role][room.top() : room.bottom(), : int(bars.across(99.0)) + 20]
        assert row.sum(axis=1).max() == pytest.approx(score / 100 * (bars.across(100.0) - left), abs=2.0)


def test_each_bar_has_its_number_and_the_base_is_a_hundred(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    base, first, *_, last = panel.bars.rows
    assert (base.name, base.score) == ("base", (100.0, 100.0, 100.0))
    assert [row.name for row in panel.bars.rows[1:]] == ["independence MH", "DOT", "ULA", "kinetic ABOBA"]
    assert first.tip.startswith("independence: 88.0 (80.0 to 97.0) % of the base.")
    assert last.role == "gebm" and panel.bars.rows[2].role == "first", "DOT does not sample the GEBM"
    room = panel.bars.room_of(1).center().toPoint()
    assert panel.bars.tip_at(room) == first.tip
    assert "independence MH 88.0 (80.0 to 97.0)" in panel.bars.accessibleName()
    assert "held-out" in panel.bars.tip_at(QPoint(2, 2))


def test_the_axis_grows_with_what_it_has_to_hold(make_panel: MakePanel) -> None:
    panel = shown(make_panel)
    assert panel.bars.end == 120.0
    show(panel, *lanes([(150.0, 110.0, 233.0), *SCORES[1:]]))
    assert panel.bars.end == 250.0 and panel.bars.across(233.0) < panel.bars.plot().right()


@pytest.mark.parametrize("height", [420, 190])
def test_published_scores_are_ghosts_that_say_they_are_not_verified(make_panel: MakePanel, height: int) -> None:
    panel = shown(make_panel, size=(900, height))
    row = panel.bars.rows[1]
    assert [score.value for score in row.published] == [s.value for s in relative_scores() if s.sampler == NAMES[0]]
    assert all(score.certainty.startswith("unverified") for score in row.published)
    assert "(unverified" in row.tip and "CIFAR-10 95.1" in row.tip
    assert not panel.bars.rows[3].published, "ULA was not published"
    room = panel.bars.room_of(1).intersected(panel.bars.plot().adjusted(2, 0, 0, 0)).toRect()
    before = picture(panel.bars)[room.top() : room.bottom(), room.left() : room.right()]
    panel.published.click()
    after = picture(panel.bars)[room.top() : room.bottom(), room.left() : room.right()]
    tone = theme.mixed(theme.LIGHT.muted, theme.LIGHT.plot, PALE)
    assert has_colour(before, tone, 400, 2) if height > 400 else (before != after).any()
    assert not has_colour(after, tone, 1, 2)
    assert "not verified" in PROVISO and "not verified" in panel.published.toolTip()


def test_lanes_that_are_apart_or_gone_say_so(make_panel: MakePanel) -> None:
    apart, gone, *rest = lanes()
    frozen_lanes = (
        frames.changed(apart, rhat=1.4), frames.changed(gone, diverged=1, score=(NAN, NAN, NAN)), *rest,
    )  # fmt: skip
    panel = shown(make_panel, *frozen_lanes)
    _, first, second, third, _ = panel.bars.rows
    assert first.warning == "R-hat 1.40" and "not yet in equilibrium" in first.tip
    assert second.instead == "1 chain has diverged: lower the step size" and not third.warning
    assert has_colour(picture(panel.bars), theme.LIGHT.warning, 40)


@pytest.mark.parametrize("colour", [False, True])
def test_images_stand_beside_names_where_there_is_room(make_panel: MakePanel, colour: bool) -> None:
    grey = np.full((6, 8, 8, 3) if colour else (6, 8, 8), 200, dtype=np.uint8)
    panel = shown(make_panel, *lanes(images=frozen(grey)))
    assert has_colour(picture(panel.bars), "#c8c8c8", 4 * 6 * 64, 0)
    narrow = shown(make_panel, *lanes(images=frozen(grey)), size=(560, 420))
    assert not has_colour(picture(narrow.bars), "#c8c8c8", 64, 0)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", [(420, 200), (568, 330), (900, 480), (1600, 900)])
def test_all_rows_and_the_legend_fit(
    make_panel: MakePanel, qapp: QApplication, size: tuple[int, int], look: Any
) -> None:
    theme.apply(qapp, look)
    panel = shown(make_panel, size=size)
    picture(panel)
    bars = panel.bars
    names = theme.text_width(theme.current().text_font, "independence MH")
    assert bars.plot().left() > names and bars.plot().width() > 100
    assert bars.plot().bottom() + 2.3 * bars._line <= bars.height(), "axis and legend stand below the rows"
    assert bars.room_of(len(bars.rows) - 1).bottom() <= bars.plot().bottom() + 0.01


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_the_chart_is_exported_as_it_is_seen(make_panel: MakePanel, tmp_path: Path, scale: float) -> None:
    panel = shown(make_panel)
    small = panel.bars.size()
    export_panel(panel, tmp_path / "bars.png", scale)
    with Image.open(tmp_path / "bars.png") as image:
        pixels = np.array(image.convert("RGB"))
    assert pixels.shape[1] == round((small.width() + 16) * scale)
    wanted = np.array([int(theme.LIGHT.base[i : i + 2], 16) for i in (1, 3, 5)])
    bar = (np.abs(pixels.astype(int) - wanted) <= 2).sum(axis=2) == 3
    length = bar.sum(axis=1).max()
    assert length == pytest.approx(scale * (panel.bars.across(100.0) - panel.bars.plot().left()), abs=2.0 * scale)
    # The dashed line at 100 is two pixels wide at any scale.
    below = bar[round((panel.bars.room_of(2).top() + 12) * scale) :]
    widths = below.sum(axis=1)
    assert np.median(widths[widths > 0]) == pytest.approx(2 * scale, abs=scale)
