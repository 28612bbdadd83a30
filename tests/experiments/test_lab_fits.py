"""Gaussians that descend exact divergences: their slopes, their valleys, and their best fits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.experiments import best_fit
from gebm_studio.experiments.lab.bound import Bound
from gebm_studio.experiments.lab.descending import Normal
from gebm_studio.experiments.lab.fits import Fits, divergence
from gebm_studio.experiments.lab.games import bounded
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.presets import changed
from gebm_studio.schema.measures import PHI, Phi
from gebm_studio.targets.laws import Law
from tests.experiments.lab_cases import preset_of, value

MIXTURE = {"kind": "mixture", "means": [-1.0, 2.0], "stds": [0.254951, 1.414214], "weights": [0.33, 0.67]}
FIVE: tuple[Phi, ...] = ("kl", "reverse_kl", "jensen_shannon", "jeffrey", "pearson")


def law_of(p: dict[str, Any]) -> Law:
    return Pair(preset_of(p)).p


def finished(fits: Fits) -> Fits:
    while fits.seeks:
        fits.search()
    return fits


@settings(max_examples=20, deadline=None)
@given(st.floats(-1, 2), st.floats(0.9, 2.5), st.sampled_from(PHI))
def test_value_and_slope(mean: float, std: float, name: Phi) -> None:
    p, h = law_of(MIXTURE), 1e-5
    found, (by_mean, by_log_std) = divergence(name, p, Normal(mean, std))
    bars = value(name, MIXTURE, {"kind": "gaussian", "at": (mean, 0.0), "width": std})
    if bars.value > 1e3:  # at the brink of ∞, where what counts lies far beyond both laws
        assert found > 1e3
        return
    assert found == pytest.approx(bars.value, rel=1e-6, abs=1e-8)
    right, left = (divergence(name, p, Normal(mean + s * h * std, std))[0] for s in (1, -1))
    wider, narrower = (divergence(name, p, Normal(mean, std * math.exp(s * h)))[0] for s in (1, -1))
    scale = max(1.0, found)
    assert by_mean == pytest.approx((right - left) / (2 * h), rel=1e-4, abs=1e-4 * scale)
    assert by_log_std == pytest.approx((wider - narrower) / (2 * h), rel=1e-4, abs=1e-4 * scale)


def test_best_fits_agree_with_the_search_of_the_trainings() -> None:
    """Another integral on other nodes, and another search: Nelder–Mead on 4001 even points."""
    fits = finished(Fits(FIVE, law_of(MIXTURE), Normal(0.5, 1.5)))
    for row in fits.rows():
        other = best_fit._fit(row.name, (-1.0, 2.0), (0.254951, 1.414214), (0.33, 0.67))
        assert other is not None
        assert bounded(row.name, row.best_value) == pytest.approx(other.value, abs=1e-8)
        assert (row.best_mean, row.best_std) == pytest.approx((other.mean, other.std), abs=1e-4)
    kl = fits.rows()[0]
    # Under KL the best Gaussian has the mixture's own moments.
    mean = 0.67 * 2 - 0.33
    variance = 0.33 * (0.065 + (1 + mean) ** 2) + 0.67 * (2 + (2 - mean) ** 2)
    assert (kl.best_mean, kl.best_std) == pytest.approx((mean, math.sqrt(variance)), abs=1e-6)


def test_the_descents_end_at_the_best() -> None:
    fits = finished(Fits(("kl", "hellinger", "pearson", "jeffrey"), law_of(MIXTURE), Normal(0.5, 1.5)))
    before = fits.values
    for _ in range(400):
        fits.step(0.1)
    for row, first in zip(fits.rows(), before, strict=True):
        assert row.value <= first + 1e-12
        assert row.value == pytest.approx(row.best_value, abs=1e-10)
        assert (row.mean, row.std) == pytest.approx((row.best_mean, row.best_std), abs=1e-5)
    assert fits.arrived


def test_a_shift_and_a_scale_of_p_move_the_best_along_without_a_search() -> None:
    fits = finished(Fits(("jeffrey",), law_of(MIXTURE), Normal(0.5, 1.5)))
    (row,) = fits.rows()
    fits.measure(fits.p.moved(at=np.array([3.0]), width=0.5))
    (after,) = fits.rows()
    assert after.best_value == row.best_value
    assert (after.best_mean, after.best_std) == pytest.approx((3 + 0.5 * row.best_mean, 0.5 * row.best_std))


def test_infinite_rows_stay_and_say_so() -> None:
    fits = finished(Fits(("kl", "reverse_kl"), law_of({"kind": "uniform"}), Normal(0.0, 0.5)))
    for _ in range(50):
        fits.step(0.1)
    kl, reverse = fits.rows()
    assert (kl.mean, kl.std) == pytest.approx((0, math.sqrt(1 / 12)), abs=1e-2)
    assert reverse.value == math.inf and (reverse.mean, reverse.std) == (0.0, 0.5) and math.isnan(reverse.best_value)


def test_in_the_lab() -> None:
    preset = preset_of(MIXTURE, {"kind": "gaussian", "at": (0.5, 0.0), "width": 1.5}, fit__divergences=FIVE)
    bound = Bound(preset, Pair(preset))
    for _ in range(30):
        bound.advance()
    part = bound.part(0)
    assert part.title == "Gaussians fitted to P" and not len(part.rows) and math.isnan(part.bound) and not part.note
    assert [row.name for row in part.fits] == list(FIVE) and len(bound.fits(np.zeros(3))) == 5
    again = Bound(preset, Pair(preset))
    again.take_back(bound.saved())
    for _ in range(10):
        bound.advance()
        again.advance()
    ours, theirs = ([(row.value, row.mean, row.std) for row in one.part(0).fits] for one in (bound, again))
    assert ours == theirs
    dragged = changed(preset, {"q.at": (2.0, 0.0)})
    bound.configure(dragged, Pair(dragged))
    assert {(row.mean, row.std) for row in bound.part(0).fits} == {(2.0, 1.5)}
    preset = preset_of({"kind": "point"}, fit__divergences=("kl",))
    assert "no known density" in Bound(preset, Pair(preset)).part(0).note
