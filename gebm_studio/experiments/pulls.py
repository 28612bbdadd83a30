"""Where the energy, and where a step of the base, would move points of data space."""

from __future__ import annotations

import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.models import Gebm
from gebm_studio.objectives import OBJECTIVES


def force(model: Gebm, x: Tensor) -> Tensor:
    """−∇E at points (N, *shape); where E or its slope is infinite, zero."""
    with torch.enable_grad():
        leaf = x.detach().requires_grad_(True)
        energy = model.energy(leaf).sum()
        if not energy.requires_grad:  # a constant pulls nowhere
            return torch.zeros_like(leaf)
        (gradient,) = torch.autograd.grad(energy, leaf)
    return -torch.nan_to_num(gradient, posinf=0.0, neginf=0.0)


def base_step(model: Gebm, settings: schema.Objective, x: Tensor) -> Tensor | None:
    """−N ∂ℓ/∂x at draws x = G(z) of the base, (N, *shape), ℓ the loss that the base descends on just these.

    For KALE and Donsker–Varadhan ℓ = −log (1/N) Σ e^{−E(x)}: this is −N softmax(−E) ∇E, the force −∇E weighted by how
    much mass the GEBM gives each draw; the base's parameters move along its mean times ∂G. None where the base learns
    by no critic.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033, proposition 3.
    """
    objective = OBJECTIVES[settings.name]
    loss = objective.passing if settings.descent == "passing" and objective.passing else objective.base_loss
    if loss is None:
        return None
    with torch.enable_grad():
        leaf = x.detach().requires_grad_(True)
        value = loss(model.critic(leaf))
        if not value.requires_grad:
            return torch.zeros_like(leaf)
        (gradient,) = torch.autograd.grad(value, leaf)
    return -len(x) * torch.nan_to_num(gradient, posinf=0.0, neginf=0.0)
