"""First and second derivatives of activations in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

_aten = torch.ops.aten


@dataclass(frozen=True)
class Derivatives:
    """What a walk through an activation σ needs, elementwise.

    Attributes:
        value: h to σ(h); it may overwrite h.
        first: h to σ(h), σ′(h) and what σ″(h) is made of; it may overwrite h.
        second: σ′(h) and what `first` kept to σ″(h); None where σ″ is zero almost everywhere.
    """

    value: Callable[[Tensor], Tensor]
    first: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
    second: Callable[[Tensor, Tensor], Tensor] | None


def _relu(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y = h.relu_()
    return y, y.sign(), y


def _leaky_relu(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    slope = _aten.leaky_relu_backward(torch.ones_like(h), h, 0.01, False)
    return h.mul_(slope), slope, slope


def _tanh(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y = h.tanh_()
    return y, torch.addcmul(_one(y), y, y, value=-1), y


def _silu_value(h: Tensor) -> Tensor:
    return nn.functional.silu(h, inplace=True)


def _silu(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    s = h.sigmoid()
    y = h.mul_(s)
    return y, torch.lerp(y, _one(y), s), s  # σ′ = y + s (1 − y)


def _silu_second(slope: Tensor, s: Tensor) -> Tensor:
    return torch.addcmul(slope, slope, s, value=-2).add_(s)  # σ″ = σ′ + s (1 − 2σ′)


def _softplus(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    slope = _aten.softplus_backward(torch.ones_like(h), h, 1.0, 20.0)
    return nn.functional.softplus(h), slope, slope


def _elu(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y = nn.functional.elu_(h)
    return y, y.clamp(max=0).add_(1), y


def _gelu(h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return nn.functional.gelu(h), _aten.gelu_backward(torch.ones_like(h), h), h


def _gelu_second(_: Tensor, h: Tensor) -> Tensor:
    square = h.square()
    return torch.exp(-0.5 * square).mul_(2 - square).mul_(1 / math.sqrt(2 * math.pi))  # σ″ = φ (2 − h²)


def _one(like: Tensor) -> Tensor:
    return _ones(like.dtype, like.device)


@cache
def _ones(dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.ones((), dtype=dtype, device=device)


DERIVATIVES: dict[type[nn.Module], Derivatives] = {
    nn.ReLU: Derivatives(torch.relu_, _relu, None),
    nn.LeakyReLU: Derivatives(nn.functional.leaky_relu_, _leaky_relu, None),
    nn.Tanh: Derivatives(torch.tanh_, _tanh, lambda slope, y: slope.mul(y).mul_(-2)),
    nn.SiLU: Derivatives(_silu_value, _silu, _silu_second),
    nn.Softplus: Derivatives(
        nn.functional.softplus, _softplus, lambda slope, _: torch.addcmul(slope, slope, slope, value=-1)
    ),
    nn.ELU: Derivatives(nn.functional.elu_, _elu, lambda slope, y: slope * (y < 0)),
    nn.GELU: Derivatives(nn.functional.gelu, _gelu, _gelu_second),
}
"""By the class of activations, as `networks.mlp` makes them."""
