"""The integrands q f(p/q) of the table, from log densities, where p, q or p/q may leave the range of a float."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gebm_studio.divergences.generators import GENERATORS

Doubles = NDArray[np.float64]

_NOTHING = -1e300
"""In place of log 0: its exponential is zero, its differences are numbers."""


@dataclass(frozen=True)
class _Terms:
    """What the rows share: p, q, d = log p/q, a = |d|, e = 1 − e^{−a} and l = log(1 + e^{−a})."""

    log_p: Doubles
    log_q: Doubles
    root_p: Doubles
    root_q: Doubles
    p: Doubles
    q: Doubles
    d: Doubles
    a: Doubles
    e: Doubles
    log1p: Doubles


def _terms(log_p: Doubles, log_q: Doubles) -> _Terms:
    d = log_p - log_q
    a = np.abs(d)
    root_p, root_q = np.exp(log_p / 2), np.exp(log_q / 2)
    e = -np.expm1(-a)
    return _Terms(log_p, log_q, root_p, root_q, root_p**2, root_q**2, d, a, e, np.log1p(1 - e))


_ROWS: dict[str, Callable[[_Terms], Doubles]] = {
    "kl": lambda s: s.p * s.d,
    "reverse_kl": lambda s: -s.q * s.d,
    # q (u − 1)² = max(q, p²/q) e²: one exponential of exponents, no quotient of numbers that may both be zero.
    "pearson": lambda s: np.exp(s.log_q + 2 * np.maximum(s.d, 0)) * s.e**2,
    "neyman": lambda s: np.exp(s.log_p - 2 * np.minimum(s.d, 0)) * s.e**2,
    "hellinger": lambda s: (s.root_p - s.root_q) ** 2,
    # p log p/m + q log q/m with m = (p + q)/2, as log m = log max(p, q) + l − log 2.
    "jensen_shannon": lambda s: (s.p + s.q) * (math.log(2) - s.log1p) - np.minimum(s.p, s.q) * s.a,
    "gan": lambda s: -(s.p + s.q) * s.log1p - np.minimum(s.p, s.q) * s.a,
    "total_variation": lambda s: np.maximum(s.p, s.q) * s.e / 2,
    "jeffrey": lambda s: (s.p - s.q) * s.d,
}


def integrands(names: Sequence[str], log_p: ArrayLike, log_q: ArrayLike) -> Doubles:
    """q f(p/q) of several rows at the same points: f(0+) q where p = 0, f′(∞) p where q = 0, 0 where both are.

    Values beyond the range of a float are ∞.

    Arguments:
        names: Keys of `GENERATORS`.
        log_p: log p (N,), −∞ outside of its support.
        log_q: log q (N,), likewise.

    Returns:
        (K, N), a row for each name.

    Raises:
        ValueError: For an unknown name, unequal shapes, or a log density that is NaN or +∞.
    """
    p, q = np.asarray(log_p, dtype=np.float64), np.asarray(log_q, dtype=np.float64)
    _check(names, p, q)
    low_p, low_q = p == -np.inf, q == -np.inf
    outside = bool(low_p.any() or low_q.any())
    out = np.empty((len(names), *p.shape))
    with np.errstate(over="ignore"):
        terms = _terms(np.maximum(p, _NOTHING), np.maximum(q, _NOTHING)) if outside else _terms(p, q)
        for row, name in zip(out, names, strict=True):
            row[:] = _ROWS[name](terms)
            if outside:
                # A density that is positive counts, however small: ∞ times what underflows is ∞.
                _replace(row, low_p & ~low_q, GENERATORS[name].value_at_zero, terms.q)
                _replace(row, low_q & ~low_p, GENERATORS[name].slope_at_infinity, terms.p)
    return out


def _replace(row: Doubles, where: NDArray[np.bool_], limit: float, density: Doubles) -> None:
    row[where] = math.inf if math.isinf(limit) else limit * density[where]


def _check(names: Sequence[str], log_p: Doubles, log_q: Doubles) -> None:
    for name in names:
        if name not in GENERATORS:
            raise ValueError(f"no divergence is called {name!r}; there are {', '.join(GENERATORS)}")
    if log_p.shape != log_q.shape or log_p.ndim != 1:
        raise ValueError(f"log densities must be two arrays of one length, got {log_p.shape} and {log_q.shape}")
    for name, logs in (("log_p", log_p), ("log_q", log_q)):
        if not (logs < np.inf).all():
            raise ValueError(f"{name} must give numbers below ∞, got {int((~(logs < np.inf)).sum())} NaN or ∞")
