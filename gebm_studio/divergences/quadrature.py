"""KL divergence between two known densities, by quadrature in one and two dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LogDensity = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Points (N, 2) in the plane, or (N,) on the line, to values (N,)."""

_POINTS = 2**16
"""Points evaluated at once."""


class Quadrature(NamedTuple):
    """A KL in nats, and an estimate of its error.

    The error is how far the value moved when the resolution was doubled, plus what the mass of P that the
    cells miss would add at the largest |log p/q| among them: a region that cuts P shows.
    """

    value: float
    error: float


def kl_on_grid(
    log_p: LogDensity, log_q: LogDensity, extent: tuple[float, float, float, float], n: int = 256
) -> Quadrature:
    """∫ p (log p − log q) over a rectangle, by the midpoint rule on n × n cells.

    Both densities must be normalised; the rule is accurate beyond any power of n once the cells are
    narrower than the features of smooth densities, and of order 1/n across jumps.

    Arguments:
        log_p: log p of points (N, 2), −∞ outside its support.
        log_q: log q of points (N, 2). Where q = 0 < p the value is ∞.
        extent: Left, right, bottom, top.
        n: Cells along each side, an even number from 4.

    Raises:
        ValueError: For an extent without area, an n that is odd or below 4, or a log density that is NaN or +∞.
    """
    left, right, bottom, top = extent
    if not (left < right and bottom < top and np.isfinite(extent).all()):
        raise ValueError(f"extent must be finite with left < right and bottom < top, got {extent}")
    _check_cells(n)

    def integrate(cells: int) -> CellSum:
        x, y = _midpoints(left, right, cells), _midpoints(bottom, top, cells)
        points = np.stack(np.meshgrid(x, y, indexing="xy"), axis=-1).reshape(-1, 2)
        return _integral(log_p, log_q, points, (right - left) * (top - bottom) / cells**2)

    return refined(integrate(n // 2), integrate(n))


def kl_1d(log_p: LogDensity, log_q: LogDensity, low: float, high: float, n: int = 4096) -> Quadrature:
    """∫ p (log p − log q) over an interval, by the midpoint rule on n cells.

    On a whole period, such as a circle's angle, or where both densities fade before the ends, the rule is
    accurate beyond any power of n.

    Arguments:
        log_p: log p of points (N,), normalised, −∞ outside its support.
        log_q: log q of points (N,), normalised. Where q = 0 < p the value is ∞.
        low: Beginning of the interval.
        high: Its end.
        n: Cells, an even number from 4.

    Raises:
        ValueError: As `kl_on_grid`.
    """
    if not (low < high and np.isfinite([low, high]).all()):
        raise ValueError(f"the interval must be finite with low < high, got {low} and {high}")
    _check_cells(n)

    def integrate(cells: int) -> CellSum:
        return _integral(log_p, log_q, _midpoints(low, high, cells), (high - low) / cells)

    return refined(integrate(n // 2), integrate(n))


class CellSum(NamedTuple):
    """Sums over cells of one size: the KL, the mass of P, and the largest |log p/q| where p > 0."""

    value: float
    mass: float
    steepest: float


def kl_of_cells(log_p: NDArray[np.float64], log_q: NDArray[np.float64], cell: float) -> CellSum:
    """∫ p (log p − log q) by the midpoint rule, from log densities (N,) at the middles of cells of one size.

    Raises:
        ValueError: For a log density that is NaN or +∞.
    """
    for name, logs in (("log_p", log_p), ("log_q", log_q)):
        if logs.shape != log_p.shape or not (logs < np.inf).all():
            raise ValueError(f"{name} must give {len(log_p)} numbers below ∞, none of them NaN")
    inside = log_p > -np.inf  # outside of P's support the integrand is 0 log 0 = 0, whatever q is
    weight = np.exp(log_p[inside])
    log_ratio = log_p[inside] - log_q[inside]
    value, mass = cell * float((weight * log_ratio).sum()), cell * float(weight.sum())
    return CellSum(value, mass, float(np.abs(log_ratio).max(initial=0.0)))


def refined(coarse: CellSum, fine: CellSum) -> Quadrature:
    """The value on the finer of two grids, and its error."""
    if np.isinf(fine.value):
        return Quadrature(fine.value, 0.0)
    return Quadrature(fine.value, abs(fine.value - coarse.value) + abs(1 - fine.mass) * fine.steepest)


def _check_cells(n: int) -> None:
    if n < 4 or n % 2:
        raise ValueError(f"n must be an even number from 4, got {n}")


def _midpoints(low: float, high: float, n: int) -> NDArray[np.float64]:
    return low + (high - low) * (np.arange(n) + 0.5) / n


def _integral(log_p: LogDensity, log_q: LogDensity, points: NDArray[np.float64], cell: float) -> CellSum:
    sums = []
    for start in range(0, len(points), _POINTS):
        part = points[start : start + _POINTS]
        p, q = (np.asarray(log(part), dtype=np.float64) for log in (log_p, log_q))
        if p.shape != (len(part),):
            raise ValueError(f"log_p must give {len(part)} numbers below ∞, none of them NaN")
        sums.append(kl_of_cells(p, q, cell))
    values, masses, steepest = zip(*sums, strict=True)
    return CellSum(sum(values), sum(masses), max(steepest))
