"""Weighted atoms, the form in which transport and critics take a distribution, checked once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]


def points_of(x: ArrayLike, name: str, what: str) -> Doubles:
    """A sample as (n, d) in float64; (n,) becomes (n, 1).

    Raises:
        ValueError: For an empty sample, another shape, or numbers that are not finite; it begins with `what`.
    """
    points: NDArray[Any] = np.asarray(x, dtype=np.float64)
    if points.ndim not in (1, 2):
        raise ValueError(f"{what}: the {name} sample must have shape (n,) or (n, d), got {points.shape}")
    if not points.size:
        raise ValueError(f"{what}: the {name} sample needs at least one point, got shape {points.shape}")
    if not np.isfinite(points).all():
        count = int((~np.isfinite(points)).sum())
        raise ValueError(f"{what}: the {name} sample holds {count} non-finite numbers; leave those rows out")
    return points.reshape(len(points), -1)


def weights_of(weights: ArrayLike | None, count: int, name: str, what: str) -> Doubles:
    """Weights (n,) that sum to one: 1/n where silent, else the given ones divided by their sum.

    Raises:
        ValueError: For another shape, a weight that is negative or not finite, or a sum of zero.
    """
    if weights is None:
        return np.full(count, 1 / count)
    given: Doubles = np.asarray(weights, dtype=np.float64)
    if given.shape != (count,):
        raise ValueError(f"{what}: the {name} sample has {count} points, its weights have shape {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise ValueError(f"{what}: weights of the {name} sample must be finite and not negative")
    largest = float(given.max())
    if not largest > 0:
        raise ValueError(f"{what}: the weights of the {name} sample are all zero; one must be positive")
    scaled = given / largest  # so that the sum cannot overflow
    return np.asarray(scaled / scaled.sum())


def pair_of(x: ArrayLike, y: ArrayLike, what: str) -> tuple[Doubles, Doubles]:
    """Two samples (n, d) and (m, d) of one dimension.

    Raises:
        ValueError: As in `points_of`, or for samples of unequal dimension.
    """
    first, second = points_of(x, "first", what), points_of(y, "second", what)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"{what}: the samples differ in dimension: {first.shape[1]} and {second.shape[1]}")
    return first, second


def order_of(order: float, what: str) -> float:
    """The order p of a Wasserstein distance.

    Raises:
        ValueError: Unless 1 ≤ p < ∞.
    """
    if not 1 <= order < np.inf:
        raise ValueError(f"{what}: the order must lie in [1, ∞), got {order}; W₁ and W₂ are usual")
    return float(order)
