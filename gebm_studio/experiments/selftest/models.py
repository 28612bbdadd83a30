"""Latent laws that are known exactly: linear-Gaussian GEBMs, and any law in one dimension by quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gebm_studio.experiments.selftest.check import gaussian


@dataclass(frozen=True)
class LinearGaussian:
    """G(z) = Az + b, E(x) = ½(x − m)ᵀM(x − m): with r = m − b, ν_β = N(Λ⁻¹βAᵀMr, Λ⁻¹), Λ = I + βAᵀMA.

    a (p, d), residual r (p,), precision M (p, p); float64.
    """

    a: Tensor
    residual: Tensor
    precision: Tensor
    beta: float

    @classmethod
    def random(cls, seed: int, dim: int) -> LinearGaussian:
        """A model with d = dim latents and data in d + 1 dimensions; A, b, m, M and β are all drawn."""
        p = dim + 1
        draws = gaussian(seed, 2 * p + dim + 3, p)
        root, a = draws[:p], draws[p : p + dim].T
        precision = root @ root.T / p + 0.1 * torch.eye(p, dtype=torch.float64)
        b, m = draws[p + dim], draws[p + dim + 1]
        beta = 0.5 + float(torch.sigmoid(draws[-1, 0]))
        return cls(0.7 * a, 0.7 * (m - b), precision, beta)

    @property
    def dim(self) -> int:
        """d."""
        return self.a.shape[1]

    @property
    def curvature(self) -> Tensor:
        """Λ, (d, d)."""
        return torch.eye(self.dim, dtype=torch.float64) + self.beta * self.a.T @ self.precision @ self.a

    @property
    def covariance(self) -> Tensor:
        """Λ⁻¹, (d, d)."""
        covariance: Tensor = torch.linalg.inv(self.curvature)
        return covariance

    @property
    def mean(self) -> Tensor:
        """(d,)."""
        mean: Tensor = torch.linalg.solve(self.curvature, self.beta * self.a.T @ self.precision @ self.residual)
        return mean

    @property
    def steepest(self) -> float:
        """The largest eigenvalue of Λ, which bounds every step."""
        return float(torch.linalg.eigvalsh(self.curvature)[-1])

    def tilt(self, z: Tensor) -> Tensor:
        """V = βE(G(z)), (N,)."""
        x = z @ self.a.T - self.residual
        return 0.5 * self.beta * ((x @ self.precision) * x).sum(1)

    def potential(self, z: Tensor) -> Tensor:
        """U, (N,)."""
        return 0.5 * z.square().sum(1) + self.tilt(z)


class Quadrature(NamedTuple):
    """A law in one dimension on a grid: density e^{−U} normalised, trapezoidal."""

    grid: Tensor
    density: Tensor

    def expect(self, f: Callable[[Tensor], Tensor]) -> float:
        """The expectation of f."""
        return float(torch.trapezoid(f(self.grid) * self.density, self.grid))

    def variance(self, f: Callable[[Tensor], Tensor]) -> float:
        """The variance of f."""
        mean = self.expect(f)
        return self.expect(lambda z: (f(z) - mean).square())

    def cdf(self, z: Tensor) -> Tensor:
        """The distribution function at points (N,), linear between the grid's."""
        whole = torch.cat((torch.zeros(1, dtype=z.dtype), torch.cumulative_trapezoid(self.density, self.grid)))
        place = torch.searchsorted(self.grid, z).clamp(1, len(self.grid) - 1)
        left, right = self.grid[place - 1], self.grid[place]
        share = ((z - left) / (right - left)).clamp(0, 1)
        return whole[place - 1] + share * (whole[place] - whole[place - 1])


def quadrature(potential: Callable[[Tensor], Tensor], low: float, high: float, points: int = 20_001) -> Quadrature:
    """The law e^{−U} of a potential of (N, 1), which must have all its mass between `low` and `high`."""
    grid = torch.linspace(low, high, points, dtype=torch.float64)
    value = potential(grid.unsqueeze(1))
    density = (value.min() - value).exp()
    return Quadrature(grid, density / torch.trapezoid(density, grid))


def quadratic(z: Tensor) -> Tensor:
    """½|z|²: the prior alone, β = 0."""
    return 0.5 * z.square().sum(1)


def skewed(z: Tensor) -> Tensor:
    """½z² + e^z − z, a law that no wrong sign of force or noise can fake; (N, 1) → (N,)."""
    x = z[:, 0]
    return 0.5 * x.square() + x.exp() - x


