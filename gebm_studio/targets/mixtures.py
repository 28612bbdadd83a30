"""Gaussians of equal width: on a ring, on a grid, or as nodes along a curve."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gebm_studio.schema import target as schema
from gebm_studio.targets.target import Extent, Target, choose, held_out_generator, normalised, square

_CELLS, _CELLS_GPU = 2**16, 2**24
"""Numbers held at once. Small parts stay in a processor's cache (measured: a third of the time of 2**18)."""


class GaussianMixture(Target):
    """Σ w_k N(c_k, σ² I) in the plane.

    Arguments:
        centres: c (K, 2), float64.
        weights: w (K,), float64, summing to one.
        std: σ.
        held_out: Number of held-out points.
    """

    has_density = True

    def __init__(
        self, centres: Tensor, weights: Tensor, std: float, *, held_out: int, seed: int, device: torch.device
    ) -> None:
        super().__init__((2,), device)
        self.centres, self.weights, self.std = centres, weights, std
        self._name_modes(centres, weights, core=3.0 * std)
        self.held_out = self.sample(held_out, held_out_generator(seed)).to(device)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        device = generator.device
        component = choose(self.weights, n, generator)
        centres = self.centres.to(device=device, dtype=torch.float32)
        return centres[component] + self.std * torch.randn((n, 2), generator=generator, device=device)

    def log_density(self, x: Tensor) -> Tensor:
        return isotropic_log_density(x, self.centres, self.weights.log(), self.std)

    @property
    def home(self) -> Extent:
        reach = 4.0 * self.std
        low, high = self.centres.min(dim=0).values - reach, self.centres.max(dim=0).values + reach
        return square(low[0].item(), high[0].item(), low[1].item(), high[1].item())


def ring(section: schema.Ring, *, seed: int, device: torch.device) -> GaussianMixture:
    """Gaussians at angles 2πk/K on a circle, the first on the positive x₁ axis."""
    angle = torch.arange(section.modes, dtype=torch.float64) * (2 * math.pi / section.modes)
    centres = section.radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    weights = normalised(section.weights, section.components)
    return GaussianMixture(centres, weights, section.std, held_out=section.held_out, seed=seed, device=device)


def grid(section: schema.Grid, *, seed: int, device: torch.device) -> GaussianMixture:
    """Gaussians on a square grid around the origin, row by row from the bottom left."""
    line = (torch.arange(section.side, dtype=torch.float64) - (section.side - 1) / 2) * section.spacing
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    centres = torch.stack([columns.flatten(), rows.flatten()], dim=1)
    weights = normalised(section.weights, section.components)
    return GaussianMixture(centres, weights, section.std, held_out=section.held_out, seed=seed, device=device)


def isotropic_log_density(x: Tensor, centres: Tensor, log_weights: Tensor, std: float) -> Tensor:
    """log Σ w_k N(x; c_k, σ² I) in the plane.

    Arguments:
        x: Points (N, 2).
        centres: c (K, 2), float64.
        log_weights: log w (K,), −∞ for a component without mass.

    Returns:
        Values (N,) in the precision of x.
    """
    nodes, logs = centres.to(device=x.device, dtype=x.dtype), log_weights.to(device=x.device, dtype=x.dtype)
    constant = math.log(2 * math.pi * std**2)

    def values(points: Tensor) -> Tensor:
        # Differences, not the expanded square: the latter loses all digits where σ is small.
        squared = (points[:, :1] - nodes[:, 0]) ** 2 + (points[:, 1:] - nodes[:, 1]) ** 2
        return torch.logsumexp(logs - squared / (2 * std**2), dim=1) - constant

    return in_chunks(values, x, len(nodes))


def in_chunks(values: Callable[[Tensor], Tensor], x: Tensor, width: int) -> Tensor:
    """`values` of points (N, ...), a bounded number at a time, where each point costs `width` numbers."""
    cells = _CELLS if x.device.type == "cpu" else _CELLS_GPU
    size = max(1, cells // max(1, width))
    if len(x) <= size:
        return values(x)
    return torch.cat([values(part) for part in torch.split(x, size)])
