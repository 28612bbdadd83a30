"""Bases of critics: functions φ_1 = 1, φ_2, … of which a linear critic is V(x) = Σ w_k φ_k(x).

Each is scaled to a box, so that its functions are of order one on it and their Gram matrix is conditioned well.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

MOST_FUNCTIONS = 2_000
"""Of one basis: a Newton step factorises a matrix of that side, in about a second."""


class Basis(Protocol):
    """Functions φ of points of d dimensions."""

    @property
    def size(self) -> int:
        """How many functions, the constant among them."""

    def __call__(self, x: Tensor) -> Tensor:
        """φ(x) (N, size) at points (N, d), in float64; the first column is one."""


@dataclass(frozen=True)
class Box:
    """A box: its centre (d,) and half its sides (d,), positive."""

    centre: Tensor
    half: Tensor

    @classmethod
    def around(cls, *samples: Tensor) -> Box:
        """The smallest box that holds the samples (N, d); a side of no length counts as 2.

        Raises:
            ValueError: For samples that are empty, of another shape, or not finite.
        """
        points = torch.cat([_points(sample, None) for sample in samples])
        low, high = torch.aminmax(points, dim=0)
        half = high / 2 - low / 2
        return cls(low / 2 + high / 2, torch.where(half > 0, half, 1.0))

    @property
    def dimension(self) -> int:
        """d."""
        return len(self.centre)

    def scaled(self, x: Tensor) -> Tensor:
        """z (N, d), in [−1, 1] inside the box.

        Raises:
            ValueError: For points of another dimension, or not finite.
        """
        return (_points(x, self.dimension).to(self.centre.device) - self.centre) / self.half


class Polynomials:
    """Products of Chebyshev polynomials, ΠT_{k_i}(z_i) with Σ k_i ≤ degree, by rising degree.

    Arguments:
        box: Where they stay within ±1.
        degree: The highest total degree, 0 or more; a higher degree contains a lower one.

    Raises:
        ValueError: For a negative degree, or more than `MOST_FUNCTIONS` functions.
    """

    def __init__(self, box: Box, degree: int) -> None:
        if degree < 0:
            raise ValueError(f"polynomials: degree must be 0 or more, got {degree}")
        _check_size(math.comb(degree + box.dimension, degree), "polynomials", "degree")
        self.box, self.degree = box, degree
        powers = itertools.product(range(degree + 1), repeat=box.dimension)
        self._powers = sorted(
            (power for power in powers if sum(power) <= degree), key=lambda power: (sum(power), power)
        )

    @property
    def size(self) -> int:
        return len(self._powers)

    def __call__(self, x: Tensor) -> Tensor:
        z = self.box.scaled(x)
        chebyshev = [torch.ones_like(z), z]
        for _ in range(self.degree - 1):
            chebyshev.append(2 * z * chebyshev[-1] - chebyshev[-2])
        table = torch.stack(chebyshev)  # (degree + 1, N, d)
        columns = [
            torch.stack([table[power, :, axis] for axis, power in enumerate(powers)]).prod(0) for powers in self._powers
        ]
        return torch.stack(columns, 1)


class Bumps:
    """The constant and Gaussian bumps e^{−|z − m|²/2s²} on a grid of centres over the box, s their spacing.

    Arguments:
        box: Where the centres lie, its faces included.
        per_axis: Centres along each axis, 2 or more.

    Raises:
        ValueError: For fewer than two, or more than `MOST_FUNCTIONS` functions.
    """

    def __init__(self, box: Box, per_axis: int) -> None:
        if per_axis < 2:
            raise ValueError(f"bumps: per_axis must be 2 or more, got {per_axis}")
        _check_size(per_axis**box.dimension + 1, "bumps", "per_axis")
        self.box = box
        axis = torch.linspace(-1, 1, per_axis, dtype=torch.float64, device=box.centre.device)
        self._centres = torch.cartesian_prod(*[axis] * box.dimension).reshape(-1, box.dimension)
        self._spacing = 2 / (per_axis - 1)

    @property
    def size(self) -> int:
        return len(self._centres) + 1

    def __call__(self, x: Tensor) -> Tensor:
        z = self.box.scaled(x)
        distances = torch.cdist(z, self._centres, compute_mode="donot_use_mm_for_euclid_dist")
        return _with_constant((-0.5 * (distances / self._spacing).square()).exp())


class Relus:
    """The constant and random ridges max(0, ω·z − b), ω on the unit sphere, kinks spread over the box.

    The first k ridges of a seed are the same for every width: the classes are nested.

    Arguments:
        box: Which every kink crosses.
        width: How many ridges, 1 or more.
        seed: Of the sequence.

    Raises:
        ValueError: For no ridge, or more than `MOST_FUNCTIONS` functions.

    References:
        Random Features for Large-Scale Kernel Machines (Rahimi and Recht, 2007), for features drawn and not learned.
    """

    def __init__(self, box: Box, width: int, seed: int = 0) -> None:
        if width < 1:
            raise ValueError(f"ReLU features: width must be 1 or more, got {width}")
        _check_size(width + 1, "ReLU features", "width")
        self.box, self.width = box, width
        # Two streams, each filled row by row: a longer sequence begins with the shorter one.
        directions = np.random.default_rng([seed, 0]).normal(size=(width, box.dimension))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        offsets = np.random.default_rng([seed, 1]).uniform(-1, 1, size=width) * np.abs(directions).sum(1)
        self._directions = torch.from_numpy(directions).to(box.centre.device)
        self._offsets = torch.from_numpy(offsets).to(box.centre.device)

    @property
    def size(self) -> int:
        return self.width + 1

    def __call__(self, x: Tensor) -> Tensor:
        return _with_constant((self.box.scaled(x) @ self._directions.T - self._offsets).relu())


def _with_constant(columns: Tensor) -> Tensor:
    return torch.cat((torch.ones_like(columns[:, :1]), columns), 1)


def _points(x: Tensor, dimension: int | None) -> Tensor:
    if x.ndim != 2 or not x.numel() or (dimension is not None and x.shape[1] != dimension):
        wanted = "d" if dimension is None else dimension
        raise ValueError(f"critic: points must have shape (N, {wanted}) with N ≥ 1, got {tuple(x.shape)}")
    points = x.to(torch.float64)
    if not bool(points.isfinite().all()):
        raise ValueError("critic: points hold numbers that are not finite; leave those rows out")
    return points


def _check_size(size: int, what: str, setting: str) -> None:
    if size > MOST_FUNCTIONS:
        raise ValueError(f"{what}: {size} functions, at most {MOST_FUNCTIONS}; choose a smaller {setting}")
