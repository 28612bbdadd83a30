"""Distances between distributions: closed forms, quadrature, transport, kernels, nearest neighbours."""

from __future__ import annotations

from gebm_studio.divergences.kernel import median_distance, mmd2
from gebm_studio.divergences.nearest import Estimate, knn_kl
from gebm_studio.divergences.plans import Critic1D, Kantorovich, Plan, kantorovich_1d, plan_1d, wasserstein_1d
from gebm_studio.divergences.quadrature import Quadrature, kl_1d, kl_of_cells, kl_on_grid, refined
from gebm_studio.divergences.transport import assignment, sliced_w2, w1, w2, wasserstein

__all__ = [
    "Estimate", "Quadrature", "kl_1d", "kl_of_cells", "kl_on_grid", "knn_kl",
    "median_distance", "mmd2", "refined", "w1",
    "Critic1D", "Kantorovich", "Plan", "assignment", "kantorovich_1d", "plan_1d", "sliced_w2", "w2", "wasserstein",
    "wasserstein_1d",
]  # fmt: skip
