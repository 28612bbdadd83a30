"""What every sampler is: a frozen configuration with pure `init` and `step`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

Potential = Callable[[Tensor], Tensor]
"""U: positions (N, D) → (N,), minus the log density up to a constant."""


class Info(NamedTuple):
    """Diagnostics of one step.

    acceptance (N,): probability with which the step was accepted, NaN for unadjusted samplers.
    nonfinite (N,): where the step met a NaN or an infinity and the chain stayed in its place.
    gradients: gradient evaluations that the step cost.
    """

    acceptance: Tensor
    nonfinite: Tensor
    gradients: int


class State(Protocol):
    """What the next step needs; every state has at least these."""

    @property
    def position(self) -> Tensor:
        """(N, D)."""

    @property
    def potential(self) -> Tensor:
        """U where it was last evaluated, (N,)."""


S = TypeVar("S")


class Sampler(Protocol[S]):
    """The contract of the registry."""

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> S:
        """The state of chains that start at positions (N, D)."""

    def step(self, state: S, potential: Potential, generator: torch.Generator) -> tuple[S, Info]:
        """One step of all chains; the given state is not changed."""

    def refresh(self, state: S, potential: Potential) -> S:
        """The state with all that is cached computed again, after the potential has changed."""


def value_and_gradient(potential: Potential, position: Tensor) -> tuple[Tensor, Tensor]:
    """U (N,) and ∇U (N, D) at positions (N, D).

    The gradient is taken with respect to the position alone: nothing piles up in the parameters
    of the networks behind the potential.

    Raises:
        ValueError: Where the potential does not return one number for each chain.
    """
    leaf = position.detach().requires_grad_(True)
    with torch.enable_grad():
        value = potential(leaf)
        if value.shape != (len(leaf),):
            raise ValueError(f"potential must return shape ({len(leaf)},), got {tuple(value.shape)}")
        (gradient,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), gradient


def normal_like(position: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal noise of the shape, type and device of a tensor."""
    return torch.randn(position.shape, generator=generator, dtype=position.dtype, device=position.device)


def check_positive(**values: float) -> None:
    """Refuse settings that are not positive finite numbers.

    Raises:
        ValueError: Naming the setting, its value, and what is allowed.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"`{name}` must be a positive finite number, got {value}")
