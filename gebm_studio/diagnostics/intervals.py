"""Intervals of means of independent measurements, of shares, and of what was resampled."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Interval

NORMAL = 1.959964
"""Half of a 95 % interval, in standard errors."""
UNKNOWN: Interval = (math.nan, math.nan, math.nan)
"""What was not or cannot be measured."""


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


def about(value: float, stderr: float) -> Interval:
    """A value with its 95 % interval by its standard error; `UNKNOWN` where either is not finite."""
    if not (math.isfinite(value) and math.isfinite(stderr)):
        return UNKNOWN
    return value, value - NORMAL * stderr, value + NORMAL * stderr


def wilson(hits: int, n: int) -> Interval:
    """The share of `hits` in `n` independent trials with its 95 % score interval; `UNKNOWN` of none.

    References:
        Probable inference, the law of succession, and statistical inference (Wilson, 1927).
    """
    if n == 0:
        return UNKNOWN
    share, wide = hits / n, NORMAL**2 / n
    centre = (share + wide / 2) / (1 + wide)
    half = NORMAL / (1 + wide) * math.sqrt(share * (1 - share) / n + wide / (4 * n))
    low, high = (0.0 if hits == 0 else centre - half), (1.0 if hits == n else centre + half)
    return share, low, high


def shifted(value: float, drawn: NDArray[np.float64], least: float = -math.inf) -> Interval:
    """A value with the 95 % percentiles of what resamples gave, shifted by the bootstrap's own bias.

    To resample adds once more the excess of order 1/n that a distance has already: plain percentiles would often lie
    wholly above the distance itself.

    Arguments:
        value: What the samples themselves give.
        drawn: What resamples give, (B,).
        least: The least that such a value can be; the interval ends there.

    References:
        An Introduction to the Bootstrap (Efron and Tibshirani, 1993), chapters 10 and 13.
    """
    if not (math.isfinite(value) and np.isfinite(drawn).all()):
        return UNKNOWN
    low, high = np.percentile(drawn - (drawn.mean() - value), [2.5, 97.5])
    return value, max(least, float(low)), max(least, float(high))
