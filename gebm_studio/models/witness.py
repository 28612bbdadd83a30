"""The witness of the maximum mean discrepancy as an energy, on plain or learned features."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gebm_studio.models.energies import Energy
from gebm_studio.models.networks import mlp
from gebm_studio.schema.model import WitnessEnergy

MEDIAN_OF = 64
"""References of data and of samples whose median distance sets the kernel's width."""
SOFT = 1e-6
"""What is added to squared distances, in units of the median's square, so that their root has a slope everywhere."""


def _gaussian(squares: Tensor) -> Tensor:
    """The mean of Gaussians of width 2ℓ, ℓ and ℓ/2, of |a − b|²/ℓ²: one exponential and its powers."""
    widest = (-squares / 8).exp()
    middle = widest.square().square()
    return (widest + middle + middle.square().square()) / 3


def _inverse_multiquadric(squares: Tensor) -> Tensor:
    return (1 + 0.5 * squares).rsqrt()


def _distance(squares: Tensor) -> Tensor:
    return -(squares + SOFT).sqrt()


KERNELS: dict[str, Callable[[Tensor], Tensor]] = {
    "gaussian": _gaussian,
    "imq": _inverse_multiquadric,
    "distance": _distance,
}
"""Of |a − b|²/ℓ², ℓ the median distance; the last makes MMD² the energy distance in units of ℓ."""


class Witness(Energy):
    """E(x) = s (E_G k(φ(x), φ(y)) − E_P k(φ(x), φ(y))), against stored features of data and of samples.

    What the critic learns by is MMD² of the features, without bias: `judge` lets a batch be its own reference. The base
    descends E against the stored references, half the gradient of MMD² in the same direction; the kernel's width is
    renewed with them.

    Arguments:
        section: Features, kernel, s and how many references are kept.
        shape: Of one example.

    References:
        MMD GAN: Towards Deeper Understanding of Moment Matching Network (Li et al., 2017), arXiv 1705.08584.
        Demystifying MMD GANs (Binkowski et al., 2018), arXiv 1801.01401, sections 2.1 and 3.
    """

    data: Tensor
    samples: Tensor
    median: Tensor

    def __init__(self, section: WitnessEnergy, shape: tuple[int, ...]) -> None:
        super().__init__()
        width = math.prod(shape)
        self.features: nn.Module = nn.Flatten()
        if section.features == "learned":
            widths = [width, *[section.hidden] * section.depth, section.outputs]
            net = mlp(widths, section.activation, normalised=section.spectral_norm)
            self.features, width = nn.Sequential(nn.Flatten(), net), section.outputs
        self.kernel, self.unit, self.references = KERNELS[section.kernel], section.scale, section.references
        for name in ("data", "samples"):
            self.register_buffer(name, torch.zeros(section.references, width))
        self.register_buffer("median", torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.features(x)
        return self.unit * (self._similarity(found, self.samples).mean(1) - self._similarity(found, self.data).mean(1))

    def judge(self, data: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
        """e of data (N, *shape) and of samples (M, *shape), each with all the others as references.

        E_G e − E_P e on the batch is then s times the unbiased estimate of MMD².
        """
        found: Tensor = self.features(torch.cat((data, samples)))
        x, y = found[: len(data)], found[len(data) :]
        across = self._similarity(x, y)
        return (
            self.unit * (across.mean(1) - self._among_others(x)),
            self.unit * (self._among_others(y) - across.mean(0)),
        )

    @torch.no_grad()
    def remember(self, data: Tensor, samples: Tensor) -> None:
        """Take data and samples, `references` of each, as what the energy compares with."""
        self.data.copy_(self.features(data))
        self.samples.copy_(self.features(samples))
        some = torch.cat((self.data[:MEDIAN_OF], self.samples[:MEDIAN_OF]))
        self.median.copy_(torch.pdist(some).median().clamp(min=1e-6))

    def _similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """k(a, b), (N, M), of features (N, F) and (M, F)."""
        squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
        return self.kernel(squares.clamp(min=0) / self.median.square())

    def _among_others(self, a: Tensor) -> Tensor:
        similarity = self._similarity(a, a)
        return (similarity.sum(1) - similarity.diagonal()) / (len(a) - 1)
