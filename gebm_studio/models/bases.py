"""Bases: generators x = G(z), z ~ N(0, I), that learn where the data lives."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gebm_studio import schema
from gebm_studio.models import convolutional, fits
from gebm_studio.models.convolutional.batch_norm import normalised_layers, recalibrate
from gebm_studio.models.convolutional.memory import at_once, widest
from gebm_studio.models.flows import Flow, in_precision_of
from gebm_studio.models.networks import Pullback, autograd_pullback, constant, mlp, pullback
from gebm_studio.petals import petal_points
from gebm_studio.schema.model import CircleBase, ConvBase, FlowBase, FlowerBase, GaussianBase, MlpBase, PpcaBase

FITTED = 32768
"""Draws of a target without an end that a Gaussian is fitted to."""
Draws = Callable[[int], Tensor]
"""Training data (n, *shape), as many as asked for, or all there are."""


class Base(nn.Module):
    """A generator from latents (N, d) to examples (N, *shape)."""

    latent_dim: int
    has_density = False
    """Whether G pushes η forward to a density on the whole data space."""
    invertible = False
    """Whether every example has one latent; `encode` gives it."""
    widest = 0
    """Numbers of the largest map on the way of one example, where they bound how many are computed at once."""

    def pullback(self, z: Tensor) -> tuple[Tensor, Pullback]:
        """G(z) and the map that takes gradients (N, *shape) with respect to it back to z (N, d)."""
        return autograd_pullback(self, z)

    def log_density(self, x: Tensor) -> Tensor:
        """log g(x), (N,), where `has_density`.

        Raises:
            ValueError: Where the base has no density.
        """
        raise ValueError(f"{type(self).__name__} has no density on the data space")

    def encode(self, x: Tensor) -> Tensor:
        """The latents z (N, d) with G(z) = x, where `invertible`.

        Raises:
            ValueError: Where G has no inverse.
        """
        raise ValueError(f"{type(self).__name__} has no inverse on the data space")


class Mlp(Base):
    """G(z) = MLP(z), reshaped to the shape of an example."""

    def __init__(self, section: MlpBase, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.latent_dim, self.shape = section.latent_dim, shape
        widths = [section.latent_dim, *[section.hidden] * section.depth, math.prod(shape)]
        self.net = mlp(widths, section.activation, residual=section.residual)
        if section.output == "tanh":
            self.net.append(nn.Tanh())

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


class Flower(Base):
    """z → shift + scale · petal(Φ(z)), with even mass on the petals; shift and scale can learn."""

    latent_dim = 3

    def __init__(self, section: FlowerBase) -> None:
        super().__init__()
        self.petals, self.bend = section.petals, section.bend
        self.shift = nn.Parameter(torch.tensor(section.shift))
        self.log_scale = nn.Parameter(torch.tensor(math.log(section.scale)))

    def forward(self, z: Tensor) -> Tensor:
        # Kept off the ends of the unit interval, where the arc cosine has no finite slope.
        u = torch.special.ndtr(z).clamp(1e-6, 1 - 1e-6)
        petal = (u[:, 0] * self.petals).floor()
        return self.shift + self.log_scale.exp() * petal_points(petal, u[:, 1:], petals=self.petals, bend=self.bend)


class Linear(Base):
    """G(z) = Az + b, the Gaussian N(b, AAᵀ).

    Arguments:
        matrix: A (D, d) before training.
        shift: b (D,) before training.
        shape: Of one example; (D,) where silent.
    """

    def __init__(self, matrix: Tensor, shift: Tensor, shape: tuple[int, ...] | None = None) -> None:
        super().__init__()
        rows, self.latent_dim = matrix.shape
        self.shape = shape or (rows,)
        # Rows in order: a factorisation leaves columns, and a run that goes on from a file would round otherwise.
        self.matrix = nn.Parameter(matrix.float().contiguous())
        self.shift = nn.Parameter(shift.float())
        square = rows == self.latent_dim
        self.has_density = self.invertible = square and bool(torch.linalg.matrix_rank(self.matrix) == rows)

    def forward(self, z: Tensor) -> Tensor:
        x = z @ self.matrix.T + self.shift
        return x.reshape(len(z), *self.shape) if len(self.shape) > 1 else x

    def log_density(self, x: Tensor) -> Tensor:
        """log N(x; b, AAᵀ), (N,), in the precision of `x`.

        Raises:
            ValueError: Where A is not square and invertible.
        """
        if not self.has_density:
            return super().log_density(x)
        z = self.encode(x)
        normaliser = 0.5 * self.latent_dim * math.log(2 * math.pi) + torch.linalg.slogdet(self.matrix.to(x))[1]
        log_density: Tensor = -0.5 * z.square().sum(1) - normaliser
        return log_density

    def encode(self, x: Tensor) -> Tensor:
        if not self.invertible:
            return super().encode(x)
        z: Tensor = torch.linalg.solve(self.matrix.to(x), (x.flatten(1) - self.shift.to(x)).T).T
        return z


class Normalising(Base):
    """G(z) = f⁻¹(z) of a normalising flow f; g is exact."""

    has_density = invertible = True

    def __init__(self, section: FlowBase, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape, self.latent_dim = shape, math.prod(shape)
        self.flow = Flow(section, self.latent_dim)

    def forward(self, z: Tensor) -> Tensor:
        return self.flow.decode(z).reshape(len(z), *self.shape)

    def log_density(self, x: Tensor) -> Tensor:
        return self.flow.log_density(x.flatten(1))

    def encode(self, x: Tensor) -> Tensor:
        return self.flow.encode(x.flatten(1))


class Density(nn.Module):
    """log g(x) of a base as a function of x alone: no gradient reaches the base's parameters.

    An energy that is relative to the base stays what it is while the base learns; only then is E_Q[∇E · ∂G] the
    base's gradient.
    """

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.base = base

    def forward(self, x: Tensor) -> Tensor:
        return self.base.log_density(x)

    def at_rest(self, x: Tensor) -> Tensor:
        """log g(x), (N,), in the precision of examples (N, *shape)."""
        return in_precision_of(x, self, at_rest=True)


class Conv(Base):
    """A generator of images by one of the convolutional architectures."""

    def __init__(self, section: ConvBase, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.latent_dim, self.shape = section.latent_dim, shape
        self.net = convolutional.generator(section, shape)
        self.normalised = normalised_layers(self.net)
        self.widest = widest(self.net, torch.zeros(1, section.latent_dim))

    def forward(self, z: Tensor) -> Tensor:
        # Rows in order, whatever the layout of the maps before.
        x: Tensor = self.net(z).contiguous()
        return x

    def pullback(self, z: Tensor) -> tuple[Tensor, Pullback]:
        with constant(self):
            return autograd_pullback(self, z)

    def recalibrate(self, count: int = 4096) -> None:
        """Make the running statistics of batch normalisation, where there is any, exact for the weights as they are.

        Arguments:
            count: Latents, always the same ones: doing it again changes no bit.
        """
        if self.normalised:
            z = torch.randn(count, self.latent_dim, generator=torch.Generator().manual_seed(count))
            device = self.normalised[0].mean.device
            recalibrate(self, z.to(device), at_once(self.widest, device))


def build(section: schema.Base, shape: tuple[int, ...], draws: Draws) -> Base:
    """The base that a preset describes, for examples of the given shape.

    Arguments:
        section: The preset's base.
        shape: Shape of one example.
        draws: The training data, which fitted bases are fitted to.

    Raises:
        ValueError: Where the base cannot make examples of that shape.
    """
    if isinstance(section, MlpBase):
        return Mlp(section, shape)
    if isinstance(section, FlowBase):
        return Normalising(section, shape)
    if isinstance(section, GaussianBase):
        return _gaussian(section, shape, draws)
    if isinstance(section, PpcaBase):
        return Linear(*fits.ppca(draws(FITTED).flatten(1), section.components), shape)
    if isinstance(section, ConvBase):
        return _conv(section, shape)
    if isinstance(section, FlowerBase):
        if shape != (3,):
            raise ValueError(f"base: kind flower lives in R³, the target has shape {shape}; use kind mlp")
        return Flower(section)
    if isinstance(section, CircleBase):
        if shape != (2,):
            raise ValueError(f"base: kind circle lives in the plane, the target has shape {shape}; use kind mlp")
        return Circle(section)
    if shape != (len(section.matrix),):
        raise ValueError(f"base.matrix: the target has shape {shape}, A has {len(section.matrix)} rows")
    return Linear(torch.tensor(section.matrix), torch.tensor(section.shift))


def _conv(section: ConvBase, shape: tuple[int, ...]) -> Conv:
    base = Conv(section, shape).eval()
    base.recalibrate(256)
    return base


def _gaussian(section: GaussianBase, shape: tuple[int, ...], draws: Draws) -> Linear:
    dim = math.prod(shape)
    for name, given in (("mean", section.mean), ("covariance", section.covariance)):
        if given and len(given) != dim:
            raise ValueError(f"base.{name}: the target has dimension {dim}, got {len(given)} entries")
    if section.mean and section.covariance:
        matrix, mean = torch.zeros(0), torch.zeros(0)
    else:
        matrix, mean = fits.gaussian(draws(FITTED).flatten(1))
    if section.covariance:
        matrix, singular = torch.linalg.cholesky_ex(torch.tensor(section.covariance, dtype=torch.float64))
        if singular:
            raise ValueError("base.covariance: must be positive definite; raise the entries on its diagonal")
    if section.mean:
        mean = torch.tensor(section.mean)
    return Linear(matrix, mean, shape)
