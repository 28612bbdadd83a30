"""Samples as float64 tensors: what the kernels and the divergences built on them accept."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

Points = ArrayLike | Tensor
"""A sample (n, d), or (n,) on the line: an array or a tensor of any float type."""


def as_points(x: Points, what: str, like: Tensor | None = None) -> Tensor:
    """The sample (n, d) in float64, on its own device, or on that of `like` where it is no tensor.

    Raises:
        ValueError: For no points, more than two axes, or numbers that are not finite.
    """
    found = _tensor(x, like)
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or not found.numel():
        raise ValueError(f"{what} must be points (n, d) with n and d from 1, got the shape {tuple(found.shape)}")
    if not bool(torch.isfinite(found).all()):
        raise ValueError(f"{what} holds numbers that are not finite; leave those points out")
    return found


def as_pair(x: Points, y: Points, names: tuple[str, str]) -> tuple[Tensor, Tensor]:
    """Two samples (n, d) and (m, d) of the same dimension, on the same device.

    Raises:
        ValueError: As `as_points`, or where the dimensions differ.
    """
    first = as_points(x, names[0], y if isinstance(y, Tensor) else None)
    second = as_points(y, names[1], first)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"{names[0]} and {names[1]} must have one dimension, got {first.shape[1]} and {second.shape[1]}"
        )
    if first.device != second.device:
        raise ValueError(f"{names[0]} and {names[1]} must be on one device, got {first.device} and {second.device}")
    return first, second


def as_weights(weights: Points | None, points: Tensor, what: str) -> Tensor:
    """The weights (n,) of points (n, d), 1/n each where there are none.

    Raises:
        ValueError: For another shape, a weight that is negative or not finite, or no positive weight.
    """
    n = len(points)
    if weights is None:
        return points.new_full((n,), 1 / n)
    found = _tensor(weights, points).to(points.device)
    if found.shape != (n,):
        raise ValueError(f"{what} must be ({n},), one for each point, got {tuple(found.shape)}")
    if not bool(torch.isfinite(found).all()) or bool((found < 0).any()) or not bool((found > 0).any()):
        raise ValueError(f"{what} must be finite, not negative, and some of them positive")
    return found


def _tensor(x: Points, like: Tensor | None) -> Tensor:
    if isinstance(x, Tensor):
        return x.detach().to(torch.float64)
    device = torch.device("cpu") if like is None else like.device
    return torch.as_tensor(np.asarray(x, dtype=np.float64), device=device)
