"""Transport on the line: plan and critic certify each other, and known distances come out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gebm_studio.divergences import kantorovich_1d, plan_1d, w1, wasserstein_1d
from gebm_studio.divergences.gaussians import w1_normal

Doubles = NDArray[np.float64]

coordinates = st.floats(-50, 50).map(lambda value: round(value, 3))
atoms = st.lists(st.tuples(coordinates, st.floats(0.01, 1)), min_size=1, max_size=12)


def _split(pairs: list[tuple[float, float]]) -> tuple[Doubles, Doubles]:
    table = np.array(pairs)
    return table[:, 0], table[:, 1]


@settings(max_examples=60, deadline=None)
@given(atoms, atoms)
def test_plan_and_critic_of_weighted_atoms_certify_each_other(p: Any, q: Any) -> None:
    (x, a), (y, b) = _split(p), _split(q)
    plan = plan_1d(x, y, a, b)
    assert plan.cost == pytest.approx(plan.dual, abs=1e-12)
    assert plan.cost == pytest.approx(scipy.stats.wasserstein_distance(x, y, a, b), abs=1e-11)
    assert plan.cost == pytest.approx(wasserstein_1d(x, y, a, b), abs=1e-12)
    np.testing.assert_allclose(np.bincount(plan.source, plan.mass, len(x)), a / a.sum(), atol=1e-14)
    np.testing.assert_allclose(np.bincount(plan.target, plan.mass, len(y)), b / b.sum(), atol=1e-14)
    order = np.argsort(x[plan.source], kind="stable")
    assert (np.diff(np.sort(y[plan.target])) >= 0).all() and (np.diff(y[plan.target][order]) >= 0).all()
    assert (np.abs(np.diff(plan.critic.values)) <= np.diff(plan.critic.points) * (1 + 1e-9)).all()
    dual = a @ plan.critic(x) / a.sum() - b @ plan.critic(y) / b.sum()
    assert dual == pytest.approx(plan.dual, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(atoms, atoms, coordinates, st.floats(1, 4))
def test_distances_on_the_line_ignore_order_and_shift(p: Any, q: Any, shift: float, order: float) -> None:
    (x, a), (y, b) = _split(p), _split(q)
    value = wasserstein_1d(x, y, a, b, order)
    assert wasserstein_1d(x[::-1] + shift, y + shift, a[::-1], b, order) == pytest.approx(value, rel=1e-6, abs=1e-9)
    assert wasserstein_1d(y, x, b, a, order) == pytest.approx(value, rel=1e-9, abs=1e-12)
    assert wasserstein_1d(x, y, a, b) <= value + 1e-9


def test_samples_of_unequal_and_large_size() -> None:
    rng = np.random.default_rng(0)
    for n, m in ((1, 7), (1000, 2000), (3000, 3000), (2000, 1999)):
        x, y = rng.normal(size=n), rng.normal(size=m) + 0.4
        plan = plan_1d(x, y)
        assert plan.cost == pytest.approx(plan.dual, abs=1e-12)
        assert len(plan.mass) == n + m - math.gcd(n, m)
        assert wasserstein_1d(np.repeat(x, 2), y) == pytest.approx(plan.cost, abs=1e-13)
    x, y = rng.normal(size=999), rng.normal(size=999)
    assert plan_1d(x, x).cost == plan_1d(x, x).dual == 0
    assert wasserstein_1d(x, y) == pytest.approx(w1(x, y), rel=1e-12)


def test_quantiles_of_gaussians_have_the_known_distances() -> None:
    u = (np.arange(100_000) + 0.5) / 100_000
    p, q = 0.3 + 0.8 * ndtri(u), -0.4 + 1.1 * ndtri(u)
    assert wasserstein_1d(p, q) == pytest.approx(0.7019917, abs=1e-5)
    assert wasserstein_1d(p, q, order=2) ** 2 == pytest.approx(0.7**2 + 0.3**2, abs=1e-4)


def test_a_far_scale_does_not_overflow() -> None:
    assert wasserstein_1d([1e200], [-1e200], order=3) == pytest.approx(2e200)
    assert wasserstein_1d([1e-200], [0.0], order=2) == pytest.approx(1e-200)


# Laws on a grid.


@pytest.mark.parametrize("pair", [(0.3, 0.8, -0.4, 1.1), (0, 1, 0, 2), (0, 1, 3, 1), (1, 0.5, -1, 0.5)])
def test_gaussians_on_a_grid(pair: tuple[float, float, float, float]) -> None:
    mu_p, sigma_p, mu_q, sigma_q = pair
    x = np.linspace(-20, 20, 20_001)
    found = kantorovich_1d(x, ndtr((x - mu_p) / sigma_p), ndtr((x - mu_q) / sigma_q))
    assert found.w1 == pytest.approx(w1_normal(*pair), abs=2e-6)
    assert found.dual == pytest.approx(found.w1, abs=1e-12)
    slopes = np.diff(found.critic.values) / np.diff(found.critic.points)
    assert np.abs(slopes).max() <= 1 + 1e-9
    high, low = (mu_p, mu_q) if mu_p > mu_q else (mu_q, mu_p)
    if sigma_p == sigma_q:
        assert found.critic(mu_p) - found.critic(mu_q) == pytest.approx(high - low, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_primal_and_dual_of_any_tables_agree(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.01, 1, count))
    F_P, F_Q = np.sort(rng.uniform(size=count)), np.sort(rng.uniform(size=count))
    found = kantorovich_1d(x, F_P, F_Q)
    assert found.dual == pytest.approx(found.w1, abs=1e-12)
    fine = np.linspace(x[0], x[-1], 100_001)
    gaps = np.abs(np.interp(fine, x, F_P) - np.interp(fine, x, F_Q))
    assert found.w1 == pytest.approx(np.trapezoid(gaps, fine), abs=1e-4 * (x[-1] - x[0]))
    assert kantorovich_1d(x, F_P, F_P).w1 == 0


def test_uniforms_slid_apart_cost_their_shift() -> None:
    x = np.linspace(-1, 6, 7001)
    for shift in (0.0, 0.25, 1.0, 4.0):
        assert kantorovich_1d(x, np.clip(x, 0, 1), np.clip(x - shift, 0, 1)).w1 == pytest.approx(shift, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plan_1d([], [1.0]), "first sample needs at least one point"),
        (lambda: plan_1d([1.0], [math.nan]), "second sample holds 1 non-finite numbers; leave"),
        (lambda: plan_1d(np.zeros((2, 2)), np.zeros((2, 2))), "must lie on the line, got 2 dimensions"),
        (lambda: plan_1d([1.0, 2.0], [1.0], [1.0]), r"2 points, its weights have shape \(1,\)"),
        (lambda: plan_1d([1.0, 2.0], [1.0], [1.0, -1.0]), "finite and not negative"),
        (lambda: plan_1d([1.0, 2.0], [1.0], [0.0, 0.0]), "all zero"),
        (lambda: wasserstein_1d([1.0], [1.0], order=0.5), r"order must lie in \[1, ∞\), got 0.5"),
        (lambda: wasserstein_1d([1.0], [1.0], order=math.inf), "order must lie in"),
        (lambda: kantorovich_1d([0.0], [0.0], [0.0]), "two or more increasing numbers"),
        (lambda: kantorovich_1d([1.0, 0.0], [0.0, 1.0], [0.0, 1.0]), "two or more increasing numbers"),
        (lambda: kantorovich_1d([0.0, 1.0], [0.0, 1.5], [0.0, 1.0]), r"F_P must rise within \[0, 1\]"),
        (lambda: kantorovich_1d([0.0, 1.0], [0.0, 1.0], [1.0, 0.0]), "F_Q must rise"),
        (lambda: kantorovich_1d([0.0, 1.0], [0.0, math.nan], [0.0, 1.0]), "F_P needs 2 finite values"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
