"""Closed forms between Gaussian distributions, in nats and in the units of the data.

On the line a deviation may be zero: a point mass, at the distance that the definition gives.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.special import erf, ndtr

from gebm_studio.divergences.tails import ROUNDING

Matrix = NDArray[np.float64]

_LARGEST_EXPONENT = 709.0
"""e to more is beyond the range of a float."""


def kl_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """KL(N(μp, σp²) ‖ N(μq, σq²)) = log(σq/σp) + (σp² + Δ²)/2σq² − ½; ∞ where one σ is zero, 0 between equal points.

    Raises:
        ValueError: For a mean that is not finite, or a deviation that is not finite or below zero.
    """
    _check_normals(mu_p, sigma_p, mu_q, sigma_q)
    if sigma_p == 0 or sigma_q == 0:
        return 0.0 if (mu_p, sigma_p) == (mu_q, sigma_q) else math.inf
    ratio, shift = sigma_p / sigma_q, (mu_p - mu_q) / sigma_q
    return math.log(sigma_q / sigma_p) + (ratio * ratio + shift * shift) / 2 - 0.5


def jeffrey_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """KL(P‖Q) + KL(Q‖P) between Gaussians on the line.

    Raises:
        ValueError: As `kl_normal`.
    """
    return kl_normal(mu_p, sigma_p, mu_q, sigma_q) + kl_normal(mu_q, sigma_q, mu_p, sigma_p)


def chi2_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """χ²(P‖Q) = σq²/(σp√v)·e^{Δ²/v} − 1, v = 2σq² − σp²; ∞ where v ≤ 0. Neyman's is that with P and Q exchanged.

    Values beyond the range of a float are ∞ too.

    Raises:
        ValueError: As `kl_normal`.
    """
    _check_normals(mu_p, sigma_p, mu_q, sigma_q)
    if sigma_p == 0 or sigma_q == 0:
        return 0.0 if (mu_p, sigma_p) == (mu_q, sigma_q) else math.inf
    return _chi2(np.array([(sigma_p / sigma_q) ** 2]), np.array([(mu_p - mu_q) / sigma_q]))


def hellinger2_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """H² = ∫ (√p − √q)² = 2(1 − √(2σpσq/(σp² + σq²))·e^{−Δ²/4(σp² + σq²)}), from 0 to 2.

    Raises:
        ValueError: As `kl_normal`.
    """
    _check_normals(mu_p, sigma_p, mu_q, sigma_q)
    if sigma_p == 0 or sigma_q == 0:
        return 0.0 if (mu_p, sigma_p) == (mu_q, sigma_q) else 2.0
    return _hellinger2(np.array([(sigma_p / sigma_q) ** 2]), np.array([(mu_p - mu_q) / sigma_q]))


def tv_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """TV = ½ ∫ |p − q|: the narrower law's mass between the two points where p = q, less the wider's there.

    For equal σ these are one point, and TV = 2Φ(|Δ|/2σ) − 1.

    Raises:
        ValueError: As `kl_normal`.
    """
    _check_normals(mu_p, sigma_p, mu_q, sigma_q)
    if sigma_p == 0 or sigma_q == 0:
        return 0.0 if (mu_p, sigma_p) == (mu_q, sigma_q) else 1.0
    narrow = min(sigma_p, sigma_q) / max(sigma_p, sigma_q)
    shift = abs(mu_p - mu_q) / max(sigma_p, sigma_q)
    if narrow == 1:
        return float(erf(shift / math.sqrt(8)))
    # In units of the wider, about the narrower's mean: a x² + 2b x + c = 0.
    a, b = (1 / narrow - 1) * (1 / narrow + 1), shift
    c = -(shift**2) + 2 * math.log(narrow)
    lower = -(b + math.sqrt(b**2 - a * c))
    points = np.array([lower / a, c / lower])
    inner, outer = np.diff(ndtr(points / narrow)), np.diff(ndtr(points - shift))
    return float(np.clip(inner - outer, 0, 1)[0])


def w1_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """W₁ on the line: s√(2/π)e^{−Δ²/2s²} + Δ(1 − 2Φ(−Δ/s)), s = |σp − σq|, the mean of |N(Δ, s²)|.

    Raises:
        ValueError: As `kl_normal`.
    """
    _check_normals(mu_p, sigma_p, mu_q, sigma_q)
    delta, s = abs(mu_p - mu_q), abs(sigma_p - sigma_q)
    if s == 0:
        return delta
    tail = float(ndtr(-delta / s))
    return s * math.sqrt(2 / math.pi) * math.exp(-((delta / s) ** 2) / 2) + delta * (1 - 2 * tail)


def w2_normal(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> float:
    """W₂ on the line: √(Δ² + (σp − σq)²).

    Raises:
        ValueError: As `kl_normal`.
    """
    _check_normals(mu_p, sigma_p, mu_q, sigma_q)
    return math.hypot(mu_p - mu_q, sigma_p - sigma_q)


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
    m_p, L_p, m_q, L_q = _factors(mean_p, cov_p, mean_q, cov_q)
    # |L_q⁻¹L_p|² is the trace and |L_q⁻¹Δ|² the quadratic form: no matrix is inverted.
    trace = float((solve_triangular(L_q, L_p, lower=True) ** 2).sum())
    form = float((solve_triangular(L_q, m_p - m_q, lower=True) ** 2).sum())
    log_ratio = 2 * float(np.log(np.diag(L_q)).sum() - np.log(np.diag(L_p)).sum())
    return 0.5 * (trace + form - len(m_p) + log_ratio)


def chi2(mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike) -> float:
    """χ²(N(m_p, S_p) ‖ N(m_q, S_q)): ∞ unless 2S_q − S_p is positive definite, or beyond the range of a float.

    Along the axes in which S_q = I and S_p = diag(λ) it is Π 1/√(λ_i(2 − λ_i))·e^{Σ δ_i²/(2 − λ_i)} − 1.

    Arguments:
        mean_p: m_p (d,).
        cov_p: S_p (d, d), positive definite.
        mean_q: m_q (d,).
        cov_q: S_q (d, d), positive definite.

    Raises:
        ValueError: As `kl`.
    """
    return _chi2(*_whitened(mean_p, cov_p, mean_q, cov_q))


def hellinger2(mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike) -> float:
    """H² = 2(1 − |S_p|^¼ |S_q|^¼ |S|^{−½} e^{−ΔᵀS⁻¹Δ/8}), S = ½(S_p + S_q), from 0 to 2.

    Arguments:
        mean_p: m_p (d,).
        cov_p: S_p (d, d), positive definite.
        mean_q: m_q (d,).
        cov_q: S_q (d, d), positive definite.

    Raises:
        ValueError: As `kl`.
    """
    return _hellinger2(*_whitened(mean_p, cov_p, mean_q, cov_q))


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
    m_p, S_p = check_gaussian(mean_p, cov_p)
    m_q, S_q = check_gaussian(mean_q, cov_q)
    if m_p.shape != m_q.shape:
        raise ValueError(f"the Gaussians differ in dimension: {len(m_p)} and {len(m_q)}")
    # tr(S_q^½ S_p S_q^½)^½ is the sum of the singular values of S_p^½ S_q^½: no square root of a product,
    # whose small eigenvalues rounding would make negative.
    cross = float(np.linalg.svd(_root(S_p) @ _root(S_q), compute_uv=False).sum())
    return max(0.0, float(((m_p - m_q) ** 2).sum() + np.trace(S_p) + np.trace(S_q)) - 2 * cross)


def _chi2(variance: Matrix, shift: Matrix) -> float:
    """χ²(N(δ, diag λ) ‖ N(0, I))."""
    excess = variance - 1
    if (excess >= 1 - ROUNDING).any():
        return math.inf
    # λ(2 − λ) = 1 − (λ − 1)², of which each keeps the digits that the other loses.
    log_product = np.where(np.abs(excess) < 0.5, np.log1p(-(excess**2)), np.log(variance * (2 - variance)))
    exponent = float((shift**2 / (2 - variance) - log_product / 2).sum())
    return math.expm1(exponent) if exponent < _LARGEST_EXPONENT else math.inf


def _hellinger2(variance: Matrix, shift: Matrix) -> float:
    """H²(N(δ, diag λ), N(0, I))."""
    std = np.sqrt(variance)
    log_affinity = -np.log1p((std - 1) ** 2 / (2 * std)) / 2 - shift**2 / (4 * (1 + variance))
    return -2 * math.expm1(float(log_affinity.sum()))


def _whitened(mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike) -> tuple[Matrix, Matrix]:
    """P in the axes where Q = N(0, I) and P's covariance is diagonal: its variances and its mean, both (d,)."""
    m_p, L_p, m_q, L_q = _factors(mean_p, cov_p, mean_q, cov_q)
    axes, stds, _ = np.linalg.svd(solve_triangular(L_q, L_p, lower=True))
    return stds**2, axes.T @ solve_triangular(L_q, m_p - m_q, lower=True)


