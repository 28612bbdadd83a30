"""The W₂ decay panel: what is drawn on its logarithmic axis, and what its legend says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gebm_studio.ui import theme
from gebm_studio.ui.panels.decay import tones_of
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]


def shown(make_panel: MakePanel, decay: Any, size: tuple[int, int] = (520, 340)) -> Any:
    panel = make_panel("decay", size)
    panel.show_frame(frames.frame(decay=decay))
    return redrawn(panel)


def test_points_lines_and_floors_are_logarithms(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.decay_part())
    points, view = panel.view.points.points, panel.view
    assert len(points) == 120
    assert np.allclose(points[:60, 1], np.log10(np.hypot(2 * np.exp(-2 * np.linspace(0, 2, 60)), 0.02)), atol=1e-5)
    x, y = view.theories[1].getData()
    assert np.allclose(np.polyfit(x, y, 1)[0], -2 / math.log(10))
    assert np.allclose(view.floors[0].getData()[1], math.log10(0.02))
    left, right, bottom, top = view.extent
    assert left <= 0 and right >= 2
    assert bottom < math.log10(0.02) and top > math.log10(2 * math.sqrt(8))
    assert view.axis("left").logTickStrings([-2.0, 0.0, 1.0], 1.0, 1.0) == ["0.01", "1", "10"]


def test_the_legend_says_fitted_slope_error_and_theory(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.decay_part())
    assert [(entry.text(), entry.value) for entry in panel.entries if entry.isVisible()] == [
        ("d = 1", "−2.01 ± 0.03 (−2.02)"), ("d = 8", "−2.01 ± 0.03 (−2.02)"),
    ]  # fmt: skip
    assert panel._axes.text() == "W₂ (log scale) over overdamped time kδ"
    assert "In the end theory falls at −2.02" in panel.readout.text
    panel._point((1.0, 0.0))
    assert panel.readout.text.startswith("t = 1.00 · d = 1: 0.281, floor 0.0200")
    panel._point(None)
    assert panel.readout.text.startswith("Lines are")


def test_before_a_fit_and_without_theory_nothing_is_made_up(make_panel: MakePanel) -> None:
    nan = math.nan
    bare = frames.decay_curve(
        2, slope=nan, slope_error=nan, slope_theory=nan, floor=nan, theory=frames.floats(np.full(60, nan))
    )  # fmt: skip
    panel = shown(make_panel, frames.decay_part(bare, note="No theory of hmc.", rate=nan))
    assert [entry.value for entry in panel.entries if entry.isVisible()] == ["—"]
    assert not panel.theory.isVisible()
    assert "In the end" not in panel.readout.text
    x, _ = panel.view.floors[0].getData()
    assert not len(x)


def test_dimensions_have_ordered_colours_of_no_role(make_panel: MakePanel) -> None:
    for look in (theme.LIGHT, theme.DARK):
        tones = tones_of(look, 4)
        roles = {look.data, look.base, look.gebm, look.chains, look.more, look.less, look.first, look.second}
        assert len(set(tones)) == 4 and not roles & set(tones)
    panel = shown(
        make_panel,
        frames.decay_part(frames.decay_curve(1), frames.decay_curve(2), frames.decay_curve(8), frames.decay_curve(32)),
    )
    pixels = picture(panel)
    assert all(has_colour(pixels, tone, 20, 12) for tone in tones_of(theme.LIGHT, 4))


def test_a_low_panel_keeps_its_picture(make_panel: MakePanel) -> None:
    panel = shown(
        make_panel,
        frames.decay_part(frames.decay_curve(1), frames.decay_curve(2), frames.decay_curve(8), frames.decay_curve(32)),
        (340, 250),
    )
    assert not panel.floor.isVisible()
    assert panel.view.height() > 80


def test_a_new_run_forgets_the_last(make_panel: MakePanel) -> None:
    panel = shown(make_panel, frames.decay_part())
    panel.start_run(frames.preset())
    assert panel.is_empty
    assert not len(panel.view.points.points)
