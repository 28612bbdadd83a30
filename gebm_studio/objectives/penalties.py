"""Penalties on a critic's slope, subtracted from what it climbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Penalty:
    """A mean over points of a function of ∇e there.

    Where and what are told apart so that a walk through the layers by hand can take the place of autograd.

    Attributes:
        points: Data (N, *shape), samples (N, *shape) and a generator to points (N, *shape), without a graph.
        of: ∇e at the points, (N, *shape), to a mean, (); differentiable, each point by itself.
        direction: The slope of `of` in closed form: ∇e flat, (N, D), to ∂of/∂∇e (N, D).
    """

    points: Callable[[Tensor, Tensor, torch.Generator], Tensor]
    of: Callable[[Tensor], Tensor]
    direction: Callable[[Tensor], Tensor]

    def __call__(self, critic: Critic, data: Tensor, samples: Tensor, generator: torch.Generator) -> Tensor:
        """The penalty of a critic, (), differentiable in its parameters."""
        points = self.points(data, samples, generator).detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
        return self.of(gradient)


def on_segments(data: Tensor, samples: Tensor, generator: torch.Generator) -> Tensor:
    """One uniform point of each segment from data (N, *shape) to samples (N, *shape)."""
    share = torch.rand(len(data), generator=generator, dtype=data.dtype, device=data.device)
    return torch.lerp(data, samples, share.reshape(-1, *[1] * (data.dim() - 1)))


def _on_data(data: Tensor, samples: Tensor, generator: torch.Generator) -> Tensor:
    return data


def _mean_square(gradient: Tensor) -> Tensor:
    return gradient.flatten(1).square().sum(1).mean()


def _mean_square_from_one(gradient: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (norms - 1).square().mean()


def _twice(gradient: Tensor) -> Tensor:
    return gradient * (2 / len(gradient))


def _from_one(gradient: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
    # A slope whose norm is zero, or too small for its square, has no direction: as autograd has it.
    return (2 / len(gradient)) * (gradient - (gradient / norms).masked_fill(norms == 0, 0.0))


def _once(gradient: Tensor) -> Tensor:
    return gradient / len(gradient)


def _half_mean_square(gradient: Tensor) -> Tensor:
    return 0.5 * _mean_square(gradient)


gradient_penalty = Penalty(on_segments, _mean_square, _twice)
"""Mean of |∇e|² at random points of the segments; no target norm: the recipe of the GEBM paper.

References:
    Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
"""

PENALTIES: dict[str, Penalty] = {
    "gradient": gradient_penalty,
    # Improved Training of Wasserstein GANs (Gulrajani et al., 2017), arXiv 1704.00028, equation 3.
    "gradient_to_one": Penalty(on_segments, _mean_square_from_one, _from_one),
    # Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), arXiv 1801.04406, equation 9;
    # its γ is our λ.
    "r1": Penalty(_on_data, _half_mean_square, _once),
}
"""By the schema's `objective.penalty`, those that are functions of the critic's slope."""
