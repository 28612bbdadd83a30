"""The kernel that a lab's settings choose."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gebm_studio.divergences import EnergyDistance, Gaussian, InverseMultiquadric, Kernel, median_distance
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.schema import divergences as schema


@dataclass(frozen=True)
class Times(Kernel):
    """A kernel times an amplitude."""

    kernel: Kernel
    amplitude: float

    def matrix(self, x: Tensor, y: Tensor) -> Tensor:
        return self.kernel.matrix(x, y).mul_(self.amplitude)

    def diagonal(self, x: Tensor) -> Tensor:
        return self.kernel.diagonal(x) * self.amplitude

    def _gradient(self, x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        return self.kernel.gradient(x, y, weights * self.amplitude)


def length(section: schema.Kernel, x: Doubles, y: Doubles) -> float:
    """ℓ: as it is set, or the median distance among draws (n, d) and (m, d).

    Raises:
        Unknown: Where most of the draws coincide.
    """
    if section.scale > 0 or section.name == "energy":
        return section.scale or 1.0
    try:
        return median_distance(x, y)
    except ValueError as error:
        raise Unknown(f"{error}; set the kernel's length by hand") from error


def kernel_of(section: schema.Kernel, scale: float) -> Kernel:
    """The kernel with a length ℓ."""
    if section.name == "gaussian":
        return Gaussian(scale, section.amplitude)
    if section.name == "imq":
        return Times(InverseMultiquadric(scale), section.amplitude)
    return EnergyDistance()
