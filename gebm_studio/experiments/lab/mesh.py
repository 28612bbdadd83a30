"""One set of points for both laws: on it the bound of a critic lies below the divergence point by point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from gebm_studio.divergences import Nodes
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.roots import roots
from gebm_studio.targets.laws import Law

_IN_PANEL, _FEWEST, _MOST = 16, 4, 3200
"""Gauss–Legendre nodes of a panel on the line, the fewest, and of all panels about the most."""
_IN_PANEL_OF_PLANE = 8
"""Nodes along a side: the error of smooth integrands is then some 10⁻⁷."""
_PARTS_OF_BELL = np.array([-8.5, -3.0, 0.0, 3.0, 8.5]) / 3.5
"""Edges of a panel in the plane as parts of a law's home, which holds 3.5 deviations of a Gaussian."""
_PARTS_OF_BOX = np.linspace(-1, 1, 5)
_FAINTEST = -650.0
"""Logarithms of densities below this count as this: a law that seemed to end would let the other's bound go to ∞."""
_MISSED = 0.01
"""Mass that a mesh may miss; where it misses more, as of a law on a thin strip, draws stand for both laws."""


@dataclass(frozen=True)
class Mesh:
    """Points x (n, d) with the masses of P and of Q on them, (n,) each.

    The masses are density × weight of a quadrature, or 1/N each of atoms and draws. Of a quadrature the same weight
    stands in both, so that p T − q φ*(T) ≤ q φ(p/q) holds at each point (Fenchel and Young).
    """

    x: Tensor
    p: Tensor
    q: Tensor
    protocol: str

    @property
    def of_p(self) -> Nodes:
        """The points as nodes of P."""
        return Nodes(self.x, self.p)

    @property
    def of_q(self) -> Nodes:
        """The points as nodes of Q."""
        return Nodes(self.x, self.q)


def mesh_of(pair: Pair) -> Mesh:
    """Quadrature where both laws have densities that it can hold, else their atoms or draws, side by side.

    Raises:
        Unknown: Where a law has no points.
    """
    if pair.by_samples or not (pair.p.has_density and pair.q.has_density):
        return _of_points(pair)
    x, weights = _on_line(pair) if pair.dimension == 1 else _in_plane(pair)
    log_p, log_q = pair.log_densities(x)
    p, q = (weights * np.exp(np.where(np.isneginf(log), log, np.maximum(log, _FAINTEST))) for log in (log_p, log_q))
    if max(abs(1 - float(p.sum())), abs(1 - float(q.sum()))) > _MISSED:
        return _of_points(pair)
    return Mesh(torch.from_numpy(x), torch.from_numpy(p), torch.from_numpy(q), f"{len(x)} nodes of quadrature")


def quadrature(edges: Doubles) -> tuple[Doubles, Doubles]:
    """Gauss–Legendre nodes (n,) and weights (n,) of all panels between some edges, in any order."""
    edges = np.unique(edges)
    count = max(_FEWEST, min(_IN_PANEL, _MOST // (len(edges) - 1)))
    z, w = _rule(count)
    middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (middles[:, None] + halves[:, None] * z).ravel(), (halves[:, None] * w).ravel()


@cache
def _rule(count: int) -> tuple[Doubles, Doubles]:
    return np.polynomial.legendre.leggauss(count)


def _on_line(pair: Pair) -> tuple[Doubles, Doubles]:
    edges = np.concatenate([pair.p.breaks, pair.q.breaks])
    x, weights = quadrature(np.concatenate([edges, _crossings(pair, quadrature(edges)[0])]))
    return x[:, None], weights


def _crossings(pair: Pair, x: Doubles) -> Doubles:
    """Where p = q between neighbours among x: there |p − q|, and the critic that it wants, have a kink or a jump."""

    def ratio(at: Doubles) -> Doubles:
        log_p, log_q = pair.log_densities(at[:, None])
        both = np.isfinite(log_p) & np.isfinite(log_q)
        return np.subtract(log_p, log_q, out=np.zeros(len(at)), where=both)

    return roots(ratio, x)


def _in_plane(pair: Pair) -> tuple[Doubles, Doubles]:
    """A product rule, whose panels along each axis are those of both laws."""
    axes = []
    for axis in (0, 1):
        edges = np.unique(np.concatenate([_edges(law, axis) for law in (pair.p, pair.q)]))
        z, w = _rule(_IN_PANEL_OF_PLANE)
        middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
        axes.append(((middles[:, None] + halves[:, None] * z).ravel(), (halves[:, None] * w).ravel()))
    (across, w_across), (upwards, w_upwards) = axes
    x = np.stack(np.meshgrid(across, upwards, indexing="ij"), axis=-1).reshape(-1, 2)
    return x, np.outer(w_across, w_upwards).ravel()


def _edges(law: Law, axis: int) -> Doubles:
    """Edges of panels along an axis that hold a law's density."""
    low, high = law.home
    parts = _PARTS_OF_BOX if law.form.bounded else _PARTS_OF_BELL
    edges: Doubles = (low[axis] + high[axis]) / 2 + (high[axis] - low[axis]) / 2 * parts
    return edges


def _of_points(pair: Pair) -> Mesh:
    x, y = pair.draws(pair.preset.measure.samples)
    points = np.concatenate([x.points, y.points])
    p = np.concatenate([x.weights, np.zeros(len(y.points))])
    q = np.concatenate([np.zeros(len(x.points)), y.weights])
    protocol = f"{x.protocol} of P and {y.protocol} of Q"
    return Mesh(torch.from_numpy(points), torch.from_numpy(p), torch.from_numpy(q), protocol)


def hull(pair: Pair) -> tuple[Doubles, Doubles]:
    """Lower and upper corner (d,) of a box that shows both laws; of two points in one place they are one.

    Raises:
        Unknown: Where a law has no points.
    """
    pair.draws(1)
    homes = [law.home for law in (pair.p, pair.q)]
    low, high = np.min([home[0] for home in homes], axis=0), np.max([home[1] for home in homes], axis=0)
    return low, high
