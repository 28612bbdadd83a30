"""Singular values of a critic's layers: exact, as power iteration has them, and what they bound.

References:
    Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), arXiv 1802.05957, section 2.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from gebm_studio.models.networks import ACTIVATIONS, Residual

STEPS = 60
"""Power iterations from a fresh start that are shown."""
WHOLE = 128
"""Up to so many rows or columns all singular values are found; beyond, only the first two, which is faster."""
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Iteration:
    """A power iteration from a fresh start and after each of k steps.

    tangents (k + 1,): tan θ, θ the angle between its right vector and the exact one; at most tan θ₀ (σ₂/σ₁)^{2k} after
    k steps, and in the end in that proportion. values (k,): relative error of its estimate of σ₁, of order tan² θ.
    """

    tangents: Doubles
    values: Doubles


@dataclass(frozen=True)
class Layer:
    """The two largest singular values of a layer's weights, the power iteration's estimate and the effective norm.

    `path` is a power iteration from a fresh start.
    """

    exact: float
    second: float
    iterated: float
    effective: float
    path: Iteration


def weighted_layers(module: nn.Module) -> list[nn.Module]:
    """The layers that multiply by their weights as they are, in their order; not those of flows, which mask them."""
    kinds = (nn.Linear, nn.Conv2d)
    return [layer for layer in module.modules()
            if type(layer) in kinds or (isinstance(layer, kinds) and is_parametrized(layer))]  # fmt: skip


@torch.no_grad()
def learned_weights(layer: nn.Module) -> Doubles:
    """The weights that learn, as the matrix (outputs, inputs) that spectral normalisation sees."""
    weights: Tensor = _normalisation(layer).original if is_parametrized(layer) else cast(Tensor, layer.weight)
    matrix: Doubles = weights.detach().flatten(1).double().cpu().numpy()
    return matrix


def look_at(layer: nn.Module, seed: int) -> Layer:
    """The spectrum of one layer as it is now, and a power iteration of its own; the layer's is left alone."""
    weights = learned_weights(layer)
    first, second, right = leading(weights)
    path = power_iteration(weights, first, right, seed)
    if not is_parametrized(layer):
        return Layer(first, second, math.nan, first, path)
    state = _normalisation(layer)[0]
    u, v = (vector.double().cpu().numpy() for vector in (state._u, state._v))
    iterated = float(u @ weights @ v)
    return Layer(first, second, iterated, first / iterated, path)


def _normalisation(layer: nn.Module) -> Any:
    return cast(Any, layer).parametrizations.weight


def leading(weights: Doubles) -> tuple[float, float, Doubles]:
    """σ₁, σ₂ and the first right singular vector of a matrix; σ₂ = 0 where it has but one row or column."""
    values: Doubles
    rights: Doubles
    if min(weights.shape) <= WHOLE:
        _, values, rights = np.linalg.svd(weights, full_matrices=False)
    else:
        from scipy.sparse.linalg import svds

        start = np.ones(min(weights.shape))  # else it begins at random
        _, values, rights = svds(weights, k=2, v0=start)
        values, rights = values[::-1], rights[::-1]
    return float(values[0]), float(values[1]) if len(values) > 1 else 0.0, rights[0]


def power_iteration(weights: Doubles, first: float, right: Doubles, seed: int, steps: int = STEPS) -> Iteration:
    """u ← Wv/|Wv|, v ← Wᵀu/|Wᵀu| from a random v, against the exact σ₁ and right singular vector."""
    v: Doubles = np.random.default_rng(seed).standard_normal((weights.shape[1],))
    tangents, errors = [_tangent(v, right)], []
    for _ in range(steps):
        u = _unit(weights @ v)
        v = _unit(weights.T @ u)
        tangents.append(_tangent(v, right))
        errors.append(abs(float(u @ weights @ v) / first - 1))
    return Iteration(np.array(tangents), np.array(errors))


def _unit(vector: Doubles) -> Doubles:
    unit: Doubles = vector / np.linalg.norm(vector)
    return unit


def _tangent(v: Doubles, axis: Doubles) -> float:
    """Of the angle between a vector and a unit vector, up to the sign."""
    along = float(axis @ v)
    # Not √(1 − cos²), which loses all digits where the angle is small.
    return float(np.linalg.norm(v - along * axis)) / max(abs(along), 1e-300)


def slope_bound(module: nn.Module, norms: dict[nn.Module, float]) -> float:
    """A Lipschitz constant of a chain of layers: the product of the effective norms and of the steepest slopes.

    A block that adds to its input adds one. NaN where the network has parts of which this says nothing, such as
    convolutions, whose norm is not that of their matrix.
    """
    if isinstance(module, Residual):
        return 1 + math.prod(slope_bound(part, norms) for part in module)
    if isinstance(module, nn.Sequential):
        return math.prod(slope_bound(part, norms) for part in module)
    if isinstance(module, nn.Linear):
        return norms[module]
    if isinstance(module, nn.Flatten):
        return 1.0
    names = [name for name, kind in ACTIVATIONS.items() if type(module) is kind]
    return steepest(names[0]) if names else math.nan


@cache
def steepest(activation: str) -> float:
    """The largest slope of an activation, on a fine grid: 1 for ReLU and its like, 1.0998 for SiLU."""
    x = torch.linspace(-40, 40, 80_001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(ACTIVATIONS[activation]()(x).sum(), x)
    return float(slope.abs().max())
