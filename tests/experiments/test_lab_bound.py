"""Bounds that critics climb: never above what they bound, at it where the class holds the tight critic."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import GENERATORS, evaluate
from gebm_studio.experiments.lab.ascent import Ascent
from gebm_studio.experiments.lab.bound import Bound
from gebm_studio.experiments.lab.games import GAMES, bounded
from gebm_studio.experiments.lab.mesh import mesh_of
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.rows import MOST, Rows
from gebm_studio.objectives import F_DIVERGENCES
from gebm_studio.presets import changed
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import PHI, Phi
from tests.experiments.lab_cases import preset_of, value

P, Q = {"kind": "gaussian", "at": (0.3, 0.0), "width": 0.8}, {"kind": "gaussian", "at": (-0.4, 0.0), "width": 1.1}
MIXTURE = {"kind": "mixture", "means": [-1.0, 2.0], "stds": [0.25, 1.4], "weights": [0.33, 0.67]}
INTERVAL = {"kind": "uniform", "at": (0.3, 0.0), "width": 2.0}
FAMILIES = ("polynomial", "bumps", "relu", "network")


def bound_of(preset: DivergencesPreset) -> Bound:
    return Bound(preset, Pair(preset))


def moved(bound: Bound, preset: DivergencesPreset, **changes: Any) -> DivergencesPreset:
    after = changed(preset, {path.replace("__", "."): value for path, value in changes.items()})
    bound.configure(after, Pair(after))
    return after


def climb(bound: Bound, steps: int) -> Bound:
    for _ in range(steps):
        if bound.resting:
            break
        bound.advance()
    return bound


@pytest.mark.parametrize("name", PHI)
def test_the_games_are_those_of_the_objectives(name: Phi) -> None:
    row, game = F_DIVERGENCES[name], GAMES[name]
    v = torch.linspace(-6, 6, 49, dtype=torch.float64)
    assert torch.allclose(game.gain(v), row.activation(v)[0], rtol=1e-13, atol=1e-13)
    assert torch.allclose(game.cost(v), row.cost(v)[0], rtol=1e-12, atol=1e-13)
    assert torch.allclose(game.cost(v), GENERATORS[name].conjugate(game.gain(v)), rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(-2, 2), st.floats(0.4, 2.5), st.sampled_from(PHI))
def test_the_mesh_gives_the_divergence_itself(at: float, width: float, name: Phi) -> None:
    for p in (P, MIXTURE, INTERVAL):
        q = {"kind": "gaussian", "at": (at, 0.0), "width": width}
        exact = value(name, p, q).value
        if not exact < 50:
            continue
        mesh = mesh_of(Pair(preset_of(p, q)))
        on_p, on_q = mesh.p.numpy(), mesh.q.numpy()
        # Elsewhere p/q, or its square, leaves the range of a float.
        both = (on_p > 0) & (on_q > (1e-150 if name in ("pearson", "neyman") else 1e-290) * on_p)
        raw = float(on_q[both] @ evaluate(GENERATORS[name].f, on_p[both] / on_q[both]))
        alone = float(on_q[on_p == 0].sum())  # beyond an interval's ends; elsewhere only what a float cannot hold
        raw += alone * GENERATORS[name].value_at_zero if alone > 1e-100 else 0.0
        # Of Pearson and Neyman a part may lie beyond ten deviations: the mesh then has less, and never more.
        assert raw <= bounded(name, exact) + 1e-8 * max(1, exact)
        if name not in ("pearson", "neyman"):
            assert raw == pytest.approx(bounded(name, exact), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", [*PHI, "kale"])
def test_no_critic_of_any_class_rises_above_the_divergence(family: str, name: str) -> None:
    for p, q in ((P, Q), (MIXTURE, Q), (INTERVAL, Q)):
        bound = bound_of(preset_of(p, q, critic__family=family, critic__divergence=name, critic__size=6,
                                   critic__rate=0.05, critic__method="newton"))  # fmt: skip
        exact = bounded(name, value("kl" if name == "kale" else name, p, q).value)  # type: ignore[arg-type]
        part = bound.part(0)
        for _ in range(3):
            part = climb(bound, 4).part(0)
            assert part.exact == exact
            assert part.gap == part.exact - part.bound >= -1e-9
            assert np.isfinite(part.rows).all()
        assert len(part.rows) == bound.steps + 1 and (np.diff(part.rows[:, 0]) == 1).all()
        if name not in ("neyman", "total_variation"):  # at V = 0 Neyman's network and TV stand on a saddle
            assert part.rows[-1, 1] > part.rows[0, 1]


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "hellinger", "jensen_shannon", "gan", "kale"])
def test_where_the_class_holds_the_tight_critic_the_bound_touches(name: Phi) -> None:
    """V* is affine in log p/q, which is quadratic between Gaussians."""
    bound = bound_of(preset_of(P, Q, critic__family="polynomial", critic__divergence=name, critic__size=2,
                               critic__rate=0.5, critic__method="newton"))  # fmt: skip
    part = climb(bound, 400).part(0)
    assert bound.resting and abs(part.gap) < 1e-10 and "top of its class" in part.note
    x = np.linspace(-2, 2, 9)[:, None]
    (learned,) = bound.learned(x)
    pair = Pair(preset_of(P, Q))
    log_ratio = torch.from_numpy(pair.p.log_density(x) - pair.q.log_density(x))
    tight = {"kale": -log_ratio, "gan": log_ratio.sigmoid()}.get(name)
    wanted = GENERATORS[name].slope(log_ratio.exp()) if tight is None else tight
    assert learned.values == pytest.approx(wanted.numpy(), abs=1e-4)


def test_linear_critics_reach_half_the_squared_shift() -> None:
    """KL of an exponential tilt: (μ_p − μ_q)²/2σ_q²."""
    bound = bound_of(preset_of(P, Q, critic__family="polynomial", critic__size=1, critic__method="newton",
                               critic__rate=1.0))  # fmt: skip
    assert climb(bound, 50).part(0).bound == pytest.approx(0.7**2 / (2 * 1.21), abs=1e-10)


def test_a_drag_keeps_the_critic_and_the_climb_goes_on() -> None:
    for family in FAMILIES:
        preset = preset_of(P, Q, critic__family=family, critic__size=8, critic__rate=0.02)
        bound = climb(bound_of(preset), 60)
        x = np.linspace(-1, 1, 5)[:, None]
        before, held = bound.learned(x)[0].values, bound.part(0)
        preset = moved(bound, preset, q__at=(-0.6, 0.0))
        after = bound.part(len(held.rows))
        assert (bound.learned(x)[0].values == before).all()
        assert after.bound != held.bound and after.since == len(held.rows) and not len(after.rows)
        assert after.exact == value("kl", P, dict(Q, at=(-0.6, 0.0))).value and after.gap > 0
        later = climb(bound, 60).part(after.since)
        assert later.bound > after.bound and later.rows[0, 0] == 61


@pytest.mark.parametrize("family", FAMILIES)
def test_far_away_the_class_moves_along_with_nearly_the_same_critic(family: str) -> None:
    preset = preset_of(P, Q, critic__family=family, critic__size=16, critic__rate=0.02)
    bound = climb(bound_of(preset), 40)
    x = np.linspace(-1, 1, 21)[:, None]
    before = bound.learned(x)[0].values
    preset = moved(bound, preset, q__at=(2.5, 0.0))
    tolerance = {"polynomial": 1e-6, "network": 1e-5}.get(family, 0.15)
    assert np.abs(bound.learned(x)[0].values - before).max() < tolerance * max(1.0, float(np.abs(before).max()))
    start = bound.part(0).bound
    assert climb(bound, 30).part(0).bound > start


def test_another_class_begins_again_and_other_settings_do_not() -> None:
    preset = preset_of(P, Q, critic__family="bumps", critic__rate=0.05)
    bound = climb(bound_of(preset), 10)
    version = bound.version
    preset = moved(bound, preset, critic__rate=0.1, view__lower="critics", kernel__scale=2.0)
    assert bound.steps == 10 and bound.version == version
    first = bound.part(0)
    for change in ({"size": 5}, {"divergence": "hellinger"}, {"family": "relu"}, {"restart": 1}):
        preset = moved(bound, preset, **{f"critic__{name}": what for name, what in change.items()})
        part = bound.part(len(first.rows))
        assert bound.steps == 0 and part.since == 0 and len(part.rows) == 1 and part.rows[0, 0] == 0
        climb(bound, 10)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", ["newton", "gradient"])
def test_a_saved_climb_goes_on_bit_for_bit(family: str, method: str) -> None:
    preset = preset_of(P, Q, critic__family=family, critic__method=method, critic__size=9, critic__rate=0.05)
    bound = climb(bound_of(preset), 15)
    preset = moved(bound, preset, q__at=(1.5, 0.0))  # the class now has a box that the settings do not tell
    climb(bound, 5)
    again = bound_of(preset)
    again.take_back(bound.saved())
    climb(bound, 20), climb(again, 20)
    ours, theirs = bound.part(0), again.part(0)
    assert ours.bound == theirs.bound and (ours.rows == theirs.rows).all() and ours.note == theirs.note
    with pytest.raises(ValueError, match="parameters"):
        bound_of(changed(preset, {"critic.size": 4})).take_back(bound.saved())
    with pytest.raises(ValueError, match="climbs"):
        bound_of(changed(preset, {"critic.family": "none"})).take_back(bound.saved())


def test_a_climb_without_end_stops_and_says_so() -> None:
    """Features part two sets of draws: the bound of KL between the sets is ∞."""
    preset = preset_of(P, Q, critic__family="relu", critic__size=40, critic__method="newton", critic__rate=1.0,
                       measure__values="samples", measure__samples=20)  # fmt: skip
    bound = climb(bound_of(preset), 2000)
    part = bound.part(0)
    assert bound.resting and part.exact == math.inf and part.gap == math.inf
    assert math.isfinite(part.bound) and part.bound > 5 and part.note
    assert "20 draws of P and 20 draws of Q" in part.protocol


def test_what_cannot_climb_says_why_and_begins_when_it_can() -> None:
    preset = preset_of({"kind": "points"}, Q, critic__family="bumps")
    bound = bound_of(preset)
    part = bound.part(0)
    assert "no points" in part.note and math.isnan(part.bound) and bound.resting and not bound.learned(np.zeros((1, 1)))
    moved(bound, preset, p__points=[(0.0,), (1.0,)])
    assert not bound.resting and climb(bound, 3).part(0).exact == math.inf
    none = bound_of(preset_of())
    assert none.resting and "choose a class" in none.part(0).note and len(none.part(0).rows) == 0
    huge = bound_of(preset_of(space="plane", critic__family="polynomial", critic__size=512))
    assert "choose a smaller" in huge.part(0).note and huge.resting


def test_in_the_plane_too() -> None:
    p = {"kind": "gaussian", "at": (0.5, 0.2), "width": 0.8}
    preset = preset_of(p, space="plane", critic__family="polynomial", critic__size=2, critic__method="newton",
                       critic__rate=1.0)  # fmt: skip
    bound = climb(bound_of(preset), 50)
    part = bound.part(0)
    assert part.exact == value("kl", p, space="plane").value
    assert part.gap == pytest.approx(0, abs=1e-6) and len(bound.learned(np.zeros((4, 2)))[0].values) == 4


def test_in_the_plane_the_exact_value_is_found_between_the_steps() -> None:
    bound = bound_of(
        preset_of({"kind": "mixture", "means": [[-1, 0], [1, 0.5]]}, space="plane", critic__family="bumps")
    )
    assert not bound.resting and math.isnan(bound.part(0).exact)
    while math.isnan(bound.part(0).exact):
        bound.advance()
    assert bound.part(0).gap > 0 and "quadrature" in bound.part(0).protocol


def test_narrow_laws_in_the_plane_have_panels_of_their_own_and_thin_ones_draws() -> None:
    for width in (1e-4, 0.05, 1.0, 30.0):
        p = {"kind": "gaussian", "at": (0.5, 0.2), "width": width, "aspect": 0.5, "angle": 0.4}
        mesh = mesh_of(Pair(preset_of(p, space="plane")))
        assert "quadrature" in mesh.protocol
        assert (float(mesh.p.sum()), float(mesh.q.sum())) == pytest.approx((1, 1), abs=2e-3)
    thin = {"kind": "gaussian", "width": 1.0, "aspect": 0.01, "angle": 0.8}
    assert "draws of P" in mesh_of(Pair(preset_of(thin, space="plane"))).protocol


def test_a_density_too_faint_for_a_float_is_still_a_density() -> None:
    """Else reverse KL to a law that seems to end would be bounded by ever larger numbers."""
    p = {"kind": "gaussian", "width": 0.01}
    for name in ("reverse_kl", "neyman", "jeffrey"):
        preset = preset_of(p, critic__family="relu", critic__divergence=name, critic__method="newton", critic__rate=1.0)
        part = climb(bound_of(preset), 20).part(0)
        assert part.gap > 0 and math.isfinite(part.bound)


def test_two_points_and_far_laws() -> None:
    for q in ({"kind": "point"}, {"kind": "point", "at": (1e5, 0.0)}):
        for family in FAMILIES:
            part = climb(bound_of(preset_of({"kind": "point"}, q, critic__family=family)), 5).part(0)
            assert part.gap >= -1e-9 and math.isfinite(part.bound)


def test_a_step_to_no_number_is_taken_back() -> None:
    bound = bound_of(preset_of(P, Q, critic__family="network", critic__divergence="neyman", critic__rate=1.0))
    climb(bound, 60)
    part = bound.part(0)
    assert math.isfinite(part.bound) and np.isfinite(part.rows).all()
    assert isinstance(bound._climb, Ascent)


def test_rows_are_thinned_once_they_are_many() -> None:
    rows = Rows()
    for step in range(2 * MOST + 3):
        rows.add(step, float(step))
    assert len(rows) <= MOST and (np.diff(rows.table[:, 0]) == rows.every).all() and rows.every == 4
    assert rows.table[0, 0] == 0 and rows.drawn == 3
    with pytest.raises(ValueError, match="rows"):
        rows.load(np.zeros(3), 1)
