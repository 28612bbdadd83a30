"""The Gaussian that fits a mixture on a line best under an f-divergence, by quadrature (F34).

References:
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization
    (Nowozin, Cseke, Tomioka, 2016), arXiv 1606.00709, section 4.1 and table 3.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from gebm_studio.models import Gebm
from gebm_studio.models.bases import Linear
from gebm_studio.objectives import F_DIVERGENCES
from gebm_studio.targets import Mixture, Target

NODES, REACH = 4001, 8.0
"""Nodes of the integral, and standard deviations around every component that it covers."""
HELD = 300.0
"""|log p/g| beyond this counts as this."""
SURE = 1e-6
"""A value that changes by a larger share when half of `HELD` is held is not known."""
ROWS = {"kale": "kl", "donsker_varadhan": "kl", "flow_likelihood": "kl"}
"""Objectives that bound the divergence of another row of the table, or go down with it."""


class Fit(NamedTuple):
    """The least value of D_f(P‖N(mean, std²)), and where it is taken."""

    value: float
    mean: float
    std: float


def best_gaussian(model: Gebm, target: Target, objective: str) -> Fit | None:
    """The best fit of the model's base under the f-divergence that the objective bounds.

    None where the base is not one Gaussian, the target no mixture on a line, the objective of another kind, or the
    modes so far apart that ratios at the best fit leave the range of a float.
    """
    row = ROWS.get(objective, objective)
    one = isinstance(model.base, Linear) and tuple(model.base.matrix.shape) == (1, 1)
    if not (one and isinstance(target, Mixture) and target.dim == 1 and row in F_DIVERGENCES):
        return None
    means, stds, weights = target.means[:, 0], target.stds, target.weights
    return _fit(row, tuple(means.tolist()), tuple(stds.tolist()), tuple(weights.tolist()))


@cache
def _fit(row: str, means: tuple[float, ...], stds: tuple[float, ...], weights: tuple[float, ...]) -> Fit | None:
    from scipy.optimize import minimize

    parts = [torch.tensor(values, dtype=torch.float64) for values in (means, stds, weights)]
    centre = float((parts[2] * parts[0]).sum())
    spread = math.sqrt(float((parts[2] * (parts[1] ** 2 + (parts[0] - centre) ** 2)).sum()))
    room = REACH * max(*stds, spread)
    x = torch.linspace(min(means) - room, max(means) + room, NODES, dtype=torch.float64)
    log_p = torch.logsumexp(parts[2].log() + _log_normal(x.unsqueeze(1), parts[0], parts[1]), 1)

    def divergence(at: object) -> float:
        mean, log_std = torch.as_tensor(at, dtype=torch.float64)
        return value(row, x, log_p, _log_normal(x, mean, log_std.exp()))

    # Several valleys: begun where KL is least and at each component. No gradient is needed for two numbers.
    starts = [(centre, spread), *zip(means, stds, strict=True)]
    fine = {"xatol": 1e-6, "fatol": 1e-10}
    found = [minimize(divergence, (mean, math.log(std)), method="Nelder-Mead", options=fine) for mean, std in starts]
    best = min(found, key=lambda one: float(one.fun))
    fit = Fit(float(best.fun), float(best.x[0]), math.exp(float(best.x[1])))
    log_g = _log_normal(x, torch.tensor(fit.mean, dtype=torch.float64), torch.tensor(fit.std, dtype=torch.float64))
    sooner = value(row, x, log_p, log_g, HELD / 2)
    return fit if abs(sooner - fit.value) <= SURE * max(1.0, abs(fit.value)) else None


def value(row: str, x: Tensor, log_p: Tensor, log_g: Tensor, most: float = HELD) -> float:
    """D_f(P‖G) = ∫ g f(p/g) over evenly spaced x (n,), for log p and log g there, all float64."""
    # Far out p/g leaves the range of a float before its part of the integral does: it is held where its square is
    # still one. Where g is too small for that, it is raised to p over the held ratio: else mass of P that G misses
    # would cost nothing.
    held = (log_p - log_g).clamp(-most, most)
    weight = torch.maximum(log_g, log_p - held).exp()
    return float((weight * F_DIVERGENCES[row].f(held.exp())).sum() * (x[1] - x[0]))


def _log_normal(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return -0.5 * ((x - mean) / std) ** 2 - std.log() - 0.5 * math.log(2 * math.pi)


def said(model: Gebm, fit: Fit, objective: str) -> str:
    """The base as it is beside its best fit."""
    base = model.base
    if not isinstance(base, Linear):
        raise TypeError(f"a fit of one Gaussian is that of a linear base, not of {type(base).__name__}")
    name = F_DIVERGENCES[ROWS.get(objective, objective)].name
    mean, std = float(base.shift.detach()), abs(float(base.matrix.detach()))
    return f"G = N({mean:.3f}, {std:.3f}²), best under {name} N({fit.mean:.3f}, {fit.std:.3f}²)"