def _factors(
    mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Means and Cholesky factors."""
    m_p, S_p = check_gaussian(mean_p, cov_p)
    m_q, S_q = check_gaussian(mean_q, cov_q)
    if m_p.shape != m_q.shape:
        raise ValueError(f"the Gaussians differ in dimension: {len(m_p)} and {len(m_q)}")
    try:
        L_p, L_q = (np.asarray(np.linalg.cholesky(S), dtype=np.float64) for S in (S_p, S_q))
    except np.linalg.LinAlgError as error:
        raise ValueError("a covariance is not positive definite") from error
    return m_p, L_p, m_q, L_q


def check_gaussian(mean: ArrayLike, cov: ArrayLike) -> tuple[Matrix, Matrix]:
    """A mean (d,) and a symmetric covariance (d, d) in float64.

    Raises:
        ValueError: For shapes that do not fit, numbers that are not finite, or a covariance that is not symmetric.
    """
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


def _check_normals(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> None:
    if not (math.isfinite(mu_p) and math.isfinite(mu_q)):
        raise ValueError(f"a mean must be finite, got {mu_p} and {mu_q}")
    if not (0 <= sigma_p < math.inf and 0 <= sigma_q < math.inf):
        raise ValueError(f"a standard deviation must be finite and not negative, got {sigma_p} and {sigma_q}")
