"""Slopes of objectives in closed form, where autograd's bookkeeping would cost a twentieth of an energy step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gebm_studio.objectives.bounds import base_loss, kale
from gebm_studio.objectives.guards import CAP
from gebm_studio.objectives.objective import BaseLoss, Value

Slopes = tuple[Tensor, Tensor, Tensor, Tensor]
"""The value (), the guarded exponents (), ∂value/∂e on data (N,) and on samples (M,)."""


def slopes(value: Value, on_data: Tensor, on_samples: Tensor, c: Tensor) -> Slopes:
    """An objective's value with its slopes at e on data (N,) and on samples (M,); none has a graph."""
    closed = _CLOSED.get(value)
    return _by_autograd(value, on_data, on_samples, c) if closed is None else closed(on_data, on_samples, c)


@torch.enable_grad()
def _by_autograd(value: Value, on_data: Tensor, on_samples: Tensor, c: Tensor) -> Slopes:
    leaves = on_data.detach().requires_grad_(True), on_samples.detach().requires_grad_(True)
    found, overflows = value(*leaves, c)
    of_data, of_samples = torch.autograd.grad(found, leaves, materialize_grads=True)
    return found.detach(), overflows, of_data, of_samples


def _kale(on_data: Tensor, on_samples: Tensor, c: Tensor) -> Slopes:
    exponent = (on_samples + c).neg_()
    capped = exponent.clamp(max=CAP)
    slope = capped.exp()
    beyond = exponent - capped  # the tangent's share, zero below the cap
    mass = (slope * (1 + beyond)).mean()
    value = 1 - (on_data.mean() + c) - mass
    of_data = torch.full_like(on_data, -1 / len(on_data))
    return value, beyond.count_nonzero(), of_data, slope.mul_(1 / len(on_samples))


def base_slopes(loss: BaseLoss, e: Tensor) -> tuple[Tensor, Tensor]:
    """A loss of the base (), with its slope at e(G(z)) (N,); neither has a graph."""
    if loss is base_loss:
        return base_loss(e), torch.softmax(-e, 0)
    with torch.enable_grad():
        leaf = e.detach().requires_grad_(True)
        value = loss(leaf)
        (slope,) = torch.autograd.grad(value, leaf)
    return value.detach(), slope


_CLOSED: dict[Value, Callable[[Tensor, Tensor, Tensor], Slopes]] = {kale: _kale}