def skewed_law() -> Quadrature:
    """The law of `skewed`."""
    return quadrature(skewed, -9.0, 4.0)


@dataclass(frozen=True)
class TwoModes:
    """V with e^{−V} = ¾N(−2, s²) + ¼N(2, s²) up to a constant, in one dimension."""

    width: float = 0.35

    def tilt(self, z: Tensor) -> Tensor:
        """V, (N,)."""
        x = z[:, 0]
        left = math.log(0.75) - 0.5 * ((x + 2) / self.width).square()
        right = math.log(0.25) - 0.5 * ((x - 2) / self.width).square()
        return -torch.logaddexp(left, right)

    def potential(self, z: Tensor) -> Tensor:
        """U, (N,)."""
        return quadratic(z) + self.tilt(z)

    def law(self, share: float = 1.0) -> Quadrature:
        """The law of a rung that feels this share of V."""
        return quadrature(lambda z: quadratic(z) + share * self.tilt(z), -8.0, 8.0)


@dataclass(frozen=True)
class DoubleWell:
    """U = B(x² − 1)², a barrier of B between wells at ±1; ω₀² = 8B in the wells, ω_b² = 4B on top."""

    barrier: float

    def __call__(self, z: Tensor) -> Tensor:
        """U of (N, 1), (N,)."""
        return self.barrier * (z[:, 0].square() - 1).square()

    def overdamped_rate(self) -> float:
        """Kramers' rate of leaving a well, (ω₀ω_b/2π)e^{−B}; its correction is of order 1/B."""
        return math.sqrt(8 * 4) * self.barrier / (2 * math.pi) * math.exp(-self.barrier)

    def kinetic_rate(self, friction: float) -> float:
        """Kramers' rate of kinetic dynamics, (ω₀/2πω_b)(√(κ²/4 + ω_b²) − κ/2)e^{−B}."""
        well, top = math.sqrt(8 * self.barrier), math.sqrt(4 * self.barrier)
        flux = math.sqrt(friction**2 / 4 + top**2) - friction / 2
        return well / (2 * math.pi * top) * flux * math.exp(-self.barrier)

    def passage(self) -> tuple[float, float]:
        """Mean and variance of the time from −1 until +1 is first reached, overdamped, by quadrature.

        τ(x) = ∫ₓ¹ e^{U(y)} ∫₋∞^y e^{−U(w)} dw dy, and the second moment likewise with 2τ(w) inside
        (Gardiner, Handbook of Stochastic Methods, section 5.2.7).
        """
        grid = torch.linspace(-3.0, 1.0, 40_001, dtype=torch.float64)
        u = self(grid.unsqueeze(1))

        def time(weight: Tensor) -> Tensor:
            zero = torch.zeros(1, dtype=grid.dtype)
            inner = torch.cat((zero, torch.cumulative_trapezoid((-u).exp() * weight, grid)))
            outer = torch.cat((zero, torch.cumulative_trapezoid(u.exp() * inner, grid)))
            return outer[-1] - outer

        first = time(torch.ones_like(grid))
        second = time(2 * first)
        start = int((grid + 1).abs().argmin())
        mean = float(first[start])
        return mean, float(second[start]) - mean**2

    def passage_in_steps(self, step: float) -> tuple[float, float]:
        """The same of `Ula` with this step, which sees +1 only at its steps: exact for every step.

        The steps that are left from x are 1 + ∫ K(x, y) (steps left from y) dy below +1, K the Gaussian of one
        step, which is solved on a grid (Nyström).
        """
        points = 800
        grid = torch.linspace(-2.5, 1.0, points + 1, dtype=torch.float64)[:-1] + 1.75 / points
        force = 4 * self.barrier * grid * (grid.square() - 1)
        away = grid - (grid - step * force).unsqueeze(1)
        kernel = (-away.square() / (4 * step)).exp() / math.sqrt(4 * math.pi * step) * (3.5 / points)
        one = torch.ones_like(grid)
        whole = torch.eye(points, dtype=torch.float64) - kernel
        first = torch.linalg.solve(whole, one)
        second = torch.linalg.solve(whole, one + 2 * kernel @ first)
        # −1 lies between two points of the grid.
        place = int(torch.searchsorted(grid, -1.0))
        share = float((-1.0 - grid[place - 1]) / (grid[place] - grid[place - 1]))
        mean, square = (float(torch.lerp(f[place - 1], f[place], share)) for f in (first, second))
        return step * mean, step**2 * (square - mean**2)
