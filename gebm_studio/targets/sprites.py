"""Sprites: flat figures whose factors are drawn with known masses, so that the truth of each mass is exact."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gebm_studio.schema import images as schema
from gebm_studio.targets.images import ImageTarget
from gebm_studio.targets.target import (
    Extent,
    choose,
    held_out_generator,
    normalised,
    principal_plane,
    square_around,
)

SHAPES, SIZES, COLOURS = (schema.SPRITE_FACTORS[factor] for factor in ("shape", "size", "colour"))

SIDE = 32
"""Pixels along one side of an image."""
REACH = 3.0
"""The centre lies at most so many pixels from the image's, across and down: figures of any size stay whole."""
TURN = 0.26
"""The angle lies at most so many radians from upright, about 15°."""

_RADII = (4.0, 6.0, 8.5)
"""Radius of the disc in pixels, by size; the other shapes have about its area."""
_SQUARE, _TRIANGLE, _ARM, _WAIST = 0.88, 0.74, 1.2, 0.42
"""In radii: half a side of the square, the triangle's inner radius, length and half width of the cross's arms."""
_PAINT = ((255, 64, 64), (255, 214, 50), (32, 214, 120), (56, 136, 255))
"""Of the figures, in 8-bit RGB, on black: a generator that ends in tanh leaves it flat at once."""
_PLANE_STREAM, _PLANE_DRAWS = 0, 512


@dataclass(frozen=True)
class Factors:
    """What an image is made from.

    Attributes:
        shape: Index in `SHAPES`, (n,), int64.
        size: Index in `SIZES`, (n,), int64.
        colour: Index in `COLOURS`, (n,), int64.
        centre: Across and down from the image's centre, in pixels, (n, 2).
        angle: Clockwise from upright, in radians, (n,); a disc does not show it.
    """

    shape: Tensor
    size: Tensor
    colour: Tensor
    centre: Tensor
    angle: Tensor


def draw_factors(section: schema.Sprites, n: int, generator: torch.Generator) -> Factors:
    """Independent factors of n images: the first three with the section's masses, place and angle uniform."""

    def uniform(*shape: int) -> Tensor:
        return 2 * torch.rand(shape, generator=generator, device=generator.device) - 1

    return Factors(
        shape=choose(normalised(section.shapes, len(SHAPES)), n, generator),
        size=choose(normalised(section.sizes, len(SIZES)), n, generator),
        colour=choose(normalised(section.colours, len(COLOURS)), n, generator),
        centre=REACH * uniform(n, 2),
        angle=TURN * uniform(n),
    )


def render(factors: Factors) -> Tensor:
    """Images (n, 3, 32, 32) in [−1, 1], float32, of n factors.

    A pixel is covered by the share ½ − d, cut to [0, 1], where d is the signed distance in pixels from its middle
    to the outline. Beside corners d is the distance to the nearer side's line, which keeps them sharp.
    """
    device = factors.shape.device
    middle = torch.arange(SIDE, device=device) + 0.5 - SIDE / 2
    radius = torch.tensor(_RADII, device=device)[factors.size].reshape(-1, 1, 1)
    cosine, sine = factors.angle.cos().reshape(-1, 1, 1), factors.angle.sin().reshape(-1, 1, 1)
    across = middle - factors.centre[:, 0].reshape(-1, 1, 1)  # (n, 1, 32)
    down = middle.unsqueeze(1) - factors.centre[:, 1].reshape(-1, 1, 1)  # (n, 32, 1)
    x, y = cosine * across + sine * down, cosine * down - sine * across
    distance = x.new_empty(x.shape)
    for index, outline in enumerate((_disc, _square, _triangle, _cross)):
        of = (factors.shape == index).nonzero().squeeze(1)
        distance[of] = outline(x[of], y[of], radius[of])
    cover = (0.5 - distance).clamp_(0, 1).unsqueeze(1)
    paint = torch.tensor(_PAINT, device=device)[factors.colour].reshape(-1, 3, 1, 1) / 127.5
    return cover * paint - 1


class Sprites(ImageTarget):
    """Images (3, 32, 32) in [−1, 1] of one figure each, drawn anew from its factors whenever asked.

    `factor_masses` are exact, not shares of a sample.
    """

    def __init__(self, section: schema.Sprites, *, seed: int, device: torch.device) -> None:
        super().__init__((3, SIDE, SIDE), device)
        self.section = section
        even = {"shapes": (1.0,) * len(SHAPES), "sizes": (1.0,) * len(SIZES), "colours": (1.0,) * len(COLOURS)}
        self._for_base = section.model_copy(update=even) if section.curated else section
        weights = {"shape": section.shapes, "size": section.sizes, "colour": section.colours}
        self.factor_masses = {
            factor: (names, tuple(normalised(weights[factor], len(names)).tolist()))
            for factor, names in schema.SPRITE_FACTORS.items()
        }
        self.held_out = self.sample(section.held_out, held_out_generator(seed)).to(device)
        # The same plane whatever the seed, so that pictures of several runs compare.
        drawn = self.sample(_PLANE_DRAWS, held_out_generator(_PLANE_STREAM))
        self._plane = principal_plane(drawn, device)
        self._home = square_around(self.to_plane(drawn.to(device)))

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return render(draw_factors(self.section, n, generator))

    def sample_for_base(self, n: int, generator: torch.Generator) -> Tensor:
        """As `sample`; of a curated set every value is equally common."""
        return render(draw_factors(self._for_base, n, generator))

    def projection(self) -> tuple[Tensor, Tensor, tuple[str, str]]:
        """As `Target.projection`: the first two principal components of a fixed draw."""
        return self._plane

    @property
    def home(self) -> Extent:
        return self._home


def _disc(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return (x.square() + y.square()).sqrt() - radius


def _square(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - _SQUARE * radius


def _triangle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """One corner up: the base's line, and the sides', which mirror each other."""
    return torch.maximum(y, math.sqrt(0.75) * x.abs() - 0.5 * y) - _TRIANGLE * radius


def _cross(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Two bars that are each other with x and y exchanged."""
    x, y = x.abs(), y.abs()
    return torch.maximum(torch.maximum(x, y) - _ARM * radius, torch.minimum(x, y) - _WAIST * radius)
