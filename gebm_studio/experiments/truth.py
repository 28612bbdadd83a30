"""What a latent law is exactly, or as nearly as numbers can tell: its mean energy and its density.

ν_β(z) ∝ η(z) e^{−βE(G(z))}. In closed form for a linear base under a quadratic energy, by quadrature in one and two
latent dimensions, else by weighted draws of the prior. Everything comes in small pieces.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.experiments.chains import RANGE
from gebm_studio.experiments.maps import density_histogram
from gebm_studio.messages import Extent, Floats, frozen
from gebm_studio.models import Gebm, tilt
from gebm_studio.models.bases import Linear
from gebm_studio.models.energies import Quadratic

LATENT_HOME: Extent = (-RANGE, RANGE, -RANGE, RANGE)
CELLS, LINE = 48, 160
"""Cells of a density: along each side of the plane, and on a line."""
DRAWN = 64
"""Draws of the law that are shown."""
PIECE = 0.004
"""Seconds that one piece should take."""
LEAST = 512
"""Energies in a piece at least: below, calls cost more than what they compute."""
DRAWS, FEWEST, ENOUGH = 32768, 100.0, 1000.0
"""Weighted draws, and the effective ones below which there is no mean, and no density."""
REACH = 12.0
"""Where the search for mass ends; the prior has e^{−72} there."""
FAINT = 30.0
"""What lies so many nats below the top holds no mass that counts."""
SEARCH, NODES = {1: 2048, 2: 192}, {1: 4096, 2: 256}
"""Cells along each side of the quadrature: where mass is looked for, and where it is."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """E_ν E ± error, NaN where unknown; the density on the plane of z₁, z₂; draws; and how all was found.

    `density` is (CELLS, CELLS) over `home`, row 0 at the bottom, or (1, LINE) in one dimension. `draws`
    (DRAWN, d) are exact up to the width of a cell, or resampled prior draws. Both are empty where unknown.
    """

    energy: float
    error: float
    density: Floats
    note: str
    draws: Tensor
    home: Extent = LATENT_HOME


Pieces = Generator[None, None, Truth]
Numbers = Generator[None, None, Array]


def unknown(why: str) -> Truth:
    """Nothing is known, and why."""
    return Truth(math.nan, math.nan, _no_density(), why, torch.empty(0, 1))


def truth_in_pieces(model: Gebm, beta: float, generator: torch.Generator) -> Pieces:
    """The law of the model as it is now, which must not move meanwhile; each piece takes about `PIECE` seconds."""
    found = _closed_form(model, beta, generator)
    if found is not None:
        return found
    energies = Energies(model)
    if model.base.latent_dim <= 2:
        return (yield from _by_quadrature(model, beta, energies, generator))
    return (yield from _by_weights(model, beta, energies, generator))


class Energies:
    """E(G(z)) of many latents, as many at once as fit into a piece."""

    def __init__(self, model: Gebm) -> None:
        self._model, self._chunk = model, LEAST

    def __call__(self, z: Tensor) -> Numbers:
        """Values (N,) of latents (N, d)."""
        parts: list[Array] = []
        start = 0
        while start < len(z):
            began = time.perf_counter()
            parts.append(self._model.energies(z[start : start + self._chunk]).double().cpu().numpy())
            start += self._chunk
            seconds = time.perf_counter() - began
            if seconds < PIECE / 2:
                self._chunk *= 2
            elif seconds > 1.5 * PIECE:
                self._chunk = max(LEAST, self._chunk // 2)
            yield
        return np.concatenate(parts)


def _closed_form(model: Gebm, beta: float, generator: torch.Generator) -> Truth | None:
    """G(z) = Az + b, E = ½(x−m)ᵀM(x−m): ν = N(Λ⁻¹βAᵀM(m−b), Λ⁻¹), Λ = I + βAᵀMA."""
    base, energy = model.base, model.energy
    if not (isinstance(base, Linear) and isinstance(energy, Quadratic)):
        return None
    A, b = _double(base.matrix), _double(base.shift)
    precision, m = _double(energy.precision), _double(energy.mean)
    M = (precision + precision.T) / 2
    curvature = np.eye(base.latent_dim) + beta * A.T @ M @ A
    if np.linalg.eigvalsh(curvature).min() <= 0:
        return unknown("there is no such law: e^{−βE} grows faster than the prior falls")
    covariance = np.linalg.inv(curvature)
    mean = covariance @ (beta * A.T @ M @ (m - b))
    offset = A @ mean + b - m
    value = 0.5 * float(np.trace(M @ A @ covariance @ A.T) + offset @ M @ offset)
    noise = model.prior(DRAWN, generator).double().cpu().numpy()
    draws = torch.from_numpy(mean + noise @ np.linalg.cholesky(covariance).T).float()
    home = _home(draws)
    z, shape = _cells(home, min(base.latent_dim, 2))
    k = z.shape[1]
    away = z.double().numpy() - mean[:k]
    inner = covariance[:k, :k]
    log_density = -0.5 * ((away @ np.linalg.inv(inner)) * away).sum(1) - 0.5 * np.linalg.slogdet(2 * np.pi * inner)[1]
    density = _pooled(np.exp(log_density), shape)
    return Truth(value, 0.0, density, "exact: linear base, quadratic energy", draws, home)


def _by_quadrature(model: Gebm, beta: float, energies: Energies, generator: torch.Generator) -> Pieces:
    d = model.base.latent_dim
    log_weight = LogWeight(beta)
    z, _ = _grid(((-REACH, REACH),) * d, SEARCH[d])
    values = yield from energies(z.to(model.device))
    exponents = log_weight(z, values)
    if np.isnan(exponents).any() or not exponents.max() < math.inf or exponents.max() == -math.inf:
        return unknown("the energy is not finite where the prior has mass")
    where = z.double().numpy()[exponents > exponents.max() - FAINT]
    if np.abs(where).max() > 0.99 * REACH:
        return unknown(f"there is mass beyond |z| = {REACH:g}")
    margin = 4 * REACH / SEARCH[d]
    box = tuple((low - margin, high + margin) for low, high in zip(where.min(0), where.max(0), strict=True))
    found, nodes_at = [], z
    for nodes in (NODES[d] // 2, NODES[d]):
        yield
        z, cell = _grid(box, nodes)
        values = yield from energies(z.to(model.device))
        exponents, nodes_at = log_weight(z, values), z
        found.append((*_mean(values, exponents), cell))
    yield
    (coarse, _, _), (fine, log_sum, cell) = found
    width = torch.tensor([(b - a) / NODES[d] for a, b in box], dtype=torch.float32)
    draws = nodes_at[_drawn(exponents, generator)]
    draws = draws + (torch.rand(draws.shape, generator=generator, device=generator.device).cpu() - 0.5) * width
    home = _home(draws)
    z, shape = _cells(home, d)
    shown = log_weight(z, (yield from energies(z.to(model.device)))) - log_sum - math.log(cell)
    error = abs(fine - coarse)
    how = f"quadrature on {' × '.join([str(NODES[d])] * d)} cells, error about {max(error, 1e-7):.0e}"
    return Truth(fine, error, _pooled(np.exp(shown), shape), how, draws, home)


def _by_weights(model: Gebm, beta: float, energies: Energies, generator: torch.Generator) -> Pieces:
    """Self-normalised importance sampling from the prior; the standard error by the delta method."""
    z = model.prior(DRAWS, generator)
    values = yield from energies(z)
    exponents = tilt(torch.from_numpy(values), beta).numpy()
    if np.isnan(exponents).any() or not exponents.max() < math.inf or exponents.max() == -math.inf:
        return unknown(f"{int((~np.isfinite(values)).sum())} of {DRAWS} prior draws have an energy that is not finite")
    weights = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    effective = 1 / float(np.square(weights).sum())
    how = f"{DRAWS} weighted prior draws, worth {effective:.0f}"
    if effective < FEWEST:
        return unknown(f"{how}: too few to say")
    kept = weights > 0
    mean = float(weights[kept] @ values[kept])
    error = float(np.sqrt(np.square(weights[kept] * (values[kept] - mean)).sum()))
    yield
    draws = z.cpu()[_drawn(exponents, generator)]
    density, home = _no_density(), _home(draws)
    if effective >= ENOUGH:
        plane: Floats = z[:, :2].float().cpu().numpy()
        density = density_histogram(plane, weights, home, CELLS)
    return Truth(mean, error, density, how, draws, home)


@dataclass(frozen=True)
class LogWeight:
    """log of η(z) e^{−βE} up to a constant, (N,), of latents (N, d) with energies (N,)."""

    beta: float

    def __call__(self, z: Tensor, energies: Array) -> Array:
        tilted: Array = tilt(torch.from_numpy(energies), self.beta).numpy()
        prior: Array = 0.5 * np.square(z.double().numpy()).sum(1)
        return tilted - prior


def _mean(values: Array, exponents: Array) -> tuple[float, float]:
    """The mean of values under weights e^{exponents}, and the log of the weights' sum."""
    top = exponents.max()
    weights = np.exp(exponents - top)
    kept = weights > 0  # an infinite energy has no weight
    total = float(weights.sum())
    return float(weights[kept] @ values[kept]) / total, float(top) + math.log(total)


