"""Optimal transport between two samples, solved exactly, and along random directions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist

from gebm_studio.divergences.atoms import Doubles, order_of, pair_of, weights_of
from gebm_studio.divergences.nearest import Estimate
from gebm_studio.divergences.plans import wasserstein_1d

Indices = NDArray[np.int64]

MOST_PAIRS = 250_000
"""Pairs N·M for which the linear programme of unequal samples is solved: about a second."""


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
    x, y = _alike(x, y, "w1")
    if x.shape[1] == 1:
        return float(np.abs(np.sort(x, axis=0) - np.sort(y, axis=0)).mean())
    cost = cdist(x, y)
    rows, columns = linear_sum_assignment(cost)
    return float(cost[rows, columns].mean())


def w2(x: NDArray[Any], y: NDArray[Any]) -> float:
    """W₂ between two samples of equal size: the root of min over π of (1/n) Σ |x_i − y_π(i)|².

    Arguments:
        x: Sample (n, d), or (n,) in one dimension.
        y: Sample of the same shape.

    Raises:
        ValueError: As `w1`.
    """
    x, y = _alike(x, y, "w2")
    lengths = np.linalg.norm(x - y[assignment(x, y)], axis=1)
    return _root_mean_square(lengths)


def assignment(x: NDArray[Any], y: NDArray[Any], order: float = 2) -> Indices:
    """The matching π (n,), x_i with y_π(i), of least Σ |x_i − y_π(i)|ᵖ; in one dimension the sorted one.

    Arguments:
        x: Sample (n, d), or (n,) in one dimension.
        y: Sample of the same shape.
        order: p, in [1, ∞).

    Raises:
        ValueError: As `w1`, or for an order outside its range.
    """
    p = order_of(order, "assignment")
    x, y = _alike(x, y, "assignment")
    if x.shape[1] == 1:
        matching = np.empty(len(x), dtype=np.int64)
        matching[np.argsort(x[:, 0], kind="stable")] = np.argsort(y[:, 0], kind="stable")
        return matching
    return np.asarray(linear_sum_assignment(_costs(x, y, p)[0])[1], dtype=np.int64)


def wasserstein(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    order: float = 1,
) -> float:
    """W_p of two sets of atoms, exactly: quantiles on the line, an assignment for equal samples, else a programme.

    The linear programme min Σ π_ij |x_i − y_j|ᵖ has the two marginals as its constraints.

    Arguments:
        x: Atoms (N, d), or (N,) in one dimension.
        y: Atoms (M, d).
        weights_x: Masses (N,), divided by their sum; 1/N where silent.
        weights_y: Masses (M,) likewise.
        order: p, in [1, ∞).

    Raises:
        ValueError: For bad atoms, weights or order, or where a programme would have more than `MOST_PAIRS` pairs.

    References:
        Computational Optimal Transport (Peyré and Cuturi, 2019), arXiv 1803.00567, section 3.1.
    """
    p = order_of(order, "wasserstein")
    x, y = pair_of(x, y, "wasserstein")
    if x.shape[1] == 1:
        return wasserstein_1d(x, y, weights_x, weights_y, p)
    a, b = weights_of(weights_x, len(x), "first", "wasserstein"), weights_of(weights_y, len(y), "second", "wasserstein")
    cost, unit = _costs(x, y, p)
    if weights_x is None and weights_y is None and len(x) == len(y):
        rows, columns = linear_sum_assignment(cost)
        return unit * math.pow(float(cost[rows, columns].mean()), 1 / p)
    if cost.size > MOST_PAIRS:
        raise ValueError(
            f"wasserstein: {len(x)} and {len(y)} unequal atoms are {cost.size} pairs, at most {MOST_PAIRS}; "
            "take two samples of one size, fewer points, or `sinkhorn`"
        )
    return unit * math.pow(max(0.0, _programme(cost, a, b)), 1 / p)


def sliced_w2(x: ArrayLike, y: ArrayLike, directions: int = 128, seed: int = 0) -> Estimate:
    """Sliced W₂, the root of the mean over directions θ of W₂²(θ·x, θ·y), with its error from the directions.

    In one dimension it is W₂ itself, without an error.

    Arguments:
        x: Sample (N, d), or (N,) in one dimension.
        y: Sample (M, d); M may differ from N.
        directions: How many θ, drawn evenly on the sphere; at least 2.
        seed: Of the directions, so that a curve of values does not jitter.

    Raises:
        ValueError: For bad samples or fewer than two directions.

    References:
        Sliced and Radon Wasserstein Barycenters of Measures (Bonneel et al., 2015), section 2.
    """
    x, y = pair_of(x, y, "sliced_w2")
    if directions < 2:
        raise ValueError(f"sliced_w2: directions must be 2 or more, got {directions}")
    if x.shape[1] == 1:
        return Estimate(wasserstein_1d(x, y, order=2), 0.0)
    thetas = np.random.default_rng(seed).normal(size=(x.shape[1], directions))
    thetas /= np.linalg.norm(thetas, axis=0)
    mass, source, target = _shared_levels(len(x), len(y))
    squares = mass @ (np.sort(x @ thetas, axis=0)[source] - np.sort(y @ thetas, axis=0)[target]) ** 2
    value = float(np.sqrt(squares.mean()))
    if value == 0:
        return Estimate(0.0, 0.0)
    return Estimate(value, float(squares.std(ddof=1)) / math.sqrt(directions) / (2 * value))


def _shared_levels(n: int, m: int) -> tuple[Doubles, Indices, Indices]:
    """Masses and places, among n and among m sorted points of equal weight, of the parcels of the monotone plan."""
    # In units of 1/nm the levels are whole numbers: none is rounded apart.
    levels = np.unique(np.concatenate((np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)))
    return np.diff(levels, prepend=0) / (n * m), (levels - 1) // m, (levels - 1) // n


def _programme(cost: Doubles, a: Doubles, b: Doubles) -> float:
    n, m = cost.shape
    rows = sparse.kron(sparse.eye_array(n), np.ones((1, m)))
    columns = sparse.kron(np.ones((1, n)), sparse.eye_array(m))
    # The last constraint follows from the others; with it rounding could leave no feasible plan.
    marginals = sparse.vstack((rows, columns), format="csr")[:-1]
    found = linprog(cost.ravel(), A_eq=marginals, b_eq=np.concatenate((a, b))[:-1], method="highs")
    if found.status != 0:
        raise ValueError(f"wasserstein: no plan was found for {n} and {m} atoms: {found.message}")
    return float(found.fun)


def _costs(x: Doubles, y: Doubles, p: float) -> tuple[Doubles, float]:
    """(|x_i − y_j|/u)ᵖ (N, M) and u, the longest distance, so that no power overflows."""
    lengths = cdist(x, y)
    unit = float(lengths.max()) or 1.0
    return (lengths / unit) ** p, unit


def _root_mean_square(lengths: Doubles) -> float:
    longest = float(lengths.max())
    return longest * float(np.sqrt(((lengths / longest) ** 2).mean())) if longest else 0.0


def _alike(x: ArrayLike, y: ArrayLike, what: str) -> tuple[Doubles, Doubles]:
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.shape != second.shape or first.ndim not in (1, 2):
        raise ValueError(f"{what} needs two samples of one shape (n, d), got {first.shape} and {second.shape}")
    return pair_of(first, second, what)
