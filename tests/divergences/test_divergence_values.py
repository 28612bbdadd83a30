"""Divergences against closed forms, against each other, and the input that they refuse."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from numpy.typing import NDArray

from gebm_studio.divergences import kl_1d, kl_on_grid, knn_kl, w1
from gebm_studio.divergences.gaussians import kl, kl_normal, w1_normal, w2_squared

Doubles = NDArray[np.float64]


def _normal(mean: float, std: float) -> Callable[[Doubles], Doubles]:
    return lambda x: -0.5 * ((x - mean) / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


def _gaussian(mean: list[float], cov: list[list[float]]) -> Callable[[Doubles], Doubles]:
    law = scipy.stats.multivariate_normal(mean, cov)
    return lambda x: np.asarray(law.logpdf(x))


# Closed forms.


def test_the_reference_pair_has_its_known_values() -> None:
    pair = (0.3, 0.8, -0.4, 1.1)
    assert kl_normal(*pair) == pytest.approx(0.2853959, abs=5e-8)
    assert w1_normal(*pair) == pytest.approx(0.7019917, abs=5e-8)


def test_closed_forms_on_the_line_agree_with_integration() -> None:
    for mu_p, sigma_p, mu_q, sigma_q in itertools.product((0.3, -2.0), (0.5, 2.0), (0.0, 1.0), (1.1, 2.0)):
        measured = kl_1d(_normal(mu_p, sigma_p), _normal(mu_q, sigma_q), -30, 30)
        assert kl_normal(mu_p, sigma_p, mu_q, sigma_q) == pytest.approx(measured.value, abs=1e-9)
        u = (np.arange(400_000) + 0.5) / 400_000
        quantiles = scipy.special.ndtri(u)
        transported = np.abs(mu_p - mu_q + (sigma_p - sigma_q) * quantiles).mean()
        assert w1_normal(mu_p, sigma_p, mu_q, sigma_q) == pytest.approx(transported, abs=2e-5)


def test_closed_forms_of_diagonal_gaussians_are_sums_over_the_axes() -> None:
    rng = np.random.default_rng(0)
    m_p, m_q, s_p, s_q = rng.normal(size=4), rng.normal(size=4), rng.uniform(0.3, 2, 4), rng.uniform(0.3, 2, 4)
    by_axis = sum(kl_normal(*axis) for axis in zip(m_p, s_p, m_q, s_q, strict=True))
    assert kl(m_p, np.diag(s_p**2), m_q, np.diag(s_q**2)) == pytest.approx(by_axis, rel=1e-12)
    assert w2_squared(m_p, np.diag(s_p**2), m_q, np.diag(s_q**2)) == pytest.approx(
        ((m_p - m_q) ** 2 + (s_p - s_q) ** 2).sum(), rel=1e-12
    )


def test_closed_forms_do_not_depend_on_the_axes() -> None:
    rng = np.random.default_rng(1)
    m_p, m_q, A, B = rng.normal(size=5), rng.normal(size=5), rng.normal(size=(5, 5)), rng.normal(size=(5, 5))
    S_p, S_q = A @ A.T + 0.1 * np.eye(5), B @ B.T + 0.1 * np.eye(5)
    T = rng.normal(size=(5, 5))
    R = scipy.stats.ortho_group.rvs(5, random_state=2)
    assert kl(T @ m_p, T @ S_p @ T.T, T @ m_q, T @ S_q @ T.T) == pytest.approx(kl(m_p, S_p, m_q, S_q), rel=1e-8)
    turned = w2_squared(R @ m_p, R @ S_p @ R.T, R @ m_q, R @ S_q @ R.T)
    assert turned == pytest.approx(w2_squared(m_p, S_p, m_q, S_q), rel=1e-10)
    # Brenier: x → m_q + M(x − m_p) with M = S_p^−½ (S_p^½ S_q S_p^½)^½ S_p^−½ is the optimal map.
    root = np.real(scipy.linalg.sqrtm(S_p))
    M = np.linalg.inv(root) @ np.real(scipy.linalg.sqrtm(root @ S_q @ root)) @ np.linalg.inv(root)
    np.testing.assert_allclose(M @ S_p @ M, S_q, atol=1e-8)
    cost = ((m_p - m_q) ** 2).sum() + np.trace((M - np.eye(5)) @ S_p @ (M - np.eye(5)))
    assert w2_squared(m_p, S_p, m_q, S_q) == pytest.approx(cost, rel=1e-8)


def test_w2_of_singular_and_equal_gaussians() -> None:
    flat = np.diag([1.0, 0.0, 0.0])
    assert w2_squared(np.zeros(3), flat, np.ones(3), flat) == pytest.approx(3, abs=1e-12)
    assert w2_squared(np.zeros(3), flat, np.zeros(3), np.zeros((3, 3))) == pytest.approx(1, abs=1e-12)
    assert w2_squared(np.zeros(3), flat, np.zeros(3), flat) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="not positive definite"):
        kl(np.zeros(3), flat, np.zeros(3), np.eye(3))


@pytest.mark.parametrize("form", [kl, w2_squared])
def test_closed_forms_refuse_what_is_no_gaussian(form: Callable[..., float]) -> None:
    good = (np.zeros(2), np.eye(2))
    for bad, said in (
        ((np.zeros(3), np.eye(2)), r"got \(3,\) and \(2, 2\)"),
        ((np.zeros(3), np.eye(3)), "dimension: 3 and 2"),
        ((np.zeros(2), np.array([[1.0, 0.5], [0.0, 1.0]])), "not symmetric"),
        ((np.array([0.0, np.nan]), np.eye(2)), "not finite"),
    ):
        with pytest.raises(ValueError, match=said):
            form(*bad, *good)
    with pytest.raises(ValueError, match="not negative, got -1 and 1"):
        kl_normal(0, -1, 0, 1)
    with pytest.raises(ValueError, match="must be finite"):
        w1_normal(math.nan, 1, 0, 1)


# Quadrature.


def test_quadrature_in_the_plane_finds_the_closed_form_within_its_error() -> None:
    m_p, S_p, m_q, S_q = [0.3, -0.2], [[1.0, 0.4], [0.4, 0.5]], [-0.5, 0.4], [[0.8, -0.1], [-0.1, 1.5]]
    wanted = kl(m_p, S_p, m_q, S_q)
    log_p, log_q = _gaussian(m_p, S_p), _gaussian(m_q, S_q)
    fine = kl_on_grid(log_p, log_q, (-9, 9, -9, 9), 256)
    assert fine.value == pytest.approx(wanted, abs=1e-10)
    assert fine.error < 1e-8
    value, error = kl_on_grid(log_p, log_q, (-9, 9, -9, 9), 12)
    assert abs(value - wanted) < error
    assert error > 1e-3
    value, error = kl_on_grid(log_p, log_q, (0.0, 9, -9, 9), 256)
    assert abs(value - wanted) > 0.01, "the region was meant to cut P"
    assert abs(value - wanted) < error


def test_quadrature_reads_x_across_and_y_up() -> None:
    def log_p(x: Doubles) -> Doubles:
        return np.asarray(_normal(1, 0.2)(x[:, 0]) + _normal(-3, 0.3)(x[:, 1]))

    def log_q(x: Doubles) -> Doubles:
        return np.asarray(_normal(1.1, 0.2)(x[:, 0]) + _normal(-3, 0.6)(x[:, 1]))

    wanted = kl_normal(1, 0.2, 1.1, 0.2) + kl_normal(-3, 0.3, -3, 0.6)
    value, error = kl_on_grid(log_p, log_q, (-1, 3, -6, 0), 128)
    assert value == pytest.approx(wanted, abs=1e-9)
    assert error < 1e-9


@pytest.mark.parametrize("k", [0.5, 5.0, 50.0, 500.0])
def test_a_von_mises_against_the_uniform_circle(k: float) -> None:
    # KL = k I₁/I₀ − log I₀, with log I₀ = log(e^{−k} I₀) + k.
    wanted = k * scipy.special.ive(1, k) / scipy.special.ive(0, k) - math.log(scipy.special.ive(0, k)) - k
    constant = math.log(2 * math.pi * scipy.special.ive(0, k))
    value, error = kl_1d(
        lambda t: k * (np.cos(t - 0.3) - 1) - constant,
        lambda t: np.full_like(t, -math.log(2 * math.pi)),
        -math.pi,
        math.pi,
    )
    assert value == pytest.approx(wanted, abs=1e-9)
    assert error < 1e-9


def test_supports_decide_between_zero_and_infinity() -> None:
    def uniform(low: float, high: float) -> Callable[[Doubles], Doubles]:
        return lambda x: np.where((x > low) & (x < high), -math.log(high - low), -np.inf)

    assert kl_1d(uniform(0, 1), uniform(0, 2), -1, 3, 4000) == pytest.approx((math.log(2), 0), abs=1e-9)
    assert kl_1d(uniform(0, 2), uniform(0, 1), -1, 3, 4000).value == math.inf
    assert kl_1d(uniform(0, 1), uniform(1, 2), -1, 3, 4000) == (math.inf, 0.0)


def test_quadrature_refuses_what_it_cannot_integrate() -> None:
    log_p = _normal(0, 1)
    for low, high, n, said in (
        (1, 1, 8, "low < high"),
        (0, math.inf, 8, "finite"),
        (0, 1, 7, "even"),
        (0, 1, 2, "from 4"),
    ):
        with pytest.raises(ValueError, match=said):
            kl_1d(log_p, log_p, low, high, n)
    with pytest.raises(ValueError, match="left < right"):
        kl_on_grid(log_p, log_p, (0, 0, 0, 1), 8)
    with pytest.raises(ValueError, match="log_q must give 8 numbers"):
        kl_1d(log_p, lambda x: x * np.nan, 0, 1, 16)
    with pytest.raises(ValueError, match="log_p must give 16 numbers"):
        kl_on_grid(lambda x: x[:, :1], lambda x: x[:, 0], (0, 1, 0, 1), 8)


# Transport.


def test_w1_equals_the_best_of_all_assignments() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    best = min(np.linalg.norm(x - y[list(order)], axis=1).mean() for order in itertools.permutations(range(6)))
    assert w1(x, y) == pytest.approx(best, rel=1e-12)


def test_w1_is_a_distance() -> None:
    rng = np.random.default_rng(4)
    x, y, z = rng.normal(size=(3, 80, 2))
    assert w1(x, x[::-1]) == 0
    assert w1(x, y) == pytest.approx(w1(y, x), rel=1e-12)
    assert w1(x, z) <= w1(x, y) + w1(y, z)
    assert w1(x, x + np.array([3, 4])) == pytest.approx(5, rel=1e-12)
    assert w1(2 * x, 2 * y) == pytest.approx(2 * w1(x, y), rel=1e-12)


def test_w1_on_the_line_is_sorting() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=60), rng.exponential(size=60)
    embedded = w1(np.c_[x, np.zeros(60)], np.c_[y, np.zeros(60)])
    assert w1(x, y) == pytest.approx(embedded, rel=1e-12)
    assert w1(x[:, None], y[:, None]) == w1(x, y)
    assert w1(x, y) == pytest.approx(scipy.stats.wasserstein_distance(x, y), rel=1e-12)
    u = (np.arange(200_000) + 0.5) / 200_000
    p, q = 0.3 + 0.8 * scipy.special.ndtri(u), -0.4 + 1.1 * scipy.special.ndtri(u)
    assert w1(p, q) == pytest.approx(0.7019917, abs=1e-5)
    assert w1(np.arange(5, dtype=np.float32), np.arange(5) + 0.25) == 0.25


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), "at least one point"),
        (np.zeros((3, 2)), np.zeros((4, 2)), r"one shape \(n, d\), got \(3, 2\) and \(4, 2\)"),
        (np.zeros((3, 2, 1)), np.zeros((3, 2, 1)), "one shape"),
        (np.zeros((3, 2)), np.full((3, 2), np.nan), "second sample holds 6 non-finite"),
        (np.full((3, 2), np.inf), np.zeros((3, 2)), "first sample holds 6 non-finite"),
    ],
)
def test_w1_refuses_samples_that_do_not_fit(x: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        w1(x, y)


# Nearest neighbours.


@pytest.mark.parametrize(("d", "shift", "bias"), [(1, 0.8, 0.03), (2, 0.0, 0.02), (2, 0.5, 0.04), (3, 0.5, 0.09)])
def test_neighbours_find_the_kl_of_gaussians(d: int, shift: float, bias: float) -> None:
    rng = np.random.default_rng(6)
    wanted = d * shift**2 / 2
    estimates = [knn_kl(rng.normal(size=(1500, d)), rng.normal(size=(2000, d)) + shift) for _ in range(8)]
    mean = np.mean([estimate.value for estimate in estimates])
    stderr = math.sqrt(np.mean([estimate.stderr**2 for estimate in estimates]) / 8)
    assert abs(mean - wanted) < bias + 4 * stderr


def test_the_standard_error_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(7)
    estimates = [knn_kl(rng.normal(size=(1000, 2)), rng.normal(size=(1000, 2)) + 0.5) for _ in range(60)]
    spread = np.std([estimate.value for estimate in estimates], ddof=1)
    stated = math.sqrt(np.mean([estimate.stderr**2 for estimate in estimates]))
    assert 0.7 < stated / spread < 1.4  # sixty values tell a spread to about 9 %


def test_neighbours_do_not_depend_on_the_units_or_the_axes() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(300, 3)), rng.normal(size=(400, 3)) * 1.4
    R = scipy.stats.ortho_group.rvs(3, random_state=1)
    estimate = knn_kl(x, y)
    assert knn_kl(1000 * x @ R + 5, 1000 * y @ R + 5) == pytest.approx(estimate, rel=1e-9)
    few = knn_kl(x[:40], y[:40], k=1)
    assert math.isfinite(few.value)
    assert few.stderr > 0


def test_neighbours_are_the_formula_by_hand() -> None:
    x, y = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [4.0]])
    terms = [math.log(0.5 / 1), math.log(0.5 / 1), math.log(1 / 2)]
    assert knn_kl(x, y, k=1).value == pytest.approx(np.mean(terms) + math.log(2 / 2), rel=1e-12)


def test_coincident_points_are_passed_over() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(1500, 2)), rng.normal(size=(1500, 2)) + 0.5
    plain = knn_kl(x, y)
    few_doubled = knn_kl(np.concatenate([x, x[:100]]), np.concatenate([y, np.repeat(y[:20], 5, axis=0)]))
    assert few_doubled.value == pytest.approx(plain.value, abs=0.1)
    shared = knn_kl(x, np.concatenate([y, np.repeat(x[:50], 6, axis=0)]), k=2)
    assert math.isfinite(shared.value)
    with pytest.raises(ValueError, match="100 points coincide with 20 or more others; such a sample has no density"):
        knn_kl(np.concatenate([x, np.zeros((100, 2))]), y)


def test_neighbours_refuse_what_has_no_estimate() -> None:
    good = np.random.default_rng(10).normal(size=(30, 2))
    for x, y, k, said in (
        (good[:, 0], good, 3, r"got \(30,\)"),
        (good, good[:, :1], 3, r"\(n, d\) and \(m, d\)"),
        (good[:3], good, 3, "k=3, n=3, m=30"),
        (good, good[:2], 3, "m=2"),
        (good, good, 0, "k from 1"),
        (good * np.nan, good, 3, "not finite"),
    ):
        with pytest.raises(ValueError, match=said):
            knn_kl(x, y, k=k)
