"""A GEBM whose base has a density is an EBM: the same density in two ways, compared on a grid."""

from __future__ import annotations

import copy
import math
from collections.abc import Generator

import torch
from torch import Tensor

from gebm_studio.experiments.maps import grid
from gebm_studio.models import Gebm
from gebm_studio.models.energies import Network
from gebm_studio.targets import Target

CELLS = 192
"""Along each side of both planes."""
REACH = 7.0
"""Latents beyond hold e^{−24} of the prior."""
SEEN = 6.0
"""Latents up to here say how far the data grid must reach."""
PIECE = 4096
COLUMN = "reduction_error"


def applies(model: Gebm, target: Target) -> bool:
    """Whether there is something to show: a density in the plane, and an energy that is a function of its own."""
    return target.dim == model.base.latent_dim == 2 and model.base.has_density and isinstance(model.critic, Network)


def reduction_in_pieces(model: Gebm) -> Generator[None, None, tuple[float, str]]:
    """The largest difference between e^{−E}g/Z and the EBM e^{−E′}/Z′ with E′ = E − log g, and how it was found.

    In float64. Z is an integral over latents, of η(z) e^{−E(G(z))}, and Z′ one over data, of e^{−E′(x)}: they agree
    only where g is the density of G(z). The model is copied at once; it may move between pieces.

    References:
        Generalized Energy Based Models (Arbel, Zhou, Gretton, 2021), arXiv 2003.05033, section 3.
    """
    frozen = copy.deepcopy(model).double()
    device = model.device
    z = grid((-REACH, REACH, -REACH, REACH), CELLS, device).double()
    exponents, images = [], []
    for piece in z.split(PIECE):
        with torch.no_grad():
            x = frozen.base(piece)
            exponents.append(-0.5 * piece.square().sum(1) - math.log(2 * math.pi) - frozen.energy(x))
            images.append(x[piece.norm(dim=1) <= SEEN])
        yield
    log_z = _integral(torch.cat(exponents), (2 * REACH / CELLS) ** 2)
    seen = torch.cat(images)
    (left, bottom), (right, top) = seen.amin(0).tolist(), seen.amax(0).tolist()
    points = grid((left, right, bottom, top), CELLS, device).double()
    energies = []
    for piece in points.split(PIECE):
        with torch.no_grad():
            energies.append(frozen.energy(piece) - frozen.base.log_density(piece))
        yield
    energy = torch.cat(energies)
    log_z_data = _integral(-energy, (right - left) * (top - bottom) / CELLS**2)
    difference = (torch.exp(-energy - log_z) - torch.exp(-energy - log_z_data)).abs().max()
    return float(difference), (
        f"largest |e^(−E) g/Z − e^(−E′)/Z′| on {CELLS} × {CELLS} cells, float64; "
        f"log Z = {log_z:.9f} over latents, log Z′ = {log_z_data:.9f} over data"
    )


def _integral(exponents: Tensor, cell: float) -> float:
    """log of ∫ e^{exponents}, by the midpoint rule."""
    return float(torch.logsumexp(exponents, 0)) + math.log(cell)
