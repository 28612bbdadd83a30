"""Closed forms between uniform distributions: on intervals, and on boxes along the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

from gebm_studio.divergences.f_divergences import NAMES, Divergence
from gebm_studio.divergences.generators import GENERATORS, evaluate

Doubles = NDArray[np.float64]


def f_divergences_uniform(
    low_p: ArrayLike, high_p: ArrayLike, low_q: ArrayLike, high_q: ArrayLike, names: Sequence[str] = NAMES
) -> dict[str, Divergence]:
    """D_f(P‖Q) for each name: b f(b⁻¹a) + (1 − b) f(0+) + (1 − a) f′(∞), a and b the masses of P and Q in the overlap.

    The density ratio there is |Q|/|P| = a/b. Where a box has no width in an axis, it is singular to every other that
    is not the same in that axis.

    Arguments:
        low_p: Lower ends of P's box (d,), or a number.
        high_p: Upper ends.
        low_q: Lower ends of Q's box.
        high_q: Upper ends.
        names: Rows of the table.

    Raises:
        ValueError: For ends that are not finite or not in order, unequal dimensions, or an unknown name.
    """
    l_p, h_p, l_q, h_q = _boxes(low_p, high_p, low_q, high_q)
    for name in names:
        if name not in GENERATORS:
            raise ValueError(f"no divergence is called {name!r}; there are {', '.join(GENERATORS)}")
    # An axis where both are the same needs no division: both may be flat in it.
    differ = (l_p != l_q) | (h_p != h_q)
    widths_p, widths_q = (h_p - l_p)[differ], (h_q - l_q)[differ]
    overlap = np.maximum(0, np.minimum(h_p, h_q) - np.maximum(l_p, l_q))[differ]
    common = bool(((widths_p > 0) & (widths_q > 0) & (overlap > 0)).all())
    a, b = (float((overlap / widths).prod()) if common else 0.0 for widths in (widths_p, widths_q))
    ratio = float((widths_q / widths_p).prod()) if common else 1.0
    p_outside = not common or _reaches_beyond(l_p, h_p, l_q, h_q)
    q_outside = not common or _reaches_beyond(l_q, h_q, l_p, h_p)
    results = {}
    for name in names:
        generator = GENERATORS[name]
        inside = b * float(evaluate(generator.f, ratio)) if common else 0.0
        raw = inside + _part(q_outside, 1 - b, generator.value_at_zero)
        raw += _part(p_outside, 1 - a, generator.slope_at_infinity)
        results[name] = Divergence(raw, generator.customary(raw), 0.0)
    return results


def w1_uniform(low_p: float, high_p: float, low_q: float, high_q: float) -> float:
    """W₁ between intervals: the mean of |α + (β − α)u|, α and β the distances of the lower and of the upper ends.

    Raises:
        ValueError: For ends that are not finite or not in order.
    """
    alpha, beta = _shifts(low_p, high_p, low_q, high_q)
    if alpha * beta >= 0:
        return (abs(alpha) + abs(beta)) / 2
    return (alpha**2 + beta**2) / (2 * (abs(alpha) + abs(beta)))


def w2_uniform(low_p: ArrayLike, high_p: ArrayLike, low_q: ArrayLike, high_q: ArrayLike) -> float:
    """W₂ between intervals or boxes: √(Σ (α² + αβ + β²)/3) over the axes, α and β as in `w1_uniform`.

    Raises:
        ValueError: As `f_divergences_uniform`.
    """
    l_p, h_p, l_q, h_q = _boxes(low_p, high_p, low_q, high_q)
    alpha, beta = l_p - l_q, h_p - h_q
    return math.sqrt(float(((alpha**2 + alpha * beta + beta**2) / 3).sum()))


def mmd2_uniform(
    low_p: float, high_p: float, low_q: float, high_q: float, scale: float, amplitude: float = 1.0
) -> float:
    """MMD² between intervals under k(x, y) = A e^{−(x − y)²/2ℓ²}, from the second integral of k.

    Of its digits some log₁₀(ℓ²/w²) are lost for widths w below ℓ.

    Raises:
        ValueError: For ends that are not finite or not in order, a width of zero, or a kernel that is not positive.
    """
    _check_kernel(scale, amplitude)
    p, q = _wide(low_p, high_p), _wide(low_q, high_q)

    def mean_kernel(a: Doubles, b: Doubles) -> float:
        """∫∫ k / widths: k = K″ leaves K at the differences of the ends, with signs."""
        t = (a[:, None] - b) / (math.sqrt(2) * scale)
        second = scale**2 * (math.sqrt(math.pi) * t * erf(t) + np.exp(-(t**2)))
        return float(second[1, 0] + second[0, 1] - second[0, 0] - second[1, 1]) / float(np.ptp(a) * np.ptp(b))

    return amplitude * max(0.0, mean_kernel(p, p) + mean_kernel(q, q) - 2 * mean_kernel(p, q))


def witness_of_uniforms(
    x: ArrayLike, low_p: float, high_p: float, low_q: float, high_q: float, scale: float, amplitude: float = 1.0
) -> Doubles:
    """(μ_P − μ_Q)(x) of intervals at points (N,), as in `mmd2_uniform`.

    Raises:
        ValueError: As `mmd2_uniform`.
    """
    _check_kernel(scale, amplitude)
    points = np.asarray(x, dtype=np.float64)

    def embedding(ends: Doubles) -> Doubles:
        below, above = (erf((points - end) / (math.sqrt(2) * scale)) for end in ends)
        values: Doubles = scale * math.sqrt(math.pi / 2) * (below - above) / np.ptp(ends)
        return values

    return amplitude * (embedding(_wide(low_p, high_p)) - embedding(_wide(low_q, high_q)))


def _reaches_beyond(low: Doubles, high: Doubles, other_low: Doubles, other_high: Doubles) -> bool:
    """By the ends, as a sliver of mass may be less than the rounding of 1 − a, and yet its KL is ∞."""
    return bool((low < other_low).any() or (high > other_high).any())


def _part(exists: bool, mass: float, limit: float) -> float:
    if not exists:
        return 0.0
    return math.inf if math.isinf(limit) else mass * limit


def _shifts(low_p: float, high_p: float, low_q: float, high_q: float) -> tuple[float, float]:
    l_p, h_p, l_q, h_q = _boxes(low_p, high_p, low_q, high_q)
    if len(l_p) != 1:
        raise ValueError(f"w1_uniform is for intervals, got boxes in {len(l_p)} dimensions")
    return float(l_p[0] - l_q[0]), float(h_p[0] - h_q[0])


def _wide(low: float, high: float) -> Doubles:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"an interval must be finite with low < high, got {low} and {high}")
    return np.array([low, high])


def _boxes(*ends: ArrayLike) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    l_p, h_p, l_q, h_q = (np.atleast_1d(np.asarray(end, dtype=np.float64)) for end in ends)
    if not (l_p.ndim == 1 and l_p.shape == h_p.shape == l_q.shape == h_q.shape and len(l_p)):
        raise ValueError(f"the ends must have one length, got {l_p.shape}, {h_p.shape}, {l_q.shape} and {h_q.shape}")
    for name, low, high in (("P", l_p, h_p), ("Q", l_q, h_q)):
        if not (np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all()):
            raise ValueError(f"the ends of {name} must be finite with low ≤ high, got {low} and {high}")
    return l_p, h_p, l_q, h_q


def _check_kernel(scale: float, amplitude: float) -> None:
    if not (0 < scale < math.inf and 0 < amplitude < math.inf):
        raise ValueError(f"the kernel's scale and amplitude must be positive, got {scale} and {amplitude}")
