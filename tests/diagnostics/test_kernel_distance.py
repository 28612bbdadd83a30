"""The kernel distance against sums written out, and what its interval promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.diagnostics import kernel_distance, kernel_in_pieces
from gebm_studio.diagnostics.kernel_distance import polynomial_kernel
from gebm_studio.divergences.pieces import finished


def _by_hand(x: np.ndarray, y: np.ndarray) -> float:
    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    same = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    other = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return same + other - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_the_distance_is_the_sum_over_pairs(n: int, m: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, width)), 0.3 + rng.normal(size=(m, width))
    wanted = _by_hand(x, y)
    assert kernel_distance(x, y) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    found = finished(kernel_in_pieces(x, {"y": y}, rng, resamples=20))
    assert found.values["y"] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_a_known_kernel_mean_is_met_without_bias() -> None:
    """Of N(0, 1) and N(a, 1): (xy + 1)³ = Σ c_j x^j y^j, so that MMD² is that of the first three moments."""
    rng, a = np.random.default_rng(1), 0.5

    def moments(mean: float) -> list[float]:
        return [1.0, mean, mean**2 + 1, mean**3 + 3 * mean]

    first, second = moments(0), moments(a)
    wanted = sum(c * (p - q) ** 2 for c, p, q in zip((1, 3, 3, 1), first, second, strict=True))
    drawn = [kernel_distance(rng.normal(size=(40, 1)), a + rng.normal(size=(30, 1))) for _ in range(400)]
    error = np.std(drawn) / 20
    assert abs(np.mean(drawn) - wanted) < 4 * error, "missed with a probability below 1e-4"


def test_a_resample_counts_its_rows_as_often_as_they_are_met() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(15, 3))
    boot = finished(kernel_in_pieces(x, {"y": y}, np.random.default_rng(3), resamples=20))
    again = np.random.default_rng(3)
    for b in range(20):
        real, law = x[again.integers(12, size=12)], y[again.integers(15, size=15)]
        assert boot.drawn["y"][b] == pytest.approx(kernel_distance(real, law), rel=1e-9, abs=1e-9)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Also of equal laws, where a plain bootstrap is too wide; 51 of 60 are missed with a probability below 1e-3."""
    rng = np.random.default_rng(4)
    for shift in (0.0, 0.4):
        far = [kernel_distance(rng.normal(size=(80, 3)), shift + rng.normal(size=(80, 3))) for _ in range(300)]
        truth = np.mean(far) if shift else 0.0
        covered = 0
        for _ in range(60):
            x, y = rng.normal(size=(80, 3)), shift + rng.normal(size=(80, 3))
            value, low, high = finished(kernel_in_pieces(x, {"y": y}, rng, resamples=100)).interval("y")
            assert low <= high and value == pytest.approx(kernel_distance(x, y))
            covered += int(low <= truth <= high)
        assert covered >= 51


def test_pieces_are_small_whatever_the_sets() -> None:
    rng = np.random.default_rng(5)
    pieces = kernel_in_pieces(rng.normal(size=(900, 64)), {"y": rng.normal(size=(700, 64))}, rng)
    assert sum(1 for _ in pieces) > 10


def test_the_kernel_is_the_published_one() -> None:
    assert polynomial_kernel(np.array([[1.0, 2.0]]), np.array([[3.0, -1.0]])).tolist() == [[(1 / 2 + 1) ** 3]]
