"""The critic's panel: four views, each with what its numbers say; and data space of one dimension."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gebm_studio.ui import theme
from gebm_studio.ui.panels.critic_slopes import factor
from gebm_studio.ui.panels.table import log_ticks
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]


def shown(make_panel: MakePanel, view: str, size: tuple[int, int] = (560, 380), **changes: Any) -> Any:
    panel = make_panel("critic", size, critic=view)
    panel.show_frame(frames.frame(critic=frames.critic_part(view, **changes)))
    return redrawn(panel)


@pytest.mark.parametrize("view", ["line", "segments", "layers", "spectra"])
@pytest.mark.parametrize("size", [(560, 380), (240, 200)], ids=str)
def test_every_view_is_drawn_in_large_and_small(make_panel: MakePanel, view: str, size: tuple[int, int]) -> None:
    panel = shown(make_panel, view, size)
    assert not panel.is_empty and panel.readout.text
    colour = {"spectra": theme.LIGHT.gebm}.get(view, theme.LIGHT.first)
    assert has_colour(picture(panel), colour, 10, 30)


def test_the_line_shows_the_critic_beside_its_optimum_and_takes_other_readings(make_panel: MakePanel) -> None:
    panel = shown(make_panel, "line")
    view = panel.views["line"]
    names = {entry.text() for entry, wanted in view.entries_wanted() if wanted}
    assert names == {"V", "optimum", "data", "base"}
    panel._reading.pick("D")
    assert view.extent[2:] == (0.0, 1.0)
    _, y = view.learned.getData()
    line = frames.on_a_line()
    assert np.allclose(y, 1 / (1 + np.exp(-line.critic)), atol=1e-6)
    panel._reading.pick("T")  # which this critic has not: the first stands for it
    assert view._reading.name == "V"
    panel._point((2.0, 0.0))
    assert panel.readout.text.startswith("1.99: V ") or panel.readout.text.startswith("2.0")
    assert "optimum" in panel.readout.text


def test_a_line_through_two_modes_holds_the_valley_between_them(make_panel: MakePanel) -> None:
    part: Any = frames.critic_part()
    at = np.linspace(0.0, 2.5, 200)
    p = np.exp(-(((at - 0.5) / 0.1) ** 2) / 2) + np.exp(-(((at - 2.0) / 0.1) ** 2) / 2)
    valley = 8.0 * (at - 1.25) ** 2  # 0 between the modes, 4.5 on each of them
    reading = frames.changed(part.line.readings[0], learned=frames.floats(valley), optimum=frames.floats(np.empty(0)))
    line = frames.changed(
        part.line,
        at=frames.floats(at),
        p=frames.floats(p),
        g=frames.floats(np.full(200, math.nan)),
        readings=(reading,),
    )
    low, high = shown(make_panel, "line", line=line).views["line"].extent[2:]
    assert low <= 0.0 and high >= 4.5


def test_an_optimum_that_is_not_known_is_left_out(make_panel: MakePanel) -> None:
    part: Any = frames.critic_part()
    nothing = frames.floats(np.full(200, math.nan))
    reading = frames.changed(part.line.readings[0], optimum=frames.floats(np.empty(0)))
    panel = shown(make_panel, "line", line=frames.changed(part.line, p=nothing, g=nothing, readings=(reading,)))
    names = {entry.text() for entry, wanted in panel.views["line"].entries_wanted() if wanted}
    assert names == {"V"}


def test_slopes_come_with_n_a_standard_error_and_what_the_penalty_wishes(make_panel: MakePanel) -> None:
    panel = shown(make_panel, "segments")
    values = {entry.text(): entry.value for entry, wanted in panel.views["segments"].entries_wanted() if wanted}
    slopes: Any = frames.critic_part("segments").segments
    assert values["|∇V|"] == "n = 400" and values["wished for"] == "1.00"
    assert values["mean"].startswith(f"{slopes.mean():.3f} ± 0.00")
    assert has_colour(picture(panel), theme.LIGHT.second, 20)
    panel = shown(make_panel, "segments", wanted=math.nan)
    assert [wanted for _, wanted in panel.views["segments"].entries_wanted()] == [True, True, False]


def test_layers_have_a_curve_for_each_run_and_the_factor_back(make_panel: MakePanel) -> None:
    panel = shown(make_panel, "layers")
    view = panel.views["layers"]
    entries = [(entry.text(), entry.value) for entry, wanted in view.entries_wanted() if wanted]
    assert entries == [("clip", "× 3.3 a layer back"), ("gradient", "× 0.91 a layer back")]
    x, y = view.curves[0].getData()
    assert np.allclose(x, np.arange(1, 9)) and np.allclose(y, np.arange(8) * math.log10(0.3), atol=1e-5)
    assert math.isnan(factor(frames.floats([1.0])))
    panel._point((3.2, 0.0))
    assert panel.readout.text == "layer 3: clip 0.0900 · gradient 1.21"
    panel._point(None)
    assert panel.readout.text.endswith("256 data and 256 base draws")


def test_spectra_say_that_the_slope_is_under_the_product(make_panel: MakePanel) -> None:
    panel = shown(make_panel, "spectra", (700, 380))
    assert panel.readout.text.startswith("largest |∇V| at 3\N{NARROW NO-BREAK SPACE}072 points 0.900 ≤ product")
    steps = panel.views["spectra"].steps
    _, tangent = steps.tangents[0].getData()
    bound = steps.rates[0].getData()[1]
    assert np.allclose(tangent, bound[: len(tangent)], atol=1e-3)
    assert np.allclose(np.diff(tangent), 2 * math.log10(0.7), atol=1e-3)
    unknown = frames.floats(np.full(3, math.nan))
    spectra = frames.changed(frames.critic_part("spectra").spectra, product=math.nan, iterated=unknown)
    panel = shown(make_panel, "spectra", spectra=spectra)
    assert "bound no slope" in panel.readout.text
    names = {entry.text() for entry, wanted in panel.views["spectra"].entries_wanted() if wanted}
    assert "after division" not in names


def test_the_panel_opens_on_a_line_asks_for_it_and_tells_of_a_choice(make_panel: MakePanel) -> None:
    panel = make_panel("critic", critic="none")
    assert panel._view.value() == "line" and panel.pull_fields() == {"critic_along": "modes"}
    told: list[tuple[str, object]] = []
    panel.setting_changed.connect(lambda path, value: told.append((path, value)))
    panel._view.pick("spectra")
    assert told == [("view.critic", "spectra")]
    # A part of the old view may still be on its way: it is not shown as the new one.
    panel.show_frame(frames.frame(critic=frames.critic_part("line")))
    assert redrawn(panel).is_empty


def test_a_critic_without_layers_says_so(make_panel: MakePanel) -> None:
    panel = shown(make_panel, "layers", layers=(), note="No critic with layers learns here.")
    assert panel.is_empty


def test_ticks_of_a_logarithmic_axis_stay_few() -> None:
    ((*few,),) = log_ticks(-1.0, 0.5)
    assert [text for _, text in few if -1 <= _ <= 0.5] == ["0.1", "0.2", "0.5", "1", "2"]
    ((*many,),) = log_ticks(-14.0, 3.0)
    assert len(many) <= 7 and ("1" in [text for _, text in many])


def test_data_of_one_dimension_are_densities_on_a_line(make_panel: MakePanel) -> None:
    panel = make_panel("data")
    panel.show_frame(frames.frame(data=frames.line_part()))
    pixels = picture(panel)
    assert panel._spaces.currentWidget() is panel.line
    assert all(has_colour(pixels, colour, 30) for colour in (theme.LIGHT.base, theme.LIGHT.gebm, theme.LIGHT.data))
    assert len(panel.line.rug.points) == 40
    assert not panel._choices.arrows.isVisible() and "data_extent" not in panel.pull_fields()
    panel._choices.map.pick("critic")
    assert panel.line._shown == "critic"
    panel.entries["gebm"].click()
    assert not has_colour(picture(panel.line), theme.LIGHT.gebm, 10)
    panel._point((1.0, 0.2))
    assert panel.readout.text.startswith("x = 0.965: p 0.145") and " · q " in panel.readout.text
    panel._point(None)
    assert panel.readout.text.startswith("densities over x · g exact · ESS 62 %")
    # A run in the plane brings the pictures back.
    panel.show_frame(frames.frame(data=frames.data_part()))
    assert panel._spaces.currentWidget() is not panel.line and panel._choices.arrows.isVisible()


def test_steps_of_the_base_are_drawn_beside_the_unweighted_force(make_panel: MakePanel) -> None:
    panel = make_panel("data", arrows="base")
    part: Any = frames.data_part()
    panel.show_frame(frames.frame(data=frames.changed(part, unweighted=part.arrows, arrows=2 * part.arrows)))
    bands = panel._pictures[0].arrows.bands
    assert [pen.color().name() for _, pen in bands] == [theme.LIGHT.muted, theme.LIGHT.second.lower()]
    assert [key.text() for key in panel.step_keys if key.isVisible()] == ["base's step", "−∇E"]
    panel.show_frame(frames.frame(data=part))
    assert len(panel._pictures[0].arrows.bands) == 1 and not panel.step_keys[0].isVisible()
