"""The table of generators: conjugates against a search, Fenchel–Young, limits, and the safe integrands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import GENERATORS, biconjugate, evaluate, integrands, numeric_conjugate
from gebm_studio.schema.objective import F_DIVERGENCES as NAMED_IN_SCHEMA

ROWS = pytest.mark.parametrize("name", GENERATORS)
U = np.logspace(-4, 4, 81)


def slopes(name: str) -> np.ndarray:
    """Points all over the conjugate's domain, some of them close to its ends."""
    low, high = GENERATORS[name].domain
    if math.isfinite(low):
        return np.linspace(low, high, 41)[1:-1]
    if math.isfinite(high):
        return high - np.logspace(-4, 2, 61)
    return np.linspace(-12, 12, 49)


def test_the_table_has_a_row_for_each_game_of_the_schema() -> None:
    assert set(NAMED_IN_SCHEMA) <= set(GENERATORS)


@ROWS
def test_generators_vanish_at_one_where_they_are_flattest(name: str) -> None:
    row = GENERATORS[name]
    assert evaluate(row.f, 1.0) == pytest.approx(-math.log(4) if name == "gan" else 0, abs=1e-15)
    assert row.customary(float(evaluate(row.f, 1.0))) == pytest.approx(0, abs=1e-15)
    tangent = evaluate(row.f, 1.0) + evaluate(row.slope, 1.0) * (U - 1)
    assert (evaluate(row.f, U) - tangent > -1e-12).all(), "convex"


@ROWS
def test_limits_are_those_of_the_generator(name: str) -> None:
    row = GENERATORS[name]
    at_zero, at_infinity = float(evaluate(row.f, 1e-60)), float(evaluate(row.f, 1e60) / 1e60)
    for limit, near in ((row.value_at_zero, at_zero), (row.slope_at_infinity, at_infinity)):
        assert near > 100 if math.isinf(limit) else near == pytest.approx(limit, abs=1e-12)
    # Where a slope has a limit at ∞ it is the end of the conjugate's domain.
    if row.inverse_slope is not None:
        assert row.domain[1] == row.slope_at_infinity


@ROWS
def test_slopes_are_derivatives_and_have_their_inverse(name: str) -> None:
    row = GENERATORS[name]
    step = 1e-5 * U
    measured = (evaluate(row.f, U + step) - evaluate(row.f, U - step)) / (2 * step)
    away = np.abs(U - 1) > 1e-3 if row.inverse_slope is None else np.full(U.shape, True)
    np.testing.assert_allclose(evaluate(row.slope, U)[away], measured[away], rtol=1e-6, atol=1e-6)
    if row.inverse_slope is not None:
        np.testing.assert_allclose(evaluate(row.inverse_slope, evaluate(row.slope, U)), U, rtol=1e-7)


@ROWS
def test_conjugates_are_what_a_search_finds(name: str) -> None:
    t = slopes(name)
    np.testing.assert_allclose(
        numeric_conjugate(GENERATORS[name], t), evaluate(GENERATORS[name].conjugate, t), rtol=1e-9, atol=1e-10
    )


@ROWS
def test_biconjugates_are_the_generators(name: str) -> None:
    np.testing.assert_allclose(biconjugate(GENERATORS[name], U), evaluate(GENERATORS[name].f, U), rtol=1e-8, atol=1e-10)


def test_searches_find_infinity_outside_of_the_domain() -> None:
    for name, row in GENERATORS.items():
        low, high = row.domain
        for outside in (low - 0.1, high + 0.1):
            if math.isfinite(outside):
                assert numeric_conjugate(row, outside) == math.inf, name
        if row.lowest == 0:
            assert biconjugate(row, -0.1) == math.inf, name
    assert biconjugate(GENERATORS["pearson"], -3.0) == pytest.approx(16, rel=1e-10)


@ROWS
@settings(max_examples=60, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(0, 1))
def test_fenchel_young(name: str, u: float, part: float) -> None:
    """f(u) + f*(t) ≥ ut, with equality at t = f′(u)."""
    row = GENERATORS[name]
    known = slopes(name)
    t = float(np.interp(part, np.linspace(0, 1, len(known)), np.sort(known)))
    f = float(evaluate(row.f, u))
    scale = 1 + abs(u * t) + abs(f)
    assert f + float(evaluate(row.conjugate, t)) - u * t > -1e-12 * scale
    tight = float(evaluate(row.slope, u))
    gap = f + float(evaluate(row.conjugate, tight)) - u * tight
    assert abs(gap) < 1e-11 * (1 + abs(u * tight) + abs(f)) * max(1, u)


@ROWS
@settings(max_examples=60, deadline=None)
@given(st.floats(-20, 5), st.floats(-6, 6))
def test_integrands_are_the_generator_s(name: str, log_q: float, log_ratio: float) -> None:
    found = integrands([name], [log_q + log_ratio], [log_q])[0, 0]
    wanted = math.exp(log_q) * float(evaluate(GENERATORS[name].f, math.exp(log_ratio)))
    scale = math.exp(log_q) * (1 + math.exp(log_ratio)) * (1 + abs(log_ratio))
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12 * scale)


def test_integrands_survive_where_densities_do_not() -> None:
    names = list(GENERATORS)
    # p²/q = e^400 where both underflow; p log p/q = 0; and the other way round.
    values = dict(zip(names, integrands(names, [-800.0, -2000.0], [-2000.0, -800.0]), strict=True))
    assert values["pearson"] == pytest.approx([math.exp(400), 0], rel=1e-12)
    assert values["neyman"] == pytest.approx([0, math.exp(400)], rel=1e-12)
    for name in set(names) - {"pearson", "neyman"}:
        assert values[name] == pytest.approx([0, 0], abs=1e-300)
    assert integrands(["pearson"], [0.0], [-800.0])[0, 0] == math.inf


def test_integrands_outside_of_a_support_are_the_limits() -> None:
    names = list(GENERATORS)
    nothing, half = -math.inf, math.log(0.5)
    values = integrands(names, [nothing, half, nothing, -2000.0], [half, nothing, nothing, nothing])
    for name, row in zip(names, values, strict=True):
        generator = GENERATORS[name]
        assert list(row[:3]) == pytest.approx([0.5 * generator.value_at_zero, 0.5 * generator.slope_at_infinity, 0])
        assert row[3] == (math.inf if math.isinf(generator.slope_at_infinity) else 0), "a density that underflows"


def test_integrands_refuse_what_is_no_pair_of_log_densities() -> None:
    for names, p, q, said in (
        (["kl", "kld"], [0.0], [0.0], "no divergence is called 'kld'; there are kl, reverse_kl"),
        (["kl"], [0.0, 0.0], [0.0], r"\(2,\) and \(1,\)"),
        (["kl"], [math.nan], [0.0], "log_p must give numbers below ∞, got 1"),
        (["kl"], [0.0], [math.inf], "log_q"),
    ):
        with pytest.raises(ValueError, match=said):
            integrands(names, p, q)
