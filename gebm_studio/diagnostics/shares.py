"""Shares of classes among images, and how far they are from the true ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics.frechet import RESAMPLES
from gebm_studio.diagnostics.intervals import UNKNOWN, shifted, wilson
from gebm_studio.messages import Interval


def shares(counts: Sequence[int]) -> tuple[Interval, ...]:
    """The share of each class, of which so many were counted, with its 95 % interval (Wilson's)."""
    return tuple(wilson(int(count), int(sum(counts))) for count in counts)


def total_variation(
    counts: Sequence[int],
    truth: Sequence[float],
    rng: np.random.Generator,
    counted: int | None = None,
    resamples: int = RESAMPLES,
) -> Interval:
    """½ Σ |share − truth| with its 95 % bootstrap interval; `UNKNOWN` where nothing was counted.

    Arguments:
        counts: How many images of each class, (c,).
        truth: Their true shares, which sum to one, (c,).
        rng: Draws the resamples.
        counted: How many images `truth` was counted in; None where it is exact.
        resamples: How many.

    Raises:
        ValueError: For another number of classes, or a truth that does not sum to one.
    """
    if len(counts) != len(truth) or abs(sum(truth) - 1) > 1e-6:
        raise ValueError(f"{len(counts)} classes need as many true shares that sum to one, got {tuple(truth)}")
    n = int(sum(counts))
    if n == 0:
        return UNKNOWN
    found, wanted = np.asarray(counts) / n, np.asarray(truth, dtype=np.float64)
    again = rng.multinomial(n, found, size=resamples) / n
    against = wanted if counted is None else rng.multinomial(counted, wanted / wanted.sum(), size=resamples) / counted
    return shifted(float(_variation(found, wanted)), _variation(again, against), 0.0)


def _variation(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    variation: NDArray[np.float64] = 0.5 * np.abs(first - second).sum(axis=-1)
    return variation
