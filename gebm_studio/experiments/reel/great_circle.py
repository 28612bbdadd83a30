"""The way from one latent to another that keeps to where a Gaussian has its mass."""

from __future__ import annotations

import torch
from torch import Tensor

_PARALLEL = 1e-6
"""Sine of the angle below which two directions lie on one line."""


def great_circle(first: Tensor, second: Tensor, count: int) -> Tensor:
    """`count` latents (count, d) from one (d,) to another, both ends among them.

    The direction turns evenly along the great circle between the two, the length goes evenly from one to the other. In
    many dimensions N(0, I) lives near a sphere, which a straight line would leave. Between opposite directions, which
    no one circle joins, and equal ones the way is straight.

    References:
        Sampling Generative Networks (White, 2016), arXiv 1609.04468, section 2.1.
    """
    t = torch.linspace(0, 1, count, dtype=torch.float64).unsqueeze(1)
    a, b = first.cpu().double(), second.cpu().double()  # not every device knows double precision
    lengths = torch.stack((a.norm(), b.norm()))
    straight = torch.lerp(a, b, t)
    if not lengths.all():
        return straight.to(first)
    cosine = (a @ b / lengths.prod()).clamp(-1, 1)
    angle = torch.arccos(cosine)
    if torch.sin(angle) < _PARALLEL:
        return straight.to(first)
    direction = torch.sin((1 - t) * angle) * a / lengths[0] + torch.sin(t * angle) * b / lengths[1]
    return (torch.lerp(lengths[0], lengths[1], t) * direction / torch.sin(angle)).to(first)
