"""The standard convolutional networks of SN-GAN.

References:
    Spectral normalization for generative adversarial networks (Miyato et al., 2018), arXiv 1802.05957, table 3.
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from gebm_studio.models.convolutional.batch_norm import after
from gebm_studio.models.convolutional.ladder import Ladder
from gebm_studio.models.convolutional.layers import AFTER_RELU, begin, conv, doubling, linear

LEAK = 0.1
AFTER_LEAK = math.sqrt(2 / (1 + LEAK**2))


def generator(ladder: Ladder, latent_dim: int, channels: int, *, batch_norm: bool) -> nn.Sequential:
    """Linear to the smallest map, transposed convolutions as in DCGAN, then a 3×3 convolution to the image; tanh.

    At 32 pixels channels go C, C/2, C/4, C/8; the table has C = 512. Batch normalisation stands after each layer but
    the last.
    """
    widths = ladder.halved(channels, ladder.doublings)
    layers = [*begin(ladder, latent_dim, channels), *after(channels, batch_norm)]
    for inputs, outputs in pairwise(widths):
        layers += [doubling(inputs, outputs, AFTER_RELU, bias=not batch_norm), *after(outputs, batch_norm)]
    return nn.Sequential(*layers, conv(widths[-1], ladder.colours, 3, AFTER_RELU), nn.Tanh())


def critic(ladder: Ladder, channels: int, *, normalised: bool) -> nn.Sequential:
    """Pairs of a 3×3 and a halving 4×4 convolution, a last 3×3 one, leaky ReLU 0.1, linear on the smallest map.

    At 32 pixels channels go C/8, C/4, C/2, C; the table has C = 512. Spectral normalisation is on every layer, the
    linear one too.
    """
    widths = [ladder.colours, *reversed(ladder.halved(channels, ladder.doublings))]
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        gain = AFTER_LEAK if index else 1.0
        layers += [conv(inputs, outputs, 3, gain, normalised=normalised), nn.LeakyReLU(LEAK)]
        if index < ladder.doublings:
            layers += [conv(outputs, outputs, 4, AFTER_LEAK, stride=2, normalised=normalised), nn.LeakyReLU(LEAK)]
    return nn.Sequential(*layers, nn.Flatten(), linear(channels * ladder.smallest**2, 1, 1.0, normalised=normalised))
