"""Parallel tempering with a ladder that adapts itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from gebm_studio.samplers.mala import log_ratio
from gebm_studio.samplers.sampler import (
    Info,
    Law,
    Potential,
    check_positive,
    finite,
    metropolis,
    normal_like,
    prior_energy,
    uniform_like,
    value_and_gradient,
)
from gebm_studio.samplers.standing import standing
from gebm_studio.samplers.ula import GradientState

TARGET = 0.574
LEARNING = 0.6
"""Power with which the adaptation of rung steps and ladder fades while it lasts."""
SMOOTHING = 0.02


class TemperingState(NamedTuple):
    """K rungs of N chains: the first at the target, the last at the prior.

    position (N, D), potential (N,): of the first rung. rungs (K, N, D), tilted (K, N): all positions and
    V = U − ½|z|² there; slope (K, N, D): ∇V. ladder (K,): the share r of V that each rung feels,
    from 1 to 0. step_sizes (K,): step size of each rung; begun (): the setting that they began from.
    swaps (K−1,): running swap acceptance. walker (K, N): which walker stands on each rung; heading (K, N): of
    walkers by number, −1 since they were last at the target, 1 once they reached the prior from there, 0 before
    they were at the target; trips (N,): round trips of all walkers, from the target to the prior and back.
    done (): steps taken.
    """

    position: Tensor
    potential: Tensor
    rungs: Tensor
    tilted: Tensor
    slope: Tensor
    ladder: Tensor
    step_sizes: Tensor
    begun: Tensor
    swaps: Tensor
    walker: Tensor
    heading: Tensor
    trips: Tensor
    done: Tensor


@dataclass(frozen=True)
class Tempering:
    """Replicas on U_r = ½|z|² + r V(z), r from 1 (the target) to 0 (the prior), that swap places.

    Every rung takes a MALA step, the last draws afresh from the prior; then neighbours swap with probability
    min(1, e^{(r−r′)(V−V′)}), even and odd pairs by turns. During `warmup` steps the rungs move so
    that all swaps are accepted equally often, and each rung's step size moves to the acceptance that
    theory asks for; after that both are frozen, and the law is exact on every rung.

    Arguments:
        step_size: δ of the first rung where adaptation begins; towards the prior steps begin larger.
        replicas: K, the number of rungs.
        warmup: Steps during which ladder and step sizes adapt.

    Raises:
        ValueError: Where a number is out of range.

    References:
        Non-reversible parallel tempering (Syed et al., 2022), arXiv 1905.02939, sections 3 and 5.
    """

    LAW: ClassVar[Law] = "exact"

    step_size: float = 0.1
    replicas: int = 6
    warmup: int = 500

    def __post_init__(self) -> None:
        check_positive(step_size=self.step_size)
        if self.replicas < 2:
            raise ValueError(f"`replicas` must be 2 or more, got {self.replicas}")
        if self.warmup < 0:
            raise ValueError(f"`warmup` must be 0 or more, got {self.warmup}")

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> TemperingState:
        """Every rung begins at the same positions (N, D), the last at draws of the prior."""
        k, (n, d) = self.replicas, position.shape
        rungs = position.detach().expand(k, n, d).clone()
        rungs[-1] = normal_like(position, generator)
        ladder = torch.linspace(1, 0, k, dtype=position.dtype, device=position.device)
        tilted, slope = _tilted(potential, rungs, standing)
        whole = torch.arange(k, device=position.device).unsqueeze(1)
        heading = torch.zeros(k, n, dtype=torch.int64, device=position.device)
        trips = heading[0].clone()
        heading[0] = -1
        return TemperingState(
            position.detach(), tilted[0] + prior_energy(rungs[0]), rungs, tilted, slope,
            ladder, self.step_size**ladder, ladder.new_tensor(self.step_size), torch.full_like(ladder[1:], 0.5),
            whole.expand(k, n).clone(), heading, trips, heading.new_zeros(()),
        )  # fmt: skip

    def refresh(self, state: TemperingState, potential: Potential) -> TemperingState:
        """V and ∇V computed again on all rungs; a changed step size scales theirs as it would at a start."""
        tilted, slope = _tilted(potential, state.rungs, standing)
        change = self.step_size / float(state.begun)
        if not math.isclose(change, 1.0, rel_tol=1e-6):
            steps = state.step_sizes * change**state.ladder
            state = state._replace(step_sizes=steps, begun=state.begun.new_tensor(self.step_size))
        return state._replace(potential=tilted[0] + prior_energy(state.rungs[0]), tilted=tilted, slope=slope)

    def step(
        self, state: TemperingState, potential: Potential, generator: torch.Generator
    ) -> tuple[TemperingState, Info]:
        """A move on every rung, then swaps; costs K gradients."""
        adapts = int(state.done) < self.warmup
        rate = (int(state.done) + 1) ** -LEARNING
        moved, info, acceptance = self._move(state, potential, generator)
        if adapts:
            steps = moved.step_sizes * torch.exp(rate * (acceptance - TARGET))
            moved = moved._replace(step_sizes=torch.cat((steps[:-1], moved.step_sizes[-1:])).clamp(1e-6, 10.0))
        swapped = _swapped(moved, generator)
        if adapts:
            swapped = swapped._replace(ladder=_evened(swapped.ladder, swapped.swaps, rate))
        potential_now = swapped.tilted[0] + prior_energy(swapped.rungs[0])
        return swapped._replace(position=swapped.rungs[0], potential=potential_now, done=state.done + 1), info

    def _move(
        self, state: TemperingState, potential: Potential, generator: torch.Generator
    ) -> tuple[TemperingState, Info, Tensor]:
        k, n, d = state.rungs.shape
        old = _flat(state, state.rungs, state.tilted, state.slope)
        delta = state.step_sizes.repeat_interleave(n).unsqueeze(1)
        noise = normal_like(old.position, generator)
        proposal = old.position - delta * old.gradient + (2 * delta).sqrt() * noise
        proposal[-n:] = noise[-n:]  # the prior itself
        tilted, slope = _tilted(potential, proposal.view(k, n, d), value_and_gradient)
        new = _flat(state, proposal.view(k, n, d), tilted, slope)
        ok = finite(new.position, tilted.flatten(), slope.flatten(0, 1))
        ratio = log_ratio(old, new, delta)
        ratio[-n:] = 0.0
        accepted, probability = metropolis(ratio, ok, generator)
        taken = accepted.view(k, n)
        moved = state._replace(
            rungs=torch.where(taken.unsqueeze(2), proposal.view(k, n, d), state.rungs),
            tilted=torch.where(taken, tilted, state.tilted),
            slope=torch.where(taken.unsqueeze(2), slope, state.slope),
        )
        info = Info(probability[:n], ~ok.view(k, n).all(0), k, 0, proposal[:n], accepted[:n])
        return moved, info, probability.view(k, n).mean(1)

    def time_per_step(self) -> float:
        """Overdamped time that a step of the first rung advances where adaptation began."""
        return self.step_size


def _tilted(
    potential: Potential, rungs: Tensor, evaluate: Callable[[Potential, Tensor], tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """V (K, N) and ∇V (K, N, D) on all rungs at once."""
    k, n, d = rungs.shape
    flat = rungs.reshape(k * n, d)
    value, gradient = evaluate(potential, flat)
    return (value - prior_energy(flat)).view(k, n), (gradient - flat).view(k, n, d)


def _flat(state: TemperingState, rungs: Tensor, tilted: Tensor, slope: Tensor) -> GradientState:
    """All rungs as one batch (K·N, ...) with the potential that each feels."""
    share = state.ladder.view(-1, 1)
    # 0 · ∞ is no number: the prior feels nothing of V, even where V is infinite.
    felt = torch.where(share > 0, share * tilted, 0.0) + prior_energy(rungs.flatten(0, 1)).view_as(tilted)
    force = torch.where(share.unsqueeze(2) > 0, share.unsqueeze(2) * slope, 0.0) + rungs
    return GradientState(rungs.flatten(0, 1), felt.flatten(), force.flatten(0, 1))


def _swapped(state: TemperingState, generator: torch.Generator) -> TemperingState:
    """Neighbours swap, even and odd pairs by turns."""
    k = len(state.ladder)
    pairs = torch.arange(int(state.done) % 2, k - 1, 2, device=state.ladder.device)
    if not len(pairs):
        return state
    below, above = state.tilted[pairs], state.tilted[pairs + 1]
    gap = (state.ladder[pairs] - state.ladder[pairs + 1]).unsqueeze(1)
    ratio = gap * (below - above)
    probability = torch.where(ratio.isnan(), -math.inf, ratio).clamp(max=0).exp()
    swaps = uniform_like(probability.flatten(), generator).view_as(probability) < probability
    order = torch.arange(k, device=pairs.device).unsqueeze(1).repeat(1, state.walker.shape[1])
    order[pairs] = torch.where(swaps, (pairs + 1).unsqueeze(1), pairs.unsqueeze(1))
    order[pairs + 1] = torch.where(swaps, pairs.unsqueeze(1), (pairs + 1).unsqueeze(1))
    wide = order.unsqueeze(2).expand_as(state.rungs)
    seen = state.swaps.clone()
    seen[pairs] += SMOOTHING * (probability.mean(1) - seen[pairs])
    walker = state.walker.gather(0, order)
    heading, trips = _trips(state, walker)
    return state._replace(
        rungs=state.rungs.gather(0, wide), tilted=state.tilted.gather(0, order),
        slope=state.slope.gather(0, wide), swaps=seen, walker=walker, heading=heading, trips=trips,
    )  # fmt: skip


def _trips(state: TemperingState, walker: Tensor) -> tuple[Tensor, Tensor]:
    """Headings and counts after walkers moved: a trip ends when a walker is back from the prior at the target."""
    first, last = walker[:1], walker[-1:]
    arrived = state.heading.gather(0, first) == 1
    heading = state.heading.scatter(0, first, torch.full_like(first, -1))
    # Who never was at the target has nowhere to come back to.
    heading = heading.scatter(0, last, heading.gather(0, last).abs())
    return heading, state.trips + arrived.squeeze(0)


def _evened(ladder: Tensor, swaps: Tensor, rate: float) -> Tensor:
    """The ladder moved a little towards equal rejection of all swaps, its ends fixed.

    The communication barrier is taken as linear between rungs: its length is the rejection rate.
    """
    barrier = torch.cat((ladder.new_zeros(1), (1 - swaps).clamp(min=1e-3).cumsum(0)))
    wanted = torch.linspace(0, 1, len(ladder), dtype=ladder.dtype, device=ladder.device) * barrier[-1]
    place = torch.searchsorted(barrier, wanted, right=True).clamp(1, len(ladder) - 1)
    share = (wanted - barrier[place - 1]) / (barrier[place] - barrier[place - 1])
    even = ladder[place - 1] + share * (ladder[place] - ladder[place - 1])
    moved = ladder + rate * (even - ladder)
    moved[0], moved[-1] = 1.0, 0.0
    return moved
