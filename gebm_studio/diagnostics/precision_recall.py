"""Improved precision and recall of generated images, in any features."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics.intervals import wilson
from gebm_studio.diagnostics.resampling import Features, checked
from gebm_studio.messages import Interval

_PIECE = 6e6
"""Differences of features in one piece."""

Radii = NDArray[np.float64]


def radii_in_pieces(x: Features, neighbours: int) -> Generator[None, None, Radii]:
    """The distance of each row (n, d) to its k-th nearest other row, squared, (n,).

    Raises:
        ValueError: Where there are not more rows than neighbours.
    """
    if not 1 <= neighbours < len(x):
        raise ValueError(f"neighbours must lie from 1 to {len(x) - 1}, one less than the rows, got {neighbours}")
    radii = np.empty(len(x))
    for part, distances in _blocks(x, x):
        # Each row is its own nearest, at 0: the k-th other one has place k.
        radii[part] = np.partition(distances, neighbours, axis=1)[:, neighbours]
        yield
    return radii


def covered_in_pieces(x: Features, centres: Features, radii: Radii) -> Generator[None, None, int]:
    """How many of the rows (n, d) lie in a ball about one of the centres (m, d), of squared radii (m,)."""
    hits = 0
    for _, distances in _blocks(x, centres):
        hits += int((distances <= radii).any(axis=1).sum())
        yield
    return hits


def precision_recall_in_pieces(
    real: Features, generated: Features, neighbours: int, real_radii: Radii | None = None
) -> Generator[None, None, tuple[Interval, Interval]]:
    """The share of generated images that lie among the real ones, and of real ones among the generated.

    To lie among some images is to be no further from one of them than its k-th nearest other is. Both are exact shares
    of these sets; their 95 % intervals are Wilson's, of other images judged by the same balls. Both change with the
    size of the sets: compare at equal n and m only.

    Arguments:
        real, generated: Features (m, d) and (n, d).
        neighbours: k, below m and n.
        real_radii: What `radii_in_pieces` gives of `real`, where it is known already.

    Raises:
        ValueError: For k out of range, widths that differ, or numbers that are not finite.

    References:
        Improved precision and recall metric for assessing generative models (Kynkäänniemi et al., 2019),
        arXiv 1904.06991, eqs. (1) and (2).
    """
    checked(real, {"generated": generated}, (), 20)
    radii = (yield from radii_in_pieces(real, neighbours)) if real_radii is None else real_radii
    precise = yield from covered_in_pieces(generated, real, radii)
    generated_radii = yield from radii_in_pieces(generated, neighbours)
    recalled = yield from covered_in_pieces(real, generated, generated_radii)
    return wilson(precise, len(generated)), wilson(recalled, len(real))


def _blocks(x: Features, y: Features) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Squared distances of some rows of x to all of y, (b, m), from differences: equal rows are at 0 exactly."""
    from scipy.spatial.distance import cdist  # slow to import

    rows = max(1, int(_PIECE / y.size))
    for start in range(0, len(x), rows):
        part = slice(start, start + rows)
        yield part, cdist(x[part], y, "sqeuclidean")
