"""Exponentials that cannot overflow, and the Lambert function in the form that cannot either."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

CAP = 20.0
"""Exponents above this are continued linearly: e^20 is 5·10⁸ and the next steps would overflow."""
NEWTON_STEPS = 8


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


class _LogOmega(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(y: Tensor) -> Tensor:
        # l + e^l is convex and increasing and the start lies right of the root: Newton falls on it.
        log_omega = torch.where(y > 1, y.clamp(min=1).log(), y)
        for _ in range(NEWTON_STEPS):
            power = log_omega.exp()
            log_omega = log_omega - (log_omega + power - y) / (1 + power)
        return log_omega

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (log_omega,) = ctx.saved_tensors
        return gradient * torch.sigmoid(-log_omega)  # dl/dy = 1/(1 + e^l)


def log_omega(y: Tensor) -> Tensor:
    """l with l + e^l = y, so that W(e^y) = e^l: Wright's omega function in logarithms, elementwise.

    Differentiable as often as wanted, by the implicit function theorem.

    References:
        On the Lambert W Function (Corless et al., 1996).
    """
    result: Tensor = _LogOmega.apply(y)  # type: ignore[no-untyped-call]
    return result
