"""The Fréchet distance against its closed form, and what its interval promises."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from numpy.typing import NDArray

from gebm_studio.diagnostics import FrechetReference

MIX = np.random.default_rng(0).normal(size=(9, 9)) / 3


def _draw(rng: np.random.Generator, n: int, scale: float = 1.0, shift: float = 0.0) -> NDArray[np.float64]:
    return scale * rng.normal(size=(n, 9)) @ MIX.T + shift


def _moments(x: NDArray[np.float64], mean: NDArray[np.float64], cov: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points moved so that their sample mean and covariance are exactly the given ones."""
    x = x - x.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(x.T)), x.T).T
    return np.asarray(white @ np.linalg.cholesky(cov).T + mean)


def test_the_distance_is_the_closed_form_of_the_moments() -> None:
    rng = np.random.default_rng(1)
    A, B = rng.normal(size=(2, 9, 9))
    S_x, S_y, m_x, m_y = A @ A.T, B @ B.T, rng.normal(size=9), rng.normal(size=9)
    x, y = _moments(rng.normal(size=(60, 9)), m_x, S_x), _moments(rng.normal(size=(90, 9)), m_y, S_y)
    reference = FrechetReference(rng.normal(size=(40, 9)))
    assert reference.name == "PCA-9 of pixels"
    root = np.real(scipy.linalg.sqrtm(S_x))
    cross = np.trace(np.real(scipy.linalg.sqrtm(root @ S_y @ root)))
    wanted = ((m_x - m_y) ** 2).sum() + np.trace(S_x + S_y) - 2 * cross
    # With as many components as pixels the features are a rotation, which changes nothing.
    assert reference.distance(x, y) == pytest.approx(wanted, rel=1e-7)
    assert reference.distance(y, x) == pytest.approx(wanted, rel=1e-7)
    assert reference.distance(x, x + 2) == pytest.approx(36, rel=1e-9)
    assert reference.distance(x, x) == pytest.approx(0, abs=1e-10)


def test_images_of_any_kind_give_one_distance() -> None:
    rng = np.random.default_rng(2)
    training, x, y = rng.normal(size=(3, 50, 1, 8, 8)).astype(np.float32)
    reference = FrechetReference(torch.from_numpy(training))
    assert reference.name == "PCA-16 of pixels"
    value = reference.distance(torch.from_numpy(x), torch.from_numpy(y))
    assert reference.distance(x, y.reshape(50, 64)) == value
    assert FrechetReference(training[:9]).name == "PCA-8 of pixels"
    assert FrechetReference(training, components=3).name == "PCA-3 of pixels"


def test_features_are_the_directions_in_which_training_images_vary_most() -> None:
    rng = np.random.default_rng(3)
    training = rng.normal(size=(300, 20)) * np.r_[5, 4, np.full(18, 0.01)]
    reference = FrechetReference(training, components=2)
    x = rng.normal(size=(50, 20))
    along, across = np.zeros(20), np.zeros(20)
    along[0], across[7] = 3, 3
    assert reference.distance(x, x + along) == pytest.approx(9, rel=1e-3)
    assert reference.distance(x, x + across) == pytest.approx(0, abs=1e-3)


def test_sets_without_spread_in_some_directions_lose_no_digits() -> None:
    rng = np.random.default_rng(4)
    reference = FrechetReference(rng.normal(size=(40, 6)))
    line = rng.normal(size=(30, 1)) * np.array([[1, 0, 0, 0, 0, 0]])
    std = line[:, 0].std(ddof=1)
    assert reference.distance(line, 3 * line + 0) == pytest.approx(
        (2 * std) ** 2 + (2 * line[:, 0].mean()) ** 2, rel=1e-9
    )
    point = np.zeros((2, 6))
    assert reference.distance(line, point) == pytest.approx(std**2 + line[:, 0].mean() ** 2, rel=1e-9)


def test_the_interval_holds_what_other_draws_would_give() -> None:
    rng = np.random.default_rng(5)
    reference = FrechetReference(_draw(rng, 500))
    n, m = 150, 250
    others = [reference.distance(_draw(rng, n), _draw(rng, m, 0.8, 0.1)) for _ in range(400)]
    covered, width = 0, []
    for _ in range(60):
        x, y = _draw(rng, n), _draw(rng, m, 0.8, 0.1)
        low, high = reference.interval(x, y, 100, rng)
        assert 0 <= low <= reference.distance(x, y) <= high
        covered += int(low <= np.mean(others) <= high)
        width.append(high - low)
    # 95 % intervals miss more than 9 of 60 with a probability below 1e-3.
    assert covered >= 51
    assert 0.6 < np.mean(width) / (4 * np.std(others)) < 1.6


def test_an_interval_is_the_same_for_the_same_generator() -> None:
    rng = np.random.default_rng(6)
    reference, x, y = FrechetReference(_draw(rng, 50)), _draw(rng, 40), _draw(rng, 40)
    first, second = (reference.interval(x, y, 30, np.random.default_rng(1)) for _ in range(2))
    assert first == second


def test_what_has_no_distance_is_refused() -> None:
    good = np.random.default_rng(7).normal(size=(30, 4))
    reference = FrechetReference(good)
    for call, said in (
        (lambda: FrechetReference(good[:2]), "at least 3 training images are needed, got 2"),
        (lambda: FrechetReference(good, components=17), "components must lie from 1 to 16, got 17"),
        (lambda: FrechetReference(good[:, 0]), "training: images"),
        (lambda: FrechetReference(good * np.nan), "training: 120 pixels are not finite"),
        (
            lambda: reference.distance(good[:1], good),
            "reference: two or more images of 4 pixels are needed, got 1 of 4",
        ),
        (lambda: reference.distance(good, good[:, :3]), "generated: .* got 30 of 3"),
        (lambda: reference.interval(good, good, 19, np.random.default_rng(0)), "resamples must be 20 or more, got 19"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
