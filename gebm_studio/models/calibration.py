"""Calibration: maps of energies after which −E is the log odds of data against base.

A sampler that accepts by e^{−E} has the data's law only where −E is log p/g. A critic that was trained to
something else, or for too long on the same data, often still orders points rightly: a function of its energy
alone, fitted on points that training never saw, then makes good what is lacking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.models.gebm import Gebm

Kind = Literal["none", "logistic", "isotonic"]
Array = NDArray[np.float64]

DRAWS = 2048
"""Held-out points, and as many base draws, at most: about 5 ms."""
LATENT_SEED = 6211


@dataclass(frozen=True)
class Calibration:
    """E ↦ E_cal, linear between knots and with a slope of its own beyond the first and the last.

    energies (K,): the knots, rising. values (K,): E_cal there. outer (): the slope beyond them.
    """

    energies: Tensor
    values: Tensor
    outer: Tensor

    def __call__(self, energy: Tensor) -> Tensor:
        """E_cal (N,) of energies (N,); what is not finite stays what it is."""
        knots, values = self.energies, self.values
        inside = energy.clamp(knots[0], knots[-1])
        right = torch.searchsorted(knots, inside.detach().contiguous()).clamp(1, max(len(knots) - 1, 1))
        if len(knots) == 1:
            between = values[0].expand_as(energy)
        else:
            share = (inside - knots[right - 1]) / (knots[right] - knots[right - 1])
            between = torch.lerp(values[right - 1], values[right], share)
        beyond = torch.where(torch.isfinite(energy), self.outer * (energy - inside), energy)
        return between + beyond


def calibrated(kind: Kind, model: Gebm, held_out: Tensor) -> Calibration | None:
    """The calibration of a model's energy; None for kind `none`.

    Fitted to held-out points (n, *shape) and as many draws of the base, at most `DRAWS`. The draws are the same at
    every call and come from a generator of their own, so that a run goes on as if none had been drawn.

    Raises:
        ValueError: As `fit`.
    """
    if kind == "none":
        return None
    data = held_out[:DRAWS]
    generator = torch.Generator(model.device).manual_seed(LATENT_SEED)
    with torch.no_grad():
        energy_data = model.energy(data)
    energy_base = model.energies(model.prior(len(data), generator))
    return fit(kind, energy_data, energy_base)


def fit(kind: Literal["logistic", "isotonic"], energy_data: Tensor, energy_base: Tensor) -> Calibration:
    """The calibration that energies of data (n,) and of base draws (m,) ask for.

    Arguments:
        kind: `logistic`, E_cal = aE + b, or `isotonic`, any rising function.

    Raises:
        ValueError: Where fewer than two energies of either are finite.

    References:
        Probabilistic outputs for support vector machines (Platt, 1999): the logistic map and its targets.
        Centered isotonic regression (Oron, Flournoy, 2017), arXiv 1701.05964: linear between the blocks' centres.
        Metropolis-Hastings Generative Adversarial Networks (Turner et al., 2019), arXiv 1811.11357, section 3.2.
    """
    data, base = _finite(energy_data, "data"), _finite(energy_base, "the base")
    energies, values, outer = (_logistic if kind == "logistic" else _isotonic)(data, base)
    # Odds of the pooled points are those of the densities times n/m. Points left out as infinite still count.
    values = values + math.log(len(energy_data) / len(energy_base))
    return Calibration(*(torch.as_tensor(part).to(energy_data) for part in (energies, values, outer)))


def _finite(energy: Tensor, whose: str) -> Array:
    values: Array = energy.detach().cpu().double().numpy()
    kept = values[np.isfinite(values)]
    if len(kept) < 2:
        raise ValueError(f"calibration needs two finite energies of {whose} or more, got {len(kept)} of {len(values)}")
    return kept


def _logistic(data: Array, base: Array) -> tuple[Array, Array, float]:
    """Maximum likelihood of σ(−(aE + b)), with Platt's targets, under which it is finite for separate classes too."""
    from scipy.optimize import minimize
    from scipy.special import expit

    energy = np.concatenate((data, base))
    centre, scale = energy.mean(), energy.std()
    if scale == 0:  # an energy that tells nothing: even odds
        return np.array([centre]), np.zeros(1), 0.0
    design = np.stack((((energy - centre) / scale), np.ones_like(energy)), 1)
    label = np.repeat([(len(data) + 1) / (len(data) + 2), 1 / (len(base) + 2)], [len(data), len(base)])

    def loss(parameters: Array) -> tuple[float, Array]:
        s = design @ parameters
        value = np.mean(np.logaddexp(0, s) - (1 - label) * s)
        return float(value), design.T @ (expit(s) - (1 - label)) / len(s)

    def hessian(parameters: Array) -> Array:
        share = expit(design @ parameters)
        curvature: Array = (design * (share * (1 - share))[:, None]).T @ design / len(design)
        return curvature

    found: Any = minimize(loss, np.zeros(2), jac=True, hess=hessian, method="trust-exact", options={"gtol": 1e-9})
    slope, intercept = found.x
    return np.array([centre]), np.array([intercept]), float(slope / scale)


def _isotonic(data: Array, base: Array) -> tuple[Array, Array, float]:
    """The share of data as a falling function of the energy, linear between the centres of its blocks.

    Pooled are first groups of √n neighbours among all n points: else a few data points in a row at the lowest
    energies would make a weight that nothing else ever reaches. Of the blocks, one with k data points among m counts as
    (k + 1)/(m + 2), Laplace's rule, so that no odds are infinite.
    """
    from scipy.optimize import isotonic_regression

    energy, place = np.unique(np.concatenate((data, base)), return_inverse=True)
    size = np.bincount(place).astype(float)
    hits = np.bincount(place[: len(data)], minlength=len(energy)).astype(float)
    total = energy * size
    _, blocks = np.unique((size.cumsum() - size) // math.sqrt(size.sum()), return_index=True)
    share = hits
    for added in (0, 1):
        hits, size, total = (np.add.reduceat(part, blocks) for part in (hits, size, total))
        weights = size + 2 * added
        fitted = isotonic_regression((hits + added) / weights, weights=weights, increasing=False)
        blocks = fitted.blocks[:-1]
        share = fitted.x[blocks]
    centres = np.add.reduceat(total, blocks) / np.add.reduceat(size, blocks)
    return centres, np.log1p(-share) - np.log(share), 0.0
