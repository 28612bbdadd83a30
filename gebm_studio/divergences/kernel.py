"""Maximum mean discrepancy between two samples under a Gaussian kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist


def mmd2(x: NDArray[Any], y: NDArray[Any], scale: float) -> float:
    """MMD² without bias between samples, with k(x, y) = exp(−|x − y|²/2ℓ²); it can be below zero.

    Σ_{i≠j} k(x_i, x_j)/n(n−1) + Σ_{i≠j} k(y_i, y_j)/m(m−1) − 2 Σ_{ij} k(x_i, y_j)/nm.

    Arguments:
        x: Sample (n, d), n ≥ 2.
        y: Sample (m, d), m ≥ 2.
        scale: ℓ, positive.

    Raises:
        ValueError: For samples of fewer than two points, unequal dimension, or a scale that is not positive.

    References:
        A kernel two-sample test (Gretton et al., 2012), JMLR 13, lemma 6.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise ValueError(f"mmd2 needs two samples (n, d) of two points or more, got {x.shape} and {y.shape}")
    if not scale > 0:
        raise ValueError(f"mmd2: the kernel's scale must be positive, got {scale}")

    def within(sample: NDArray[np.float64]) -> float:
        return float(np.exp(pdist(sample, "sqeuclidean") / (-2 * scale**2)).mean())

    return within(x) + within(y) - 2 * float(np.exp(cdist(x, y, "sqeuclidean") / (-2 * scale**2)).mean())


def median_distance(x: NDArray[Any]) -> float:
    """The median of the distances between the points of a sample (n, d): the usual ℓ of a Gaussian kernel.

    Raises:
        ValueError: Where it is zero or there are not two points.
    """
    distances = pdist(np.asarray(x, dtype=np.float64))
    found = float(np.median(distances)) if len(distances) else 0.0
    if not found > 0:
        raise ValueError(f"the median distance of {len(x)} points is {found}: most of them coincide")
    return found
