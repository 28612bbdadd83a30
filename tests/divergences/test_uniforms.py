"""Closed forms between uniforms against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import (
    f_divergences_uniform,
    integrate,
    mmd2_uniform,
    w1_uniform,
    w2_uniform,
    witness_of_uniforms,
)

ENDS, WIDTHS = st.floats(-3, 3), st.floats(0.1, 3)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.8, 1.0, 3.0])
def test_equal_widths_slid_apart(shift: float) -> None:
    """TV = 1 − o, JSD = (1 − o) log 2, H² = 2(1 − o), W₁ = W₂ = the shift, KL = ∞."""
    ends = (0, 1, shift, 1 + shift)
    found = {name: result.value for name, result in f_divergences_uniform(*ends).items()}
    apart = 1 - max(0, 1 - shift)
    assert found["total_variation"] == pytest.approx(apart, abs=1e-15)
    for name in ("jensen_shannon", "gan"):
        assert found[name] == pytest.approx(apart * math.log(2), abs=1e-15)
    assert found["hellinger"] == pytest.approx(2 * apart, abs=1e-15)
    for name in ("kl", "reverse_kl", "pearson", "neyman", "jeffrey"):
        assert found[name] == (math.inf if shift else 0)
    assert w1_uniform(*ends) == pytest.approx(shift, abs=1e-15)
    assert w2_uniform(*ends) == pytest.approx(shift, abs=1e-15)


def test_an_interval_inside_another() -> None:
    """P on half of Q: p/q = 2 on a half."""
    found = {name: result.value for name, result in f_divergences_uniform(1, 2, 0, 2).items()}
    assert found["kl"] == pytest.approx(math.log(2), rel=1e-14)
    assert found["pearson"] == pytest.approx(1, rel=1e-14)
    assert found["total_variation"] == pytest.approx(0.5, rel=1e-14)
    assert found["hellinger"] == pytest.approx(2 - math.sqrt(2), rel=1e-14)
    assert found["jensen_shannon"] == pytest.approx(0.5 * (math.log(4 / 3) + math.log(2 / 3) / 2 + math.log(2) / 2))
    assert found["reverse_kl"] == found["neyman"] == found["jeffrey"] == math.inf
    assert f_divergences_uniform(0, 2, 1, 2, ["reverse_kl"])["reverse_kl"].value == pytest.approx(math.log(2))


def test_boxes_overlap_by_the_product_of_their_sides() -> None:
    found = f_divergences_uniform([0, 0], [1, 1], [0.5, 0.75], [1.5, 1.75], ["total_variation", "kl"])
    assert found["total_variation"].value == pytest.approx(1 - 0.5 * 0.25, rel=1e-14)
    assert found["kl"].value == math.inf
    # The overlap of boxes needs one in every axis.
    assert f_divergences_uniform([0, 0], [1, 1], [0.5, 2], [1.5, 3])["total_variation"].value == 1


def test_a_sliver_outside_is_enough_for_infinity() -> None:
    assert f_divergences_uniform(0, 1, 1e-200, 1)["kl"].value == math.inf
    assert f_divergences_uniform(1e-200, 1, 0, 1)["kl"].value == 0
    assert f_divergences_uniform(0, 1, 1e-200, 1)["total_variation"].value == 0


def test_flat_boxes_are_singular_unless_flat_alike() -> None:
    flat = f_divergences_uniform([0, 0], [1, 0], [0, 0], [2, 0])
    assert flat["kl"].value == pytest.approx(math.log(2))
    for ends in ((0, 0, 0, 1), (0, 1, 0.5, 0.5), (0, 0, 1, 1)):
        found = f_divergences_uniform(*ends)
        assert (found["kl"].value, found["total_variation"].value) == (math.inf, 1)
    for result in f_divergences_uniform(0.3, 0.3, 0.3, 0.3).values():
        assert result.value == pytest.approx(0, abs=1e-15)
    assert w1_uniform(0, 0, 2, 2) == 2
    assert w1_uniform(0.5, 0.5, 0, 1) == pytest.approx(0.25)


@settings(max_examples=50, deadline=None)
@given(ENDS, WIDTHS, ENDS, WIDTHS)
def test_transport_joins_equal_quantiles(low: float, width: float, other: float, wide: float) -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    gaps = np.abs(low + width * u - other - wide * u)
    ends = (low, low + width, other, other + wide)
    assert w1_uniform(*ends) == pytest.approx(gaps.mean(), abs=1e-7)
    assert w2_uniform(*ends) == pytest.approx(math.sqrt((gaps**2).mean()), abs=1e-7)
    both = w2_uniform([low, 0], [low + width, 1], [other, 2], [other + wide, 3])
    assert both == pytest.approx(math.hypot(w2_uniform(*ends), 2), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(ENDS, WIDTHS, ENDS, WIDTHS, st.floats(0.2, 3))
def test_mmd_is_the_norm_of_the_witness(low: float, width: float, other: float, wide: float, scale: float) -> None:
    ends = (low, low + width, other, other + wide)

    def mean(first: float, last: float) -> float:
        found = integrate(lambda x: witness_of_uniforms(x, *ends, scale, 2.0), np.linspace(first, last, 4))
        return float(found.value) / (last - first)

    assert mmd2_uniform(*ends, scale, 2.0) == pytest.approx(mean(*ends[:2]) - mean(*ends[2:]), abs=1e-9)


def test_the_witness_is_an_average_of_the_kernel() -> None:
    x, p = np.linspace(-2, 3, 11), (np.arange(4000) + 0.5) / 4000
    kernel = np.exp(-((x[:, None] - p) ** 2) / (2 * 0.7**2)).mean(axis=1)
    other = np.exp(-((x[:, None] - 2 - 2 * p) ** 2) / (2 * 0.7**2)).mean(axis=1)
    np.testing.assert_allclose(witness_of_uniforms(x, 0, 1, 2, 4, 0.7), kernel - other, atol=1e-7)


def test_uniforms_refuse_what_is_no_box() -> None:
    for ends, said in (
        ((1, 0, 0, 1), "ends of P must be finite with low ≤ high"),
        ((0, 1, 0, math.inf), "ends of Q"),
        (([0, 0], [1, 1], [0], [1]), r"one length, got \(2,\)"),
    ):
        with pytest.raises(ValueError, match=said):
            f_divergences_uniform(*ends)
        with pytest.raises(ValueError, match=said):
            w2_uniform(*ends)
    with pytest.raises(ValueError, match="no divergence is called 'tv'"):
        f_divergences_uniform(0, 1, 0, 1, ["tv"])
    with pytest.raises(ValueError, match="low < high, got 1 and 1"):
        mmd2_uniform(0, 1, 1, 1, 1.0)
    with pytest.raises(ValueError, match="must be positive, got -1"):
        mmd2_uniform(0, 1, 1, 2, -1)
    with pytest.raises(ValueError, match="intervals, got boxes in 2"):
        w1_uniform([0, 0], [1, 1], [0, 0], [1, 1])  # type: ignore[arg-type]