def _drawn(exponents: Array, generator: torch.Generator) -> Tensor:
    """Places (DRAWN,) drawn with weights e^{exponents}."""
    weights = torch.from_numpy(np.exp(exponents - exponents.max())).to(generator.device)
    cumulative = weights.cumsum(0)
    shares = torch.rand(DRAWN, generator=generator, device=generator.device, dtype=torch.float64)
    return torch.searchsorted(cumulative, shares * cumulative[-1], right=True).clamp(max=len(weights) - 1).cpu()


def _grid(box: tuple[tuple[float, float], ...], nodes: int) -> tuple[Tensor, float]:
    """The middles (nodes^d, d) of equal cells of a box, float32, the last coordinate slowest; and a cell's size."""
    sides = [torch.linspace(0.5, nodes - 0.5, nodes, dtype=torch.float64) / nodes * (b - a) + a for a, b in box]
    mesh = torch.meshgrid(*reversed(sides), indexing="ij")
    points = torch.stack([axis.flatten() for axis in reversed(mesh)], 1)
    return points.float(), math.prod((b - a) / nodes for a, b in box)


def _home(draws: Tensor) -> Extent:
    """A square of the latent plane around draws (DRAWN, d) with as much room again, for laws that reach farther."""
    if draws.shape[1] == 1:
        return LATENT_HOME
    low, high = draws[:, :2].amin(0), draws[:, :2].amax(0)
    (x, y), half = ((low + high) / 2).tolist(), max(float((high - low).max()) * 0.75, 1e-3)
    return (x - half, x + half, y - half, y + half)


def _cells(home: Extent, d: int) -> tuple[Tensor, tuple[int, int]]:
    """Points (N, d) from which `_pooled` makes a density over `home`, and its shape."""
    shape = (1, LINE) if d == 1 else (CELLS, CELLS)
    left, right, bottom, top = home
    box = ((left, right), (bottom, top))[:d]
    return _grid(box, 2 * shape[1])[0], shape


def _pooled(fine: Array, shape: tuple[int, int]) -> Floats:
    """Twice as fine a density averaged over cells."""
    rows, columns = shape
    down = 1 if rows == 1 else 2
    pooled: Floats = fine.reshape(rows, down, columns, 2).mean(axis=(1, 3)).astype(np.float32)
    published: Floats = frozen(pooled)
    return published


def _no_density() -> Floats:
    published: Floats = frozen(np.zeros((0, 0), dtype=np.float32))
    return published


def _double(x: Tensor) -> Array:
    array: Array = x.detach().double().cpu().numpy()
    return array
