"""Calibration of a critic, where its odds are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gebm_studio.diagnostics.calibration import BINS, calibration, slope


def _gaussians(n: int, rng: np.random.Generator, times: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Stated log odds of data N(1, 1) and base N(0, 1): x − ½ exactly, times a factor."""
    return times * (rng.normal(1, 1, n) - 0.5), times * (rng.normal(0, 1, n) - 0.5)


@pytest.mark.parametrize("times", [0.5, 1.0, 3.0])
def test_the_slope_is_that_of_the_exact_odds(times: float) -> None:
    """If a times the odds are stated the slope is 1/a; four of its half widths are never missed."""
    data, base = _gaussians(2000, np.random.default_rng(0), times)
    value, low, high = calibration(data, base).slope
    assert low < value < high
    assert abs(value - 1 / times) < (high - low)


def test_its_interval_covers_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(1), 0
    for _ in range(100):
        _, low, high = slope(*_gaussians(150, rng))
        held += int(low <= 1 <= high)
    assert held >= 86, "fewer of 100 with a probability below 1e-3"


def test_bins_tell_what_is_counted() -> None:
    data, base = _gaussians(4000, np.random.default_rng(2))
    found = calibration(data, base)
    assert len(found.predicted) == BINS and (np.diff(found.predicted) > 0).all()
    assert np.isfinite(found.low).all() and np.isfinite(found.high).all()
    held = (found.low <= found.predicted) & (found.predicted <= found.high)
    assert held.sum() >= 7, "of ten 95 % intervals"
    assert not found.predicted.flags.writeable
    unequal = calibration(data, base[:1000])
    assert np.abs(unequal.found - unequal.predicted).max() < 1


def test_an_energy_that_knows_nothing_is_told() -> None:
    rng = np.random.default_rng(3)
    value, low, high = calibration(rng.normal(size=500), rng.normal(size=500)).slope
    assert low < 0 < high and abs(value) < 0.3
    assert all(map(math.isnan, slope(np.zeros(50), np.zeros(50))))
    assert all(map(math.isnan, slope(np.arange(50.0), -np.arange(1, 51.0))))


def test_what_is_not_finite_is_left_out() -> None:
    data, base = _gaussians(100, np.random.default_rng(4))
    with_holes = calibration(np.r_[data, math.nan, -math.inf], np.r_[base, math.inf])
    assert with_holes.slope == calibration(data, base).slope
    nothing = calibration(data[:10], base)
    assert len(nothing.predicted) == 0 and all(map(math.isnan, nothing.slope))
