"""The game that a critic V plays: ∫ gain(V) dP − ∫ cost(V) dQ, a lower bound of a divergence for every V."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from gebm_studio.divergences.atoms import points_of

Map = Callable[[Tensor], Tensor]
"""(N,) to (N,), entry by entry, twice differentiable."""

_PROBED = 8.0
"""Concavity is looked for at V in ± this."""


@dataclass(frozen=True)
class Nodes:
    """Points with weights: a sample, or nodes of a quadrature.

    Attributes:
        x: (N, d), float64.
        weights: (N,), not negative; 1/N each for a sample, density × cell for nodes.
    """

    x: Tensor
    weights: Tensor

    @classmethod
    def of(cls, x: ArrayLike | Tensor, weights: ArrayLike | Tensor | None = None) -> Nodes:
        """Nodes from arrays or tensors; (N,) counts as (N, 1). Weights are kept as they are, 1/N where silent.

        Raises:
            ValueError: For points that are none or not finite, or weights that are negative, not finite, all zero or
                not (N,).
        """
        device = x.device if isinstance(x, Tensor) else torch.device("cpu")
        points = torch.from_numpy(points_of(x.detach().cpu().numpy() if isinstance(x, Tensor) else x, "given", "nodes"))
        if weights is None:
            masses = torch.full((len(points),), 1 / len(points), dtype=torch.float64)
        else:
            masses = torch.as_tensor(weights, dtype=torch.float64).detach()
        if masses.shape != (len(points),):
            raise ValueError(f"nodes: {len(points)} points, weights of shape {tuple(masses.shape)}; one each is needed")
        if not (0 < float(masses.sum()) < math.inf and float(masses.min()) >= 0):
            raise ValueError("nodes: weights must be finite and not negative, with one above zero")
        return cls(points.to(device), masses.to(device))

    @property
    def with_mass(self) -> Nodes:
        """The nodes of positive weight: at others a critic may be infinite, and zero times that is no number."""
        kept = self.weights > 0
        return Nodes(self.x[kept], self.weights[kept])


@dataclass(frozen=True)
class Game:
    """gain(V) on P against cost(V) on Q.

    An f-divergence with output activation g has gain = g and cost = f*∘g.
    """

    gain: Map
    cost: Map

    @cached_property
    def concave(self) -> bool:
        """Whether the game is concave in V, judged by the curvatures on a grid within ±8."""
        v = torch.linspace(-_PROBED, _PROBED, 321, dtype=torch.float64)
        bends, curves = derivatives(self.gain, v)[2], derivatives(self.cost, v)[2]
        return bool((bends <= 1e-12).all() and (curves >= -1e-12).all())

    def value(self, on_p: Tensor, on_q: Tensor, p: Nodes, q: Nodes) -> float:
        """∫ gain(V) dP − ∫ cost(V) dQ for V on the nodes; −∞ where it is no number."""
        found = float(p.weights @ self.gain(on_p) - q.weights @ self.cost(on_q))
        return found if math.isfinite(found) else -math.inf


KL_GAME = Game(gain=lambda v: v, cost=lambda v: (v - 1).exp())
"""sup = KL(P‖Q), at V = 1 + log p/q."""
KALE_GAME = Game(gain=lambda v: v, cost=torch.expm1)
"""1 + ∫V dP − ∫e^V dQ: sup = KL(P‖Q), at V = log p/q."""


def derivatives(function: Map, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """φ(v), φ′(v) and φ″(v) of a function that acts entry by entry, each (N,)."""
    with torch.enable_grad():
        at = v.detach().requires_grad_()
        values = function(at)
        (first,) = torch.autograd.grad(values.sum(), at, create_graph=True)
        if not first.requires_grad:
            return values.detach(), first, torch.zeros_like(first)
        (second,) = torch.autograd.grad(first.sum(), at, allow_unused=True, materialize_grads=True)
    return values.detach(), first.detach(), second
