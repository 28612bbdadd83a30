"""Bases: generators x = G(z), z ~ N(0, I), that learn where the data lives."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gebm_studio import schema
from gebm_studio.models.networks import Pullback, autograd_pullback, mlp, pullback
from gebm_studio.schema.model import CircleBase, ConvBase, LinearBase, MlpBase


class Base(nn.Module):
    """A generator from latents (N, d) to examples (N, *shape)."""

    latent_dim: int
    has_density = False
    """Whether G pushes η forward to a density on the whole data space."""

    def pullback(self, z: Tensor) -> tuple[Tensor, Pullback]:
        """G(z) and the map that takes gradients (N, *shape) with respect to it back to z (N, d)."""
        return autograd_pullback(self, z)

    def log_density(self, x: Tensor) -> Tensor:
        """log g(x), (N,), where `has_density`.

        Raises:
            ValueError: Where the base has no density.
        """
        raise ValueError(f"{type(self).__name__} has no density on the data space")


class Mlp(Base):
    """G(z) = MLP(z), reshaped to the shape of an example."""

    def __init__(self, section: MlpBase, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.latent_dim, self.shape = section.latent_dim, shape
        widths = [section.latent_dim, *[section.hidden] * section.depth, math.prod(shape)]
        self.net = mlp(widths, section.activation)

    def forward(self, z: Tensor) -> Tensor:
        x: Tensor = self.net(z)
        return x.reshape(len(z), *self.shape) if len(self.shape) > 1 else x

    def pullback(self, z: Tensor) -> tuple[Tensor, Pullback]:
        x, back = pullback(self.net, z)
        return x.reshape(len(z), *self.shape), lambda gradient: back(gradient.flatten(1))


class Circle(Base):
    """z → centre + radius (cos θ, sin θ), θ = 2πΦ(z); centre and radius can learn."""

    latent_dim = 1

    def __init__(self, section: CircleBase) -> None:
        super().__init__()
        self.center = nn.Parameter(torch.tensor(section.center))
        self.log_radius = nn.Parameter(torch.tensor(math.log(section.radius)))

    def forward(self, z: Tensor) -> Tensor:
        return self.at_angle(2 * math.pi * torch.special.ndtr(z[:, 0]))

    def at_angle(self, theta: Tensor) -> Tensor:
        """The points (N, 2) of the circle at angles (N,)."""
        return self.center + self.log_radius.exp() * torch.stack((theta.cos(), theta.sin()), 1)


class Linear(Base):
    """G(z) = Az + b, the Gaussian N(b, AAᵀ)."""

    def __init__(self, section: LinearBase) -> None:
        super().__init__()
        self.latent_dim = section.latent_dim
        self.matrix = nn.Parameter(torch.tensor(section.matrix))
        self.shift = nn.Parameter(torch.tensor(section.shift))
        rows, columns = self.matrix.shape
        self.has_density = rows == columns and bool(torch.linalg.matrix_rank(self.matrix) == rows)

    def forward(self, z: Tensor) -> Tensor:
        return z @ self.matrix.T + self.shift

    def log_density(self, x: Tensor) -> Tensor:
        """log N(x; b, AAᵀ), (N,), in the precision of `x`.

        Raises:
            ValueError: Where A is not square and invertible.
        """
        if not self.has_density:
            return super().log_density(x)
        matrix, shift = self.matrix.to(x), self.shift.to(x)
        z = torch.linalg.solve(matrix, (x - shift).T).T
        normaliser = 0.5 * self.latent_dim * math.log(2 * math.pi) + torch.linalg.slogdet(matrix)[1]
        log_density: Tensor = -0.5 * z.square().sum(1) - normaliser
        return log_density


class Conv(Base):
    """A generator of 8×8 grey images: a linear layer to 2×2, then two steps of doubling."""

    def __init__(self, section: ConvBase) -> None:
        super().__init__()
        self.latent_dim = section.latent_dim
        wide = section.channels
        self.seed = nn.Linear(section.latent_dim, wide * 4)
        self.net = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose2d(wide, wide, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(wide, max(wide // 2, 1), 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(max(wide // 2, 1), 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        x: Tensor = self.net(self.seed(z).reshape(len(z), -1, 2, 2))
        return x


def build(section: schema.Base, shape: tuple[int, ...]) -> Base:
    """The base that a preset describes, for examples of the given shape.

    Raises:
        ValueError: Where the base cannot make examples of that shape.
    """
    if isinstance(section, MlpBase):
        return Mlp(section, shape)
    if isinstance(section, ConvBase):
        if shape != (1, 8, 8):
            raise ValueError(f"base: kind conv makes 8×8 images, the target has shape {shape}; use kind mlp")
        return Conv(section)
    if isinstance(section, CircleBase):
        if shape != (2,):
            raise ValueError(f"base: kind circle lives in the plane, the target has shape {shape}; use kind mlp")
        return Circle(section)
    if shape != (len(section.matrix),):
        raise ValueError(f"base.matrix: the target has shape {shape}, A has {len(section.matrix)} rows")
    return Linear(section)
