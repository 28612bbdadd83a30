"""Diagnostics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gebm_studio import presets
from gebm_studio.messages import DiagnosticsPart, frozen
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import CATEGORIES, mode_table
from gebm_studio.ui.panels.diagnostics import FAR_OFF
from gebm_studio.ui.panels.numbers import count, short, vector
from tests.ui import frames
from tests.ui.panels import MakePanel, has_colour, make_panel, picture, redrawn

__all__ = ["make_panel"]


def test_numbers_read_well() -> None:
    cases = [
        (0.0, "0"), (1.0, "1.00"), (-0.25, "−0.250"), (1234.5, "1234"), (1e9, "1.00e9"), (-2e-7, "−2.00e−7"),
        (float("nan"), "—"), (float("inf"), "∞"), (-float("inf"), "−∞"),
    ]  # fmt: skip
    assert [short(value) for value, _ in cases] == [text for _, text in cases]
    assert count(1234567).replace("\N{NARROW NO-BREAK SPACE}", " ") == "1 234 567"
    assert vector((1.0, 2.0, 3.0), 2) == "(1.00, 2.00, …)"


def test_every_tile_shows_its_numbers(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    part = frames.diagnostics_part()
    panel.show_frame(frames.frame(diagnostics=part))
    redrawn(panel)
    assert np.allclose(panel.energy.values, part.mean_energy)
    assert np.allclose(panel.temperature.values, part.kinetic_temperature)
    assert panel.timeline.timeline is part.timeline
    assert sorted(panel.hops.bars) == sorted(part.hops)
    assert panel.hops.value == f"{int((part.hops > 0).sum())} of 64 hopped"
    assert np.allclose(panel.occupancy.bars, part.occupancy)
    assert panel.energies.bars.sum() == 64
    assert panel.trace.traces.shape == (200, 4)
    assert np.allclose(panel.spread.values, part.spread)
    assert panel.autocorrelation.values[:3] == pytest.approx([1, 0.7, 0.49])
    assert panel.autocorrelation.value == "10.0 steps"  # 24 · 200 draws, two steps apart, over 960
    assert panel.ranks.ranks.shape == (8, 20)
    assert panel.dwell.bars.tolist() == [2, 5, 9, 14, 8, 1]
    assert panel.dwell.value == "mean 31.0 steps"
    assert not any(tile.why_empty for tile in panel.tiles if not tile.isHidden())
    pixels = picture(panel)
    for role in ("first", "gebm", "muted"):
        assert has_colour(pixels, getattr(theme.LIGHT, role), 50)


def test_facts_say_what_the_sampler_does(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part()))
    texts = redrawn(panel).facts.texts
    assert texts == [
        "kinetic", "· biased by its step", "· ESS 960 of E", "(24 × 200 draws)", "· R-hat 1.004",
        "· ESS/gradient 0.10", "· 1.6 hops in 1000 gradients", "· 3.3 modes a chain", f"· {count(1400)} steps a chain",
        "· time 140",
    ]  # fmt: skip
    assert not has_colour(picture(panel), theme.LIGHT.warning, 5)
    part = frames.diagnostics_part(
        acceptance=0.574, accumulated_time=0.011, rejected_nonfinite=7, law="exact", adapting=0.05
    )
    panel.show_frame(frames.frame(diagnostics=part))
    texts = redrawn(panel).facts.texts
    assert texts[1:4] == ["· exact law", "· accepts 57.4 %", "· step size adapts, now 0.0500"]
    assert texts[-6:] == [
        f"· {count(1400)} steps a chain", "· gradient flow,", "not equilibrium", "(time 0.011)", "· 7 moves refused:",
        "energy not finite",
    ]  # fmt: skip
    assert has_colour(picture(panel), theme.LIGHT.warning, 5)


def shown(panel: Any, part: DiagnosticsPart) -> set[str]:
    """The titles of the tiles that are there for a part."""
    panel.show_frame(frames.frame(diagnostics=part))
    redrawn(panel)
    return {tile.title for tile in panel.tiles if not tile.isHidden()}


def test_tiles_without_anything_to_say_are_not_there(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    of_energy, of_mixing = {"mean E", "traces", "energies"}, {"autocorrelation", "ranks"}
    of_modes, of_ladder = {"modes over time", "hops", "occupancy", "dwell times"}, {"swaps", "walkers"}
    everything = of_energy | of_mixing | of_modes | {"Var z", "kinetic T"}
    assert shown(panel, frames.diagnostics_part()) == everything
    # The last number of velocities that are no more would be one of another algorithm.
    gone = np.ones(200)
    gone[-1] = np.nan
    assert shown(panel, frames.diagnostics_part(kinetic_temperature=frames.floats(gone))) == everything - {"kinetic T"}
    assert shown(panel, frames.diagnostics_part(modes=0)) == everything - of_modes
    assert shown(panel, frames.diagnostics_part(mixing=None)) == everything - of_mixing
    assert "· ESS — (the model learns)" in panel.facts.texts
    assert shown(panel, frames.diagnostics_part(ladder=frames.ladder())) == everything | of_ladder
    alone = frames.diagnostics_part(chains=1, spread=frames.floats(np.full(200, np.nan)))
    assert shown(panel, alone) == everything - {"Var z", "traces"}


def test_an_effective_size_that_cannot_be_said_is_a_dash_with_its_reason(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    none = dict(ess=np.nan, rhat=np.nan, autocorrelation=frames.floats([]), ranks=frames.floats(np.empty((0, 0))))
    shown(panel, frames.diagnostics_part(mixing=frames.mixing(24, 5, every=np.nan, **none)))
    assert "· ESS — (fewer than 8 draws)" in panel.facts.texts
    assert panel.autocorrelation.why_empty == panel.ranks.why_empty == "fewer than 8 draws"
    shown(panel, frames.diagnostics_part(mixing=frames.mixing(24, 200, **none)))
    assert "· ESS — (the chains never move)" in panel.facts.texts
    trace = frames.floats(np.full((200, 24), np.inf))
    shown(panel, frames.diagnostics_part(mixing=frames.mixing(24, 200, ess=np.nan), trace=trace))
    assert "· ESS — (an energy is not finite)" in panel.facts.texts
    assert panel.ranks.why_empty == "an energy is not finite"
    shown(panel, frames.diagnostics_part(chains=1, mixing=frames.mixing(1, 200, rhat=np.nan)))
    assert "· R-hat — (one chain)" in panel.facts.texts
    assert {"· ESS 40.0 of E", "(1 × 200 draws)"} <= set(panel.facts.texts)


def test_every_number_says_of_what_it_is(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    shown(panel, frames.diagnostics_part(ladder=frames.ladder(), acceptance=0.5))
    assert all(panel.facts.tips.values())
    assert "24 chains in the last 200 rounds, 2.00 steps apart" in panel.facts.tips["· R-hat 1.004"]
    for tile in panel.tiles:
        assert any(character.isdigit() for character in tile.toolTip()), tile.title
    assert "Step sizes: 0.050, 0.091" in panel.swaps.toolTip()
    assert panel.walkers.value == "12 trips / 1000 steps"
    assert panel.swaps.value == "60–70 %"
    shown(panel, frames.diagnostics_part(ladder=frames.ladder(adapting=True, trips=np.nan)))
    assert panel.swaps.value == "60–70 %, evening out"
    assert panel.walkers.value == "— trips / 1000 steps"


def test_hop_rates_are_compared_with_the_sampler_before(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    hops = frozen(np.full(64, 2, dtype=np.int32))
    shown(panel, frames.diagnostics_part(sampler="ula", hops=hops))
    assert not any("hops" in text and "×" in text for text in panel.facts.texts)
    few = frozen(np.eye(1, 64, dtype=np.int32)[0])
    shown(panel, frames.diagnostics_part(sampler="kinetic ABOBA", hops=few))
    assert not any("hops" in text and "×" in text for text in panel.facts.texts)
    shown(panel, frames.diagnostics_part(sampler="kinetic ABOBA", hops=hops, counted_cost=700.0))
    assert "= 2.0 × ula" in panel.facts.texts
    assert "2.00 ± 0.25" in panel.facts.tips["= 2.0 × ula"]
    panel.start_run(frames.preset())
    shown(panel, frames.diagnostics_part(sampler="kinetic ABOBA", hops=hops))
    assert not any("hops" in text and "×" in text for text in panel.facts.texts)


def test_the_spread_is_compared_with_the_prior_only_where_that_is_the_law(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    shown(panel, frames.diagnostics_part())
    assert panel.spread.reference is None
    panel.update_settings(presets.changed(frames.preset(), {"sampler.temperature": float("inf")}))
    shown(panel, frames.diagnostics_part())
    assert panel.spread.reference == 1.0


def test_ladder_and_ranks_are_seen(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (760, 600))
    ranks = np.ones((4, 20))
    ranks[0, :10], ranks[0, 10:] = 0.0, 2.0
    part = frames.diagnostics_part(ladder=frames.ladder(), mixing=frames.mixing(4, 200, ranks=frames.floats(ranks)))
    shown(panel, part)
    pixels = picture(panel.ranks)
    for role in ("less", "more", "neutral"):
        assert has_colour(pixels, getattr(theme.LIGHT, role), 200)
    assert has_colour(picture(panel.walkers), CATEGORIES[3], 50)
    assert has_colour(picture(panel.swaps), theme.LIGHT.first, 200)


def test_chains_that_fly_off_are_told_and_not_drawn(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    energies = np.linspace(-1, 2, 64)
    energies[:3] = [4e5, np.inf, np.nan]
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part(chain_energy=frames.floats(energies))))
    redrawn(panel)
    assert panel.facts.texts[-2:] == ["· 3 of 64 chains have diverged:", "lower the step size"]
    assert panel.energies.bars.sum() == 61
    assert not panel.energy.why_empty
    gone = frames.diagnostics_part(
        chain_energy=frames.floats(np.full(64, 1e30)), mean_energy=frames.floats([1.0, 300.0, 1e30])
    )
    panel.show_frame(frames.frame(diagnostics=gone))
    redrawn(panel)
    assert panel.facts.texts[-2] == "· 64 of 64 chains have diverged:"
    assert panel.energy.why_empty == FAR_OFF and not len(panel.energy.values)
    assert panel.energies.why_empty
    assert has_colour(picture(panel), theme.LIGHT.warning, 5)


def test_a_timeline_has_one_colour_a_mode(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    timeline = frozen(np.array([[-1, 2], [0, 2]], dtype=np.int32))
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part(timeline=timeline)))
    redrawn(panel)
    pixels = picture(panel.timeline)
    table = mode_table(theme.LIGHT)
    for mode, expected in ((-1, 1), (0, 1), (1, 0), (2, 2)):
        seen = int((pixels == table[mode + 1]).all(axis=2).sum())
        assert (seen > 400) == bool(expected), mode


def test_more_modes_than_colours_go_round(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics")
    timeline = frozen(np.arange(400, dtype=np.int32).reshape(4, 100))
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part(timeline=timeline)))
    picture(redrawn(panel))


def test_tiles_stand_in_as_many_columns_as_fit(make_panel: MakePanel) -> None:
    panel = make_panel("diagnostics", (720, 420))
    panel.show_frame(frames.frame(diagnostics=frames.diagnostics_part()))
    for width, columns in ((720, 3), (420, 2), (220, 1), (1300, 6), (720, 3)):
        panel.resize(width, 420)
        redrawn(panel)
        tiles = [tile for tile in panel.tiles if not tile.isHidden()]
        assert len({tile.x() for tile in tiles}) == columns
        assert all(tile.height() >= 60 for tile in tiles)
        assert panel._board.width() <= width
