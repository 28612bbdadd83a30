"""Maximum mean discrepancy between Gaussians and their mixtures under a Gaussian kernel, in closed form."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from gebm_studio.divergences.gaussians import check_gaussian

Doubles = NDArray[np.float64]


class IsotropicMixture(NamedTuple):
    """Σ_i w_i N(m_i, s_i² I).

    Attributes:
        means: m (K, d).
        stds: s (K,), not negative: zero is a point mass.
        weights: w (K,), with sum 1.
    """

    means: NDArray[Any]
    stds: NDArray[Any]
    weights: NDArray[Any]


def mmd2_gaussians(
    mean_p: ArrayLike,
    cov_p: ArrayLike,
    mean_q: ArrayLike,
    cov_q: ArrayLike,
    scale: float,
    amplitude: float = 1.0,
) -> float:
    """MMD² under k(x, y) = A e^{−|x − y|²/2ℓ²}: κ(2S_p, 0) + κ(2S_q, 0) − 2κ(S_p + S_q, m_p − m_q).

    κ(S, u) = A ℓ^d |ℓ²I + S|^{−½} e^{−½uᵀ(ℓ²I + S)⁻¹u} is the mean of k over N(u, S) against 0.

    Arguments:
        mean_p: m_p (d,).
        cov_p: S_p (d, d), positive semidefinite; it may be zero.
        mean_q: m_q (d,).
        cov_q: S_q (d, d), likewise.
        scale: ℓ, positive.
        amplitude: A, positive.

    Raises:
        ValueError: For shapes that do not fit, a covariance that is not symmetric, or a kernel that is not positive.
    """
    _check_kernel(scale, amplitude)
    m_p, S_p = check_gaussian(mean_p, cov_p)
    m_q, S_q = check_gaussian(mean_q, cov_q)
    if m_p.shape != m_q.shape:
        raise ValueError(f"the Gaussians differ in dimension: {len(m_p)} and {len(m_q)}")

    def kappa(S: Doubles, u: Doubles) -> float:
        relative = np.eye(len(u)) + S / scale**2
        form = float(u @ np.linalg.solve(relative, u)) / scale**2
        return amplitude * float(np.exp(-0.5 * (form + np.linalg.slogdet(relative).logabsdet)))

    zero = np.zeros_like(m_p)
    return max(0.0, kappa(2 * S_p, zero) + kappa(2 * S_q, zero) - 2 * kappa(S_p + S_q, m_p - m_q))


def mmd2_mixtures(p: IsotropicMixture, q: IsotropicMixture, scale: float, amplitude: float = 1.0) -> float:
    """MMD² between mixtures of isotropic Gaussians under k(x, y) = A e^{−|x − y|²/2ℓ²}.

    Arguments:
        p: P in d dimensions.
        q: Q in d dimensions.
        scale: ℓ, positive.
        amplitude: A, positive.

    Raises:
        ValueError: For shapes that do not fit, negative deviations, weights that do not sum to one, or a kernel that
            is not positive.
    """
    p, q = _checked(p, q, scale, amplitude)
    value = _mean_kernel(p, p, scale) + _mean_kernel(q, q, scale) - 2 * _mean_kernel(p, q, scale)
    return amplitude * max(0.0, value)


def witness_of_mixtures(
    x: NDArray[Any], p: IsotropicMixture, q: IsotropicMixture, scale: float, amplitude: float = 1.0
) -> Doubles:
    """(μ_P − μ_Q)(x) = E_P k(x, ·) − E_Q k(x, ·), whose squared norm is MMD²: where it is positive, P has more mass.

    Arguments:
        x: Points (N, d).
        p: P in d dimensions.
        q: Q in d dimensions.
        scale: ℓ, positive.
        amplitude: A, positive.

    Returns:
        (N,).

    Raises:
        ValueError: As `mmd2_mixtures`.
    """
    p, q = _checked(p, q, scale, amplitude)
    points = np.asarray(x, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != p.means.shape[1]:
        raise ValueError(f"the witness needs points (N, {p.means.shape[1]}), got {points.shape}")
    at = np.zeros(len(points))
    of_p, of_q = (_kernels(points, at, law.means, law.stds, scale) @ law.weights for law in (p, q))
    values: Doubles = amplitude * (of_p - of_q)
    return values


def _mean_kernel(p: IsotropicMixture, q: IsotropicMixture, scale: float) -> float:
    return float(p.weights @ _kernels(p.means, p.stds, q.means, q.stds, scale) @ q.weights)


def _kernels(m: Doubles, s: Doubles, n: Doubles, t: Doubles, scale: float) -> Doubles:
    """Mean of e^{−|x − y|²/2ℓ²} over x ~ N(m_i, s_i²I) and y ~ N(n_j, t_j²I), for each pair."""
    variance = scale**2 + s[:, None] ** 2 + t**2
    values: Doubles = (scale**2 / variance) ** (m.shape[1] / 2) * np.exp(cdist(m, n, "sqeuclidean") / (-2 * variance))
    return values


def _checked(
    p: IsotropicMixture, q: IsotropicMixture, scale: float, amplitude: float
) -> tuple[IsotropicMixture, IsotropicMixture]:
    _check_kernel(scale, amplitude)
    laws = []
    for law in (p, q):
        means, stds, weights = (np.asarray(part, dtype=np.float64) for part in law)
        if means.ndim != 2 or stds.shape != means.shape[:1] or weights.shape != stds.shape or not means.size:
            raise ValueError(
                f"a mixture needs means (K, d), stds (K,) and weights (K,), got {means.shape}, {stds.shape} and "
                f"{weights.shape}"
            )
        if not (np.isfinite(means).all() and np.isfinite(stds).all() and (stds >= 0).all()):
            raise ValueError("a mixture's means must be finite, and its deviations finite and not negative")
        if not ((weights >= 0).all() and abs(weights.sum() - 1) < 1e-9):
            raise ValueError(f"a mixture's weights must not be negative and sum to 1, got {weights}")
        laws.append(IsotropicMixture(means, stds, weights))
    if laws[0].means.shape[1] != laws[1].means.shape[1]:
        raise ValueError(f"the mixtures differ in dimension: {laws[0].means.shape[1]} and {laws[1].means.shape[1]}")
    return laws[0], laws[1]


def _check_kernel(scale: float, amplitude: float) -> None:
    if not (0 < scale < np.inf and 0 < amplitude < np.inf):
        raise ValueError(f"the kernel's scale and amplitude must be positive, got {scale} and {amplitude}")
