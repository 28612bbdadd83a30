"""Exponentials that cannot overflow."""

from __future__ import annotations

import math

import torch
from torch import Tensor

CAP = 20.0
"""Exponents above this are continued linearly: e^20 is 5·10⁸ and the next steps would overflow."""


def guarded_exp(exponent: Tensor, cap: float = CAP) -> tuple[Tensor, Tensor]:
    """e^u up to u = cap and its tangent beyond, with the number of entries beyond.

    The tangent keeps a gradient, which a plain clamp would lose, so that an energy that has
    run away is still pulled back.
    """
    capped = exponent.clamp(max=cap)
    return capped.exp() * (1 + (exponent - capped)), (exponent > cap).sum()


def log_guarded_exp(exponent: Tensor, cap: float = CAP) -> Tensor:
    """log of `guarded_exp`: u itself up to the cap."""
    capped = exponent.clamp(max=cap)
    return capped + torch.log1p(exponent - capped)


def log_mean_exp(exponents: Tensor) -> Tensor:
    """log of the mean of e^{exponents}, differentiable and without overflow."""
    return torch.logsumexp(exponents, 0) - math.log(len(exponents))
