"""What must hold to rounding: reversibility, volume, acceptance rules; and what follows from them on average."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gebm_studio.experiments.selftest import models
from gebm_studio.experiments.selftest.check import Check, Work, averages, estimate, gaussian, identity, walk
from gebm_studio.samplers import SAMPLERS
from gebm_studio.samplers.hmc import Phase, leapfrog
from gebm_studio.samplers.mala import log_ratio
from gebm_studio.samplers.sampler import value_and_gradient
from gebm_studio.samplers.ula import GradientState

MODEL = models.LinearGaussian.random(4, 3)
PATH = 12


def bent(z: Tensor) -> Tensor:
    """A potential that is not quadratic, ½|z|² + Σ cos(2zᵢ + zᵢ₊₁), (N, D) → (N,)."""
    return models.quadratic(z) + torch.cos(2 * z + z.roll(1, 1)).sum(1)


def mala_ratio() -> Work:
    """log α is antisymmetric and is the ratio of densities, computed here without its simplifications."""
    step = 0.3
    x, y = (GradientState(z, *value_and_gradient(bent, z)) for z in (gaussian(21, 500, 3), gaussian(22, 500, 3)))
    yield
    found, back = log_ratio(x, y, step), log_ratio(y, x, step)

    def log_proposal(to: GradientState, origin: GradientState) -> Tensor:
        mean = origin.position - step * origin.gradient
        normal = torch.distributions.Normal(mean, math.sqrt(2 * step))
        density: Tensor = normal.log_prob(to.position).sum(1)
        return density

    direct = (-y.potential + log_proposal(x, y)) - (-x.potential + log_proposal(y, x))
    return (
        identity("mala", "log α(x→y) + log α(y→x)", 0.0, float((found + back).abs().max()), 1e-12),
        identity("mala", "log α less the log ratio of densities", 0.0, float((found - direct).abs().max()), 1e-10),
    )


def _path(phase: Phase, step: float, steps: int = PATH) -> Phase:
    for _ in range(steps):
        phase = leapfrog(phase, bent, step)
    return phase


def _at(position: Tensor, velocity: Tensor) -> Phase:
    return Phase(position, velocity, *value_and_gradient(bent, position))


def leapfrog_paths() -> Work:
    """A path taken back with the velocity turned round ends at its start; its Jacobian has determinant one."""
    x, v = gaussian(23, 200, 3), gaussian(24, 200, 3)
    end = _path(_at(x, v), 0.2)
    yield
    back = _path(end._replace(velocity=-end.velocity), 0.2)
    gap = torch.maximum((back.position - x).abs().max(), (back.velocity + v).abs().max())
    yield
    # Central differences along all six directions at once, of one path.
    tiny = 1e-5
    shifts = tiny * torch.cat((torch.eye(6, dtype=torch.float64), -torch.eye(6, dtype=torch.float64)))
    moved = _path(_at(x[:1] + shifts[:, :3], v[:1] + shifts[:, 3:]), 0.2)
    ends = torch.cat((moved.position, moved.velocity), 1)
    determinant = torch.linalg.det((ends[:6] - ends[6:]) / (2 * tiny))
    return (
        identity("hmc", "leapfrog, turned round and back", 0.0, float(gap), 1e-10),
        identity("hmc", "Jacobian determinant of a path", 1.0, float(determinant), 1e-7),
    )


def free_energy() -> Work:
    """E e^{−ΔH} = 1 over paths that start in equilibrium (Jarzynski's equality)."""
    half = torch.linalg.cholesky(MODEL.covariance)
    parts = []
    for seed in range(8):
        z = MODEL.mean + gaussian(30 + seed, 1000, 3) @ half.T
        began = Phase(z, gaussian(60 + seed, 1000, 3), *value_and_gradient(MODEL.potential, z))
        phase = began
        for _ in range(4):
            phase = leapfrog(phase, MODEL.potential, 0.9 / math.sqrt(MODEL.steepest))
        parts.append((began.hamiltonian - phase.hamiltonian).exp())
        yield
    means = torch.cat(parts)
    return (estimate("hmc", "E exp(−ΔH) of paths in equilibrium", 1.0, means, float(means.var())),)


def two_states() -> Work:
    """E = log 3 for z > 0 and 0 elsewhere: two states of equal prior mass, whose chain forgets by a third a step."""

    def potential(z: Tensor) -> Tensor:
        return models.quadratic(z) + math.log(3) * (z[:, 0] > 0).to(z.dtype)

    sampler, generator = SAMPLERS["independence"](), torch.Generator().manual_seed(41)
    sides = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    matrix = torch.zeros(2, 2, dtype=torch.float64)
    for row, side in enumerate(sides):
        state = sampler.init(side.expand(64, 1), potential, generator)
        _, info = sampler.step(state, potential, generator)
        across = (info.proposal[:, 0] > 0) != (side > 0)
        matrix[row, 1 - row] = 0.5 * info.acceptance[across].mean()
        matrix[row, row] = 1 - matrix[row, 1 - row]
        yield
    eigenvalue = float(torch.linalg.eigvals(matrix).real.min())
    # In equilibrium a quarter stands on the right.
    start = torch.where(torch.arange(2000) % 4 == 0, 1.0, -1.0).double().unsqueeze(1)
    before = (start[:, 0] > 0).double()

    def look(state: Any, _: Any) -> Tensor:
        nonlocal before
        now = (state.position[:, 0] > 0).double()
        product: Tensor = (before - 0.25) * (now - 0.25) / (3 / 16)
        before = now
        return product

    found = yield from averages(walk(sampler, potential, start, 42, 300), 0, look)
    # P(right, right) = 1/8, P(one of each) = 1/4, P(left, left) = 5/8, by the matrix above.
    square = (9**2 / 8 + 3**2 / 4 + 5 / 8) / 9
    return (
        identity("independence", "second eigenvalue of two states", 1 / 3, eigenvalue, 1e-12),
        estimate("independence", "autocorrelation of two states", 1 / 3, found, square - 1 / 9),
    )


CHECKS = (
    Check("mala", "acceptance ratio", mala_ratio),
    Check("hmc", "leapfrog", leapfrog_paths),
    Check("hmc", "work of paths", free_energy),
    Check("independence", "two states", two_states),
)
