"""KALE over classes: nested ones never fall, a Lipschitz one stays below L·W₁, and equal laws are at zero."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import Box, Nodes, Polynomials, Relus, kale_by_width, kale_of_class, w1
from gebm_studio.divergences.gaussians import kl_normal
from gebm_studio.divergences.kale_classes import First
from tests.divergences.test_critics import PAIR, RANGE, P, Q

WIDTHS = [1, 2, 4, 8, 16, 32, 64, 101]


def _samples(seed: int, shift: float, n: int = 60, d: int = 2) -> tuple[Nodes, Nodes]:
    rng = np.random.default_rng(seed)
    return Nodes.of(rng.normal(size=(n, d))), Nodes.of(rng.normal(size=(n, d)) + shift)


def test_kale_rises_with_the_width_to_kl() -> None:
    found = kale_by_width(Relus(RANGE, 100), P, Q, WIDTHS)
    values = [part.value for part in found]
    assert all(part.converged for part in found)
    assert values[0] == pytest.approx(0, abs=1e-9)
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(values))
    assert 0 <= kl_normal(*PAIR) - values[-1] < 1e-4
    # A climb from nothing finds the same top.
    alone = kale_of_class(First(Relus(RANGE, 100), 32), P, Q)
    assert alone.value == pytest.approx(values[5], abs=1e-9)


def test_kale_of_equal_laws_is_zero_for_every_width() -> None:
    assert all(abs(part.value) < 1e-12 for part in kale_by_width(Relus(RANGE, 100), P, P, WIDTHS))


def test_samples_of_one_law_are_at_noise_and_of_two_laws_above_it() -> None:
    # The norm bounds the class, so that the value on n points of one law is of order n^−½.
    for widths in (10, 50):
        same_p, same_q = _samples(0, 0.0, n=400)
        far_p, far_q = _samples(1, 0.7, n=400)
        basis = Relus(Box.around(same_p.x, same_q.x, far_p.x, far_q.x), widths)
        noise, signal = (kale_of_class(basis, *pair, norm=1.0).value for pair in ((same_p, same_q), (far_p, far_q)))
        assert 0 <= noise < 0.05
        assert signal > 5 * noise


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 5), st.floats(-1, 1))
def test_classes_of_bounded_norm_are_nested(seed: int, norm: float, shift: float) -> None:
    p, q = _samples(seed, shift)
    basis = Relus(Box.around(p.x, q.x), 24, seed=seed % 1000)
    values = []
    for size in (2, 5, 11, 25):
        found = kale_of_class(First(basis, size), p, q, norm=norm)
        assert found.norm <= norm * (1 + 1e-9)
        values.append(found.value)
    assert values[0] >= -1e-12
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(values))
    assert kale_of_class(basis, p, q, norm=2 * norm).value >= values[-1] - 1e-9


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 5), st.floats(-2, 2))
def test_kale_of_lipschitz_critics_is_below_their_slope_times_w1(seed: int, L: float, shift: float) -> None:
    p, q = _samples(seed, shift)
    box = Box.around(p.x, q.x)
    # h = c + w·z with z = (x − centre)/half has the slope |w/half| ≤ |w|/min half.
    linear = kale_of_class(Polynomials(box, 1), p, q, norm=L * float(box.half.min()))
    assert linear.value <= L * w1(p.x.numpy(), q.x.numpy()) + 1e-9
    # A ridge function has a slope of 1 in z, and |Σ w_k ω_k| ≤ √K |w|.
    ridges = kale_of_class(Relus(box, 9), p, q, norm=L * float(box.half.min()) / 3)
    assert ridges.value <= L * w1(p.x.numpy(), q.x.numpy()) + 1e-9


def test_a_loose_norm_changes_nothing_and_a_tight_one_binds() -> None:
    basis = Polynomials(RANGE, 2)
    free = kale_of_class(basis, P, Q)
    assert kale_of_class(basis, P, Q, norm=2 * free.norm).value == pytest.approx(free.value, abs=1e-10)
    tight = kale_of_class(basis, P, Q, norm=free.norm / 2)
    assert tight.norm == pytest.approx(free.norm / 2, rel=1e-9)
    assert 0 < tight.value < free.value == pytest.approx(kl_normal(*PAIR), abs=1e-8)


def test_a_ridge_lowers_the_value_and_the_penalised_value_rises_with_the_class() -> None:
    found = kale_by_width(Relus(RANGE, 100), P, Q, WIDTHS, ridge=0.01)
    penalised = [part.penalised for part in found]
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(penalised))
    for part in found:
        assert part.penalised == pytest.approx(part.value - 0.005 * part.norm**2, abs=1e-14)
    values = [kale_of_class(Polynomials(RANGE, 2), P, Q, ridge=ridge).value for ridge in (0.0, 0.01, 0.1, 1.0, 10.0)]
    assert values == sorted(values, reverse=True)


def test_separated_samples_are_infinite_without_a_bound_and_finite_with_one() -> None:
    p, q = Nodes.of([0.0, 0.5]), Nodes.of([2.0, 3.0])
    basis = Relus(Box.around(p.x, q.x), 10)
    free = kale_of_class(basis, p, q)
    assert free.value == math.inf and not free.converged and "grows without end" in free.note
    assert 0 < kale_of_class(basis, p, q, norm=1.0).value < 10
    rising = kale_by_width(basis, p, q, [1, 2, 11])
    assert rising[0].value == 0 and rising[-1].value == math.inf


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda basis: kale_of_class(basis, P, Q, norm=0.0), "norm must be positive, got 0.0"),
        (lambda basis: kale_of_class(basis, P, Q, norm=math.nan), "norm must be positive"),
        (lambda basis: kale_of_class(basis, P, Q, ridge=-0.1), "ridge must be 0 or more"),
        (lambda basis: kale_by_width(basis, P, Q, []), "sizes must be increasing"),
        (lambda basis: kale_by_width(basis, P, Q, [2, 2]), "sizes must be increasing"),
        (lambda basis: kale_by_width(basis, P, Q, [2, 9]), "size must lie in 1 to 3, got 9"),
        (lambda basis: First(basis, 0)(torch.zeros(1, 1)), "size must lie in 1 to 3, got 0"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(Polynomials(RANGE, 2))
