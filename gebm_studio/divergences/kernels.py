"""Positive definite kernels, their sums over samples and the gradients of those sums."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

_ENTRIES = 2**18
"""Entries of a kernel's matrix that are held at once where only its sums are wanted: 2 MB, what a cache holds."""

_ENTRIES_ON_DEVICE = 2**24
"""The same on an accelerator, which many small blocks would leave idle: 128 MB."""

_FEW_DIMENSIONS = 4
"""Up to here squared distances are sums of squared differences, exact to rounding; beyond, a matrix product."""


class Kernel(ABC):
    """A positive definite kernel k(x, y) on points of float64 tensors (n, d) and (m, d)."""

    @abstractmethod
    def matrix(self, x: Tensor, y: Tensor) -> Tensor:
        """k(x_i, y_j), (n, m)."""

    @abstractmethod
    def diagonal(self, x: Tensor) -> Tensor:
        """k(x_i, x_i), (n,)."""

    @abstractmethod
    def _gradient(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor: ...

    def sums(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        """Σ_j w_j k(x_i, y_j), (n,): the mean embedding of the weighted sample y, at x."""
        return torch.cat([self.matrix(x[rows], y) @ weights for rows in _blocks(x, y)])

    def form(self, x: Tensor, weights: Tensor) -> float:
        """Σ_ij w_i w_j k(x_i, x_j): the squared norm of the mean embedding. Each pair is evaluated once."""
        total = 0.0
        for rows in _blocks(x, x):
            own, later = self.matrix(x[rows], x[rows.start :]), weights[rows.start :].clone()
            later[rows.stop - rows.start :] *= 2
            total += float(weights[rows] @ (own @ later))
        return total

    def gradient(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        """∇_x Σ_j w_j k(x, y_j) at each point of x, (n, d). The weights (m,) may have any sign."""
        return torch.cat([self._gradient(x[rows], y, weights) for rows in _blocks(x, y)])


@dataclass(frozen=True)
class Gaussian(Kernel):
    """k(x, y) = A e^{−|x − y|²/2ℓ²}.

    Arguments:
        scale: ℓ, positive, in the units of the data.
        amplitude: A = k(x, x), positive.

    Raises:
        ValueError: For a scale or an amplitude that is not positive and finite.
    """

    scale: float
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        _check_positive("the Gaussian kernel's scale", self.scale)
        _check_positive("the Gaussian kernel's amplitude", self.amplitude)

    def matrix(self, x: Tensor, y: Tensor) -> Tensor:
        found = squared_distances(x, y).mul_(-0.5 / self.scale**2).exp_()
        return found if self.amplitude == 1 else found.mul_(self.amplitude)

    def diagonal(self, x: Tensor) -> Tensor:
        return x.new_full((len(x),), self.amplitude)

    def _gradient(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        return _radial(self.matrix(x, y).mul_(-1 / self.scale**2), x, y, weights)


@dataclass(frozen=True)
class InverseMultiquadric(Kernel):
    """k(x, y) = (1 + |x − y|²/ℓ²)^{−a}.

    Arguments:
        scale: ℓ, positive, in the units of the data.
        exponent: a, positive.

    Raises:
        ValueError: For a scale or an exponent that is not positive and finite.
    """

    scale: float
    exponent: float = 0.5

    def __post_init__(self) -> None:
        _check_positive("the inverse multiquadric kernel's scale", self.scale)
        _check_positive("the inverse multiquadric kernel's exponent", self.exponent)

    def matrix(self, x: Tensor, y: Tensor) -> Tensor:
        return self._base(x, y).pow_(-self.exponent)

    def diagonal(self, x: Tensor) -> Tensor:
        return x.new_ones(len(x))

    def _base(self, x: Tensor, y: Tensor) -> Tensor:
        return squared_distances(x, y).mul_(1 / self.scale**2).add_(1)

    def _gradient(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        slope = self._base(x, y).pow_(-self.exponent - 1).mul_(-2 * self.exponent / self.scale**2)
        return _radial(slope, x, y, weights)


@dataclass(frozen=True)
class EnergyDistance(Kernel):
    """k(x, y) = ½(|x| + |y| − |x − y|), whose MMD² is E|X − Y| − ½E|X − X′| − ½E|Y − Y′|.

    It is positive semidefinite, so that KALE is defined too, but its functions vanish at the origin: that KALE
    depends on where the origin lies. MMD does not.

    References:
        Equivalence of distance-based and RKHS-based statistics in hypothesis testing (Sejdinovic et al., 2013),
        arXiv:1207.6076.
    """

    def matrix(self, x: Tensor, y: Tensor) -> Tensor:
        found = squared_distances(x, y).sqrt_().neg_()
        return found.add_(self.diagonal(x)[:, None]).add_(self.diagonal(y)).mul_(0.5)

    def diagonal(self, x: Tensor) -> Tensor:
        found: Tensor = torch.linalg.vector_norm(x, dim=1)
        return found

    def _gradient(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        # |x| has no gradient at zero: the mean of its slopes there, which is zero, is taken.
        slope = squared_distances(x, y).sqrt_().reciprocal_().mul_(-0.5)
        slope.masked_fill_(slope.isinf(), 0)
        outward = torch.nn.functional.normalize(x, dim=1, eps=1e-300)
        return _radial(slope, x, y, weights).add_(outward, alpha=0.5 * float(weights.sum()))


KERNELS: dict[str, type[Kernel]] = {
    "gaussian": Gaussian,
    "imq": InverseMultiquadric,
    "energy": EnergyDistance,
}


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """|x_i − y_j|², (n, m), never negative."""
    if x.shape[1] <= _FEW_DIMENSIONS:
        found = (x[:, 0, None] - y[:, 0]).square_()
        for axis in range(1, x.shape[1]):
            difference = x[:, axis, None] - y[:, axis]
            found.addcmul_(difference, difference)
        return found
    # Near the origin |x|² + |y|² − 2x·y loses least.
    centre = y.mean(0)
    x, y = x - centre, y - centre
    return torch.addmm(x.square().sum(1)[:, None] + y.square().sum(1), x, y.T, alpha=-2).clamp_min_(0)


def _radial(slope: Tensor, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Σ_j w_j s_ij (x_i − y_j), (n, d), of slopes s (n, m), without the (n, m, d) differences."""
    centre = y.mean(0)
    x, y = x - centre, y - centre
    sums = slope @ torch.cat([weights[:, None], weights[:, None] * y], dim=1)
    return x * sums[:, :1] - sums[:, 1:]


def _blocks(x: Tensor, y: Tensor) -> Iterator[slice]:
    """Rows of the matrix of x and y, a block at a time."""
    rows = max(1, (_ENTRIES if x.device.type == "cpu" else _ENTRIES_ON_DEVICE) // len(y))
    return (slice(first, min(first + rows, len(x))) for first in range(0, len(x), rows))


def _check_positive(what: str, value: float) -> None:
    # Its square must be a float too.
    if not 1e-150 <= value <= 1e150:
        raise ValueError(f"{what} must be positive, from 1e-150 to 1e150, got {value}")
