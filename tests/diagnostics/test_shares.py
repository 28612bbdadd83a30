"""Shares of classes with their intervals, and total variation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gebm_studio.diagnostics.intervals import about, shifted, wilson
from gebm_studio.diagnostics.shares import shares, total_variation

TRUTH = (0.5, 0.3, 0.2)


def test_wilson_is_the_published_interval() -> None:
    """Of 8 among 10 and of none, as tables have them."""
    assert wilson(8, 10) == pytest.approx((0.8, 0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 20) == pytest.approx((0, 0, 0.1611251), abs=1e-6)
    assert wilson(20, 20)[2] == 1
    assert all(map(math.isnan, wilson(0, 0)))


def test_shares_cover_as_often_as_they_say() -> None:
    """95 % intervals of 400 shares: fewer than 360 of them hold with a probability below 1e-4."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        _, low, high = shares(rng.multinomial(120, TRUTH).tolist())[1]
        held += low <= TRUTH[1] <= high
    assert held >= 360


def test_total_variation_is_half_the_sum_of_differences() -> None:
    rng = np.random.default_rng(1)
    value, low, high = total_variation((50, 50, 0), TRUTH, rng)
    assert value == pytest.approx(0.2)
    assert 0 <= low <= value <= high <= 1
    assert total_variation((500, 300, 200), TRUTH, rng)[0] == pytest.approx(0, abs=1e-12)
    assert math.isnan(total_variation((0, 0, 0), TRUTH, rng)[0])


def test_a_counted_truth_makes_the_interval_wider() -> None:
    exact = total_variation((60, 20, 20), TRUTH, np.random.default_rng(2))
    counted = total_variation((60, 20, 20), TRUTH, np.random.default_rng(2), counted=50)
    assert counted[2] - counted[1] > 1.3 * (exact[2] - exact[1])


def test_its_interval_covers_what_other_draws_would_give() -> None:
    rng, law = np.random.default_rng(3), (0.7, 0.2, 0.1)
    others = [0.5 * np.abs(rng.multinomial(200, law) / 200 - TRUTH).sum() for _ in range(500)]
    held = 0
    for _ in range(60):
        _, low, high = total_variation(rng.multinomial(200, law).tolist(), TRUTH, rng)
        held += int(low <= np.mean(others) <= high)
    assert held >= 51, "fewer with a probability below 1e-3"


def test_a_truth_must_fit() -> None:
    for counts, truth in (((1, 2), TRUTH), ((1, 2, 3), (0.5, 0.3, 0.1))):
        with pytest.raises(ValueError, match="classes need as many true shares that sum to one"):
            total_variation(counts, truth, np.random.default_rng(0))


def test_an_interval_that_cannot_be_said_is_not_said() -> None:
    assert all(map(math.isnan, about(1.0, math.nan)))
    assert all(map(math.isnan, shifted(1.0, np.array([1.0, math.inf]))))
    assert about(1.0, 0.5) == pytest.approx((1, 0.020018, 1.979982))
    assert shifted(0.1, np.array([0.0, 0.2, 0.4]), 0.0)[1] == 0.0
