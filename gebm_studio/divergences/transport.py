"""Optimal transport between two samples, solved exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist


def w1(x: NDArray[Any], y: NDArray[Any]) -> float:
    """W₁ between two samples of equal size, with the Euclidean distance as cost.

    min over permutations π of (1/n) Σ |x_i − y_π(i)|, which is W₁ of the empirical distributions. In one
    dimension sorting solves it; above, an assignment costs O(n³) time and n² memory (n = 1000: about 0.1 s).
    Two samples of one distribution have a positive W₁, of order n^(−1/d) for d > 2: compare with such a floor
    at the same n.

    Arguments:
        x: Sample (n, d), or (n,) in one dimension.
        y: Sample of the same shape.

    Raises:
        ValueError: For samples that are empty, of unequal shape, or hold a NaN or an infinity.

    References:
        Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567, sections 2.2 and 2.6.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim not in (1, 2):
        raise ValueError(f"w1 needs two samples of one shape (n, d), got {x.shape} and {y.shape}")
    if not x.size:
        raise ValueError(f"w1 needs at least one point, got shape {x.shape}")
    for name, sample in (("first", x), ("second", y)):
        if not np.isfinite(sample).all():
            raise ValueError(f"w1: the {name} sample holds {int((~np.isfinite(sample)).sum())} non-finite numbers")
    if x.ndim == 1 or x.shape[1] == 1:
        return float(np.abs(np.sort(x, axis=0) - np.sort(y, axis=0)).mean())
    cost = cdist(x, y)
    rows, columns = linear_sum_assignment(cost)
    return float(cost[rows, columns].mean())
