"""Every kind of target at its defaults, and at settings that are hard for it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from gebm_studio import targets
from gebm_studio.schema import target as schema

CPU = torch.device("cpu")

SECTIONS: dict[str, schema.Target] = {
    "ring": schema.Ring(),
    "ring of unequal masses": schema.Ring(modes=5, weights=(1.0, 2.0, 3.0, 4.0, 0.0), std=0.3),
    "one Gaussian": schema.Ring(modes=1, radius=0.0, std=0.7),
    "grid": schema.Grid(std=0.12),
    "grid of unequal masses": schema.Grid(side=2, spacing=3.0, std=0.4, weights=(4.0, 1.0, 2.0, 3.0)),
    "moons": schema.Moons(),
    "sharp moons": schema.Moons(noise=0.03),
    "checkerboard": schema.Checkerboard(),
    "odd checkerboard": schema.Checkerboard(squares=5, size=3.0),
    "pinwheel": schema.Pinwheel(),
    "spiral": schema.Spiral(),
    "wide spiral": schema.Spiral(arms=3, turns=0.5, noise=0.3),
    "swiss roll": schema.SwissRoll(),
    "funnel": schema.Funnel(),
    "narrow funnel": schema.Funnel(std=0.4),
    "mixture": schema.Mixture(means=((-2.0, 0.0), (1.5, 1.0)), stds=(0.3, 0.5), weights=(1.0, 3.0)),
    "mixture that overlaps": schema.Mixture(means=((0.0, 0.0), (1.0, 0.5)), stds=(0.8, 0.3)),
    "mixture on a line": schema.Mixture(means=(-1.0, 2.0), stds=(0.25, 1.4), weights=(1.0, 2.0)),  # type: ignore[arg-type]
    "mixture in space": schema.Mixture(means=((0.0, 0.0, 0.0), (4.0, 1.0, 0.0)), stds=(0.5, 0.4)),
    "von Mises": schema.VonMises(),
    "von Mises mixture": schema.VonMises(
        concentrations=(4.0, 500.0, 30.0),
        angles=(0.5, 3.1, -1.5),
        weights=(5.0, 3.0, 2.0),
        radius=2.0,
        center=(1.0, -1.0),
    ),
    "uniform circle": schema.VonMises(concentrations=(0.0,)),
    "flower": schema.Flower(),
    "one petal": schema.Flower(petals=1, bend=0.0),
    "digits": schema.Digits(),
    "sprites": schema.Sprites(),
    "patches": schema.Patches(),
    "pictures": schema.ImageFiles(source="folder", path="pictures", size="8", held_out=40),
    "file": schema.PointFile(path="points.csv", held_out=40),
    "file of a line": schema.PointFile(path="line.npy", held_out=40, standardise=False),
    "wide file": schema.PointFile(path="wide.npy", held_out=40),
    "table": schema.Table(name="diabetes"),
}

Build = Callable[..., targets.Target]
"""(section, seed=0) → target."""


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)
