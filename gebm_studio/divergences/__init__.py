"""Distances between distributions: closed forms, quadrature, transport, kernels, nearest neighbours."""

from __future__ import annotations

from gebm_studio.divergences.kernels import KERNELS, EnergyDistance, Gaussian, InverseMultiquadric, Kernel
from gebm_studio.divergences.mmd import median_distance, mmd2, mmd_witness
from gebm_studio.divergences.nearest import Estimate, knn_kl
from gebm_studio.divergences.plans import Critic1D, Kantorovich, Plan, kantorovich_1d, plan_1d, wasserstein_1d
from gebm_studio.divergences.quadrature import Quadrature, kl_1d, kl_of_cells, kl_on_grid, refined
from gebm_studio.divergences.sinkhorn import Sinkhorn, SinkhornDivergence, sinkhorn, sinkhorn_divergence
from gebm_studio.divergences.transport import assignment, sliced_w2, w1, w2, wasserstein

__all__ = [
    "KERNELS",
    "Critic1D",
    "EnergyDistance",
    "Estimate",
    "Gaussian",
    "InverseMultiquadric",
    "Kantorovich",
    "Kernel",
    "Plan",
    "Quadrature",
    "Sinkhorn",
    "SinkhornDivergence",
    "assignment",
    "kantorovich_1d",
    "kl_1d",
    "kl_of_cells",
    "kl_on_grid",
    "knn_kl",
    "median_distance",
    "mmd2",
    "mmd_witness",
    "plan_1d",
    "refined",
    "sinkhorn",
    "sinkhorn_divergence",
    "sliced_w2",
    "w1",
    "w2",
    "wasserstein",
    "wasserstein_1d",
]  # fmt: skip
