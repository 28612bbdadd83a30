"""Noise that is added where a velocity is taken, not where a particle goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Injection:
    """A velocity at y is taken at y + β_n ξ with ξ ~ N(0, I) and β_n = β 2^{−n/half-life}.

    The flow of MMD can stall in a state that is not the target, since its velocity vanishes on the particles alone;
    beside them it does not.

    Arguments:
        level: β, a standard deviation, not negative.
        half_life: Steps n after which β_n is β/2; 0: it stays.

    Raises:
        ValueError: For a number that is negative or not finite.

    References:
        Maximum Mean Discrepancy Gradient Flow (Arbel, Korba, Salim and Gretton, 2019), arXiv 1906.04370.
    """

    level: float = 0.0
    half_life: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("noise", self.level), ("half-life of the noise", self.half_life)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"the {name} must be a finite number from 0, got {value}")

    def at(self, steps: int) -> float:
        """β_n."""
        return self.level * 2.0 ** (-steps / self.half_life) if self.half_life else self.level

    def moved(self, position: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """y + β_n ξ (n, d); without noise y itself, and nothing is drawn."""
        level = self.at(steps)
        if not level:
            return position
        noise = torch.randn(position.shape, generator=generator, dtype=position.dtype, device=position.device)
        return position + level * noise
