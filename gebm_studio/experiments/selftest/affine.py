"""Laws of samplers on quadratic potentials without sampling: there a step is an affine map of state and noise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gebm_studio.samplers import Potential

SEED = 3


class Affine:
    """s′ = Ls + Nξ of a sampler's step; s holds the position, and the velocity after it where there is one.

    Both parts are read off real steps: L from steps that differ in the start and share the noise, N from
    steps at the origin whose noise is drawn a second time here. The potential's minimum must be the origin.

    linear (s, s), noise (s, s): the covariance NNᵀ of one step's noise; float64.
    """

    def __init__(self, sampler: Any, potential: Potential, dim: int) -> None:
        self._sampler, self._potential, self._dim = sampler, potential, dim
        self._kinetic = hasattr(sampler, "friction")
        size = 2 * dim if self._kinetic else dim
        draws = sampler.scheme.count("O") if self._kinetic else 1
        rest = self._stepped(torch.zeros(size, size, dtype=torch.float64))
        self.linear = (self._stepped(torch.eye(size, dtype=torch.float64)) - rest).T
        chains = 4 * draws * dim
        moved = self._stepped(torch.zeros(chains, size, dtype=torch.float64))
        generator = torch.Generator().manual_seed(SEED)
        noise = [torch.randn(chains, dim, generator=generator, dtype=torch.float64) for _ in range(draws)]
        shares = torch.linalg.lstsq(torch.cat(noise, 1), moved).solution
        self.noise = shares.T @ shares

    def _stepped(self, start: Tensor) -> Tensor:
        """States (N, s) after one step from states (N, s), always with the same noise."""
        generator = torch.Generator()
        state = self._sampler.init(start[:, : self._dim], self._potential, generator)
        if self._kinetic:
            state = state._replace(velocity=start[:, self._dim :])
        state, _ = self._sampler.step(state, self._potential, generator.manual_seed(SEED))
        return torch.cat((state.position, state.velocity), 1) if self._kinetic else state.position

    def covariance(self) -> Tensor:
        """The stationary covariance Σ = LΣLᵀ + NNᵀ, (s, s)."""
        size = len(self.linear)
        whole = torch.eye(size * size, dtype=torch.float64) - torch.kron(self.linear, self.linear)
        found: Tensor = torch.linalg.solve(whole, self.noise.flatten()).view(size, size)
        return found

    def covariances(self, start: Tensor, steps: int) -> Tensor:
        """The covariance after each step from one of (s, s), (steps + 1, s, s)."""
        found = [start]
        for _ in range(steps):
            found.append(self.linear @ found[-1] @ self.linear.T + self.noise)
        return torch.stack(found)
