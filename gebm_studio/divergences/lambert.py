"""The Lambert function in logarithms, which no exponent can overflow."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

NEWTON_STEPS = 8


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
