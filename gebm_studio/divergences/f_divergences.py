"""All φ-divergences of the table between two known densities, in one pass of adaptive quadrature."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gebm_studio.divergences.generators import GENERATORS, Generator, evaluate
from gebm_studio.divergences.integrands import integrands
from gebm_studio.divergences.integrate import Integral, integrate, integrate_plane_in_pieces
from gebm_studio.divergences.pieces import Pieces, finished
from gebm_studio.divergences.quadrature import LogDensity

Doubles = NDArray[np.float64]

NAMES = tuple(GENERATORS)
_CELLS = 6
"""First cells along each side of the plane's rectangle."""
_SAMPLES = 8
"""Points of a panel where p/q is looked at for crossings of p and q."""
_GROWTH = 1.6
_PROBES = 40
"""Distances beyond the last break, each `_GROWTH` times the one before: up to some 10⁷ times the breaks' range."""

_ROUNDING = 1e-13
"""By which a mass may miss 1."""
_LEAST = 1e-300
_FADED = 28.0
"""A density lower than its peak by this much, in logarithms, is 10⁻¹² of it."""
_SIZEABLE = 1e-3
"""A missing mass above this is a part of a law, and below it a tail."""
_LARGEST = 300.0
"""Exponents above this are held there: squared, the power is still a float."""


class Divergence(NamedTuple):
    """One row's result.

    Attributes:
        raw: ∫ q f(p/q).
        value: The number that goes by its name, as JSD for both Jensen–Shannon and GAN.
        error: Estimated error of `value`; 0 where it is ∞.
    """

    raw: float
    value: float
    error: float


def f_divergences_1d(
    log_p: LogDensity,
    log_q: LogDensity,
    breaks: ArrayLike,
    *,
    names: Sequence[str] = NAMES,
    infinite: Collection[str] = (),
    tolerance: float = 1e-9,
) -> dict[str, Divergence]:
    """D_f(P‖Q) on the line for each name, to `tolerance`, relative above a value of one.

    The range grows beyond the breaks until every integrand has vanished, as that of χ² may live where p and q do not.
    Where 0 = q < p or the other way round, the limits of the generator count, so ∞ is found and not approximated; so
    is it where an integrand still rises some 10⁷ ranges away. What tails alone decide, `infinite_by_tails` tells
    exactly.

    Arguments:
        log_p: log p of points (N,), normalised, −∞ outside of its support.
        log_q: log q of points (N,), likewise.
        breaks: Edges of the first panels, two or more in any order: jumps of p or q, and about each narrow part of
            them some standard deviations apart, as `gaussian_breaks` gives; a part that no break marks may be missed.
        names: Rows of the table.
        infinite: Rows known to be infinite.
        tolerance: Error aimed at.

    Raises:
        ValueError: For fewer than two breaks, an unknown name, or a log density that is NaN or +∞.
    """
    edges = np.unique(np.asarray(breaks, dtype=np.float64))
    if len(edges) < 2 or not np.isfinite(edges).all():
        raise ValueError(f"breaks must be two or more different finite numbers, got {edges}")
    wanted = [name for name in names if name not in infinite]
    away = (edges[-1] - edges[0]) / 16 * _GROWTH ** np.arange(_PROBES)
    inside = (edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(_SAMPLES) + 0.5) / _SAMPLES).ravel()
    x = np.concatenate([edges[0] - away, edges[-1] + away, inside])
    p, q = log_p(x), log_q(x)
    probes = _with_masses(wanted, p, q)
    with np.errstate(over="ignore"):
        far = np.abs(probes[:, : 2 * _PROBES]).reshape(-1, 2, _PROBES) * away
    # An integrand that falls no faster than 1/x has no integral. It may also have overflowed at any probe.
    endless = ((far[..., -1] > tolerance) & (far[..., -1] >= 0.99 * far[..., -2])).any(axis=1)
    endless |= np.isinf(probes).any(axis=1)
    left = [name for name, without_end in zip(wanted, endless, strict=False) if not without_end]
    lower, upper = (far[~endless] > tolerance / 1000).any(axis=0)
    edges = np.concatenate([edges[0] - away[: _needed(lower)][::-1], edges, edges[-1] + away[: _needed(upper)]])
    if "total_variation" in left:
        edges = _distinct(np.concatenate([edges, _crossings(log_p, log_q, inside, p[2 * _PROBES :], q[2 * _PROBES :])]))
    found = integrate(lambda at: _with_masses(left, log_p(at), log_q(at)), edges, tolerance=tolerance)
    return _results(names, left, found, p, q)


