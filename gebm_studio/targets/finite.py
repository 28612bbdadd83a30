"""Targets that are a finite set of examples: split once, drawn with replacement."""

from __future__ import annotations

import torch
from torch import Tensor

from gebm_studio.targets.target import Extent, Target, held_out_generator, principal_plane, square_around


class FiniteTarget(Target):
    """The empirical distribution of some examples.

    Arguments:
        training: The examples (n, *shape) that training draws.
        held_out: The examples (m, *shape) kept apart.
        axes: Names of the coordinates, shown where there are one or two.
    """

    def __init__(self, training: Tensor, held_out: Tensor, device: torch.device, *, axes: tuple[str, ...] = ()) -> None:
        super().__init__(tuple(training.shape[1:]), device)
        self.training = training.float().to(device)
        self.held_out = held_out.float().to(device)
        self.axes = axes
        self._plane = self._choose_plane()
        self._home = square_around(self.to_plane(torch.cat([self.training, self.held_out])))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(self.training), (n,), generator=generator, device=generator.device)
        return self.training.to(generator.device)[chosen]

    def training_data(self, count: int, seed: int) -> Tensor:
        return self.training

    def projection(self) -> tuple[Tensor, Tensor, tuple[str, str]]:
        """As `Target.projection`; above three dimensions the first two principal components of `training`."""
        return self._plane

    @property
    def home(self) -> Extent:
        return self._home

    def _choose_plane(self) -> tuple[Tensor, Tensor, tuple[str, str]]:
        if self.dim <= 3:
            matrix, offset, axes = super().projection()
            if self.dim <= 2 and len(self.axes) == self.dim:
                axes = (self.axes[0], self.axes[1] if self.dim == 2 else "")
            return matrix, offset, axes
        return principal_plane(self.training, self.device)


def split(n: int, held_out: int, seed: int) -> tuple[Tensor, Tensor]:
    """A random partition of 0…n−1 by a seed: the training indices and `held_out` others."""
    order = torch.randperm(n, generator=held_out_generator(seed))
    return order[held_out:].sort().values, order[:held_out].sort().values
