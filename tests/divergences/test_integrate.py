"""Adaptive quadrature against integrals known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from gebm_studio.divergences import integrate, integrate_plane
from gebm_studio.divergences.integrate import integrate_plane_in_pieces
from gebm_studio.divergences.pieces import finished


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=20), st.floats(-2, 1), st.floats(0.1, 2))
def test_a_panel_is_exact_for_polynomials(coefficients: list[float], low: float, width: float) -> None:
    polynomial = Polynomial(coefficients)
    whole = polynomial.integ()
    value, error = integrate(lambda x: np.asarray(polynomial(x)), [low, low + width])
    scale = sum(abs(c) * 2 ** (i + 1) for i, c in enumerate(coefficients))
    assert value == pytest.approx(whole(low + width) - whole(low), abs=1e-13 * scale)
    assert error <= 1e-9 * max(1, abs(float(value)))


@pytest.mark.parametrize(
    ("f", "low", "high", "wanted"),
    [
        (lambda x: np.exp(-(x**2) / 2), -12, 12, math.sqrt(2 * math.pi)),
        (lambda x: np.exp(-((x / 1e-2) ** 2) / 2), -1, 1.1, 1e-2 * math.sqrt(2 * math.pi)),
        (np.sqrt, 0, 1, 2 / 3),
        (lambda x: np.abs(x - 1 / 3), 0, 1, (1 / 9 + 4 / 9) / 2),
        (np.log, 0, 1, -1.0),
        (lambda x: np.cos(50 * x), 0, 1, math.sin(50) / 50),
        (lambda x: np.where(x > 1 / 3, 1.0, 0.0), 0, 1, 2 / 3),
    ],
)  # fmt: skip
def test_integrals_are_found_within_their_error(
    f: Callable[[np.ndarray], np.ndarray], low: float, high: float, wanted: float
) -> None:
    # The narrow peak is found because an edge lies near it.
    panels = [low, 0, high] if low < 0 else [low, high]
    value, error = map(float, integrate(f, panels, tolerance=1e-9))
    assert abs(value - wanted) <= max(error, 1e-14)
    assert error <= 1e-9


def test_functions_side_by_side_are_those_one_by_one() -> None:
    def both(x: np.ndarray) -> np.ndarray:
        return np.stack([np.exp(-x), 1e6 * np.abs(np.sin(x))])

    value, error = integrate(both, [0, 5], tolerance=1e-8)
    assert value.shape == error.shape == (2,)
    assert value == pytest.approx([1 - math.exp(-5), 1e6 * (3 + math.cos(5))], rel=1e-8)
    alone = integrate(lambda x: np.exp(-x), [0, 5], tolerance=1e-8)
    assert alone.value.shape == ()
    assert alone.value == pytest.approx(value[0], abs=1e-8)


def test_a_function_that_leaves_the_range_of_a_float_is_infinite_and_spoils_no_other() -> None:
    def rows(x: np.ndarray) -> np.ndarray:
        return np.stack([np.where(x > 0.9, np.inf, 1.0), x**2, np.full(x.shape, 1.7e308)])

    value, error = integrate(rows, [0, 3])
    assert list(value) == pytest.approx([math.inf, 9, math.inf])
    assert list(error[[0, 2]]) == [0, 0]


def test_too_few_panels_show_in_the_error() -> None:
    value, error = integrate(lambda x: np.sin(300 * x) ** 2, [0, 1], most=3)
    assert abs(value - (0.5 - math.sin(600) / 1200)) <= error
    assert error > 1e-3


def test_the_plane_is_the_product_of_two_lines() -> None:
    def gauss(x: np.ndarray) -> np.ndarray:
        return np.exp(-(x**2).sum(axis=1) / 2) / (2 * math.pi)

    value, error = integrate_plane(gauss, np.linspace(-9, 9, 5), [-9, 0, 9])
    assert value == pytest.approx(1, abs=1e-8)
    assert abs(value - 1) <= error <= 1e-6
    # A kink along a line that no cell follows, and a quarter disc.
    value, error = integrate_plane(lambda x: np.abs(x[:, 0] - x[:, 1]), [0, 1], [0, 1], tolerance=1e-5)
    assert abs(value - 1 / 3) <= error <= 1e-5
    value, error = integrate_plane(lambda x: ((x**2).sum(axis=1) < 1) * 1.0, [0, 1], [0, 1], tolerance=1e-3)
    assert abs(value - math.pi / 4) <= error <= 1e-3
    value, _ = integrate_plane(lambda x: x[:, 0], [0, 2], [0, 1, 3])
    assert value == pytest.approx(6, rel=1e-12), "x across, y up"


def test_quadrature_refuses_what_it_cannot_integrate() -> None:
    for f, panels, said in (
        (np.cos, [0.0], "panels must be two or more"),
        (np.cos, [0.0, 0.0], "increasing"),
        (np.cos, [0.0, math.inf], "finite"),
        (lambda x: x * np.nan, [0.0, 1.0], "f gives 15 NaN at 15 points"),
        (lambda x: x[:3], [0.0, 1.0], r"values \(15,\) or \(K, 15\), got \(3,\)"),
    ):
        with pytest.raises(ValueError, match=said):
            integrate(f, panels)
    with pytest.raises(ValueError, match="y must be"):
        integrate_plane(lambda x: x[:, 0], [0, 1], [1, 0])


def test_a_plane_in_pieces_gives_the_same_number() -> None:
    def bell(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-50 * (at**2).sum(axis=1))

    edges = np.linspace(-2, 2, 9)
    pieces = integrate_plane_in_pieces(bell, edges, edges)
    assert sum(1 for _ in pieces) >= 8
    assert finished(integrate_plane_in_pieces(bell, edges, edges)) == integrate_plane(bell, edges, edges)
