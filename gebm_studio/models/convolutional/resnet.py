"""The residual networks of SN-GAN.

References:
    Spectral normalization for generative adversarial networks (Miyato et al., 2018), arXiv 1802.05957, table 4 and
    figure 9.
    Identity mappings in deep residual networks (He et al., 2016), arXiv 1603.05027.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from gebm_studio.models.convolutional.batch_norm import after
from gebm_studio.models.convolutional.ladder import Ladder
from gebm_studio.models.convolutional.layers import AFTER_RELU, begin, conv, linear

PLAIN = 2
"""Blocks of the critic, after those that halve, that keep the side."""


class Block(nn.Module):
    """x ↦ shortcut(x) + residual(x)."""

    def __init__(self, shortcut: nn.Module, residual: nn.Module) -> None:
        super().__init__()
        self.shortcut, self.residual = shortcut, residual

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.shortcut(x) + self.residual(x)
        return added


class SumPool(nn.Module):
    """The sum of each map, (N, C, H, W) to (N, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((2, 3))


def generator(ladder: Ladder, latent_dim: int, channels: int, *, batch_norm: bool) -> nn.Sequential:
    """Linear to the smallest map, a block of even width for each doubling, ReLU, a 3×3 convolution; tanh.

    The table has C = 256 at 32 pixels. Batch normalisation stands before each ReLU.
    """
    blocks = [_up(channels, batch_norm, ladder.doublings) for _ in range(ladder.doublings)]
    head = [*after(channels, batch_norm), conv(channels, ladder.colours, 3, AFTER_RELU)]
    return nn.Sequential(*begin(ladder, latent_dim, channels), *blocks, *head, nn.Tanh())


def critic(ladder: Ladder, channels: int, *, normalised: bool) -> nn.Sequential:
    """Blocks that halve the side by average pooling, two that keep it, ReLU, the sum of each map, linear.

    The side is halved until it is 8 pixels or less, twice at least. The table has C = 128 at 32 pixels. Spectral
    normalisation is on every layer, also those of shortcuts and the linear one.
    """
    halvings = max(2, ladder.doublings - 1)
    blocks: list[nn.Module] = [_first(ladder.colours, channels, normalised, halvings + PLAIN)]
    blocks += [_down(channels, normalised, halvings + PLAIN) for _ in range(halvings - 1)]
    blocks += [_plain(channels, normalised, halvings + PLAIN) for _ in range(PLAIN)]
    # Divided by how many are summed, the energy begins of order one; normalisation takes this away again.
    gain = 1 / (ladder.side >> halvings) ** 2
    return nn.Sequential(*blocks, nn.ReLU(), SumPool(), linear(channels, 1, gain, normalised=normalised))


def _up(channels: int, batch_norm: bool, blocks: int) -> Block:
    """Nearest-neighbour upsampling on both ways, a 1×1 convolution on the shorter.

    That convolution commutes with upsampling, as the critic's with pooling: on the smaller map it takes a quarter of
    the work.
    """
    residual = nn.Sequential(
        *after(channels, batch_norm),
        nn.Upsample(scale_factor=2),
        conv(channels, channels, 3, AFTER_RELU, bias=not batch_norm),
        *after(channels, batch_norm),
        conv(channels, channels, 3, _last_gain(blocks)),
    )
    return Block(nn.Sequential(conv(channels, channels, 1, 1.0), nn.Upsample(scale_factor=2)), residual)


def _first(colours: int, channels: int, normalised: bool, blocks: int) -> Block:
    """The block that meets the image: no ReLU before it, the shortcut pooled first."""
    residual = nn.Sequential(
        conv(colours, channels, 3, 1.0, normalised=normalised),
        nn.ReLU(),
        conv(channels, channels, 3, _last_gain(blocks), normalised=normalised),
        nn.AvgPool2d(2),
    )
    return Block(nn.Sequential(nn.AvgPool2d(2), conv(colours, channels, 1, 1.0, normalised=normalised)), residual)


def _down(channels: int, normalised: bool, blocks: int) -> Block:
    residual = nn.Sequential(*_residual(channels, normalised, blocks), nn.AvgPool2d(2))
    return Block(nn.Sequential(nn.AvgPool2d(2), conv(channels, channels, 1, 1.0, normalised=normalised)), residual)


def _plain(channels: int, normalised: bool, blocks: int) -> Block:
    return Block(nn.Identity(), nn.Sequential(*_residual(channels, normalised, blocks)))


def _residual(channels: int, normalised: bool, blocks: int) -> list[nn.Module]:
    return [
        nn.ReLU(),
        conv(channels, channels, 3, AFTER_RELU, normalised=normalised),
        nn.ReLU(),
        conv(channels, channels, 3, _last_gain(blocks), normalised=normalised),
    ]


def _last_gain(blocks: int) -> float:
    """So that all blocks together add as much variance as there is."""
    return AFTER_RELU / math.sqrt(blocks)
