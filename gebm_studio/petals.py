"""The surface of a flower in R³: the data live on it, and a base can."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def half_width(petals: int) -> float:
    """c of a petal's half width c sin πs: 0.3, or less where neighbours would meet."""
    return 0.3 if petals < 3 else min(0.3, math.tan(math.pi / petals) / math.pi)


def petal_points(petal: Tensor, u: Tensor, *, petals: int, bend: float) -> Tensor:
    """The points (n, 3) of petals (n,) of so many at places u (n, 2) in the unit square, uniform in plan.

    Along the petal s = arccos(1 − 2u₁)/π, across it 2u₂ − 1; then turned by 2πj/K and raised to bend·s².
    """
    s = torch.acos(1 - 2 * u[:, 0]) / math.pi
    along, across = 2 * s, 2 * half_width(petals) * torch.sin(math.pi * s) * (2 * u[:, 1] - 1)
    turn = 2 * math.pi * petal / petals
    x = along * turn.cos() - across * turn.sin()
    y = along * turn.sin() + across * turn.cos()
    return torch.stack([x, y, bend * s**2], dim=1)
