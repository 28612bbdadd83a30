"""The networks of DCGAN: strided convolutions alone.

References:
    Unsupervised representation learning with deep convolutional generative adversarial networks (Radford et al.,
    2016), arXiv 1511.06434, figure 1.
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from gebm_studio.models.convolutional.batch_norm import after
from gebm_studio.models.convolutional.ladder import Ladder
from gebm_studio.models.convolutional.layers import AFTER_RELU, begin, conv, doubling, linear

LEAK = 0.2
AFTER_LEAK = math.sqrt(2 / (1 + LEAK**2))


def generator(ladder: Ladder, latent_dim: int, channels: int, *, batch_norm: bool) -> nn.Sequential:
    """Linear to the smallest map, then transposed convolutions that double the side; channels halve; tanh.

    Batch normalisation stands after each layer but the last.
    """
    widths = ladder.halved(channels, ladder.doublings - 1)
    layers = [*begin(ladder, latent_dim, channels), *after(channels, batch_norm)]
    for inputs, outputs in pairwise(widths):
        layers += [doubling(inputs, outputs, AFTER_RELU, bias=not batch_norm), *after(outputs, batch_norm)]
    return nn.Sequential(*layers, doubling(widths[-1], ladder.colours, AFTER_RELU), nn.Tanh())


def critic(ladder: Ladder, channels: int, *, normalised: bool) -> nn.Sequential:
    """The mirror: 4×4 convolutions that halve the side, leaky ReLU 0.2, linear on the smallest map.

    Spectral normalisation is on every layer, the linear one too; there is no batch normalisation.
    """
    widths = [ladder.colours, *reversed(ladder.halved(channels, ladder.doublings - 1))]
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        gain = AFTER_LEAK if index else 1.0
        layers += [conv(inputs, outputs, 4, gain, stride=2, normalised=normalised), nn.LeakyReLU(LEAK)]
    return nn.Sequential(*layers, nn.Flatten(), linear(channels * ladder.smallest**2, 1, 1.0, normalised=normalised))
