"""KL of a cloud from an exact density, with the cloud's entropy by nearest neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma, gammaln

from gebm_studio.messages import Doubles


def kl_to_density(y: Doubles, log_density: Callable[[Doubles], Doubles], k: int = 4) -> float:
    """KL(Q‖P) in nats, from a sample of Q and the log density of P; infinite where a point has none.

    −Ĥ(Q) − (1/n) Σ_i log p(y_i), with the entropy Ĥ = (d/n) Σ_i log ρ_i + log V_d + ψ(n) − ψ(k), where ρ_i is
    the distance of y_i to its k-th neighbour and V_d the volume of the unit ball.

    Arguments:
        y: Sample (n, d), n > k.
        log_density: log p of points (n, d), (n,).
        k: Order of the neighbour.

    Raises:
        ValueError: For too few points, and where k + 1 of them coincide: they have no density.

    References:
        A statistical estimate for the entropy of a random vector (Kozachenko and Leonenko, 1987). The form with k and ψ
        is that of Kraskov, Stögbauer and Grassberger (2004), arXiv cond-mat/0305641, equation 20.
    """
    n, d = y.shape
    if not 1 <= k < n:
        raise ValueError(f"kl_to_density needs more than k points and k from 1, got n={n}, k={k}")
    distances = cKDTree(y).query(y, k=[k + 1])[0][:, 0]
    if not distances.min() > 0:
        raise ValueError(f"kl_to_density: {k + 1} points coincide; such a sample has no density")
    volume = 0.5 * d * math.log(math.pi) - gammaln(0.5 * d + 1)
    entropy = d * np.log(distances).mean() + volume + digamma(n) - digamma(k)
    return float(-entropy - log_density(y).mean())
