"""Closed forms between Gaussian distributions, in nats and in the units of the data."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.special import ndtr

Matrix = NDArray[np.float64]


def kl_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """KL(N(μp, σp²) ‖ N(μq, σq²)) = log(σq/σp) + (σp² + Δ²)/2σq² − ½.

    Raises:
        ValueError: For a deviation that is not positive.
    """
    _check_positive(sigma_p, sigma_q)
    return math.log(sigma_q / sigma_p) + (sigma_p**2 + (mu_p - mu_q) ** 2) / (2 * sigma_q**2) - 0.5


def w1_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """W₁ on the line: s√(2/π)e^{−Δ²/2s²} + Δ(1 − 2Φ(−Δ/s)), s = |σp − σq|, the mean of |N(Δ, s²)|.

    Raises:
        ValueError: For a deviation that is not positive.
    """
    _check_positive(sigma_p, sigma_q)
    delta, s = abs(mu_p - mu_q), abs(sigma_p - sigma_q)
    if s == 0:
        return delta
    tail = float(ndtr(-delta / s))
    return s * math.sqrt(2 / math.pi) * math.exp(-((delta / s) ** 2) / 2) + delta * (1 - 2 * tail)


def kl(mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike) -> float:
    """KL(N(m_p, S_p) ‖ N(m_q, S_q)) = ½[tr(S_q⁻¹S_p) + ΔᵀS_q⁻¹Δ − d + log |S_q|/|S_p|].

    Arguments:
        mean_p: m_p (d,).
        cov_p: S_p (d, d), positive definite.
        mean_q: m_q (d,).
        cov_q: S_q (d, d), positive definite.

    Raises:
        ValueError: For shapes that do not fit, or a covariance that is not symmetric and positive definite.
    """
    m_p, S_p = _gaussian(mean_p, cov_p)
    m_q, S_q = _gaussian(mean_q, cov_q)
    if m_p.shape != m_q.shape:
        raise ValueError(f"the Gaussians differ in dimension: {len(m_p)} and {len(m_q)}")
    try:
        L_p, L_q = np.linalg.cholesky(S_p), np.linalg.cholesky(S_q)
    except np.linalg.LinAlgError as error:
        raise ValueError("a covariance is not positive definite") from error
    # |L_q⁻¹L_p|² is the trace and |L_q⁻¹Δ|² the quadratic form: no matrix is inverted.
    trace = float((solve_triangular(L_q, L_p, lower=True) ** 2).sum())
    form = float((solve_triangular(L_q, m_p - m_q, lower=True) ** 2).sum())
    log_ratio = 2 * float(np.log(np.diag(L_q)).sum() - np.log(np.diag(L_p)).sum())
    return 0.5 * (trace + form - len(m_p) + log_ratio)


def w2_squared(mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike) -> float:
    """W₂²(N(m_p, S_p), N(m_q, S_q)) = |Δ|² + tr(S_p + S_q − 2(S_q^½ S_p S_q^½)^½).

    Arguments:
        mean_p: m_p (d,).
        cov_p: S_p (d, d), positive semidefinite; it may be singular.
        mean_q: m_q (d,).
        cov_q: S_q (d, d), positive semidefinite.

    Raises:
        ValueError: For shapes that do not fit, or a covariance that is not symmetric.
    """
    m_p, S_p = _gaussian(mean_p, cov_p)
    m_q, S_q = _gaussian(mean_q, cov_q)
    if m_p.shape != m_q.shape:
        raise ValueError(f"the Gaussians differ in dimension: {len(m_p)} and {len(m_q)}")
    # tr(S_q^½ S_p S_q^½)^½ is the sum of the singular values of S_p^½ S_q^½: no square root of a product,
    # whose small eigenvalues rounding would make negative.
    cross = float(np.linalg.svd(_root(S_p) @ _root(S_q), compute_uv=False).sum())
    return max(0.0, float(((m_p - m_q) ** 2).sum() + np.trace(S_p) + np.trace(S_q)) - 2 * cross)


def _gaussian(mean: ArrayLike, cov: ArrayLike) -> tuple[Matrix, Matrix]:
    m, S = np.asarray(mean, dtype=np.float64), np.asarray(cov, dtype=np.float64)
    if m.ndim != 1 or S.shape != (len(m), len(m)) or not len(m):
        raise ValueError(f"a Gaussian needs a mean (d,) and a covariance (d, d), got {m.shape} and {S.shape}")
    if not (np.isfinite(m).all() and np.isfinite(S).all()):
        raise ValueError("a mean or covariance holds numbers that are not finite")
    if not np.allclose(S, S.T, rtol=1e-8, atol=1e-12 * float(np.abs(S).max())):
        raise ValueError("a covariance is not symmetric")
    return m, (S + S.T) / 2


def _root(S: Matrix) -> Matrix:
    """The symmetric square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(S)
    root: Matrix = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def _check_positive(*sigmas: float) -> None:
    if not all(sigma > 0 for sigma in sigmas):
        raise ValueError(f"a standard deviation must be positive, got {sigmas}")
