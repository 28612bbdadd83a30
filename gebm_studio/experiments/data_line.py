"""Data space of one dimension: densities, the energy and the critic over a line."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.experiments.best_fit import best_gaussian, said
from gebm_studio.experiments.kullback import line_reach
from gebm_studio.messages import DataLine, Floats, frozen
from gebm_studio.models import Gebm, tilt
from gebm_studio.targets import Target

PLACES = 401
NODES = 2048
"""Places that are shown, and of the integral for Z."""
MARGIN = 0.5
"""How far the line goes on beyond the picture to either side, as a share of its width."""
SMOOTH = 1.0
"""Width of the kernel that smooths histograms, in places."""

Doubles = NDArray[np.float64]


def places(target: Target) -> Tensor:
    """x (PLACES,), evenly spaced over the picture and somewhat beyond."""
    left, right, _, _ = target.home
    room = MARGIN * (right - left)
    return torch.linspace(left - room, right + room, PLACES, dtype=torch.float64)


@torch.no_grad()
def data_line(model: Gebm, target: Target, beta: float, z: Tensor, counted: Doubles, objective: str = "") -> DataLine:
    """Everything over the line.

    Arguments:
        model: The GEBM.
        target: Its target, of one dimension.
        beta: β of the GEBM.
        z: Latents (M, d) of the histograms of a base without a density.
        counted: The histogram of the held-out data at the places.
        objective: What the base is fitted by; empty where it is not said.
    """
    x = places(target)
    points = x.unsqueeze(1).to(model.device)
    energy = model.energy(points.float()).double().cpu()
    critic = -model.critic(points.float()).double().cpu()
    p = target.log_density(points).exp().cpu() if target.has_density else torch.full_like(x, math.nan)
    if model.base.has_density:
        log_g = model.base.log_density(points).cpu()
        g = log_g.exp()
        q = (log_g + tilt(energy, beta) - _log_z(model, target, beta)).exp()
        note = "g exact; q = e^{−βE} g / Z_β, Z_β by quadrature"
    else:
        drawn = model.base(z)
        weights = torch.softmax(tilt(model.energy(drawn), beta).double(), 0).cpu().numpy()
        at = drawn.flatten().double().cpu().numpy()
        g, q = (torch.from_numpy(line_histogram(at, x.numpy(), w)) for w in (None, weights))
        note = f"g and q: histograms of {len(z)} base draws, smoothed; q weighted by e^{{−βE}}"
    best, fit = torch.empty(0), best_gaussian(model, target, objective)
    if fit is not None:
        best = (-0.5 * ((x - fit.mean) / fit.std) ** 2).exp() / (fit.std * math.sqrt(2 * math.pi))
        note = f"{said(model, fit, objective)} · {note}"
    return DataLine(
        _floats(x), _floats(p), _floats(g), _floats(torch.nan_to_num(q)), _floats(energy), _floats(critic),
        frozen(counted.astype(np.float32)), _floats(best), note,
    )  # fmt: skip


def _log_z(model: Gebm, target: Target, beta: float) -> float:
    """log ∫ e^{−βE} g over all that the picture shows and the base reaches."""
    low, high = line_reach(model, target)
    cell = (high - low) / NODES
    at = low + cell * (torch.arange(NODES, dtype=torch.float64) + 0.5)
    points = at.unsqueeze(1).to(model.device)
    exponents = model.base.log_density(points) + tilt(model.energy(points.float()).double(), beta)
    return float(torch.logsumexp(exponents, 0)) + math.log(cell)


def line_histogram(x: Doubles, at: Doubles, weights: Doubles | None, smooth: float = SMOOTH) -> Doubles:
    """A histogram of draws (M,) around evenly spaced places (n,), in mass per unit of length, slightly smoothed."""
    from scipy.ndimage import gaussian_filter1d

    step = at[1] - at[0]
    edges = np.append(at - step / 2, at[-1] + step / 2)
    counts, _ = np.histogram(x, edges, weights=weights)
    total = len(x) if weights is None else weights.sum()
    density: Doubles = gaussian_filter1d(counts.astype(np.float64), smooth, mode="constant") / (total * step)
    return density


def _floats(values: Tensor) -> Floats:
    published: Floats = frozen(values.float().cpu().numpy().copy())
    return published
