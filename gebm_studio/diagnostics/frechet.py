"""Fréchet distance between sets of images, in any features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics.intervals import shifted
from gebm_studio.diagnostics.resampling import Bootstrap, Counts, Features, Pieces, checked
from gebm_studio.messages import Interval

RESAMPLES = 200
_RIDGE = 1e-12
"""Share of a resample's second moment that is added to its covariance, which has a factor then however few its rows are
and however equal."""


class Moments(NamedTuple):
    """Mean m (k,), and a factor F (r, k) of the covariance S = FᵀF of some rows of features."""

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]


def moments(x: Features) -> Moments:
    """The moments of rows (n, k), n ≥ 2.

    The factor is a triangular one of the centred rows themselves: no covariance is formed, so that near-singular sets
    lose no digits.
    """
    mean = x.mean(axis=0)
    factor: NDArray[np.float64] = np.linalg.qr((x - mean) / math.sqrt(len(x) - 1))[1]
    return Moments(mean, factor)


def resampled(centred: Features, counts: NDArray[np.float64]) -> Moments:
    """The moments of a resample in which row i of (n, k) is met so often as `counts` (n,) tell.

    Arguments:
        centred: Rows, of a mean near zero.
        counts: They sum to n.
    """
    n = len(centred)
    mean = counts @ centred / n
    second = (centred.T * counts) @ centred / (n - 1)
    covariance: Features = second - n / (n - 1) * np.outer(mean, mean)
    # Not by the covariance's own trace: of equal rows only rounding of the second moment is left, of any sign.
    ridge = _RIDGE * np.trace(second) + np.finfo(np.float64).tiny
    covariance[np.diag_indices_from(covariance)] += ridge
    factor: Features = np.linalg.cholesky(covariance).T.astype(np.float64, copy=False)
    return Moments(mean, factor)


def between(x: Moments, y: Moments) -> float:
    """|m_x − m_y|² + tr(S_x + S_y − 2(S_x^½ S_y S_x^½)^½).

    The last trace is the sum of the singular values of the product of the covariances' factors.

    References:
        GANs trained by a two time-scale update rule converge to a local Nash equilibrium (Heusel et al., 2017),
        arXiv 1706.08500, eq. (6).
    """
    cross = np.linalg.svd(x.factor @ y.factor.T, compute_uv=False).sum()
    spread = (x.factor**2).sum() + (y.factor**2).sum() - 2 * cross
    return max(0.0, float(((x.mean - y.mean) ** 2).sum() + spread))


def frechet_distance(x: Features, y: Features) -> float:
    """The Fréchet distance between two sets of features, (n, k) and (m, k), in squared units of the features.

    A distance of n images is larger than that of infinitely many by an amount of order 1/n: compare at equal n only,
    and state n and the features beside it.

    Raises:
        ValueError: For fewer than two rows, widths that differ, or numbers that are not finite.
    """
    checked(x, {"generated": y}, (), RESAMPLES)
    return between(moments(x), moments(y))


def frechet_in_pieces(
    real: Features,
    laws: Mapping[str, Features],
    rng: np.random.Generator,
    paired: tuple[str, ...] = (),
    resamples: int = RESAMPLES,
) -> Pieces:
    """The distances of several laws to the held-out images with a bootstrap of all, a resample a piece.

    Rows of features are resampled, not images; the rows of the held-out images are the same for every law, and those
    of `paired` laws, which belong together one by one, have the same places.

    Arguments:
        real: Features of held-out images, (m, k).
        laws: By name, features (n, k).
        rng: Draws the resamples.
        paired: Names of laws whose rows belong together.
        resamples: How many, 20 or more.

    Raises:
        ValueError: As `resampling.checked`.
    """
    checked(real, laws, paired, resamples)
    reference = moments(real)
    values = {name: between(reference, moments(x)) for name, x in laws.items()}
    yield
    # All about one point: a mean near zero keeps the digits of a covariance that is formed.
    rows = {name: x - reference.mean for name, x in {"": real, **laws}.items()}
    counts = Counts({name: len(x) for name, x in rows.items()}, paired, rng)
    drawn = {name: np.empty(resamples) for name in laws}
    for b in range(resamples):
        met = counts.draw()
        against = resampled(rows[""], met[""])
        for name in laws:
            drawn[name][b] = between(against, resampled(rows[name], met[name]))
        yield
    return Bootstrap(values, drawn)


def frechet_interval(x: Features, y: Features, resamples: int, rng: np.random.Generator) -> Interval:
    """The distance with its 95 % bootstrap interval at these n and m: what other draws of them would give.

    Raises:
        ValueError: As `frechet_in_pieces`.
    """
    pieces = frechet_in_pieces(x, {"generated": y}, rng, resamples=resamples)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: Bootstrap = end.value
            return shifted(found.values["generated"], found.drawn["generated"], 0.0)
