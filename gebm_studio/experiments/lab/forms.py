"""The classes of critics as functions of one vector of parameters θ: spans of a basis, and small networks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import silu

from gebm_studio.divergences import Basis, Box, Bumps, Polynomials, Relus
from gebm_studio.experiments.lab.mesh import Mesh, hull
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.schema.divergences import Critic

SPANS = ("polynomial", "bumps", "relu")
"""The classes that are linear in their parameters."""

_PAD = 0.1
"""Of a critic's box beyond both laws, in their range."""
_SMALLEST = 0.25
"""Share of its box that the laws may fill before a smaller one is taken."""
_OVERSAMPLED = 4
"""Points of a grid, for each function, on which a critic is fitted in another box."""
_ROUNDING, _LEAST = 1e-9, 1e-12


class Form(Protocol):
    """A class of functions V(x; θ).

    Attributes:
        box: What its functions are scaled to.
        label: The class and its size, in words.
    """

    box: Box
    label: str

    def start(self) -> Tensor:
        """θ (K,) at which V is zero everywhere."""

    def values(self, theta: Tensor, x: Tensor) -> Tensor:
        """V (N,) at points (N, d), differentiable in θ."""

    def carried(self, theta: Tensor, box: Box) -> tuple[Form, Tensor]:
        """The same class scaled to another box, with the θ of the same function there, or of the nearest.

        Of a function that leaves the range of a float, zero.
        """


class Span:
    """V = Σ θ_k φ_k(x)."""

    def __init__(self, make: Callable[[Box], Basis], box: Box, label: str) -> None:
        self.basis, self.box, self.label = make(box), box, label
        self._make = make
        self._at: Tensor | None = None
        self._features = torch.empty(0)

    def start(self) -> Tensor:
        return torch.zeros(self.basis.size, dtype=torch.float64)

    def values(self, theta: Tensor, x: Tensor) -> Tensor:
        if x is not self._at:
            self._at, self._features = x, self.basis(x)
        return self._features @ theta

    def carried(self, theta: Tensor, box: Box) -> tuple[Form, Tensor]:
        form = Span(self._make, box, self.label)
        count = max(2, math.ceil((_OVERSAMPLED * form.basis.size) ** (1 / box.dimension)))
        axis = torch.linspace(-1, 1, count, dtype=torch.float64)
        grid = torch.cartesian_prod(*[axis] * box.dimension).reshape(-1, box.dimension)
        x = box.centre + box.half * grid
        wanted = self.basis(x) @ theta
        if not bool(wanted.isfinite().all()):
            return form, form.start()
        found: Tensor = torch.linalg.lstsq(form.basis(x), wanted[:, None], driver="gelsd").solution
        return form, found[:, 0]


class Network:
    """V = MLP(z) of the point z scaled to the box: two hidden layers of `size` units with SiLU; V begins at zero."""

    def __init__(self, size: int, box: Box, seed: int) -> None:
        self.box, self.label = box, f"network of 2 × {size} units"
        self._size, self._seed = size, seed
        self._widths = list(itertools.pairwise([box.dimension, size, size, 1]))

    def start(self) -> Tensor:
        generator = torch.Generator().manual_seed(self._seed)
        parts = []
        for fan_in, fan_out in self._widths:
            drawn = torch.rand(fan_in * fan_out + fan_out, generator=generator, dtype=torch.float64)
            parts.append((2 * drawn - 1) / math.sqrt(fan_in))
        parts[-1].zero_()
        return torch.cat(parts)

    def values(self, theta: Tensor, x: Tensor) -> Tensor:
        h = self.box.scaled(x)
        layers = self._layers(theta)
        for weight, bias in layers[:-1]:
            h = silu(h @ weight + bias)
        weight, bias = layers[-1]
        return (h @ weight + bias)[:, 0]

    def carried(self, theta: Tensor, box: Box) -> tuple[Form, Tensor]:
        """Exactly the same function: only the first layer sees the box."""
        moved = theta.clone()
        (old_weight, _), (weight, bias) = self._layers(theta)[0], self._layers(moved)[0]
        bias += ((box.centre - self.box.centre) / self.box.half) @ old_weight
        weight *= (box.half / self.box.half)[:, None]
        return Network(self._size, box, self._seed), moved

    def _layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weights (in, out) and biases (out,), as views of θ."""
        layers, at = [], 0
        for fan_in, fan_out in self._widths:
            weight, bias = theta[at : at + fan_in * fan_out], theta[at + fan_in * fan_out :][:fan_out]
            layers.append((weight.view(fan_in, fan_out), bias))
            at += (fan_in + 1) * fan_out
        return layers


def form_of(critic: Critic, box: Box, seed: int) -> Form:
    """The class that the settings choose.

    Raises:
        ValueError: For a class with too many functions, or none.
    """
    return Network(critic.size, box, seed) if critic.family == "network" else span_of(critic, box, seed)


def span_of(critic: Critic, box: Box, seed: int) -> Span:
    """The class that the settings choose, where it is linear in its parameters: one of `SPANS`.

    Raises:
        ValueError: For a class with too many functions, or another.
    """
    size = critic.size
    match critic.family:
        case "polynomial":
            return Span(lambda at: Polynomials(at, size), box, f"polynomials to degree {size}")
        case "bumps":
            side = max(2, size if box.dimension == 1 else round(math.sqrt(size)))
            return Span(lambda at: Bumps(at, side), box, f"{side**box.dimension} Gaussian bumps")
        case "relu":
            return Span(lambda at: Relus(at, size, seed), box, f"{size} random ReLU features")
    raise ValueError(f"{critic.family} is no span of functions; choose one of {', '.join(SPANS)}")


def box_of(critic: Critic, pair: Pair, mesh: Mesh) -> Box:
    """A critic's box about both laws, with some room to move.

    Of polynomials it holds every point of the mesh: beyond its box a high power is so large that e^V leaves the range
    of a float however little mass there is.

    Raises:
        Unknown: Where a law has no points.
    """
    if critic.family == "polynomial":
        return Box.around(mesh.x)
    low, high = hull(pair)
    least = _LEAST * np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    half = np.where(high - low > least, (0.5 + _PAD) * (high - low), 1.0)
    return Box(torch.from_numpy((low + high) / 2), torch.from_numpy(half))


def suits(box: Box, critic: Critic, pair: Pair, mesh: Mesh) -> bool:
    """Whether all that a critic should see lies in its box, and fills enough of it.

    Raises:
        Unknown: Where a law has no points.
    """
    wanted = box_of(critic, pair, mesh)
    reach = (1 - _PAD) * wanted.half if critic.family != "polynomial" else wanted.half
    inside = bool(((wanted.centre - box.centre).abs() + reach <= box.half * (1 + _ROUNDING)).all())
    return inside and bool((wanted.half >= _SMALLEST * box.half).any())
