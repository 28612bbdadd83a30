"""Small networks that bases and energies are made of."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def mlp(widths: Sequence[int], activation: str, *, normalised: bool = False) -> nn.Sequential:
    """Linear layers of the given widths with an activation between them.

    Arguments:
        widths: Input width, hidden widths, output width.
        activation: A name in `ACTIVATIONS`.
        normalised: Spectral normalisation of every layer.
    """
    layers: list[nn.Module] = []
    for index, (width_in, width_out) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
        if index:
            layers.append(ACTIVATIONS[activation]())
        layer = nn.Linear(width_in, width_out)
        layers.append(spectral_norm(layer) if normalised else layer)
    return nn.Sequential(*layers)
