"""Steps of a Gaussian on the line along the natural gradient of its mean and of the logarithm of its width."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.targets.laws import Law

NARROWEST, WIDEST = 1e-4, 1e4
"""Standard deviations between which a Gaussian moves."""


@dataclass(frozen=True)
class Normal:
    """N(mean, std²)."""

    mean: float
    std: float

    @classmethod
    def like(cls, law: Law) -> Normal:
        """The place of a law, and its width as far as a Gaussian has it: half of what holds it up to 3.5 deviations."""
        low, high = law.home
        std = law.width if law.gaussian is not None else float(high[0] - low[0]) / 7
        return cls(float(law.at[0]), min(max(std, NARROWEST), WIDEST))

    def __str__(self) -> str:
        return f"N({self.mean:.4g}, {self.std:.4g}²)"

    def log_density(self, x: Doubles) -> Doubles:
        """log of the density at x (N,)."""
        return -0.5 * ((x - self.mean) / self.std) ** 2 - math.log(self.std) - 0.5 * math.log(2 * math.pi)

    def scores(self, x: Doubles) -> tuple[Doubles, Doubles]:
        """∂ log q/∂μ · σ and ∂ log q/∂ log σ at x (N,), (N,) each: z and z² − 1."""
        z = (x - self.mean) / self.std
        return z, z**2 - 1

    def moved(self, by_mean: float, by_log_std: float, rate: float) -> Normal:
        """One step down a gradient.

        Fisher's information of (μ, log σ) is diag(1/σ², 2): the natural gradient is what is given times σ² and ½, and
        does not depend on the unit of x. A step never exceeds `rate` standard deviations.

        Arguments:
            by_mean: Derivative by μ, times σ.
            by_log_std: Derivative by log σ.
            rate: Step length.
        """
        step = np.array([by_mean, by_log_std / 2])
        length = math.hypot(*step)
        step *= rate / max(1.0, length)
        std = min(max(self.std * math.exp(-step[1]), NARROWEST), WIDEST)
        return Normal(self.mean - float(step[0]) * self.std, std)
