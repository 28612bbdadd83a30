"""Exact transport between samples: against each other, against closed forms, and what it refuses."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import assignment, sliced_w2, w1, w2, wasserstein, wasserstein_1d
from gebm_studio.divergences.gaussians import w2_squared


def test_w2_equals_the_best_of_all_assignments() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    best = min(((x - y[list(order)]) ** 2).sum(1).mean() for order in itertools.permutations(range(6)))
    assert w2(x, y) == pytest.approx(math.sqrt(best), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from([1.0, 1.5, 2.0]))
def test_distances_ignore_order_shift_and_turn(seed: int, d: int, order: float) -> None:
    rng = np.random.default_rng(seed)
    x, y, shift = rng.normal(size=(9, d)), 2 * rng.normal(size=(9, d)), rng.normal(size=d)
    turn = scipy.stats.ortho_group.rvs(d, random_state=seed) if d > 1 else np.array([[-1.0]])
    moved_x, moved_y = rng.permutation(x) @ turn + shift, rng.permutation(y) @ turn + shift
    assert wasserstein(moved_x, moved_y, order=order) == pytest.approx(wasserstein(x, y, order=order), rel=1e-10)
    matching = assignment(x, y, order)
    assert sorted(matching) == list(range(9))
    cost = (np.linalg.norm(x - y[matching], axis=1) ** order).mean() ** (1 / order)
    assert cost == pytest.approx(wasserstein(x, y, order=order), rel=1e-10)


def test_the_programme_agrees_with_assignment_and_quantiles() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 2)), rng.normal(size=(40, 2)) + 1
    assert wasserstein(x, y, np.ones(40)) == pytest.approx(w1(x, y), rel=1e-9)
    assert wasserstein(x, y, np.ones(40), order=2) == pytest.approx(w2(x, y), rel=1e-9)
    twice = np.concatenate((x, x))
    assert wasserstein(twice, y, order=2) == pytest.approx(w2(x, y), rel=1e-9)
    a, b = rng.uniform(size=30), rng.uniform(size=25)
    u, v = rng.normal(size=30), rng.normal(size=25)
    plane_u, plane_v = np.c_[u, np.zeros(30)], np.c_[v, np.zeros(25)]
    for order in (1.0, 2.0):
        on_line = wasserstein_1d(u, v, a, b, order)
        assert wasserstein(plane_u, plane_v, a, b, order) == pytest.approx(on_line, rel=1e-8)
        assert wasserstein(u, v, a, b, order) == on_line


def test_matching_on_the_line_is_sorting() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=50), rng.exponential(size=50)
    matching = assignment(x, y)
    assert (np.argsort(y[matching]) == np.argsort(x)).all()
    assert w2(x, y) == pytest.approx(wasserstein_1d(x, y, order=2), rel=1e-12)
    embedded = assignment(np.c_[x, np.zeros(50)], np.c_[y, np.zeros(50)])
    assert (embedded == matching).all()


def test_a_linear_map_that_is_monotone_is_the_optimal_matching() -> None:
    # Brenier: the gradient of a convex function sends a sample to its image optimally.
    rng = np.random.default_rng(3)
    x = rng.normal(size=(120, 2))
    S = np.array([[1.5, 0.4], [0.4, 0.6]])
    assert (assignment(x, x @ S + 3) == np.arange(120)).all()
    cov = np.cov(x.T, bias=True)
    exact = w2_squared(x.mean(0), cov, x.mean(0) @ S + 3, S @ cov @ S)
    assert w2(x, x @ S + 3) ** 2 == pytest.approx(exact, rel=1e-9)


# Slices.


def test_slices_of_a_shift_are_known() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(100, 3))
    shift = np.array([1.0, -2.0, 2.0])
    found = sliced_w2(x, x + shift, directions=4000)
    # The mean of (θ·s)² over the sphere is |s|²/d; four standard errors are wrong once in 16,000 seeds.
    assert abs(found.value - math.sqrt(3)) < 4 * found.stderr
    assert found.stderr < 0.02


def test_slices_of_unequal_samples_use_merged_quantiles() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=(45, 2)) + 1
    found = sliced_w2(x, y, directions=64, seed=7)
    equal = sliced_w2(np.repeat(x, 3, axis=0), np.repeat(y, 2, axis=0), directions=64, seed=7)
    assert found.value == pytest.approx(equal.value, rel=1e-12)
    assert found == sliced_w2(x, y, directions=64, seed=7)
    assert found.value <= wasserstein(x, y, order=2)
    assert sliced_w2(x, x) == (0.0, 0.0)
    assert sliced_w2(x[:, 0], y[:, 0]) == (wasserstein_1d(x[:, 0], y[:, 0], order=2), 0.0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: w2(np.zeros((3, 2)), np.zeros((4, 2))), r"w2 needs two samples of one shape \(n, d\)"),
        (lambda: assignment(np.zeros((3, 2)), np.full((3, 2), np.nan)), "second sample holds 6 non-finite"),
        (lambda: assignment(np.zeros(3), np.zeros(3), order=0), "order must lie in"),
        (lambda: wasserstein(np.zeros((3, 2)), np.zeros((3, 1))), "differ in dimension: 2 and 1"),
        (lambda: wasserstein(np.zeros((3, 2, 1)), np.zeros((3, 2))), r"must have shape \(n,\) or \(n, d\)"),
        (lambda: wasserstein(np.zeros((600, 2)), np.zeros((500, 2))), "300000 pairs, at most 250000; take two samples"),
        (lambda: sliced_w2(np.zeros((3, 2)), np.zeros((3, 2)), directions=1), "directions must be 2 or more, got 1"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
