"""Points with masses that stand for a law in expectations: its atoms, nodes of a quadrature, or draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gebm_studio.divergences import IsotropicMixture
from gebm_studio.targets.laws import Law

Doubles = NDArray[np.float64]

MOST_ATOMS = 4000
"""Atoms of a finite law that are used as they are; of more, draws are."""

_REACH, _FARTHEST = 8.5, 36.0
"""Standard deviations that nodes of a Gaussian cover in any case, beyond which lies 10⁻¹⁷ of its mass, and at most. Far
out they serve where another law has mass: e^h is large there, and the least masses are still floats."""
_REACH_OF_OTHER = 6.0
"""Standard deviations of the other law that they reach."""
_REACH_PLANE, _REACH_PLANE_COARSE = 5.5, 4.5
"""The same in the plane, where 3·10⁻⁷ lies beyond: two reaches, so that the error tells what is cut off."""
_SPACING = 0.14
"""Of nodes on the line, in standard deviations."""
_MOST = 601
_IN_BOX = 64
_SIDE = 20
_COMPONENTS = 12
"""Components of a mixture on the line up to which each gets nodes of its own."""


@dataclass(frozen=True)
class Weighted:
    """Points (n, d) with masses (n,) that sum to one.

    `kind` says what they are: the law itself where it is finite, nodes whose error falls fast with their number, or
    draws.
    """

    points: Doubles
    weights: Doubles
    kind: Literal["atoms", "quadrature", "draws"]

    @property
    def protocol(self) -> str:
        """What they are, with their number."""
        return f"{len(self.points)} {'nodes' if self.kind == 'quadrature' else self.kind}"


def drawn(law: Law, n: int) -> Weighted:
    """The atoms of a law where it has few, else n draws."""
    atoms = law.atoms
    if atoms is not None and len(atoms.points) <= MOST_ATOMS:
        return Weighted(atoms.points, atoms.weights, "atoms")
    points = law.sample(n)
    return Weighted(points, np.full(len(points), 1 / max(1, len(points))), "draws")


def nodes(law: Law, scale: float, other: Law, *, coarse: bool = False) -> Weighted | None:
    """Nodes for functions that vary over lengths of `scale`; None where the law has no quadrature.

    Equally spaced nodes are exact beyond all orders under a Gaussian weight, as Gauss's are on an interval.

    Arguments:
        law: The law.
        scale: Length over which what is integrated varies.
        other: The law that this one is compared with, where nodes should lie too.
        coarse: Whether to take about half as many along each axis: the difference of two answers tells the error of
            the finer one.
    """
    if law.width == 0:
        return None
    mixture = law.mixture
    if law.dimension == 1:
        if mixture is not None and len(mixture.weights) <= _COMPONENTS:
            return _of_mixture(mixture, scale, _whole(other), coarse)
        return _of_box(law, scale, coarse) if law.uniform is not None else None
    if law.gaussian is not None:
        return _of_gaussian_in_plane(law, scale, coarse)
    return _of_box(law, scale, coarse) if law.uniform is not None else None


def joined(of_q: Weighted, of_p: Weighted, q: Law, p: Law) -> Weighted:
    """Nodes of Q with those of P beside them, where e^h may be large though Q has next to no mass.

    ∫ g q = ∫ (g q/(p + q)) q + ∫ (g q/(p + q)) p, the one over the nodes of Q and the other over those of P.
    """
    points = np.concatenate([of_q.points, of_p.points])
    share = expit(q.log_density(points) - p.log_density(points))
    weights = np.concatenate([of_q.weights, of_p.weights]) * share
    return Weighted(points, weights / weights.sum(), "quadrature")


def _whole(law: Law) -> tuple[float, float]:
    """Ends on the line of all mass of a law that a critic can tell: its home shows 3.5 deviations of a Gaussian."""
    low, high = (float(end[0]) for end in law.home)
    beyond = 0.0 if law.form.bounded else (high - low) / 2 * (_REACH_OF_OTHER / 3.5 - 1)
    return low - beyond, high + beyond


def _of_mixture(parts: IsotropicMixture, scale: float, other: tuple[float, float], coarse: bool) -> Weighted:
    most = _MOST // len(parts.weights)
    low, high = other
    points, weights = [], []
    for mean, std, mass in zip(parts.means[:, 0], parts.stds, parts.weights, strict=True):
        left = max(-_FARTHEST, min(-_REACH, (low - mean) / std))
        right = min(_FARTHEST, max(_REACH, (high - mean) / std))
        count = math.ceil((right - left) / min(_SPACING, scale / (8 * std)))
        z = np.linspace(left, right, min(count, max(most, 41)) | 1)[:: 2 if coarse else 1]
        density = np.exp(-0.5 * z**2)
        points.append(mean + std * z)
        weights.append(mass * density / density.sum())
    return Weighted(np.concatenate(points)[:, None], np.concatenate(weights), "quadrature")


def _of_box(law: Law, scale: float, coarse: bool) -> Weighted:
    low, high = law.uniform or law.home
    most = _IN_BOX if law.dimension == 1 else _SIDE
    axes = []
    for a, b in zip(low, high, strict=True):
        count = min(max(most, math.ceil(6 * (b - a) / scale)), 4 * most if law.dimension == 1 else most)
        z, w = _gauss(math.ceil(count / 2) if coarse else count)
        axes.append(((a + b) / 2 + (b - a) / 2 * z, w / 2))
    if law.dimension == 1:
        return Weighted(axes[0][0][:, None], axes[0][1], "quadrature")
    points = np.stack(np.meshgrid(axes[0][0], axes[1][0], indexing="ij"), axis=-1).reshape(-1, 2)
    return Weighted(points, np.outer(axes[0][1], axes[1][1]).ravel(), "quadrature")


@cache
def _gauss(count: int) -> tuple[Doubles, Doubles]:
    """Gauss's nodes and weights on [−1, 1]: as many eigenvalues, too slow for every frame."""
    return np.polynomial.legendre.leggauss(count)


def _of_gaussian_in_plane(law: Law, scale: float, coarse: bool) -> Weighted:
    widest = law.width * float(np.linalg.norm(law.shape, 2))
    spacing = (1.4 if coarse else 1.0) * min(0.5, max(0.35, scale / (2 * widest)))
    reach = _REACH_PLANE_COARSE if coarse else _REACH_PLANE
    line = np.arange(-math.floor(reach / spacing), math.floor(reach / spacing) + 1) * spacing
    z = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    squared = (z**2).sum(axis=1)
    inside = squared <= reach**2
    weights = np.exp(-0.5 * squared[inside])
    return Weighted(law.at + law.width * z[inside] @ law.shape.T, weights / weights.sum(), "quadrature")