def f_divergences_2d(
    log_p: LogDensity,
    log_q: LogDensity,
    extent: tuple[float, float, float, float],
    *,
    names: Sequence[str] = NAMES,
    breaks: tuple[Sequence[float], Sequence[float]] = ((), ()),
    infinite: Collection[str] = (),
    tolerance: float = 1e-5,
    most: int = 1500,
) -> dict[str, Divergence]:
    """D_f(P‖Q) in the plane for each name, over a rectangle that should hold all but a negligible part of both.

    The error counts the mass that the rectangle misses. Jumps that follow neither axis cost many cells.

    Arguments:
        log_p: log p of points (N, 2), normalised, −∞ outside of its support.
        log_q: log q of points (N, 2), likewise.
        extent: Left, right, bottom, top.
        names: Rows of the table.
        breaks: Numbers across and upwards where cells should end: jumps, and some about each narrow part.
        infinite: Rows known to be infinite, as tails alone decide: between Gaussians, those whose `chi2` is ∞. Without
            that they would be large numbers.
        tolerance: Error aimed at, relative above a value of one.
        most: Cells evaluated at most.

    Raises:
        ValueError: For an extent without area, an unknown name, or a log density that is NaN or +∞.
    """
    return finished(
        f_divergences_2d_in_pieces(
            log_p, log_q, extent, names=names, breaks=breaks, infinite=infinite, tolerance=tolerance, most=most
        )
    )


def f_divergences_2d_in_pieces(
    log_p: LogDensity,
    log_q: LogDensity,
    extent: tuple[float, float, float, float],
    *,
    names: Sequence[str] = NAMES,
    breaks: tuple[Sequence[float], Sequence[float]] = ((), ()),
    infinite: Collection[str] = (),
    tolerance: float = 1e-5,
    most: int = 1500,
) -> Pieces[dict[str, Divergence]]:
    """As `f_divergences_2d`, and returns the same: it yields after each few cells, so that other work may go on."""
    left, right, bottom, top = extent
    if not (left < right and bottom < top and np.isfinite(extent).all()):
        raise ValueError(f"extent must be finite with left < right and bottom < top, got {extent}")
    across, upwards = _cells(left, right, breaks[0]), _cells(bottom, top, breaks[1])
    wanted = [name for name in names if name not in infinite]

    def rows(at: Doubles) -> Doubles:
        return _with_masses(wanted, log_p(at), log_q(at))

    found = yield from integrate_plane_in_pieces(rows, across, upwards, tolerance=tolerance, most=most)
    grid = np.stack(np.meshgrid(np.linspace(left, right, 33), np.linspace(bottom, top, 33)), axis=-1).reshape(-1, 2)
    return _results(names, wanted, found, log_p(grid), log_q(grid))


def gaussian_breaks(means: Sequence[float], stds: Sequence[float]) -> list[float]:
    """Breaks for Gaussians, or for all components of mixtures of them: at the mean and up to ten deviations off."""
    apart = (-10.0, -7.0, -4.5, -2.5, -1.0, 0.0, 1.0, 2.5, 4.5, 7.0, 10.0)
    return sorted(mean + k * std for mean, std in zip(means, stds, strict=True) for k in apart)


def _with_masses(names: Sequence[str], log_p: Doubles, log_q: Doubles) -> Doubles:
    """The integrands, and below them p and q themselves."""
    return np.concatenate([integrands(names, log_p, log_q), np.exp([log_p, log_q])])


