"""Layers with the weights that they begin with.

Weights are normal and biases zero. The deviation is gain / √fan, fan the inputs that reach one output, so that a layer
keeps the variance of what it is given; √2 makes up for the half that a ReLU takes. Without batch normalisation the
fixed deviation of 0.02 of the papers would let a signal through these widths die out.

References:
    Delving deep into rectifiers (He et al., 2015), arXiv 1502.01852, section 2.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gebm_studio.models.convolutional.ladder import Ladder

AFTER_RELU = math.sqrt(2)


def begin(ladder: Ladder, latent_dim: int, channels: int) -> list[nn.Module]:
    """From latents (N, d) to the smallest map (N, channels, H, H)."""
    side = ladder.smallest
    return [linear(latent_dim, channels * side**2, 1.0), nn.Unflatten(1, (channels, side, side))]


def linear(inputs: int, outputs: int, gain: float, *, normalised: bool = False) -> nn.Module:
    """A linear layer."""
    return _begun(nn.Linear(inputs, outputs), gain, inputs, normalised)


def conv(
    inputs: int, outputs: int, kernel: int, gain: float, *, stride: int = 1, bias: bool = True, normalised: bool = False
) -> nn.Module:
    """A convolution that keeps the side of a map; 4×4 with stride 2 halves it."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=(kernel - 1) // 2, bias=bias)
    return _begun(layer, gain, inputs * kernel**2, normalised)


def doubling(inputs: int, outputs: int, gain: float, *, bias: bool = True) -> nn.Module:
    """A transposed convolution, 4×4 with stride 2, that doubles the side of a map."""
    # Of the 16 weights 4 reach any one pixel.
    return _begun(nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=bias), gain, inputs * 4, False)


def _begun(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, gain: float, fan: int, normalised: bool) -> nn.Module:
    nn.init.normal_(layer.weight, std=gain / math.sqrt(fan))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    # The largest singular value is that of the weights as a matrix (outputs, inputs × kernel), as in SN-GAN.
    wrapped: Callable[[nn.Module], nn.Module] = spectral_norm
    return wrapped(layer) if normalised else layer
