"""φ-divergences in the plane: sums over a grid for blurred toys, adaptive cells for all other densities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gebm_studio.divergences import (
    GENERATORS,
    Divergence,
    f_divergences_2d_in_pieces,
    gaussian_tails,
    infinite_by_tails,
    integrands,
)
from gebm_studio.experiments.lab.later import Pieces
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.targets.law_forms import Normal
from gebm_studio.targets.law_points import Toy
from gebm_studio.targets.laws import Law

_TOLERANCE = 1e-5
_CELLS = (80, 320, 1500)
"""Cells of the adaptive rule: most pairs need the first try alone."""
_SPACING = 0.5
"""Cells of the grid, in standard deviations of the narrowest Gaussian: equal cells then err by 10⁻³⁰ on smooth rows."""
_MOST = 1000
"""Cells along a side of the grid; what needs more is left to the adaptive rule."""
_REACH, _GRID_REACH = 9.0, 6.5
"""Standard deviations of a Gaussian that are covered: beyond lies 10⁻¹⁸ of its mass, and 10⁻⁹."""
_HEAVY = 32.0
"""Homes that are covered of a law with heavy tails, as the funnel: at 2 its KL to a Gaussian lost 3 %."""
_PIECE = 1000
"""Points whose densities are evaluated in one piece of work."""


def in_plane(pair: Pair) -> Pieces[dict[str, Divergence]]:
    """All rows of the table, a piece at a time.

    Raises:
        Unknown: Where a law has no density.
    """
    infinite = _infinite(pair)
    narrowest = [_narrowest(law) for law in (pair.p, pair.q)]
    if any(isinstance(law.form, Toy) for law in (pair.p, pair.q)) and all(narrowest):
        left, right, bottom, top = _extent(pair, _GRID_REACH)
        cells = math.ceil(max(right - left, top - bottom) / (_SPACING * min(narrowest)))
        if cells <= _MOST:
            return (yield from _on_grid(pair, 2 * math.ceil(cells / 2), infinite))
    return (yield from _adaptive(pair, infinite))


def _adaptive(pair: Pair, infinite: frozenset[str]) -> Pieces[dict[str, Divergence]]:
    """By quadrature with ever more cells, until they suffice."""
    log_p, log_q = pair.log_density_functions()
    found: dict[str, Divergence] = {}
    for most in _CELLS:
        found = yield from f_divergences_2d_in_pieces(
            log_p,
            log_q,
            _extent(pair, _REACH),
            breaks=_breaks(pair),
            infinite=infinite,
            tolerance=_TOLERANCE,
            most=most,
        )
        if all(row.error <= _TOLERANCE * max(1.0, abs(row.value)) for row in found.values()):
            break
        yield
    return found


def _on_grid(pair: Pair, cells: int, infinite: frozenset[str]) -> Pieces[dict[str, Divergence]]:
    """Sums over equal cells; the error is the distance from the sum over every other one of each row and column."""
    log_p, log_q = pair.log_density_functions()
    left, right, bottom, top = _extent(pair, _GRID_REACH)
    step = np.array([(right - left) / cells, (top - bottom) / cells])
    x = left + step[0] * np.arange(cells)
    names = [name for name in GENERATORS if name not in infinite]
    fine, coarse = np.zeros(len(names)), np.zeros(len(names))
    rows = max(1, _PIECE // cells)
    for first in range(0, cells, rows):
        y = bottom + step[1] * np.arange(first, min(first + rows, cells))
        at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        values = integrands(names, log_p(at), log_q(at)).reshape(len(names), len(y), cells)
        with np.errstate(over="ignore"):  # a χ² beyond all floats is ∞
            fine += values.sum(axis=(1, 2))
            coarse += 4 * values[:, first % 2 :: 2, ::2].sum(axis=(1, 2))
        yield
    area = float(step.prod())
    found = dict.fromkeys(GENERATORS, Divergence(math.inf, math.inf, 0.0))
    for name, total, other in zip(names, fine * area, coarse * area, strict=True):
        generator = GENERATORS[name]
        if math.isfinite(total):
            error = abs(total - other) if math.isfinite(other) else abs(total)
            found[name] = Divergence(float(total), generator.customary(float(total)), float(error) * generator.scale)
    return found


def _narrowest(law: Law) -> float:
    """Standard deviation of the narrowest Gaussian that the law is made of; 0 where it is not."""
    if isinstance(law.form, Toy):
        return law.width * law.form.blur
    parts = law.form.components
    return 0.0 if parts is None else law.width * float(parts.stds.min()) * float(np.linalg.norm(law.shape, -2))


def _infinite(pair: Pair) -> frozenset[str]:
    """Rows that Gaussian tails make infinite, along the axes of either law."""
    stds = [_tails(law) for law in (pair.p, pair.q)]
    if stds[0] is None or stds[1] is None:
        return frozenset()
    found: frozenset[str] = frozenset()
    for p, q in zip(*stds, strict=True):
        place_p, place_q = float(pair.p.at[0]), float(pair.q.at[0])
        found |= infinite_by_tails(gaussian_tails([place_p], [p]), gaussian_tails([place_q], [q]))
    return found


def _tails(law: Law) -> tuple[float, float] | None:
    """Standard deviations of the tails along two axes; None where they are not Gaussian."""
    if isinstance(law.form, Toy):
        return (law.width * law.form.blur,) * 2 if law.form.blur else None
    parts = law.form.components
    if parts is None:
        return None
    widest = law.width * float(parts.stds.max())
    first, second = np.linalg.norm(law.shape, axis=0) if isinstance(law.form, Normal) else (1.0, 1.0)
    return widest * float(first), widest * float(second)


def _extent(pair: Pair, reach: float) -> tuple[float, float, float, float]:
    """A rectangle that holds all but a negligible part of both laws."""
    corners = np.array([_wide_home(law, reach) for law in (pair.p, pair.q)])
    (left, bottom), (right, top) = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    return float(left), float(right), float(bottom), float(top)


def _wide_home(law: Law, reach: float) -> tuple[Doubles, Doubles]:
    low, high = law.home
    if law.form.bounded:
        return low, high
    if isinstance(law.form, Toy) and law.form.blur:
        around = reach * law.width * law.form.blur
        return low - around, high + around
    # A home shows 3.5 deviations.
    middle, half = (low + high) / 2, (high - low) / 2
    half = half * (reach / 3.5 if law.form.components else _HEAVY)
    return middle - half, middle + half


def _breaks(pair: Pair) -> tuple[Sequence[float], Sequence[float]]:
    homes = [law.home for law in (pair.p, pair.q)]
    ends = [corner for low, high in homes for corner in (low, (low + high) / 2, high)]
    return [float(end[0]) for end in ends], [float(end[1]) for end in ends]
