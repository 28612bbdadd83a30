"""Level lines of a function on a grid, all squares at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Extent, Map

RADII = (0.5, 1.0, 1.5, 2.0, 2.5)
"""A density is shown where it is e^{−r²/2} of its peak: of a Gaussian, at so many standard deviations."""

Doubles = NDArray[np.float64]

_NONE = (-1, -1)
_EDGES = np.array(
    [
        (_NONE, _NONE), ((3, 0), _NONE), ((0, 1), _NONE), ((3, 1), _NONE),
        ((1, 2), _NONE), ((3, 0), (1, 2)), ((0, 2), _NONE), ((3, 2), _NONE),
        ((2, 3), _NONE), ((0, 2), _NONE), ((0, 1), (2, 3)), ((1, 2), _NONE),
        ((1, 3), _NONE), ((0, 1), _NONE), ((3, 0), _NONE), (_NONE, _NONE),
    ],
    dtype=np.intp,
)  # fmt: skip
"""Which edges of a square a line joins, by which corners are above: (16, 2 lines, 2 edges).

Corners count 1, 2, 4, 8 and edges 0, 1, 2, 3 from the lower left corner and the lower edge, against the clock.
"""


def density_lines(density: Map) -> Doubles:
    """Lines (n, 4) around a density on the plane at the shares of its peak that `RADII` say."""
    values = np.nan_to_num(density.values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(values.max(initial=0.0))
    if peak <= 0:
        return np.empty((0, 4))
    return level_lines(values, density.extent, [peak * np.exp(-0.5 * radius**2) for radius in RADII])


def level_lines(values: NDArray[Any], extent: Extent, levels: list[float]) -> Doubles:
    """Straight pieces (n, 4), as x₁, y₁, x₂, y₂, of the lines on which a function has given levels.

    Arguments:
        values: Finite, at the middles of (H, W) cells that fill the extent, row 0 at the bottom.
        extent: Left, right, bottom, top.
        levels: Any number of levels.

    References:
        Marching cubes (Lorensen, Cline, 1987), here in two dimensions.
    """
    height, width = values.shape
    left, right, bottom, top = extent
    step = np.array([(right - left) / width, (top - bottom) / height])
    origin = np.array([left, bottom]) + step / 2
    pieces = [_one_level(values.astype(np.float64), level) for level in levels]
    places = np.concatenate(pieces) if pieces else np.empty((0, 2, 2))
    return np.ascontiguousarray((origin + places * step).reshape(-1, 4))


def _one_level(values: Doubles, level: float) -> Doubles:
    """Pieces (n, 2 ends, 2) in units of cells."""
    above = (values > level).astype(np.intp)
    case = above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    rows, columns = np.nonzero((case > 0) & (case < 15))
    corners = np.stack(
        [values[rows, columns], values[rows, columns + 1], values[rows + 1, columns + 1], values[rows + 1, columns]]
    )
    lower, rightmost, upper, leftmost = (
        _share(corners[first], corners[last], level) for first, last in ((0, 1), (1, 2), (3, 2), (0, 3))
    )
    one, none = np.ones(len(rows)), np.zeros(len(rows))
    edges = np.array([(lower, none), (one, rightmost), (upper, one), (none, leftmost)])  # (4, 2, n)
    crossings = edges.transpose(2, 0, 1) + np.stack([columns, rows], axis=1)[:, None, :]
    joined = _EDGES[case[rows, columns]]  # (n, 2, 2)
    square, line = np.nonzero(joined[:, :, 0] >= 0)
    return crossings[square[:, None], joined[square, line]]


def _share(first: Doubles, last: Doubles, level: float) -> Doubles:
    """How far along an edge the level lies; anything where the edge does not cross it."""
    rise = last - first
    return np.clip((level - first) / np.where(rise == 0, 1.0, rise), 0.0, 1.0)
