"""Maximum mean discrepancy between two samples, and its witness."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist
from torch import Tensor

from gebm_studio.divergences.kernels import Kernel
from gebm_studio.divergences.points import Points, as_pair, as_points, as_weights


def mmd2(
    x: Points,
    y: Points,
    kernel: Kernel,
    *,
    unbiased: bool = True,
    weights_x: Points | None = None,
    weights_y: Points | None = None,
) -> float:
    """MMD² = |μ_P − μ_Q|² in the kernel's space, from a sample x of P and y of Q.

    Without bias it is Σ_{i≠j} k(x_i, x_j)/n(n−1) + Σ_{i≠j} k(y_i, y_j)/m(m−1) − 2 Σ_ij k(x_i, y_j)/nm, which
    can be below zero. With bias it is that of the two weighted sets of atoms, never below zero.

    Arguments:
        x: Sample (n, d), or (n,) on the line.
        y: Sample (m, d), or (m,).
        kernel: k.
        unbiased: Whether x and y are samples whose own pairs are to be left out; each then needs two points.
        weights_x: (n,), not negative, with bias only; 1/n each where not given.
        weights_y: (m,).

    Raises:
        ValueError: For shapes that do not fit, numbers that are not finite, weights where there is to be no
            bias, or too few points.

    References:
        A kernel two-sample test (Gretton et al., 2012), JMLR 13, lemma 6.
    """
    first, second = as_pair(x, y, ("x", "y"))
    n, m = len(first), len(second)
    if unbiased and not (weights_x is None and weights_y is None):
        raise ValueError("mmd2 without bias takes no weights; pass unbiased=False")
    if unbiased and min(n, m) < 2:
        raise ValueError(f"mmd2 without bias needs two points or more of each, got {n} and {m}")
    w_x, w_y = as_weights(weights_x, first, "weights_x"), as_weights(weights_y, second, "weights_y")
    within_x, within_y = kernel.form(first, w_x), kernel.form(second, w_y)
    between = float(w_x @ kernel.sums(first, second, w_y))
    if not unbiased:
        return max(0.0, within_x + within_y - 2 * between)
    within_x = (n * within_x - float(kernel.diagonal(first).mean())) / (n - 1)
    within_y = (m * within_y - float(kernel.diagonal(second).mean())) / (m - 1)
    return within_x + within_y - 2 * between


def mmd_witness(
    points: Points,
    x: Points,
    y: Points,
    kernel: Kernel,
    *,
    weights_x: Points | None = None,
    weights_y: Points | None = None,
) -> Tensor:
    """μ_P − μ_Q at points (n, d): the direction in the kernel's space that tells x from y best; (n,).

    Arguments:
        points: Where.
        x: Sample (m, d) of P.
        y: Sample (k, d) of Q.
        kernel: k.
        weights_x: (m,), 1/m each where not given.
        weights_y: (k,).

    Raises:
        ValueError: As `mmd2` with bias.
    """
    first, second = as_pair(x, y, ("x", "y"))
    where, _ = as_pair(points, first, ("points", "x"))
    w_x, w_y = as_weights(weights_x, first, "weights_x"), as_weights(weights_y, second, "weights_y")
    return kernel.sums(where, first, w_x) - kernel.sums(where, second, w_y)


def median_distance(x: Points, y: Points | None = None) -> float:
    """The median of the distances between the points of a sample (n, d): the usual ℓ of a Gaussian kernel.

    Arguments:
        x: Sample (n, d).
        y: A second sample (m, d); the median is then of the pairs among all n + m points.

    Raises:
        ValueError: Where it is zero or there are not two points.
    """
    samples = [as_points(x, "x")] if y is None else list(as_pair(x, y, ("x", "y")))
    points = np.concatenate([sample.cpu().numpy() for sample in samples])
    distances = pdist(points)
    found = float(np.median(distances)) if len(distances) else 0.0
    if not found > 0:
        raise ValueError(f"the median distance of {len(points)} points is {found}: most of them coincide")
    return found
