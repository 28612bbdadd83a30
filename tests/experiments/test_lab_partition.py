"""log Z = sup_q ⟨q, D⟩ + H(q): the bound and KL(q‖p), each by its own quadrature, make log Z."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import kl_normal
from gebm_studio.experiments.lab.bound import Bound
from gebm_studio.experiments.lab.descending import Normal
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.partition import CONSTANT, LogPartition
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.presets import changed
from tests.experiments.lab_cases import preset_of

MIXTURE = {"kind": "mixture", "means": [-1.0, 2.0], "stds": [0.254951, 1.414214], "weights": [0.33, 0.67]}


def climb_of(p: dict[str, Any], start: Normal) -> LogPartition:
    return LogPartition(Pair(preset_of(p)).p, start)


@settings(max_examples=40, deadline=None)
@given(st.floats(-3, 4), st.floats(0.1, 3), st.booleans())
def test_bound_and_gap_make_log_z(mean: float, std: float, mixture: bool) -> None:
    climb = climb_of(MIXTURE if mixture else {"kind": "gaussian"}, Normal(mean, std))
    assert climb.exact == pytest.approx(CONSTANT, abs=1e-10)
    assert climb.bound + climb.gap == pytest.approx(climb.exact, abs=1e-8)
    assert climb.gap > -1e-12
    if not mixture:
        assert climb.gap == pytest.approx(kl_normal(mean, std, 0.0, 1.0), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.floats(-2, 2), st.floats(0.3, 2))
def test_the_slope_is_that_of_the_bound(mean: float, std: float) -> None:
    climb, h = climb_of(MIXTURE, Normal(mean, std)), 1e-5
    by_mean, by_log_std = climb._slope
    right, left = (climb_of(MIXTURE, Normal(mean + s * h * std, std)).bound for s in (1, -1))
    wider, narrower = (climb_of(MIXTURE, Normal(mean, std * math.exp(s * h))).bound for s in (1, -1))
    assert by_mean == pytest.approx((right - left) / (2 * h), rel=1e-4, abs=1e-5)
    assert by_log_std == pytest.approx((wider - narrower) / (2 * h), rel=1e-4, abs=1e-5)


def test_it_climbs_to_a_gaussian_and_to_the_nearest_valley_of_a_mixture() -> None:
    climb = climb_of({"kind": "gaussian", "at": (0.5, 0.0), "width": 0.8}, Normal(-2.0, 0.3))
    bounds = [climb.bound]
    while not climb.arrived:
        climb.step(0.05)
        bounds.append(climb.bound)
    assert climb.gap == pytest.approx(0, abs=1e-12)
    assert (climb.q.mean, climb.q.std) == pytest.approx((0.5, 0.8), abs=1e-8)
    assert (np.diff(bounds) > -1e-12).all()
    for start, mean, std, gap in ((4.0, 1.5781, 1.6312, 0.24821), (-1.0, -0.9550, 0.3169, 0.99011)):
        climb = climb_of(MIXTURE, Normal(start, 0.25))
        while not climb.arrived:
            climb.step(0.1)
        assert (climb.q.mean, climb.q.std, climb.gap) == pytest.approx((mean, std, gap), abs=1e-4)


def test_mass_where_p_has_none_is_told() -> None:
    preset = preset_of({"kind": "uniform"}, critic__family="gaussian")
    bound = Bound(preset, Pair(preset))
    part = bound.part(0)
    assert bound.resting and part.bound == -math.inf and part.gap == math.inf and "−∞" in part.note
    with pytest.raises(Unknown, match="no known density"):
        climb_of({"kind": "point"}, Normal(0, 1))
    preset = preset_of({"kind": "point"}, critic__family="gaussian")
    assert "no known density" in Bound(preset, Pair(preset)).part(0).note


def test_the_lab_shows_q_and_sets_it_down_where_q_is_dragged() -> None:
    preset = preset_of(MIXTURE, critic__family="gaussian", critic__rate=0.05)
    bound = Bound(preset, Pair(preset))
    for _ in range(30):
        bound.advance()
    x = np.linspace(-3, 5, 101)
    (q,) = bound.fits(x)
    assert q.label == "q" and float(q.values.astype(float).sum() * 0.08) == pytest.approx(1, abs=0.01)
    learned, height = bound.learned(x[:, None])
    assert height.tight and not learned.tight
    after = changed(preset, {"q.at": (-1.0, 0.0)})
    bound.configure(after, Pair(after))
    assert bound.part(0).critic.startswith("q = N(-1, 1²)") and bound.steps == 30
    held = Bound(after, Pair(after))
    held.take_back(bound.saved())
    for _ in range(20):
        bound.advance()
        held.advance()
    assert (bound.part(0).rows == held.part(0).rows).all() and bound.part(0).critic == held.part(0).critic
    moved = changed(after, {"p.at": (0.5, 0.0)})
    where = bound.part(0).critic
    bound.configure(moved, Pair(moved))
    assert bound.part(0).critic == where
    assert bound.part(0).bound + bound.part(0).gap == pytest.approx(bound.part(0).exact, abs=1e-8)
