"""Convolutional generators and critics of images of 8, 16, 28, 32 and 64 pixels a side, grey or in colour.

Activations are those of the papers, ReLU and leaky ReLU: G and E are smooth but for kinks, a set that a chain meets
with probability zero, so that Langevin steps have their gradient everywhere they come. Kind mlp has smooth ones.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import nn

from gebm_studio.models.convolutional import dcgan, resnet, sngan
from gebm_studio.models.convolutional.ladder import Ladder
from gebm_studio.schema.model import ConvBase, ConvEnergy

__all__ = ["ARCHITECTURES", "Architecture", "critic", "generator"]


class _Generator(Protocol):
    def __call__(self, ladder: Ladder, latent_dim: int, channels: int, *, batch_norm: bool) -> nn.Sequential: ...


class _Critic(Protocol):
    def __call__(self, ladder: Ladder, channels: int, *, normalised: bool) -> nn.Sequential: ...


class Architecture(NamedTuple):
    """Both networks of one name.

    Attributes:
        generator: From latents (N, d) to images (N, C, H, H) in [−1, 1].
        critic: From images to values (N, 1).
    """

    generator: _Generator
    critic: _Critic


ARCHITECTURES: dict[str, Architecture] = {
    "dcgan": Architecture(dcgan.generator, dcgan.critic),
    "sngan": Architecture(sngan.generator, sngan.critic),
    "resnet": Architecture(resnet.generator, resnet.critic),
}
"""By the schema's `architecture`."""


def generator(section: ConvBase, shape: tuple[int, ...]) -> nn.Sequential:
    """The base's network, from latents (N, d) to images (N, *shape).

    Raises:
        ValueError: Where the shape is none of an image of a side that is known, or the channels cannot be halved.
    """
    ladder = Ladder.of(shape, "base")
    make = ARCHITECTURES[section.architecture].generator
    return make(ladder, section.latent_dim, section.channels, batch_norm=section.batch_norm)


def critic(section: ConvEnergy, shape: tuple[int, ...]) -> nn.Sequential:
    """The energy's network, from images (N, *shape) to values (N, 1).

    Raises:
        ValueError: As `generator`.
    """
    ladder = Ladder.of(shape, "energy")
    make = ARCHITECTURES[section.architecture].critic
    return make(ladder, section.channels, normalised=section.spectral_norm)
