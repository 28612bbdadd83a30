"""Roots of a function between neighbouring points, all by bisection side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gebm_studio.experiments.lab.nodes import Doubles

_BISECTIONS = 60


def roots(function: Callable[[Doubles], Doubles], x: Doubles) -> Doubles:
    """Where the function changes its sign between neighbours among rising x (N,), a point for each change."""
    signs = np.sign(function(x))
    at = signs[:-1] * signs[1:] < 0
    a, b, left = x[:-1][at], x[1:][at], signs[:-1][at]
    for _ in range(_BISECTIONS if len(a) else 0):
        middle = (a + b) / 2
        same = np.sign(function(middle)) == left
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    return b
