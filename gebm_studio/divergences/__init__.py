"""Distances between distributions: closed forms, quadrature, transport, kernels, nearest neighbours."""

from __future__ import annotations

from gebm_studio.divergences.kernel import median_distance, mmd2
from gebm_studio.divergences.nearest import Estimate, knn_kl
from gebm_studio.divergences.quadrature import Quadrature, kl_1d, kl_of_cells, kl_on_grid, refined
from gebm_studio.divergences.transport import w1

__all__ = [
    "Estimate", "Quadrature", "kl_1d", "kl_of_cells", "kl_on_grid", "knn_kl",
    "median_distance", "mmd2", "refined", "w1",
]  # fmt: skip
