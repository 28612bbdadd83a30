"""MMD² of samples against its closed form on Gaussians, and without bias."""

from __future__ import annotations

import numpy as np
import pytest

from gebm_studio.divergences import Gaussian, median_distance, mmd2


def kappa(variance: float, shift: float, scale: float) -> float:
    """E k(x, y) of x − y ~ N(shift, variance), in one dimension."""
    total = scale**2 + variance
    return float(scale / np.sqrt(total) * np.exp(-0.5 * shift**2 / total))


def test_the_mean_over_samples_is_the_closed_form_on_gaussians() -> None:
    rng, scale = np.random.default_rng(0), 0.7
    p, q, delta = 1.0, 1.5**2, 0.8
    exact = kappa(2 * p, 0, scale) + kappa(2 * q, 0, scale) - 2 * kappa(p + q, delta, scale)
    found = [
        mmd2(rng.normal(0, 1, (40, 1)), rng.normal(delta, 1.5, (60, 1)), Gaussian(scale)) for _ in range(800)
    ]  # 800 of 40 and 60: a standard error of about 0.0012 around 0.0979
    assert abs(np.mean(found) - exact) < 4 * np.std(found) / np.sqrt(len(found))
    assert np.std(found) / np.sqrt(len(found)) < 0.003


def test_samples_of_one_law_have_none_on_average_and_fall_below_zero() -> None:
    rng = np.random.default_rng(1)
    found = [mmd2(rng.normal(size=(50, 2)), rng.normal(size=(50, 2)), Gaussian(1.0)) for _ in range(400)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0


def test_two_points_by_hand() -> None:
    x, y = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]])
    k = {d: np.exp(-(d**2) / 2) for d in (0, 1, 2)}
    assert mmd2(x, y, Gaussian(1.0)) == pytest.approx(k[1] + k[2] - 2 * (k[0] + k[2] + k[1] + k[1]) / 4)
    assert median_distance(np.array([[0.0], [1.0], [3.0]])) == 2.0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="two points or more"):
        mmd2(np.zeros((1, 2)), np.zeros((5, 2)), Gaussian(1.0))
    with pytest.raises(ValueError, match="must be positive"):
        mmd2(np.zeros((2, 2)), np.zeros((5, 2)), Gaussian(0.0))
    with pytest.raises(ValueError, match="most of them coincide"):
        median_distance(np.zeros((5, 2)))