def _needed(significant: NDArray[np.bool_]) -> int:
    """How many of the probes bound panels: one beyond the last that matters, and one in any case."""
    return min(int(significant.nonzero()[0].max(initial=-1)) + 2, len(significant))


def _crossings(log_p: LogDensity, log_q: LogDensity, x: Doubles, p: Doubles, q: Doubles) -> Doubles:
    """Where p = q between neighbours among x: there |p − q| has a kink. By the Illinois rule, all side by side."""
    known = np.isfinite(p) & np.isfinite(q)
    difference = np.subtract(p, q, where=known, out=np.zeros(len(x)))
    at = difference[:-1] * difference[1:] < 0
    a, b, at_a, at_b = x[:-1][at], x[1:][at], difference[:-1][at], difference[1:][at]
    for _ in range(6 if len(a) else 0):
        c = b - at_b * (b - a) / (at_b - at_a)
        at_c = log_p(c) - log_q(c)
        crossed = at_c * at_b < 0
        a, at_a = np.where(crossed, b, a), np.where(crossed, at_b, at_a / 2)
        b, at_b = c, np.where(at_c == 0, np.copysign(_LEAST, at_b), at_c)
    return b


def _distinct(edges: Doubles) -> Doubles:
    """Sorted, without those that all but coincide with another."""
    edges = np.sort(edges)
    least = 1e-12 * max(abs(edges[0]), abs(edges[-1]))
    kept: Doubles = edges[np.concatenate([[True], np.diff(edges) > least])]
    return kept


def _cells(low: float, high: float, breaks: Sequence[float]) -> Doubles:
    inner = [at for at in breaks if low < at < high]
    return _distinct(np.concatenate([np.linspace(low, high, _CELLS + 1), inner]))


def _results(
    names: Sequence[str], integrated: Sequence[str], found: Integral, log_p: Doubles, log_q: Doubles
) -> dict[str, Divergence]:
    """The rows in the order asked for; log_p and log_q at some points tell what missing mass may count."""
    gaps = np.abs(1 - found.value[-2:])
    missing = float(gaps[gaps > found.error[-2:] + _ROUNDING].sum())
    extremes = _extreme_ratios(log_p, log_q, symmetric=missing > _SIZEABLE) if missing else (1.0, 1.0)
    results = dict.fromkeys(names, Divergence(math.inf, math.inf, 0.0))
    for name, raw, error in zip(integrated, found.value, found.error, strict=False):
        generator = GENERATORS[name]
        if not math.isinf(raw):
            error = float(error) + (missing * _most_counted(generator, *extremes) if missing else 0.0)
            # Rounding alone leaves −10⁻¹⁷ between equal laws, and a total variation of 1 + 10⁻¹⁵ between distant ones.
            most = generator.customary(generator.value_at_zero + generator.slope_at_infinity)
            value = min(max(0.0, generator.customary(float(raw))), most)
            results[name] = Divergence(float(raw), value, error * generator.scale)
    return results


def _most_counted(generator: Generator, least: float, most: float) -> float:
    """The most that a unit of missing mass may add, at ratios u = p/q between these: f(u) if of Q, f(u)/u if of P."""
    low, even, high = np.abs(evaluate(generator.f, [least, 1.0, most]))
    return float(max(low, even, high / most))


def _extreme_ratios(log_p: Doubles, log_q: Doubles, symmetric: bool) -> tuple[float, float]:
    """The least and the largest p/q where p or q matters; as steep one way as the other, if so asked."""
    density = np.maximum(log_p, log_q)
    seen = (density > density.max() - _FADED) & np.isfinite(log_p) & np.isfinite(log_q)
    log_ratio = np.clip(log_p[seen] - log_q[seen], -_LARGEST, _LARGEST)
    least, most = float(log_ratio.min(initial=0)), float(log_ratio.max(initial=0))
    if symmetric:  # what is missing may be the other side of what is seen
        least, most = min(least, -most), max(most, -least)
    return math.exp(least), math.exp(most)
