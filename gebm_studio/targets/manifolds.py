"""Mass on a set thinner than the space: von Mises on a circle, a flower-shaped surface in R³."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.petals import half_width, petal_points
from gebm_studio.schema import target as schema
from gebm_studio.targets.target import Extent, Target, choose, held_out_generator, normalised, square, square_around

_TABLE = 2**16
_NODES, _SECTIONS, _GOLDEN = 257, 20, (math.sqrt(5) - 1) / 2


class VonMises(Target):
    """Σ w_j e^{k_j cos(θ−μ_j)} / (2π I₀(k_j)) dθ on a circle of the plane.

    There is no density with respect to Lebesgue measure; `angle_log_density` is with respect to dθ.

    References:
        Directional Statistics (Mardia and Jupp, 2000), section 3.5.4.
    """

    has_distance = True

    def __init__(self, section: schema.VonMises, *, seed: int, device: torch.device) -> None:
        super().__init__((2,), device, intrinsic_dim=1)
        self.radius = section.radius
        self.center = section.center
        self.concentrations = torch.tensor(section.concentrations, dtype=torch.float64)
        self.angles = torch.tensor(section.angles, dtype=torch.float64)
        self.weights = normalised(section.weights, section.components)
        self._cdf = self._table()
        self._find_modes()
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draws by inverting the distribution function, tabulated at 2¹⁶ angles with linear interpolation.

        At the largest concentration, 500, a cell is 1/470 of the narrowest width, so that the relative error
        of the density is below 1e-6.
        """
        device = generator.device
        precision = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
        u = torch.rand((n,), generator=generator, device=device, dtype=precision)
        cdf = self._cdf.to(device=device, dtype=precision)
        cell = torch.searchsorted(cdf, u, right=True).clamp(1, _TABLE)
        low, high = cdf[cell - 1], cdf[cell]
        within = ((u - low) / (high - low).clamp_min(torch.finfo(precision).tiny)).clamp(0, 1)
        return self.point(2 * math.pi * ((cell - 1 + within) / _TABLE - 0.5)).float()

    def point(self, theta: Tensor) -> Tensor:
        """The points (n, 2) of the circle at angles θ (n,)."""
        x, y = self.center
        return torch.stack([x + self.radius * theta.cos(), y + self.radius * theta.sin()], dim=1)

    def angle(self, x: Tensor) -> Tensor:
        """The angles (n,) in (−π, π] of points (n, 2), seen from the circle's centre."""
        return torch.atan2(x[:, 1] - self.center[1], x[:, 0] - self.center[0])

    def angle_log_density(self, theta: Tensor) -> Tensor:
        """log p(θ) with respect to dθ, at angles θ (n,), in their precision.

        The exponentially scaled I₀ keeps it exact for any concentration.
        """
        k = self.concentrations.to(device=theta.device, dtype=theta.dtype)
        mu = self.angles.to(device=theta.device, dtype=theta.dtype)
        constant = (self.weights / (2 * math.pi * torch.special.i0e(self.concentrations))).log()
        # 1 − cos(a) = 2 sin²(a/2) keeps every digit near the peak, where k times the difference matters.
        exponent = -2 * k * torch.sin((theta[:, None] - mu) / 2) ** 2
        return torch.logsumexp(constant.to(device=theta.device, dtype=theta.dtype) + exponent, dim=1)

    def distance(self, x: Tensor) -> Tensor:
        """| |x − centre| − radius |."""
        centre = torch.tensor(self.center).to(x)
        away: Tensor = torch.linalg.vector_norm(x - centre, dim=1) - self.radius
        return away.abs()

    @property
    def home(self) -> Extent:
        (x, y), reach = self.center, 1.3 * self.radius
        return square(x - reach, x + reach, y - reach, y + reach)

    def _table(self) -> Tensor:
        """The distribution function at `_TABLE` + 1 angles from −π to π, from 0 to 1."""
        theta = torch.linspace(-math.pi, math.pi, _TABLE + 1, dtype=torch.float64)
        density = self.angle_log_density(theta).exp()
        cdf = torch.cat([torch.zeros(1, dtype=torch.float64), ((density[1:] + density[:-1]) / 2).cumsum(dim=0)])
        return cdf / cdf[-1]

    def _find_modes(self) -> None:
        """The components are the modes, if there are two or more and none is flat."""
        flattest = self.concentrations.min().item()
        if len(self.angles) > 1 and flattest > 0:
            core = 3.0 * self.radius / math.sqrt(flattest)
            self._name_modes(self.point(self.angles), self.weights, core)


class Flower(Target):
    """Petals of a bent surface in R³, petal j of K with mass 2(j+1)/(K(K+1)).

    A petal lies along its axis s ∈ [0, 1] with half width h(s) = c sin πs, where c = min(0.3, tan(π/K)/π) keeps
    neighbours apart. A draw is uniform in the petal's plan: s = arccos(1 − 2u)/π, t uniform on [−1, 1]; then
    (2s, 2t h(s)) is turned by 2πj/K and raised to the height bend·s².
    """

    has_distance = True

    def __init__(self, section: schema.Flower, *, seed: int, device: torch.device) -> None:
        super().__init__((3,), device, intrinsic_dim=2)
        petals, self.bend = section.petals, section.bend
        self.petal_masses = torch.arange(1, petals + 1, dtype=torch.float64) * (2 / (petals * (petals + 1)))
        self.half_width = half_width(petals)
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)
        self._home = square_around(self.to_plane(self.held_out))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        petal = choose(self.petal_masses, n, generator)
        return self.point(petal, torch.rand((n, 2), generator=generator, device=generator.device))

    def point(self, petal: Tensor, u: Tensor) -> Tensor:
        """The points (n, 3) of petals (n,) at places u (n, 2) in the unit square, uniform in plan for uniform u."""
        return petal_points(petal, u, petals=len(self.petal_masses), bend=self.bend)

    def distance(self, x: Tensor) -> Tensor:
        """The least distance to any petal: in its frame, over s, as t is known for each s.

        The least of 257 values of s is refined by golden sections, to about 1e-6 in s.
        """
        petals = len(self.petal_masses)
        turn = torch.arange(petals, device=x.device, dtype=x.dtype) * (2 * math.pi / petals)
        along = x[:, :1] * turn.cos() + x[:, 1:2] * turn.sin()
        across = x[:, 1:2] * turn.cos() - x[:, :1] * turn.sin()
        height = x[:, 2:3].expand_as(along)

        def squared(s: Tensor) -> Tensor:
            beside = (across.abs() - 2 * self.half_width * torch.sin(math.pi * s)).clamp(min=0)
            return (along - 2 * s) ** 2 + beside**2 + (height - self.bend * s**2) ** 2

        nodes = torch.linspace(0, 1, _NODES, device=x.device, dtype=x.dtype)
        best = torch.stack([squared(s.expand_as(along)) for s in nodes]).argmin(0)
        low, high = nodes[(best - 1).clamp(min=0)], nodes[(best + 1).clamp(max=_NODES - 1)]
        for _ in range(_SECTIONS):
            third, fourth = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
            left = squared(third) < squared(fourth)
            low, high = torch.where(left, low, third), torch.where(left, fourth, high)
        return squared((low + high) / 2).amin(1).sqrt()

    @property
    def home(self) -> Extent:
        return self._home
