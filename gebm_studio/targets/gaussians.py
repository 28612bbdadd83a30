"""Round Gaussians of any place and width, in one to three dimensions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.schema import target as schema
from gebm_studio.targets.mixtures import in_chunks
from gebm_studio.targets.target import Extent, Target, choose, held_out_generator, normalised, square, square_around

_CORE, _REACH = 3.0, 3.5
"""Standard deviations of a mode's core, and of what the picture shows of each component on a line."""


class Mixture(Target):
    """Σ w_k N(μ_k, σ_k² I) in D dimensions."""

    has_density = True

    def __init__(self, section: schema.Mixture, *, seed: int, device: torch.device) -> None:
        super().__init__((len(section.means[0]),), device)
        self.means = torch.tensor(section.means, dtype=torch.float64)
        self.stds = torch.tensor(section.stds, dtype=torch.float64)
        self.weights = normalised(section.weights, section.components)
        self._name_separate_modes()
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)

    def _name_separate_modes(self) -> None:
        """Name the components as modes where nearly all mass of each lies in a core of its own."""
        if len(self.means) < 2:
            return
        core = _CORE * self.stds.max().item()
        if torch.pdist(self.means).min().item() > 2 * core / 0.9:
            self._name_modes(self.means, self.weights, core)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        device = generator.device
        component = choose(self.weights, n, generator)
        means, stds = (value.to(device=device, dtype=torch.float32) for value in (self.means, self.stds))
        noise = torch.randn((n, self.dim), generator=generator, device=device)
        return means[component] + stds[component].unsqueeze(1) * noise

    def log_density(self, x: Tensor) -> Tensor:
        means, stds, weights = (value.to(device=x.device, dtype=x.dtype)
                                for value in (self.means, self.stds, self.weights))  # fmt: skip
        logs = weights.log() - self.dim * (stds.log() + 0.5 * math.log(2 * math.pi))

        def values(points: Tensor) -> Tensor:
            # Differences, not the expanded square: the latter loses all digits where σ is small.
            squared = (points.unsqueeze(1) - means).square().sum(2)
            return torch.logsumexp(logs - squared / (2 * stds**2), dim=1)

        return in_chunks(values, x, len(means) * self.dim)

    @property
    def home(self) -> Extent:
        if self.dim > 2:
            return square_around(self.to_plane(self.held_out))
        reach = _REACH * self.stds.unsqueeze(1)
        low, high = (self.means - reach).min(0).values, (self.means + reach).max(0).values
        if self.dim == 1:
            return square(low[0].item(), high[0].item(), 0.0, 0.0)
        return square(low[0].item(), high[0].item(), low[1].item(), high[1].item())
