"""Intervals of means of independent measurements."""

from __future__ import annotations

import math
from collections.abc import Sequence


def student(values: Sequence[float]) -> tuple[float, float]:
    """Their mean and half the width of its 95 % interval by Student's t; NaN from fewer than one and two."""
    n = len(values)
    if n == 0:
        return math.nan, math.nan
    mean = math.fsum(values) / n if all(map(math.isfinite, values)) else sum(values) / n
    if n == 1 or not math.isfinite(mean):
        return mean, math.nan
    from scipy.special import stdtrit

    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return mean, float(stdtrit(n - 1, 0.975)) * math.sqrt(variance / n)
