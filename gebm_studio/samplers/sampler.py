"""What every sampler is: a frozen configuration with pure `init` and `step`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from gebm_studio.samplers.shared_noise import drawn

Potential = Callable[[Tensor], Tensor]
"""U: positions (N, D) → (N,), minus the log density up to a constant.

Samplers that know the prior η = N(0, I) take U(z) = ½|z|² + V(z) apart into prior and V = βE(G(z)).
An attribute `chunk`, where there is one, bounds how many chains are evaluated at once. A method
`value_and_gradient`, positions (N, D) → U (N,) and ∇U (N, D), is used in place of autograd.
"""

Law = Literal["exact", "biased", "other"]
"""The law of the chains once they have forgotten their start.

`exact`: the target. `biased`: the target up to a bias that vanishes with the step (or as the pool of
candidates grows). `other`: another law, or none at all.
"""


BLOCK = 8
"""Rows that matrix kernels multiply together, or a multiple of them."""


class Info(NamedTuple):
    """Diagnostics of one step.

    acceptance (N,): probability with which the step was accepted, NaN for samplers without that choice.
    nonfinite (N,): where the step met a NaN or an infinity and the chain stayed in its place.
    gradients: evaluations of ∇U (with U) that the step cost each chain.
    energies: evaluations of U alone.
    proposal (N, D), accepted (N,): what was proposed and whether it was taken; None without that choice.
    path: positions (N, D) on the way from a state to its proposal, for trajectories.
    """

    acceptance: Tensor
    nonfinite: Tensor
    gradients: int
    energies: int = 0
    proposal: Tensor | None = None
    accepted: Tensor | None = None
    path: tuple[Tensor, ...] = ()

    @property
    def cost(self) -> float:
        """The step's cost in gradient evaluations; U alone counts as half of one."""
        return self.gradients + 0.5 * self.energies


class State(Protocol):
    """What the next step needs; every state has at least these."""

    @property
    def position(self) -> Tensor:
        """(N, D)."""

    @property
    def potential(self) -> Tensor:
        """U where it was last evaluated, (N,)."""


S = TypeVar("S", bound=NamedTuple)


class Sampler(Protocol[S]):
    """The contract of the registry. Settings are the dataclass's fields."""

    LAW: ClassVar[Law]

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> S:
        """The state of chains that start at positions (N, D)."""

    def step(self, state: S, potential: Potential, generator: torch.Generator) -> tuple[S, Info]:
        """One step of all chains; the given state is not changed."""

    def refresh(self, state: S, potential: Potential) -> S:
        """The state with all that is cached computed again, after the potential has changed."""

    def time_per_step(self) -> float:
        """Overdamped time that a step advances; NaN where steps have no length in time."""


def value_and_gradient(potential: Potential, position: Tensor) -> tuple[Tensor, Tensor]:
    """U (N,) and ∇U (N, D) at positions (N, D), in pieces of at most `potential.chunk` chains.

    The gradient is taken with respect to the position alone: nothing piles up in the parameters
    of the networks behind the potential.

    Raises:
        ValueError: Where the potential does not return one number for each chain.
    """
    evaluate = getattr(potential, "value_and_gradient", None) or functools.partial(_by_autograd, potential)
    parts = [evaluate(part) for part in _pieces(potential, position)]
    if len(parts) == 1:
        return parts[0]
    return torch.cat([value for value, _ in parts]), torch.cat([gradient for _, gradient in parts])


def _by_autograd(potential: Potential, position: Tensor) -> tuple[Tensor, Tensor]:
    leaf = position.detach().requires_grad_(True)
    with torch.enable_grad():
        value = _checked(potential(leaf), leaf)
        if not value.requires_grad:  # a constant energy pulls nowhere
            return value, torch.zeros_like(position)
        (gradient,) = torch.autograd.grad(value.sum(), leaf, materialize_grads=True)
    return value.detach(), gradient


@torch.no_grad()
def value_at(potential: Potential, position: Tensor) -> Tensor:
    """U (N,) at positions (N, D), without its gradient.

    Raises:
        ValueError: Where the potential does not return one number for each chain.
    """
    return torch.cat([_checked(potential(part), part) for part in _pieces(potential, position)])


def _pieces(potential: Potential, position: Tensor) -> tuple[Tensor, ...]:
    chunk = getattr(potential, "chunk", 0) or len(position)
    if chunk < 2 * BLOCK or chunk >= len(position):
        return position.tensor_split(max(1, -(-len(position) // chunk)))
    # Nearly equal pieces of whole blocks: rows beside the blocks, or in a piece of a few rows, are multiplied by
    # other kernels, and the result would depend on the chunk.
    count, blocks = -(-len(position) // (chunk - chunk % BLOCK)), len(position) // BLOCK
    return position.tensor_split([BLOCK * -(-blocks * i // count) for i in range(1, count)])


def _checked(value: Tensor, position: Tensor) -> Tensor:
    if value.shape != (len(position),):
        raise ValueError(f"potential must return shape ({len(position)},), got {tuple(value.shape)}")
    return value


def prior_energy(position: Tensor) -> Tensor:
    """½|z|², (N,): −log η up to a constant."""
    return 0.5 * position.square().sum(1)


def normal_like(position: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal noise of the shape, type and device of a tensor."""
    return drawn(torch.randn, position, generator)


def uniform_like(value: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform noise on [0, 1) of the shape, type and device of a tensor."""
    return drawn(torch.rand, value, generator)


def finite(*parts: Tensor) -> Tensor:
    """Where a chain's numbers (N,) or (N, ...) are all finite, (N,)."""
    # One sum sees every NaN and infinity of a chain: any of them makes it non-finite.
    sums = [part if part.ndim == 1 else part.flatten(1).sum(1) for part in parts]
    return torch.isfinite(functools.reduce(torch.add, sums))


def choose(chosen: Tensor, new: S, old: S) -> S:
    """For each chain one of two states: the new one where `chosen` (N,)."""
    parts: list[Any] = []
    for a, b in zip(new, old, strict=True):
        parts.append(torch.where(chosen.view(-1, *[1] * (a.ndim - 1)), a, b))
    return type(new)(*parts)


def unadjusted(state: S, *, gradients: int, ok: Tensor, old: S) -> tuple[S, Info]:
    """The outcome of a step without a choice: chains that met a NaN or infinity stay at `old`."""
    info = Info(torch.full_like(state[0][:, 0], math.nan), ~ok, gradients)
    return (state if bool(ok.all()) else choose(ok, state, old)), info


def metropolis(log_ratio: Tensor, ok: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Whether proposals are accepted (N,), and the probabilities min(1, e^{log_ratio}) (N,).

    A proposal that is not `ok`, or whose ratio is NaN, is rejected.
    """
    probability = torch.where(ok & ~log_ratio.isnan(), log_ratio, -math.inf).clamp(max=0.0).exp()
    return uniform_like(probability, generator) < probability, probability


def check_positive(**values: float) -> None:
    """Refuse settings that are not positive finite numbers.

    Raises:
        ValueError: Naming the setting, its value, and what is allowed.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"`{name}` must be a positive finite number, got {value}")


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting outside of [low, high].

    Raises:
        ValueError: Naming the setting, its value, and what is allowed.
    """
    if not low <= value <= high:
        raise ValueError(f"`{name}` must lie from {low} to {high}, got {value}")
