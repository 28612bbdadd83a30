"""Penalties on a critic's slope, subtracted from what it climbs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]
Penalty = Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor]
"""Critic, data (N, *shape), samples (N, *shape), generator of the segments' points → a mean, ()."""


def slopes(critic: Critic, points: Tensor) -> Tensor:
    """|∇e|² at points (N, *shape), (N,), differentiable in the critic's parameters."""
    points = points.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def on_segments(data: Tensor, samples: Tensor, generator: torch.Generator) -> Tensor:
    """One uniform point of each segment from data (N, *shape) to samples (N, *shape)."""
    share = torch.rand(len(data), generator=generator, device=data.device)
    return torch.lerp(data, samples, share.reshape(-1, *[1] * (data.dim() - 1)))


def gradient_penalty(critic: Critic, data: Tensor, samples: Tensor, generator: torch.Generator) -> Tensor:
    """Mean of |∇e|² at random points of the segments; no target norm: the recipe of the GEBM paper.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
    """
    return slopes(critic, on_segments(data, samples, generator)).mean()


PENALTIES: dict[str, Penalty] = {"gradient": gradient_penalty}
"""By the schema's `objective.penalty`, those that are functions of the critic's slope."""
