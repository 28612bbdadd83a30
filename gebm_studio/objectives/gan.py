"""The GAN's objective, with the logit of its critic as an energy: D(x) = σ(−E(x))."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def gan(energy_data: Tensor, energy_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """V(E) = E_P log D + E_G log(1 − D) = −E_P softplus(E) − E_G softplus(−E); nothing to guard.

    At most 2 JSD(P, G) − log 4, at −E = log p/g: then log Z = 0 and the GEBM with this energy is the
    data's law, which is what discriminator driven latent sampling uses. `c` takes no part.

    References:
        Generative Adversarial Nets (Goodfellow et al., 2014), arXiv 1406.2661, proposition 1.
        Your GAN is Secretly an Energy-based Model (Che et al., 2020), arXiv 2003.06060, section 3.1.
    """
    value = -softplus(energy_data).mean() - softplus(-energy_base).mean()
    return value, torch.zeros((), dtype=torch.long, device=value.device)


def saturating_loss(energy_base: Tensor) -> Tensor:
    """E_G log(1 − D) = −E_G softplus(−E(G(z))): no slope where the critic sees through the base."""
    return -softplus(-energy_base).mean()


def non_saturating_loss(energy_base: Tensor) -> Tensor:
    """−E_G log D = E_G softplus(E(G(z))): what a base descends that wants to pass for data.

    References:
        Generative Adversarial Nets (Goodfellow et al., 2014), arXiv 1406.2661, section 3.
    """
    return softplus(energy_base).mean()
