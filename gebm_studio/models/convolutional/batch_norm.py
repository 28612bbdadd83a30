"""Batch normalisation of a base that learns, and of the same base for chains that must not couple.

Three ways to take mean and variance, so that base and energy see one G and no chain depends on another:

- While the base learns, its own step and the samples that the energy learns from use those of their batch
  (`of_batches`); the running ones move once a step of the base, and with nothing else.
- Everything else, chains, pictures and measurements, uses the running ones: `Module.eval`, where a model stays
  unless one of the functions here says otherwise.
- Once the base rests, the energy too learns from what the running ones give. They are then computed anew for the
  weights that stay (`recalibrate`), so that training, chains and measurements share one G exactly.

References:
    Batch normalization (Ioffe and Szegedy, 2015), arXiv 1502.03167.
    Rethinking "batch" in batchnorm (Wu and Johnson, 2021), arXiv 2105.07576, section 3: precise statistics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import torch
from torch import Tensor, nn
from torch.nn import functional

MOMENTUM = 0.1
"""Share of a new batch in the running statistics."""


class BatchNorm(nn.Module):
    """Normalises maps (N, C, H, W) by mean and variance over N, H and W, then scales and shifts them.

    In training the statistics are the batch's; the running ones follow only where `remembers`.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.remembers = False

    def forward(self, x: Tensor) -> Tensor:
        running = self.remembers or not self.training
        return functional.batch_norm(
            x,
            self.mean if running else None,
            self.variance if running else None,
            self.weight,
            self.bias,
            training=self.training,
            momentum=MOMENTUM,
        )


def after(channels: int, batch_norm: bool) -> list[nn.Module]:
    """What follows a layer of the base: batch normalisation where asked for, and a ReLU."""
    return [BatchNorm(channels), nn.ReLU()] if batch_norm else [nn.ReLU()]


def normalised_layers(base: nn.Module) -> list[BatchNorm]:
    """The layers of a base that normalise by batch, in their order."""
    return [module for module in base.modules() if isinstance(module, BatchNorm)]


@contextmanager
def of_batches(layers: Sequence[BatchNorm], *, remember: bool = False) -> Iterator[None]:
    """Let layers use the statistics of their batch; with `remember` the running ones follow."""
    try:
        for layer in layers:
            layer.training, layer.remembers = True, remember
        yield
    finally:
        for layer in layers:
            layer.training = layer.remembers = False


@torch.no_grad()
def recalibrate(base: nn.Module, latents: Tensor, chunk: int) -> None:
    """Set the running statistics to those of latents (N, d), exactly: layer by layer, each given what it will be given.

    Sums are taken in float64. The same weights and latents give the same bits, so it can be done again.

    Arguments:
        base: G; without batch normalisation nothing is done.
        latents: Many draws of the prior.
        chunk: Latents at once, so that memory is bounded.
    """
    for layer in normalised_layers(base):
        moments = _Moments(layer)
        with moments.watching():
            for part in latents.split(chunk):
                with suppress(_Enough):
                    base(part)
        moments.settle()


class _Enough(Exception):
    """The layer has seen what it is given: what follows it is not needed."""


class _Moments:
    """Sums the first two moments of what a layer is given."""

    def __init__(self, layer: BatchNorm) -> None:
        self._layer = layer
        self._count = 0
        self._sum = self._squares = torch.zeros((), dtype=torch.float64)

    @contextmanager
    def watching(self) -> Iterator[None]:
        handle = self._layer.register_forward_pre_hook(self._add)
        try:
            yield
        finally:
            handle.remove()

    def _add(self, _: nn.Module, given: tuple[Tensor]) -> None:
        x = given[0]
        maps = (x.cpu() if x.device.type == "mps" else x).transpose(0, 1).flatten(1).double()  # mps has no float64
        self._count += maps.shape[1]
        self._sum = self._sum.to(maps.device) + maps.sum(1)
        self._squares = self._squares.to(maps.device) + maps.square().sum(1)
        raise _Enough

    def settle(self) -> None:
        mean = self._sum / self._count
        self._layer.mean.copy_(mean)
        self._layer.variance.copy_((self._squares / self._count - mean.square()).clamp(min=0))
