"""Targets in the plane with a shape of their own: checkerboard, pinwheel, funnel."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.schema import target as schema
from gebm_studio.targets.target import Extent, Target, held_out_generator, square, square_around


class Checkerboard(Target):
    """Uniform on the squares (i, j) with i + j even, counted from the bottom left, of a centred board."""

    has_density = True

    def __init__(self, section: schema.Checkerboard, *, seed: int, device: torch.device) -> None:
        super().__init__((2,), device)
        self.squares, self.size = section.squares, section.size
        column, row = torch.meshgrid(torch.arange(self.squares), torch.arange(self.squares), indexing="ij")
        self._dark = torch.stack([column, row], dim=-1)[(column + row) % 2 == 0]
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        device = generator.device
        chosen = torch.randint(len(self._dark), (n,), generator=generator, device=device)
        corner = self._dark.to(device=device, dtype=torch.float32)[chosen]
        # The last 6e-5 of a square's side stay free: rounding must not carry a draw into a light square.
        within = 0.5 + (torch.rand((n, 2), generator=generator, device=device) - 0.5) * (1 - 2.0**-14)
        return self.size * ((corner + within) / self.squares - 0.5)

    def log_density(self, x: Tensor) -> Tensor:
        cell = torch.floor((x / self.size + 0.5) * self.squares)
        on_board = ((cell >= 0) & (cell < self.squares)).all(dim=1)
        inside = on_board & (torch.remainder(cell.sum(dim=1), 2) == 0)
        level = -math.log(len(self._dark)) - 2 * math.log(self.size / self.squares)
        values = torch.where(inside, level, -math.inf).to(x.dtype)
        # Adds nothing but a zero gradient, so that autograd works here as for any other density.
        return values + (x.clamp(-1, 1) * 0).sum(dim=1)

    @property
    def home(self) -> Extent:
        return square(-self.size / 2, self.size / 2, -self.size / 2, self.size / 2)


class Pinwheel(Target):
    """Gaussian blades bent around the origin.

    (a, b) ~ N((1, 0), diag(radial², tangential²)), turned by 2πk/K + rate·eᵃ for a random blade k.

    References:
        Composing graphical models with neural networks (Johnson et al., 2016), arXiv 1603.06277.
    """

    def __init__(self, section: schema.Pinwheel, *, seed: int, device: torch.device) -> None:
        super().__init__((2,), device)
        self.section = section
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        device, section = generator.device, self.section
        blade = torch.randint(section.blades, (n,), generator=generator, device=device)
        noise = torch.randn((n, 2), generator=generator, device=device)
        along, across = 1 + section.radial_std * noise[:, 0], section.tangential_std * noise[:, 1]
        angle = 2 * math.pi * blade / section.blades + section.rate * along.exp()
        return torch.stack(
            [along * angle.cos() - across * angle.sin(), along * angle.sin() + across * angle.cos()], dim=1
        )

    @property
    def home(self) -> Extent:
        reach = 1 + 3 * self.section.radial_std + self.section.tangential_std
        return square(-reach, reach, -reach, reach)


class Funnel(Target):
    """Neal's funnel: x₂ ~ N(0, s²), x₁ | x₂ ~ N(0, e^{x₂}).

    References:
        Slice sampling (Neal, 2003), Annals of Statistics 31(3), section 8.
    """

    has_density = True

    def __init__(self, section: schema.Funnel, *, seed: int, device: torch.device) -> None:
        super().__init__((2,), device)
        self.std = section.std
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)
        self._home = square_around(self.held_out)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        noise = torch.randn((n, 2), generator=generator, device=generator.device)
        y = self.std * noise[:, 1]
        return torch.stack([noise[:, 0] * torch.exp(y / 2), y], dim=1)

    def log_density(self, x: Tensor) -> Tensor:
        x1, y = x[:, 0], x[:, 1]
        return (
            -0.5 * (y / self.std) ** 2
            - 0.5 * (x1 * torch.exp(-y / 2)) ** 2
            - 0.5 * y
            - math.log(2 * math.pi * self.std)
        )

    @property
    def home(self) -> Extent:
        return self._home
