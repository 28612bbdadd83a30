"""What every target offers: draws, held-out points, a density where one is known, and a plane of view."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor

Extent = tuple[float, float, float, float]
"""Left, right, bottom, top."""

_HELD_OUT_STREAM = 0x48454C44
_MARGIN = 0.12
_WIDE, _ENOUGH = 1000, 512
"""Coordinates above which principal components are those of about so many examples, evenly chosen."""


class Target(ABC):
    """A distribution P that a model learns.

    Attributes:
        shape: Shape of one example; `dim` is its product.
        intrinsic_dim: Dimension of the set that carries the mass.
        has_density: Whether `log_density` is known.
        has_distance: Whether `distance` to the set that carries the mass is known.
        device: Where `held_out` and `modes` lie.
        held_out: Points (n, *shape), float32, that training never draws.
        validation: More of them, for choices that the held-out points must not see, or None.
        modes: Centres (K, dim) of the modes, or None where the target names none.
        mode_weights: Their masses (K,), which sum to one, or None.
        mode_radius: Radius of the core of each mode; cores of two modes never meet.
    """

    has_density: bool = False
    has_distance: bool = False

    def __init__(self, shape: tuple[int, ...], device: torch.device, *, intrinsic_dim: int | None = None) -> None:
        self.shape = shape
        self.device = device
        self.dim = math.prod(shape)
        self.intrinsic_dim = self.dim if intrinsic_dim is None else intrinsic_dim
        self.held_out = torch.empty((0, *shape), device=device)
        self.validation: Tensor | None = None
        self.modes: Tensor | None = None
        self.mode_weights: Tensor | None = None
        self.mode_radius = 0.0

    @abstractmethod
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draws (n, *shape), float32, on the generator's device; the same for the same generator state."""

    def sample_for_base(self, n: int, generator: torch.Generator) -> Tensor:
        """Draws (n, *shape) while the base learns; of P itself but where a target says otherwise."""
        return self.sample(n, generator)

    def training_data(self, count: int, seed: int) -> Tensor:
        """As many draws as asked for, the same for the same seed; of a finite target all training examples."""
        return self.sample(count, torch.Generator(self.device).manual_seed(seed))

    @property
    @abstractmethod
    def home(self) -> Extent:
        """A square of the plane of view that shows nearly all of the data."""

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) with respect to Lebesgue measure, in the precision of x and differentiable in it.

        Arguments:
            x: Points (n, *shape).

        Returns:
            Values (n,), −∞ outside of the support.

        Raises:
            NotImplementedError: Where `has_density` is false.
        """
        raise NotImplementedError(f"{type(self).__name__} has no known density; see has_density")

    def distance(self, x: Tensor) -> Tensor:
        """How far points (n, *shape) are from the set that carries the mass, (n,).

        Raises:
            NotImplementedError: Where `has_distance` is false.
        """
        raise NotImplementedError(f"{type(self).__name__} has no known distance; see has_distance")

    def projection(self) -> tuple[Tensor, Tensor, tuple[str, str]]:
        """The plane of view: points x (n, dim) are shown at (x − offset) @ matrix.

        Returns:
            matrix (dim, 2), offset (dim,) and the names of the two axes.

        Raises:
            NotImplementedError: Above three dimensions, where only data can tell a plane.
        """
        if self.dim == 1:
            matrix = torch.tensor([[1.0, 0.0]])
            axes = ("x₁", "")
        elif self.dim == 2:
            matrix = torch.eye(2)
            axes = ("x₁", "x₂")
        elif self.dim == 3:
            matrix = _oblique(azimuth=math.radians(-60.0), elevation=math.radians(35.0))
            axes = ("oblique view", "oblique view")
        else:
            raise NotImplementedError(f"{type(self).__name__} must choose a plane in {self.dim} dimensions")
        return matrix.to(self.device), torch.zeros(self.dim, device=self.device), axes

    def to_plane(self, x: Tensor) -> Tensor:
        """Points (n, *shape) on the plane of view, (n, 2)."""
        matrix, offset, _ = self.projection()
        return (x.flatten(1) - offset.to(x)) @ matrix.to(x)

    def mode_shares(self, x: Tensor) -> Tensor:
        """The shares of points (n, *shape) in the core of each mode, and in none, (K + 1,), float64 on the CPU.

        What is not finite lies in no core.

        Raises:
            ValueError: Where the target names no modes.
        """
        if self.modes is None:
            raise ValueError("this target names no modes")
        # Differences: an expanded square would make NaN of infinite points.
        away = torch.cdist(x.flatten(1).double(), self.modes.double(), compute_mode="donot_use_mm_for_euclid_dist")
        distance, mode = away.min(1)
        place = torch.where(distance <= self.mode_radius, mode, len(self.modes))
        return (torch.bincount(place, minlength=len(self.modes) + 1).double() / len(x)).cpu()

    def _name_modes(self, centres: Tensor, weights: Tensor, core: float) -> None:
        """Set the modes with cores of at most `core`; none where two centres coincide, or there is but one."""
        if len(centres) < 2:
            return
        nearest = torch.pdist(centres).min().item()
        if nearest <= 1e-9 * (1.0 + centres.abs().max().item()):
            return
        self.modes = centres.to(device=self.device, dtype=torch.float32)
        self.mode_weights = weights.to(device=self.device, dtype=torch.float32)
        self.mode_radius = min(core, 0.45 * nearest)


def held_out_generator(seed: int) -> torch.Generator:
    """A generator of the held-out stream of a seed; no training stream of any seed shares it.

    It lives on the CPU, so that the held-out points are the same on every device.
    """
    state = np.random.SeedSequence([seed, _HELD_OUT_STREAM]).generate_state(1, np.uint64)
    return torch.Generator("cpu").manual_seed(int(state[0]) >> 1)


def principal_plane(examples: Tensor, device: torch.device) -> tuple[Tensor, Tensor, tuple[str, str]]:
    """The plane of view of the first two principal components of examples (n, *shape), as `Target.projection`."""
    points = examples.flatten(1)
    if points.shape[1] > _WIDE:
        # A plane to look at needs no more, and factors of thousands of coordinates take seconds.
        points = points[:: max(1, len(points) // _ENOUGH)]
    points = points.cpu().double()
    offset = points.mean(dim=0)
    away = points - offset
    if len(away) < away.shape[1]:
        _, shares = torch.linalg.eigh(away @ away.T)
        matrix = torch.nn.functional.normalize(away.T @ shares[:, [-1, -2]], dim=0)
    else:
        _, vectors = torch.linalg.eigh(away.T @ away)
        matrix = vectors[:, [-1, -2]]
    # An eigenvector's sign is arbitrary: the largest entry is made positive, so that views agree.
    largest = matrix.gather(0, matrix.abs().argmax(dim=0, keepdim=True))
    matrix = matrix * largest.sign()
    names = ("first principal component", "second principal component")
    return matrix.float().to(device), offset.float().to(device), names


def square(left: float, right: float, bottom: float, top: float) -> Extent:
    """The square around a rectangle, with some margin."""
    x, y = (left + right) / 2, (bottom + top) / 2
    half = max(right - left, top - bottom, 1e-6) / 2 * (1 + _MARGIN)
    return (x - half, x + half, y - half, y + half)


def square_around(points: Tensor) -> Extent:
    """A square that shows nearly all of some points (n, 2); a few far outliers do not shrink the rest."""
    quantiles = torch.tensor([0.004, 0.996], dtype=torch.float64)
    # torch.quantile refuses more than 16 million entries; a stride keeps a fair subset.
    stride = max(1, len(points) // 100_000)
    low, high = torch.quantile(points[::stride].detach().cpu().double(), quantiles, dim=0)
    return square(low[0].item(), high[0].item(), low[1].item(), high[1].item())


def normalised(weights: tuple[float, ...], components: int) -> Tensor:
    """Masses (K,) in float64 that sum to one; equal masses where none are given."""
    masses = torch.tensor(weights or (1.0,) * components, dtype=torch.float64)
    return masses / masses.sum()


def choose(masses: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Indices (n,) drawn with given masses (K,), never one whose mass is zero, on the generator's device."""
    cdf = (masses.cumsum(dim=0) / masses.sum()).to(device=generator.device, dtype=torch.float32)
    u = torch.rand((n,), generator=generator, device=generator.device)
    # The last entry is exactly one and u is below it, so that the index stays in range.
    return torch.searchsorted(cdf, u, right=True)


def _oblique(azimuth: float, elevation: float) -> Tensor:
    """The two unit axes (3, 2) of an orthographic camera that looks from an azimuth and an elevation."""
    across = (-math.sin(azimuth), math.cos(azimuth), 0.0)
    up = (
        -math.sin(elevation) * math.cos(azimuth),
        -math.sin(elevation) * math.sin(azimuth),
        math.cos(elevation),
    )
    return torch.tensor([across, up]).T.contiguous()
