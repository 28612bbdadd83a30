"""The slope of the log density of a law, for Langevin."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gebm_studio.messages import Doubles
from gebm_studio.particles import Score
from gebm_studio.schema.law import AnyLaw, Shape, Toy, Uniform
from gebm_studio.targets.laws import Law

_STEP = 1e-5
"""Of differences, as a share of the law's extent: errors of the order of 1e-9, relative to the third derivative."""


def score_of(law: Law, section: AnyLaw) -> Score | None:
    """∇ log p of a law in the plane, where its density is smooth; None of any other.

    Of Gaussians and their mixtures by formula, else by differences of the exact log density.
    """
    jumps = isinstance(section, Uniform | Shape) or (isinstance(section, Toy) and section.name == "checkerboard")
    if not law.has_density or jumps:
        return None
    if law.gaussian is not None:
        return _of_gaussian(*law.gaussian)
    if law.mixture is not None:
        return _of_mixture(*law.mixture)
    return _by_differences(law)


def _of_gaussian(mean: Doubles, covariance: Doubles) -> Score:
    m, precision = torch.from_numpy(mean), torch.from_numpy(np.linalg.inv(covariance))
    return lambda y: (m.to(y) - y) @ precision.to(y)


def _of_mixture(means: Doubles, stds: Doubles, weights: Doubles) -> Score:
    m, precisions = torch.from_numpy(means), torch.from_numpy(stds**-2.0)
    logs = torch.from_numpy(np.log(weights) - means.shape[1] * np.log(stds))

    def score(y: Tensor) -> Tensor:
        away = y[:, None] - m.to(y)
        share = torch.softmax(logs.to(y) - 0.5 * away.square().sum(2) * precisions.to(y), dim=1) * precisions.to(y)
        return -(share[:, :, None] * away).sum(1)

    return score


def _by_differences(law: Law) -> Score:
    low, high = law.home
    step = _STEP * float((high - low).max())

    def score(y: Tensor) -> Tensor:
        points = y.cpu().numpy()
        found = np.empty_like(points)
        for axis in range(points.shape[1]):
            beside = np.zeros(points.shape[1])
            beside[axis] = step
            with np.errstate(invalid="ignore"):  # −∞ on both sides: NaN, which stops the flow
                found[:, axis] = (law.log_density(points + beside) - law.log_density(points - beside)) / (2 * step)
        return torch.from_numpy(found).to(y)

    return score
