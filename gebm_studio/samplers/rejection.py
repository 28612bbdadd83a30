"""Discriminator rejection sampling."""

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
    check_range,
    choose,
    finite,
    normal_like,
    prior_energy,
    uniform_like,
    value_at,
)

PILOT = 4096
"""Prior draws from which the largest weight is first estimated, and the percentile for good."""


class RejectionState(NamedTuple):
    """Last accepted positions (N, D) and U there (N,).

    One number each, (N,): largest, the largest −V seen so far; typical, the −V of the wished percentile.
    """

    position: Tensor
    potential: Tensor
    largest: Tensor
    typical: Tensor


@dataclass(frozen=True)
class Rejection:
    """z′ ~ N(0, I), taken with probability σ(F), F = D − D_M − log(1 − e^{D−D_M−ε}) − quantile of F, D = −V.

    D_M is the largest D seen so far. With ε = 0 and percentile 0 the probability is e^{D−D_M}: exact
    once the true maximum has been met, with acceptance 1/w_max of the normalised weight. A positive
    percentile accepts more; with it, or with ε > 0, the law is biased. A chain holds what it accepted last;
    before that, its start, which is no draw.

    Arguments:
        epsilon: ε ≥ 0, which keeps F finite at the maximum.
        percentile: 0 for the exact form; otherwise the proposal with this percentile of F gets probability
            one half. F grows with D, so that the percentile is found once, among draws of the prior.

    Raises:
        ValueError: Where a number is out of range.

    References:
        Discriminator Rejection Sampling (Azadi et al., 2019), arXiv 1810.06758, eq. (8).
    """

    LAW: ClassVar[Law] = "exact"

    epsilon: float = 0.0
    percentile: float = 0.0

    def __post_init__(self) -> None:
        check_range("epsilon", self.epsilon, 0.0, 10.0)
        check_range("percentile", self.percentile, 0.0, 99.0)
        if self.epsilon or self.percentile:
            object.__setattr__(self, "LAW", "biased")  # of this instance; the class is frozen for all others

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> RejectionState:
        """Chains at positions (N, D); the maximum is first estimated from draws of the prior."""
        value = value_at(potential, position)
        seen = _pilot(potential, position)
        known = seen[torch.isfinite(seen)]
        typical = torch.quantile(known, self.percentile / 100) if len(known) else seen[0]
        return RejectionState(
            position.detach(), value, seen.max().expand_as(value).clone(), typical.expand_as(value).clone()
        )

    def refresh(self, state: RejectionState, potential: Potential) -> RejectionState:
        """U and the maximum estimated again."""
        return self.init(state.position, potential, torch.Generator())

    def probability(self, log_weight: Tensor, largest: Tensor, typical: Tensor) -> Tensor:
        """The probability of taking proposals with log weights D = −V, (N,)."""
        if self.epsilon == 0 and self.percentile == 0:
            return (log_weight - largest).clamp(max=0.0).exp()
        f = self._logit(log_weight, largest)
        if self.percentile:
            middle = self._logit(typical, largest)
            f = f - torch.where(torch.isfinite(middle), middle, 0.0)
        return torch.sigmoid(f)

    def _logit(self, log_weight: Tensor, largest: Tensor) -> Tensor:
        """F without its percentile, (N,)."""
        below = (log_weight - largest).clamp(max=0.0)
        return below - torch.log(-torch.expm1(below - max(self.epsilon, 1e-6)))

    def step(
        self, state: RejectionState, potential: Potential, generator: torch.Generator
    ) -> tuple[RejectionState, Info]:
        """One proposal for every chain; costs one evaluation of U."""
        position = normal_like(state.position, generator)
        value = value_at(potential, position)
        ok = finite(value)
        log_weight = torch.where(ok, prior_energy(position) - value, -math.inf)
        largest = torch.maximum(state.largest, log_weight.max())
        probability = torch.where(ok, self.probability(log_weight, largest, state.typical), 0.0)
        accepted = uniform_like(probability, generator) < probability
        new = RejectionState(position, value, largest, state.typical)
        chosen = choose(accepted, new, state._replace(largest=largest))
        return chosen, Info(probability, ~ok, 0, 1, position, accepted)

    def time_per_step(self) -> float:
        """NaN: a step has no length in time."""
        return math.nan


def _pilot(potential: Potential, like: Tensor) -> Tensor:
    """−V at draws of the prior that are always the same, (PILOT,), −∞ where it is no number."""
    generator = torch.Generator(like.device).manual_seed(PILOT)
    pilot = normal_like(like[:1].expand(PILOT, -1), generator)
    seen = prior_energy(pilot) - value_at(potential, pilot)
    return torch.where(torch.isfinite(seen), seen, -math.inf)
