"""Importance resampling, the baseline without a Markov chain."""

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
    finite,
    normal_like,
    prior_energy,
    uniform_like,
    value_at,
)


class ImportanceState(NamedTuple):
    """Positions (N, D), U there (N,), and the log of the total weight seen so far, (N,), one number.

    seen (N,), one number: candidates seen; squares (N,): log of the sum of their squared weights.
    """

    position: Tensor
    potential: Tensor
    total: Tensor
    squares: Tensor
    seen: Tensor

    @property
    def ess_fraction(self) -> float:
        """(Σw)² / (n Σw²) of all candidates so far; NaN before the first."""
        if not float(self.seen[0]):
            return math.nan
        return float((2 * self.total[0] - self.squares[0]).exp() / self.seen[0])


@dataclass(frozen=True)
class Importance:
    """Draws from all candidates z ~ N(0, I) so far, with weights e^{−V}, V = βE(G(z)).

    Every step adds N candidates to a pool that all chains share, and each chain moves to one of the
    new ones with the share of the weight that they hold: after any number of steps a chain is a
    draw, with replacement, from the whole pool. The bias is of order 1 over the pool's size times
    ESS fraction. Chains share candidates, so they are not independent.

    References:
        Using the SIR algorithm to simulate posterior distributions (Rubin, 1988); reservoir sampling
        (Chao, 1982) for the streaming form.
    """

    LAW: ClassVar[Law] = "biased"

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> ImportanceState:
        """Chains at positions (N, D) with an empty pool."""
        value = value_at(potential, position)
        empty, none = torch.full_like(value, -math.inf), torch.zeros_like(value, dtype=torch.int64)
        return ImportanceState(position.detach(), value, empty, empty.clone(), none)

    def refresh(self, state: ImportanceState, potential: Potential) -> ImportanceState:
        """The pool's weights belong to the model of before: begin an empty one."""
        return self.init(state.position, potential, torch.Generator())

    def step(
        self, state: ImportanceState, potential: Potential, generator: torch.Generator
    ) -> tuple[ImportanceState, Info]:
        """N candidates; costs one evaluation of U each."""
        position = normal_like(state.position, generator)
        value = value_at(potential, position)
        ok = finite(value)
        log_weight = torch.where(ok, prior_energy(position) - value, -math.inf)
        batch = torch.logsumexp(log_weight, 0)
        total = torch.logaddexp(state.total, batch)
        squares = torch.logaddexp(state.squares, torch.logsumexp(2 * log_weight, 0))
        # Two uniform numbers a chain: whether it moves, and where to.
        moves = uniform_like(value, generator) < torch.nan_to_num((batch - total).exp(), nan=0.0)
        shares = torch.nan_to_num(torch.softmax(log_weight, 0), nan=0.0).cumsum(0)
        place = torch.searchsorted(shares, uniform_like(value, generator) * shares[-1], right=True)
        place = place.clamp(max=len(value) - 1)
        moves = moves & ok[place]
        new = ImportanceState(
            torch.where(moves.unsqueeze(1), position[place], state.position),
            torch.where(moves, value[place], state.potential),
            total,
            squares,
            state.seen + len(value),
        )
        return new, Info(torch.full_like(value, math.nan), ~ok, 0, 1)

    def time_per_step(self) -> float:
        """NaN: a step has no length in time."""
        return math.nan
