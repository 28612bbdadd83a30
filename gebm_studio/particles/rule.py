"""What every rule of a particle flow is: a frozen configuration with pure `init` and `step`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

Score = Callable[[Tensor], Tensor]
"""∇ log p of points (n, d), (n, d)."""


@dataclass(frozen=True)
class Goal:
    """The law P that particles flow to.

    Arguments:
        points: Draws (m, d) of it, float64.
        score: Its score, where it has a density that is smooth.
    """

    points: Tensor
    score: Score | None = None


class State(NamedTuple):
    """Where particles are, and all else that the next step depends on.

    position (n, d), float64. steps: how many were taken. warm: what the next step starts its own search from, by the
    order of the rule's own choice; empty before the first step.
    """

    position: Tensor
    steps: int = 0
    warm: tuple[Tensor, ...] = ()


class Info(NamedTuple):
    """velocity (n, d): what moved the particles, in units of space a unit of time, without the noise of Langevin.

    note: what is to be said of the step; empty where all went well.
    """

    velocity: Tensor
    note: str = ""


class Rule(Protocol):
    """The contract of the registry. Settings are the dataclass's fields; a change of them keeps the state."""

    @property
    def step_size(self) -> float:
        """δ, the time that a step lasts."""

    def init(self, position: Tensor, goal: Goal) -> State:
        """Particles that start at positions (n, d).

        Raises:
            ValueError: Where the rule needs what the goal does not have.
        """

    def step(self, state: State, goal: Goal, generator: torch.Generator) -> tuple[State, Info]:
        """One step; the given state is not changed, and the generator is all that it depends on besides."""


def check_positive(**values: float) -> None:
    """Refuse settings that are not positive finite numbers.

    Raises:
        ValueError: Naming the setting, its value, and what is allowed.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"`{name}` must be a positive finite number, got {value}")


def check_points(position: Tensor, goal: Goal) -> None:
    """Refuse particles and draws that are not points of one space, or are none.

    Raises:
        ValueError: With their shapes.
    """
    shapes = tuple(position.shape), tuple(goal.points.shape)
    if not (position.ndim == goal.points.ndim == 2 and position.shape[1] == goal.points.shape[1]):
        raise ValueError(f"particles and draws must be points (n, d) and (m, d), got {shapes[0]} and {shapes[1]}")
    if not (len(position) and len(goal.points)):
        raise ValueError(f"a flow needs a particle and a draw of its target, got {shapes[0][0]} and {shapes[1][0]}")
