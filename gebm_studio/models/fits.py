"""Gaussians fitted to points by maximum likelihood, in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

FLATTEST = 1e-8
"""Variances below this share of the largest are raised to it: else constant pixels would leave no density."""


def gaussian(points: Tensor) -> tuple[Tensor, Tensor]:
    """A (D, D), lower triangular, and b (D,) of the likeliest N(b, AAᵀ) of points (N, D), in float64."""
    variances, axes, mean = _principal(points)
    return torch.linalg.cholesky(axes * variances @ axes.T), mean


def ppca(points: Tensor, components: int) -> tuple[Tensor, Tensor]:
    """A (D, D) and b (D,) of the likeliest probabilistic PCA of points (N, D), in float64.

    AAᵀ = WWᵀ + σ²I with W of rank k: the k largest variances stay, the others become their mean σ². A turns
    latents to the principal axes, so that G is invertible.

    Raises:
        ValueError: Where k is not below D.

    References:
        Probabilistic principal component analysis (Tipping and Bishop, 1999), equations 7 and 8.
    """
    dim = points.shape[1]
    if not 1 <= components < dim:
        allowed = f"1 to {dim - 1}" if dim > 1 else "none in one dimension; use kind gaussian"
        raise ValueError(f"base.components: {components} for data of dimension {dim}; allowed: {allowed}")
    variances, axes, mean = _principal(points)
    variances[components:] = variances[components:].mean()
    return axes * variances.sqrt(), mean


def _principal(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Variances (D,), falling, principal axes (D, D) in columns, and the mean (D,), in float64 on the CPU."""
    points = points.detach().flatten(1).cpu().double()
    mean = points.mean(0)
    offset = points - mean
    variances, axes = torch.linalg.eigh(offset.T @ offset / len(points))
    variances, axes = variances.flip(0), axes.flip(1)
    # An eigenvector's sign is arbitrary: the largest entry is made positive.
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    largest = variances[0] if variances[0] > 0 else variances.new_ones(())
    return variances.clamp(min=FLATTEST * largest), axes, mean
