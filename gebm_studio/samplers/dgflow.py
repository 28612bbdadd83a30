"""Discriminator gradient flow in the latent space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import Info, Law, Potential, check_positive, check_range, normal_like, prior_energy
from gebm_studio.samplers.ula import GradientState, Overdamped

Divergence = Literal["kl", "js", "log_d"]


@dataclass(frozen=True)
class Dgflow(Overdamped):
    """z′ = z + δ s(d) ∇d + √(2δγ) ξ, d = −V the log density ratio, V = βE(G(z)).

    The weight s belongs to the f-divergence that the flow descends: 1 for KL, σ(d) for JS, 1/(1+e^d) for
    log D. The ratio is that of the start and does not follow the chains: a refinement of some
    tens of steps, without a stationary law of its own that would be ν_β (the prior takes no part).

    Arguments:
        step_size: δ (η in the paper), the step.
        divergence: Which divergence is descended.
        noise: γ ≥ 0, the diffusion.

    Raises:
        ValueError: Where a setting is out of range.

    References:
        Refining Deep Generative Models via Discriminator Gradient Flow (Ansari, Ang, Soh, 2021),
        arXiv 2012.00780, section 3.
    """

    LAW: ClassVar[Law] = "other"

    divergence: Divergence = "kl"
    noise: float = 0.01

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)
        check_range("noise", self.noise, 0.0, 10.0)
        if self.divergence not in get_args(Divergence):
            raise ValueError(f"`divergence` must be one of {', '.join(get_args(Divergence))}, got {self.divergence!r}")

    def step(
        self, state: GradientState, potential: Potential, generator: torch.Generator
    ) -> tuple[GradientState, Info]:
        """One step; costs one gradient."""
        z = state.position
        drift = z - state.gradient  # ∇d = −∇V = z − ∇U
        noise = math.sqrt(2 * self.step_size * self.noise) * normal_like(z, generator)
        position = z + self.step_size * self._weight(state) * drift + noise
        return self._moved(state, position, potential)

    def _weight(self, state: GradientState) -> Tensor:
        d = prior_energy(state.position) - state.potential
        weights = {"kl": torch.ones_like(d), "js": torch.sigmoid(d), "log_d": torch.sigmoid(-d)}
        return weights[self.divergence].unsqueeze(1)
