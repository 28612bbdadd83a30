"""Discriminator optimal transport in the latent space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import (
    Info,
    Law,
    Potential,
    check_positive,
    finite,
    normal_like,
    prior_energy,
    unadjusted,
    value_and_gradient,
    value_at,
)
from gebm_studio.samplers.standing import standing

PAIRS = 1000
"""Pairs of prior draws from which the Lipschitz constant is estimated."""
ROUNDING = 1e-3
"""The distance to the start is taken as √(|·|² + ROUNDING²): |·| has no gradient where every chain begins."""


class TransportState(NamedTuple):
    """Positions and starts (N, D), with U (N,) and ∇U (N, D); lipschitz (N,) is one number, k_eff."""

    position: Tensor
    potential: Tensor
    gradient: Tensor
    anchor: Tensor
    lipschitz: Tensor


@dataclass(frozen=True)
class Transport:
    """Descends |z − z_y| + V(z)/k_eff from each start z_y, V = βE(G(z)), moving along the sphere |z| = const.

    k_eff is the largest slope |ΔV|/|Δz| among pairs of prior draws. The radial part of the
    gradient is taken out with |z|² below the fraction, so that |z| stays what it was to first order.
    No stationary law: a chain ends at a minimum, which need not be unique.

    Arguments:
        step_size: Rate of the descent.

    Raises:
        ValueError: Where `step_size` is not positive and finite.

    References:
        Discriminator optimal transport (Tanaka, 2019), arXiv 1910.06832, algorithm 2.
    """

    LAW: ClassVar[Law] = "other"

    step_size: float = 0.01

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> TransportState:
        """Chains at positions (N, D), which are also where they are tied to."""
        value, gradient = standing(potential, position)
        position = position.detach()
        return TransportState(position, value, gradient, position, _lipschitz(potential, position).expand_as(value))

    def refresh(self, state: TransportState, potential: Potential) -> TransportState:
        """U, ∇U and k_eff computed again; the chains stay tied to their starts."""
        value, gradient = standing(potential, state.position)
        slope = _lipschitz(potential, state.position).expand_as(value)
        return state._replace(potential=value, gradient=gradient, lipschitz=slope)

    def step(
        self, state: TransportState, potential: Potential, generator: torch.Generator
    ) -> tuple[TransportState, Info]:
        """One step of the descent; costs one gradient."""
        z, away = state.position, state.position - state.anchor
        pull = away / (away.square().sum(1, keepdim=True) + ROUNDING**2).sqrt()
        slope = pull + (state.gradient - z) / state.lipschitz.unsqueeze(1)
        radius = z.square().sum(1, keepdim=True).clamp(min=torch.finfo(z.dtype).tiny)
        along = slope - (slope * z).sum(1, keepdim=True) / radius * z
        position = z - self.step_size * (along if z.shape[1] > 1 else slope)
        new = state._replace(position=position)
        value, gradient = value_and_gradient(potential, position)
        new = new._replace(potential=value, gradient=gradient)
        return unadjusted(new, gradients=1, ok=finite(position, value, gradient), old=state)

    def time_per_step(self) -> float:
        """NaN: a descent has no time of a diffusion."""
        return math.nan


def _lipschitz(potential: Potential, like: Tensor) -> Tensor:
    """The largest |ΔV|/|Δz| of pairs of prior draws that are always the same, () and at least 1e-6."""
    generator = torch.Generator(like.device).manual_seed(PAIRS)
    z = normal_like(like[:1].expand(2 * PAIRS, -1), generator)
    tilted = value_at(potential, z) - prior_energy(z)
    slopes = (tilted[:PAIRS] - tilted[PAIRS:]).abs() / (z[:PAIRS] - z[PAIRS:]).norm(dim=1)
    return torch.where(torch.isfinite(slopes), slopes, 0.0).max().clamp(min=1e-6)
