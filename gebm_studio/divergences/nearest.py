"""KL divergence between two samples by the distances to their nearest neighbours."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma

_REACH = 16
"""How many further neighbours are looked at to leave a cluster of coincident points."""

_PARTS = 10
"""Parts of the samples that give the standard error."""


class Estimate(NamedTuple):
    """A value and its standard error."""

    value: float
    stderr: float


def knn_kl(x: NDArray[Any], y: NDArray[Any], k: int = 4) -> Estimate:
    """KL(P‖Q) in nats from samples of P and Q that have densities.

    (d/n) Σ_i log(ν_i/ρ_i) + log(m/(n−1)), where ρ_i is the distance of x_i to its k-th neighbour among the
    other x, ν_i to its k-th neighbour among the y.

    The estimate is consistent but biased at finite n, mostly downwards, and more so for larger k, d and
    divergence. Measured with k = 4 and n = m: for N(0, I) against a copy shifted by ½ along each axis −0.01 at
    d = 2 and n = 1000 to 4000, but −0.15 (n = 1000) and −0.09 (n = 4000) at d = 5; shifted by 2 along each axis
    of the plane, so that KL = 4, −1.1 and −0.7. Disjoint supports give a large finite number in place of ∞.
    State n beside a value.

    Coincident points are at distance zero, which tells nothing of a density. Such a point uses its first
    neighbour of order l ≥ k at a positive distance, and ψ(l) − ψ(k) corrects for the other order.

    The standard error is the spread of the estimates from ten interleaved parts of both samples, over √10. (The
    spread of the terms over √n was measured to be 15 to 30 % too small, since neighbours share distances
    and the sample of Q adds a part of its own; it serves only below ten points of P a part.) It leaves out
    the bias.

    Arguments:
        x: Sample (n, d) of P, n > k.
        y: Sample (m, d) of Q, m ≥ k.
        k: Order of the neighbour.

    Raises:
        ValueError: For shapes that do not fit, too few points, numbers that are not finite, or more
            coincident points than a density could give.

    References:
        Divergence estimation for multidimensional densities via k-nearest-neighbor distances (Wang,
        Kulkarni and Verdú, 2009), IEEE Transactions on Information Theory 55(5), 2392–2405.
    """
    x, y = x.astype(np.float64), y.astype(np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not x.shape[1]:
        raise ValueError(f"knn_kl needs samples (n, d) and (m, d), got {x.shape} and {y.shape}")
    n, m = len(x), len(y)
    if k < 1 or n <= k or m < k:
        raise ValueError(f"knn_kl needs k from 1, more than k points of P and k of Q, got k={k}, n={n}, m={m}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("knn_kl: a sample holds numbers that are not finite")
    terms = _terms(x, y, k)
    value, stderr = float(terms.mean()), float(terms.std(ddof=1) / np.sqrt(n))
    if min(n, m) >= _PARTS * max(10, 2 * k):
        parts = [_terms(x[part::_PARTS], y[part::_PARTS], k).mean() for part in range(_PARTS)]
        stderr = float(np.std(parts, ddof=1) / np.sqrt(_PARTS))
    return Estimate(value, stderr)


def _terms(x: NDArray[np.float64], y: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """The contribution (n,) of each point of x."""
    (n, d), m = x.shape, len(y)
    # Each x is its own nearest neighbour among the x, at distance zero: orders begin at the second.
    rho, rho_order = _first_positive(x, x, k, own=1)
    nu, nu_order = _first_positive(y, x, k, own=0)
    terms: NDArray[np.float64] = d * np.log(nu / rho) + digamma(rho_order) - digamma(nu_order) + np.log(m / (n - 1))
    return terms


def _first_positive(
    points: NDArray[np.float64], queries: NDArray[np.float64], k: int, own: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each query the first positive distance of order k or more, and that order."""
    most = min(k + _REACH, len(points) - own)
    distances, _ = cKDTree(points).query(queries, k=np.arange(k, most + 1) + own)
    positive = distances > 0
    if not positive.any(axis=1).all():
        raise ValueError(
            f"knn_kl: {int((~positive.any(axis=1)).sum())} points coincide with {most} or more others; "
            "such a sample has no density"
        )
    first = positive.argmax(axis=1)
    return distances[np.arange(len(queries)), first], first + k
