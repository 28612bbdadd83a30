"""Conjugates of generators by search: a check of the symbolic ones, and the way back to f."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gebm_studio.divergences.generators import Generator, evaluate

Doubles = NDArray[np.float64]

_STEPS = 130
"""Of the golden section: it shrinks the bracket to less than rounding."""
_REACH = 345.0
"""Largest |s| of a bracket, as e^{2s} is still a number of float64."""
_GOLDEN = (math.sqrt(5) - 1) / 2


def numeric_conjugate(generator: Generator, t: ArrayLike) -> Doubles:
    """sup_u ut − f(u) by golden section over u, from f alone; ∞ where it goes on growing.

    About ten digits, but for slopes within some 10⁻¹² of an end of the domain.

    Arguments:
        generator: A row of the table.
        t: Slopes, of any shape.
    """
    slopes = np.asarray(t, dtype=np.float64)
    u_of = _whole_line if generator.lowest == -math.inf else np.exp

    def height(s: Doubles) -> Doubles:
        u = u_of(s)
        return slopes * u - evaluate(generator.f, u)

    return _highest(height, slopes.shape)


def biconjugate(generator: Generator, u: ArrayLike) -> Doubles:
    """sup_t ut − f*(t) by golden section over the domain of f*, which is f(u) again.

    About ten digits for u from 10⁻⁴ to 10⁴; ∞ where it goes on growing.

    Arguments:
        generator: A row of the table.
        u: Ratios, of any shape; below zero too where the row's f goes on there.
    """
    ratios = np.asarray(u, dtype=np.float64)
    low, high = generator.domain

    def slope(s: Doubles) -> Doubles:
        if math.isinf(high):
            return np.sinh(s)
        if math.isinf(low):
            return high - np.exp(-s)
        return (low + high) / 2 + (high - low) / 2 * np.tanh(s)

    def height(s: Doubles) -> Doubles:
        t = slope(s)
        return ratios * t - evaluate(generator.conjugate, t)

    return _highest(height, ratios.shape)


def _whole_line(s: Doubles) -> Doubles:
    return 1 + np.sinh(s)


def _highest(height: Callable[[Doubles], Doubles], shape: tuple[int, ...]) -> Doubles:
    """The maximum over s of functions with a single hump each, side by side."""
    left, right = np.full(shape, -_REACH), np.full(shape, _REACH)
    inner_left, inner_right = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
    low, high = height(inner_left), height(inner_right)
    for _ in range(_STEPS):
        # Far out a function may be level in all its digits: its hump lies towards the middle.
        rises = (high > low) | ((high == low) & (inner_left + inner_right < 0))
        left, right = np.where(rises, inner_left, left), np.where(rises, right, inner_right)
        fresh = np.where(rises, left + _GOLDEN * (right - left), right - _GOLDEN * (right - left))
        at = height(fresh)
        inner_left, inner_right = np.where(rises, inner_right, fresh), np.where(rises, fresh, inner_left)
        low, high = np.where(rises, high, at), np.where(rises, at, low)
    found = np.maximum(low, high)
    # At the end of the bracket a hump is still climbing; a bounded one has levelled off long before.
    climbing = (np.abs(inner_left) > _REACH - 1) & (np.abs(found) > 1e12)
    return np.where(climbing, math.inf, found)
