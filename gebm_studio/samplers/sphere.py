"""Langevin dynamics on the sphere where the prior's mass is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gebm_studio.samplers.sampler import Info, Law, Potential, normal_like
from gebm_studio.samplers.standing import standing
from gebm_studio.samplers.ula import GradientState, Overdamped


def on_sphere(position: Tensor) -> Tensor:
    """Positions (N, D) pushed along their radius to |z| = √D; the origin goes to a pole, no number stays none."""
    # By the largest coordinate first: a square may overflow or vanish where its root would not.
    largest = position.abs().amax(1, keepdim=True)
    pole = torch.zeros_like(position)
    pole[:, 0] = 1.0
    direction = torch.where(largest == 0, pole, position / largest)
    length: Tensor = direction.norm(dim=1, keepdim=True)
    return math.sqrt(position.shape[1]) * direction / length


def tangent(vector: Tensor, position: Tensor) -> Tensor:
    """The part of vectors (N, D) that is tangent to the sphere at positions (N, D)."""
    radial = (vector * position).sum(1, keepdim=True) / position.square().sum(1, keepdim=True)
    return vector - radial * position


@dataclass(frozen=True)
class Sphere(Overdamped):
    """A step of ULA in the tangent space of |z| = √d, then back to the sphere.

    Its law has the density e^{−V} on the sphere, up to a bias of the step; with a constant energy
    it is uniform. In many dimensions N(0, I) lives near this sphere. In one dimension the sphere
    is two points, and no chain moves.

    Arguments:
        step_size: δ, in overdamped time.

    Raises:
        ValueError: Where `step_size` is not positive and finite.
    """

    LAW: ClassVar[Law] = "other"

    def init(self, position: Tensor, potential: Potential, generator: torch.Generator) -> GradientState:
        """Chains at positions (N, D), pushed to the sphere."""
        position = on_sphere(position.detach())
        return GradientState(position, *standing(potential, position))

    def step(
        self, state: GradientState, potential: Potential, generator: torch.Generator
    ) -> tuple[GradientState, Info]:
        """One step; costs one gradient."""
        noise = normal_like(state.position, generator)
        move = math.sqrt(2 * self.step_size) * noise - self.step_size * state.gradient
        position = on_sphere(state.position + tangent(move, state.position))
        return self._moved(state, position, potential)
