"""Entropic transport: its two limits, its duality, its gradient, and what it says when it stops early."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from gebm_studio.divergences import sinkhorn, sinkhorn_divergence, w1, w2, wasserstein

Doubles = NDArray[np.float64]


def _clouds(seed: int = 0, n: int = 12, m: int = 9, d: int = 2) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), 0.6 * rng.normal(size=(m, d)) + 1
    return x, rng.uniform(0.2, 1, n), y, rng.uniform(0.2, 1, m)


@pytest.mark.parametrize(("order", "exact"), [(1, w1), (2, w2)])
def test_a_small_epsilon_gives_the_exact_cost(order: int, exact: Any) -> None:
    x, _, y, _ = _clouds(n=30, m=30)
    wanted = exact(x, y) ** order / order
    for epsilon in (1.0, 0.1, 0.01, 1e-3, 1e-4):
        found = sinkhorn(x, y, epsilon, order=order)
        assert found.converged and not found.note
        # The entropy of a plan lies between zero and that of one atom.
        assert wanted - 1e-8 <= found.value <= wanted + epsilon * math.log(30)
        assert wanted - 1e-8 <= found.cost <= found.value + 1e-8


def test_a_small_epsilon_with_weights_gives_the_programme() -> None:
    x, a, y, b = _clouds()
    assert math.sqrt(2 * sinkhorn(x, y, 1e-4, a, b).cost) == pytest.approx(wasserstein(x, y, a, b, 2), rel=1e-4)
    divergence = sinkhorn_divergence(x, y, 1e-4, a, b)
    assert divergence.value == pytest.approx(wasserstein(x, y, a, b, 2) ** 2 / 2, rel=1e-3)


def test_a_large_epsilon_gives_the_discrepancy_of_the_cost() -> None:
    x, a, y, b = _clouds()
    a, b = a / a.sum(), b / b.sum()
    means = sinkhorn_divergence(x, y, 1e6, a, b)
    assert means.value == pytest.approx(((a @ x - b @ y) ** 2).sum() / 2, rel=1e-5)
    np.testing.assert_allclose(means.gradient, np.broadcast_to(a @ x - b @ y, x.shape), atol=1e-5)
    half_energy = a @ cdist(x, y) @ b - (a @ cdist(x, x) @ a + b @ cdist(y, y) @ b) / 2
    assert sinkhorn_divergence(x, y, 1e5, a, b, order=1).value == pytest.approx(half_energy, rel=1e-4)


def test_two_pairs_of_points_have_their_closed_form() -> None:
    x, y = np.array([0.0, 1.0]), np.array([0.2, 1.5])
    C = (x[:, None] - y) ** 2 / 2
    for epsilon in (0.02, 0.3, 5.0):
        odds = math.exp((C[0, 1] + C[1, 0] - C[0, 0] - C[1, 1]) / (2 * epsilon))
        s = odds / (1 + odds)
        plan = np.array([[s, 1 - s], [1 - s, s]]) / 2
        entropy = (plan * np.log(np.maximum(4 * plan, 1e-300))).sum()
        found = sinkhorn(x, y, epsilon)
        np.testing.assert_allclose(found.plan, plan, atol=1e-9)
        assert found.value == pytest.approx((plan * C).sum() + epsilon * entropy, abs=1e-9)


def test_primal_equals_dual_and_the_marginals_hold() -> None:
    x, a, y, b = _clouds()
    a, b = a / a.sum(), b / b.sum()
    for epsilon in (0.01, 0.5):
        found = sinkhorn(x, y, epsilon, a, b, tolerance=1e-12)
        plan = found.plan.numpy()
        np.testing.assert_allclose(plan.sum(1), a, atol=1e-12)
        np.testing.assert_allclose(plan.sum(0), b, atol=1e-12)
        kept = plan > 1e-300
        relative = (plan[kept] * np.log(plan[kept] / np.outer(a, b)[kept])).sum()
        assert found.value == pytest.approx(found.cost + epsilon * relative, abs=1e-9)
        assert found.value == pytest.approx(a @ found.f.numpy() + b @ found.g.numpy(), abs=1e-10)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("epsilon", [0.02, 0.3, 10.0])
def test_the_gradient_agrees_with_finite_differences(order: int, epsilon: float) -> None:
    x, a, y, b = _clouds(seed=1, n=6, m=5)
    settings: dict[str, Any] = dict(weights_x=a, weights_y=b, order=order, tolerance=1e-13, most_steps=20_000)
    gradient = sinkhorn_divergence(x, y, epsilon, **settings).gradient.numpy()
    step = 1e-4
    for i, k in ((0, 0), (2, 1), (5, 0)):
        shift = np.zeros_like(x)
        shift[i, k] = step
        rise = sinkhorn_divergence(x + shift, y, epsilon, **settings).value
        fall = sinkhorn_divergence(x - shift, y, epsilon, **settings).value
        slope = (rise - fall) / (2 * step)
        assert a[i] / a.sum() * gradient[i, k] == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_equal_distributions_are_at_zero() -> None:
    x, a, _, _ = _clouds(n=40)
    for epsilon in (0.01, 0.1, 10.0):
        for order in (1, 2):
            found = sinkhorn_divergence(x, x[::-1].copy(), epsilon, a, a[::-1].copy(), order=order, tolerance=1e-10)
            assert found.value == pytest.approx(0, abs=1e-9)
            np.testing.assert_allclose(found.gradient, 0, atol=1e-7)
    single = sinkhorn_divergence([[1.0, 2.0]], [[1.0, 2.0]], 0.1)
    assert single.value == 0 and not single.gradient.any()
    stacked = sinkhorn_divergence(np.ones((5, 2)), np.zeros((3, 2)), 0.1)
    assert stacked.value == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(stacked.gradient, 1, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 5), st.sampled_from([1, 2]))
def test_it_is_positive_and_ignores_order_shift_and_turn(seed: int, epsilon: float, order: int) -> None:
    x, a, y, b = _clouds(seed)
    rng = np.random.default_rng(seed)
    turn, shift, mixed = scipy.stats.ortho_group.rvs(2, random_state=seed), rng.normal(size=2), rng.permutation(len(x))
    found = sinkhorn_divergence(x, y, epsilon, a, b, order=order, tolerance=1e-9)
    assert found.value > 0
    moved = sinkhorn_divergence(
        x[mixed] @ turn + shift, y @ turn + shift, epsilon, a[mixed], b, order=order, tolerance=1e-9
    )
    assert moved.value == pytest.approx(found.value, abs=1e-7)
    np.testing.assert_allclose(moved.gradient, found.gradient.numpy()[mixed] @ turn, atol=1e-5)
    assert sinkhorn_divergence(y, x, epsilon, b, a, order=order).value == pytest.approx(found.value, abs=1e-5)


def test_a_warm_start_saves_steps_and_changes_nothing() -> None:
    x, _, y, _ = _clouds(n=100, m=100)
    cold = sinkhorn_divergence(x, y, 0.05)
    near = x - 0.01 * cold.gradient.numpy()
    warm, fresh = sinkhorn_divergence(near, y, 0.05, start=cold), sinkhorn_divergence(near, y, 0.05)
    assert warm.value == pytest.approx(fresh.value, abs=1e-8)
    np.testing.assert_allclose(warm.gradient, fresh.gradient, atol=1e-5)
    assert warm.within_q.steps == 0
    assert warm.between.steps < fresh.between.steps


def test_a_flow_down_the_gradient_reaches_the_target() -> None:
    x, _, y, _ = _clouds(n=60, m=60)
    now = sinkhorn_divergence(x, y, 0.05)
    first = now.value
    for _ in range(40):
        x = x - 0.3 * now.gradient.numpy()
        now = sinkhorn_divergence(x, y, 0.05, start=now)
    assert now.converged
    assert 0 <= now.value < 1e-3 * first


def test_too_few_steps_are_said_and_bound_from_below() -> None:
    x, _, y, _ = _clouds(n=40, m=40)
    exact = sinkhorn(x, y, 1e-3)
    found = sinkhorn(x, y, 1e-3, most_steps=5)
    assert not found.converged
    assert "of the mass off its marginal" in found.note and "larger epsilon" in found.note
    assert found.value <= exact.value + 1e-9
    assert "between P and Q: stopped after" in sinkhorn_divergence(x, y, 1e-3, most_steps=5).note
    for epsilon in (1e-8, 1e-6):
        hard = sinkhorn(x, y, epsilon, most_steps=30)
        assert math.isfinite(hard.value) and math.isfinite(hard.cost) and math.isfinite(hard.error)
        for most_steps in (1, 7):
            assert bool(sinkhorn_divergence(x, y, epsilon, most_steps=most_steps).gradient.isfinite().all())


def test_other_precisions_and_forms_give_the_same() -> None:
    x, _, y, _ = _clouds()
    as_float = torch.from_numpy(x).float()
    found = sinkhorn_divergence(as_float, y, 0.1)
    assert found.gradient.dtype == torch.float64
    assert found.value == sinkhorn_divergence(as_float.double(), y, 0.1).value
    line = sinkhorn_divergence(x[:, 0], y[:, 0], 0.1)
    assert line.gradient.shape == (12, 1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: sinkhorn(x, x, 0.0), "epsilon must be positive and finite, got 0.0"),
        (lambda x: sinkhorn(x, x, -1.0), "epsilon must be positive"),
        (lambda x: sinkhorn(x, x, math.nan), "epsilon must be positive"),
        (lambda x: sinkhorn(x, x + 1, 1e-14), "epsilon must be 1.0e-10 or more for these points, got 1e-14"),
        (lambda x: sinkhorn(x, x, 1.0, order=3), "order must be 1 or 2, got 3"),
        (lambda x: sinkhorn(x, x, 1.0, tolerance=0.0), "tolerance must lie in"),
        (lambda x: sinkhorn(x, x, 1.0, most_steps=0), "most_steps must be 1 or more"),
        (lambda x: sinkhorn(x, x * math.nan, 1.0), "second sample holds 6 non-finite"),
        (lambda x: sinkhorn(x, x[:, :1], 1.0), "differ in dimension: 2 and 1"),
        (lambda x: sinkhorn(x, x, 1.0, [1.0, 0.0, 1.0]), "every weight must be positive, found a zero"),
        (lambda x: sinkhorn(x, x + 1e120, 1.0), "coordinates must lie within"),
        (lambda x: sinkhorn(x, x, 1.0, start=sinkhorn(x[:2], x, 1.0)), "start is for 2 and 3 atoms"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(np.zeros((3, 2)))
