"""Distances between distributions: closed forms, quadrature, transport, kernels, nearest neighbours."""

from __future__ import annotations

from gebm_studio.divergences.conjugates import biconjugate, numeric_conjugate
from gebm_studio.divergences.critic_bases import Basis, Box, Bumps, Polynomials, Relus
from gebm_studio.divergences.critic_network import NetworkCritic
from gebm_studio.divergences.critics import Climbed, Critic, LinearCritic
from gebm_studio.divergences.f_divergences import (
    Divergence,
    f_divergences_1d,
    f_divergences_2d,
    f_divergences_2d_in_pieces,
    gaussian_breaks,
)
from gebm_studio.divergences.games import KALE_GAME, KL_GAME, Game, Nodes
from gebm_studio.divergences.gaussian_mmd import IsotropicMixture, mmd2_gaussians, mmd2_mixtures, witness_of_mixtures
from gebm_studio.divergences.gaussians import (
    chi2,
    chi2_normal,
    hellinger2,
    hellinger2_normal,
    jeffrey_normal,
    kl,
    kl_normal,
    tv_normal,
    w1_normal,
    w2_normal,
    w2_squared,
)
from gebm_studio.divergences.generators import GENERATORS, Generator, evaluate
from gebm_studio.divergences.integrands import integrands
from gebm_studio.divergences.integrate import Integral, integrate, integrate_plane
from gebm_studio.divergences.kale_classes import KaleOfClass, kale_by_width, kale_of_class
from gebm_studio.divergences.kernels import KERNELS, EnergyDistance, Gaussian, InverseMultiquadric, Kernel
from gebm_studio.divergences.mmd import median_distance, mmd2, mmd_witness
from gebm_studio.divergences.nearest import Estimate, knn_kl
from gebm_studio.divergences.plans import Critic1D, Kantorovich, Plan, kantorovich_1d, plan_1d, wasserstein_1d
from gebm_studio.divergences.quadrature import Quadrature, kl_1d, kl_of_cells, kl_on_grid, refined
from gebm_studio.divergences.rkhs_kale import Kale, rkhs_kale
from gebm_studio.divergences.sinkhorn import Sinkhorn, SinkhornDivergence, sinkhorn, sinkhorn_divergence
from gebm_studio.divergences.tails import COMPACT, Tail, Tails, gaussian_tails, infinite_by_tails
from gebm_studio.divergences.transport import assignment, sliced_w2, w1, w2, wasserstein
from gebm_studio.divergences.uniforms import (
    f_divergences_uniform,
    mmd2_uniform,
    w1_uniform,
    w2_uniform,
    witness_of_uniforms,
)

__all__ = [
    "COMPACT",
    "GENERATORS",
    "KALE_GAME",
    "KERNELS",
    "KL_GAME",
    "Basis",
    "Box",
    "Bumps",
    "Climbed",
    "Critic",
    "Critic1D",
    "Divergence",
    "EnergyDistance",
    "Estimate",
    "Game",
    "Gaussian",
    "Generator",
    "Integral",
    "InverseMultiquadric",
    "IsotropicMixture",
    "Kale",
    "KaleOfClass",
    "Kantorovich",
    "Kernel",
    "LinearCritic",
    "NetworkCritic",
    "Nodes",
    "Plan",
    "Polynomials",
    "Quadrature",
    "Relus",
    "Sinkhorn",
    "SinkhornDivergence",
    "Tail",
    "Tails",
    "assignment",
    "biconjugate",
    "chi2",
    "chi2_normal",
    "evaluate",
    "f_divergences_1d",
    "f_divergences_2d",
    "f_divergences_2d_in_pieces",
    "f_divergences_uniform",
    "gaussian_breaks",
    "gaussian_tails",
    "hellinger2",
    "hellinger2_normal",
    "infinite_by_tails",
    "integrands",
    "integrate",
    "integrate_plane",
    "jeffrey_normal",
    "kale_by_width",
    "kale_of_class",
    "kantorovich_1d",
    "kl",
    "kl_1d",
    "kl_normal",
    "kl_of_cells",
    "kl_on_grid",
    "knn_kl",
    "median_distance",
    "mmd2",
    "mmd2_gaussians",
    "mmd2_mixtures",
    "mmd2_uniform",
    "mmd_witness",
    "numeric_conjugate",
    "plan_1d",
    "refined",
    "rkhs_kale",
    "sinkhorn",
    "sinkhorn_divergence",
    "sliced_w2",
    "tv_normal",
    "w1",
    "w1_normal",
    "w1_uniform",
    "w2",
    "w2_normal",
    "w2_squared",
    "w2_uniform",
    "wasserstein",
    "wasserstein_1d",
    "witness_of_mixtures",
    "witness_of_uniforms",
]  # fmt: skip
