"""Sprites: what is drawn, with which masses, and that the picture shows the factors."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gebm_studio.schema import images as schema
from gebm_studio.targets import sprites
from gebm_studio.targets.sprites import Factors, Sprites, draw_factors, render
from tests.targets.cases import CPU, generator

AREAS = {
    "disc": lambda r: math.pi * r**2,
    "square": lambda r: (2 * 0.88 * r) ** 2,
    "triangle": lambda r: 3 * math.sqrt(3) * (0.74 * r) ** 2,
    "cross": lambda r: 4 * 0.42 * r * (2 * 1.2 * r) - (2 * 0.42 * r) ** 2,
}
RADII = (4.0, 6.0, 8.5)


def one(shape: int, size: int, colour: int, across: float = 0.0, down: float = 0.0, angle: float = 0.0) -> Tensor:
    """The image (3, 32, 32) of one set of factors."""
    return render(
        Factors(
            shape=torch.tensor([shape]),
            size=torch.tensor([size]),
            colour=torch.tensor([colour]),
            centre=torch.tensor([[across, down]]),
            angle=torch.tensor([angle]),
        )
    )[0]


def cover(image: Tensor) -> Tensor:
    """How much of each pixel (32, 32) the figure covers, by the channel that tells it best from the ground."""
    ground = image[:, 0, 0]
    middle = image.flatten(1)[:, (image - ground.reshape(3, 1, 1)).abs().sum(0).argmax()]
    channel = int((middle - ground).abs().argmax())
    return (image[channel] - ground[channel]) / (middle[channel] - ground[channel])


def test_masses_are_exact_and_counts_agree_with_them() -> None:
    section = schema.Sprites(shapes=(3.0, 1.0, 0.0, 4.0))
    target = Sprites(section, seed=0, device=CPU)
    assert target.factor_masses["shape"] == (("disc", "square", "triangle", "cross"), (0.375, 0.125, 0.0, 0.5))
    n = 40_000
    factors = draw_factors(section, n, generator(3))
    for name, (names, masses) in target.factor_masses.items():
        assert sum(masses) == pytest.approx(1, abs=1e-12)
        share = torch.bincount(getattr(factors, name), minlength=len(names)) / n
        wanted = torch.tensor(masses)
        # Eleven two-sided tests at 4.5 standard deviations: fails by chance once in ten thousand seeds.
        assert ((share - wanted).abs() <= 4.5 * (wanted * (1 - wanted) / n).sqrt() + 1e-7).all()
        assert share[wanted == 0].sum() == 0


def test_factors_are_independent_and_place_and_angle_uniform() -> None:
    n = 40_000
    factors = draw_factors(schema.Sprites(), n, generator(4))
    columns = torch.stack(
        [factors.shape, factors.size, factors.colour, factors.angle, *factors.centre.T], dim=1
    ).double()  # fmt: skip
    correlations = torch.corrcoef(columns.T) - torch.eye(6)
    assert correlations.abs().max() < 4.5 / math.sqrt(n)
    for values, half in ((factors.centre.T, sprites.REACH), (factors.angle.unsqueeze(0), sprites.TURN)):
        ordered = values.sort(dim=1).values / (2 * half) + 0.5
        distance = (ordered - (torch.arange(n) + 0.5) / n).abs().max()
        assert distance < 2.0 / math.sqrt(n)  # Kolmogorov–Smirnov: 2 exp(−8) each


@given(
    shape=st.integers(0, 3),
    size=st.integers(0, 2),
    colour=st.integers(0, 3),
    across=st.floats(-3, 3),
    down=st.floats(-3, 3),
    angle=st.floats(-0.26, 0.26),
)
@settings(max_examples=60, deadline=None)
def test_a_figure_is_whole_and_has_its_area_and_place(
    shape: int, size: int, colour: int, across: float, down: float, angle: float
) -> None:
    covered = cover(one(shape, size, colour, across, down, angle)).double()
    assert covered.min() >= -1e-6
    assert covered.max() == pytest.approx(1)
    edge = torch.cat([covered[0], covered[-1], covered[:, 0], covered[:, -1]])
    assert edge.max() < 0.75  # at most a corner's tip reaches the outermost pixels
    name, radius = sprites.SHAPES[shape], RADII[size]
    assert covered.sum().item() == pytest.approx(AREAS[name](radius), rel=0.03)
    middle = torch.arange(32) - 15.5
    found = torch.stack([(covered.sum(0) * middle).sum(), (covered.sum(1) * middle).sum()]) / covered.sum()
    torch.testing.assert_close(found, torch.tensor([across, down]).double(), atol=0.08, rtol=0)


def test_a_square_on_the_pixels_is_told_exactly() -> None:
    covered = cover(one(shape=1, size=0, colour=0, across=0.0, down=0.0))  # half a side of 3.52 pixels
    line = torch.zeros(32)
    line[13:19] = 1.0
    line[[12, 19]] = 0.52
    torch.testing.assert_close(covered, torch.minimum(line, line.unsqueeze(1)), atol=1e-6, rtol=0)


def test_an_angle_turns_a_figure_clockwise() -> None:
    # A triangle's upper corner goes to the right.
    covered = cover(one(shape=2, size=2, colour=1, angle=0.26))
    tip = covered[int((covered.sum(1) > 0.2).nonzero()[0])]
    assert (tip * (torch.arange(32) - 15.5)).sum() / tip.sum() == pytest.approx(
        2 * 0.74 * 8.5 * math.sin(0.26), abs=0.6
    )


def test_values_lie_in_range_and_every_factor_shows() -> None:
    combinations = torch.cartesian_prod(torch.arange(4), torch.arange(3), torch.arange(4))
    n = len(combinations)
    shape, size, colour = combinations.T
    images = render(Factors(shape, size, colour, torch.zeros(n, 2), torch.zeros(n)))
    assert images.shape == (48, 3, 32, 32)
    assert images.dtype == torch.float32
    assert images.min() >= -1
    assert images.max() <= 1
    assert torch.pdist(images.flatten(1)).min() > 2.0
    ground = images[:, :, 0, 0]
    assert torch.equal(ground, ground[:1].expand(n, 3))


def test_an_image_does_not_depend_on_those_beside_it() -> None:
    factors = draw_factors(schema.Sprites(), 50, generator(5))
    together = render(factors)
    for i in (0, 17, 49):
        parts = (factors.shape, factors.size, factors.colour, factors.centre, factors.angle)
        assert torch.equal(render(Factors(*(part[i : i + 1] for part in parts)))[0], together[i])


def test_the_plane_of_view_is_the_same_whatever_the_seed() -> None:
    one, other = (Sprites(schema.Sprites(held_out=100), seed=seed, device=CPU) for seed in (1, 2))
    for first, second in zip(one.projection()[:2], other.projection()[:2], strict=True):
        assert torch.equal(first, second)
    assert one.home == other.home
    assert not torch.equal(one.held_out, other.held_out)


def test_the_plane_of_view_holds_the_most_variance() -> None:
    target = Sprites(schema.Sprites(held_out=2000), seed=1, device=CPU)
    matrix, offset, _ = target.projection()
    away = target.held_out.flatten(1) - offset
    _, singular, best = torch.pca_lowrank(away, q=8, niter=4)
    shown = (away @ matrix).square().sum()
    # A draw of 512 loses some against the plane that fits these images best.
    assert shown > 0.97 * (away @ best[:, :2]).square().sum()
    assert singular[0] > singular[2]


def test_a_curated_set_has_every_value_alike_and_the_same_as_data_else() -> None:
    curated = Sprites(schema.Sprites(curated=True), seed=0, device=CPU)
    plain = Sprites(schema.Sprites(), seed=0, device=CPU)
    assert torch.equal(curated.sample(8, generator(1)), plain.sample(8, generator(1)))
    assert torch.equal(plain.sample_for_base(8, generator(1)), plain.sample(8, generator(1)))
    even = Sprites(schema.Sprites(shapes=(1,) * 4, sizes=(1,) * 3, colours=(1,) * 4), seed=0, device=CPU)
    assert torch.equal(curated.sample_for_base(64, generator(2)), even.sample(64, generator(2)))
    assert curated.factor_masses == plain.factor_masses
