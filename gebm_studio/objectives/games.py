"""Games that are no f-divergence of the table: least squares, hinge, and the integral probability metrics."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu

from gebm_studio.objectives.objective import Objective

LEAST_SHARE = 0.01
"""LSGAN's D = p/(p+g) is any number to its network: outside [this, 1 − this] the logit goes on along its tangent."""


def _unguarded(value: Tensor) -> tuple[Tensor, Tensor]:
    return value, torch.zeros((), dtype=torch.long, device=value.device)


def least_squares(critic_data: Tensor, critic_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """−½ E_P (D − 1)² − ½ E_G D², D = −e: at most Δ/8 − ¼ with Δ = ∫ (p−g)²/(p+g), at D = p/(p+g).

    References:
        Least Squares Generative Adversarial Networks (Mao et al., 2017), arXiv 1611.04076, equation 9.
    """
    return _unguarded(-0.5 * (critic_data + 1).square().mean() - 0.5 * critic_base.square().mean())


def least_squares_energy(e: Tensor) -> Tensor:
    """−log D/(1 − D), D = −e, and its tangents outside [`LEAST_SHARE`, 1 − `LEAST_SHARE`]."""
    share = (-e).clamp(LEAST_SHARE, 1 - LEAST_SHARE)
    return -torch.logit(share) + (share + e) / (LEAST_SHARE * (1 - LEAST_SHARE))


def hinge(critic_data: Tensor, critic_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """E_P min(0, V − 1) + E_G min(0, −V − 1), V = −e: at most 2·TV − 2, at V = sign(p − g).

    References:
        Geometric GAN (Lim, Ye, 2017), arXiv 1705.02894, equation 22.
    """
    return _unguarded(-relu(1 + critic_data).mean() - relu(1 - critic_base).mean())


def difference(critic_data: Tensor, critic_base: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """E_P V − E_G V, V = −e: an integral probability metric, of which the critic's class decides.

    At most L·W₁ for critics of Lipschitz constant L. MMD² where V is the kernels' witness.

    References:
        Wasserstein GAN (Arjovsky, Chintala, Bottou, 2017), arXiv 1701.07875, equation 2.
        A Kernel Two-Sample Test (Gretton et al., 2012), lemma 6.
    """
    return _unguarded(critic_base.mean() - critic_data.mean())


def mean_energy(critic_base: Tensor) -> Tensor:
    """−E_G V = E_G e."""
    return critic_base.mean()


def _passing_least_squares(critic_base: Tensor) -> Tensor:
    """½ E_G (D − 1)²: samples are moved to where data are called one."""
    return 0.5 * (critic_base + 1).square().mean()


def _tight_least_squares(log_ratio: Tensor) -> Tensor:
    return -torch.sigmoid(log_ratio)


LEAST_SQUARES = Objective(
    least_squares,
    _passing_least_squares,
    energy=least_squares_energy,
    tight=_tight_least_squares,
    bounds="Δ/8 − ¼, Δ = ∫(p−g)²/(p+g)",
    divergence=lambda value: 8 * value + 2,
    estimates="∫(p−g)²/(p+g)",
)
HINGE = Objective(
    hinge, mean_energy, bounds="2·TV − 2", divergence=lambda value: (value + 2) / 2, estimates="TV"
)  # fmt: skip
WASSERSTEIN = Objective(difference, mean_energy, bounds="L·W₁, L the critic's Lipschitz constant", estimates="L·W₁")
MMD = Objective(difference, mean_energy, bounds="MMD² of the best features", estimates="MMD²")
