"""KALE and Donsker–Varadhan: lower bounds on KL(P‖G) that an energy climbs.

Both are functions of energies alone: of E(x), x ~ P, (N,) and E(G(z)), z ~ η, (M,).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.objectives.guards import guarded_exp, log_mean_exp


def kale(energy_data: Tensor, energy_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """F(E, c) = −E_P(E + c) − E_G e^{−(E+c)} + 1, and the number of guarded exponents.

    F ≤ L ≤ KL(P‖G); for P = G it is never positive. With fixed c a batch estimates it without bias.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
    """
    mass, overflows = guarded_exp(-(energy_base + c))
    return 1 - (energy_data.mean() + c) - mass.mean(), overflows


def donsker_varadhan(energy_data: Tensor, energy_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """L(E) = −E_P E − log E_G e^{−E}; nothing to guard. `c` takes no part.

    On a batch the logarithm makes it an over-estimate on average.
    """
    bound = -energy_data.mean() - log_mean_exp(-energy_base)
    return bound, torch.zeros((), dtype=torch.long, device=bound.device)


def log_likelihood(energy_data: Tensor, energy_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """−E_P E: up to E_P log g and log Z the log-likelihood, of energies whose log Z no parameter moves.

    Such is a flow energy, E = log g − log q + k with log Z = −k. Samples and `c` take no part.
    """
    value = -energy_data.mean()
    return value, torch.zeros((), dtype=torch.long, device=value.device)


def base_loss(energy_base: Tensor) -> Tensor:
    """−log E_G e^{−E}, whose gradient is E_Q[∇E · ∂G]: the mean under the GEBM, not under the base.

    On a batch the weights are softmax(−E). The same for both bounds: by the envelope theorem the
    gradient of sup_{E,c} F in the base is this one, while −E_P(E+c) with a fixed c would give none.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033.
    """
    return -log_mean_exp(-energy_base)


def climbed_constant(energy_base: Tensor, c: Tensor, rate: float) -> Tensor:
    """The constant after one step: c + ρ ∂F/∂c with ∂F/∂c = e^{log Ẑ − c} − 1, kept within 1 of log Ẑ.

    Near log Z the step is the plain gradient, which leads there without bias. Far away the plain
    gradient explodes (c too low) or crawls (c too high) while e^{−(E+c)} floods the energy's own
    gradient; the band follows log Ẑ at once instead. The published code meets the same trouble by
    dividing by the curvature, which gives e^{c − log Ẑ} − 1.
    """
    # As numbers of Python's own: ten operations on tensors of one entry would take longer than the mean.
    estimate, before = log_mean_exp(-energy_base).item(), c.item()
    if math.isnan(estimate) or math.isnan(before):
        return torch.full_like(c, math.nan)
    # The exponent is capped where the band decides anyway.
    ascent = math.expm1(min(estimate - before, 1.0))
    return torch.full_like(c, min(max(before + rate * ascent, estimate - 1), estimate + 1))
