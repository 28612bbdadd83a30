"""The targets: toys with exact densities, mass on manifolds, sets of images, tables and files of points."""

from __future__ import annotations

from typing import assert_never

import torch

from gebm_studio.schema import target as schema
from gebm_studio.targets import image_files, named
from gebm_studio.targets.curves import BlurredCurve, moons, spiral, swiss_roll
from gebm_studio.targets.finite import FiniteTarget
from gebm_studio.targets.gaussians import Mixture
from gebm_studio.targets.image_files import ImageSet
from gebm_studio.targets.images import Digits, ImageTarget
from gebm_studio.targets.manifolds import Flower, VonMises
from gebm_studio.targets.mixtures import GaussianMixture, grid, ring
from gebm_studio.targets.named import Table
from gebm_studio.targets.patches import Patches
from gebm_studio.targets.plane import Checkerboard, Funnel, Pinwheel
from gebm_studio.targets.preparation import Preparation
from gebm_studio.targets.sprites import Sprites
from gebm_studio.targets.tables import PointFile
from gebm_studio.targets.target import Extent, Target

__all__ = [
    "BlurredCurve",
    "Checkerboard",
    "Digits",
    "Extent",
    "FiniteTarget",
    "Flower",
    "Funnel",
    "GaussianMixture",
    "ImageSet",
    "ImageTarget",
    "Mixture",
    "Patches",
    "Pinwheel",
    "PointFile",
    "Preparation",
    "Sprites",
    "Table",
    "Target",
    "VonMises",
    "build",
    "missing",
]


def build(section: schema.Target, *, seed: int, device: torch.device, folder: str = "") -> Target:
    """The target of a preset's section.

    Arguments:
        section: The section, of any kind.
        seed: Decides the held-out points and, for finite sets, the split.
        device: Where held-out points and modes lie.
        folder: Where a relative file name starts; empty means the working folder.

    Raises:
        PresetError: Where a file of points cannot be used, with one line that says what and where.
    """
    match section:
        case schema.Ring():
            return ring(section, seed=seed, device=device)
        case schema.Grid():
            return grid(section, seed=seed, device=device)
        case schema.Moons():
            return moons(section, seed=seed, device=device)
        case schema.Checkerboard():
            return Checkerboard(section, seed=seed, device=device)
        case schema.Pinwheel():
            return Pinwheel(section, seed=seed, device=device)
        case schema.Spiral():
            return spiral(section, seed=seed, device=device)
        case schema.SwissRoll():
            return swiss_roll(section, seed=seed, device=device)
        case schema.Funnel():
            return Funnel(section, seed=seed, device=device)
        case schema.Mixture():
            return Mixture(section, seed=seed, device=device)
        case schema.VonMises():
            return VonMises(section, seed=seed, device=device)
        case schema.Flower():
            return Flower(section, seed=seed, device=device)
        case schema.Digits():
            return Digits(section, seed=seed, device=device)
        case schema.Sprites():
            return Sprites(section, seed=seed, device=device)
        case schema.Patches():
            return Patches(section, seed=seed, device=device)
        case schema.ImageFiles():
            return ImageSet(section, seed=seed, device=device, folder=folder)
        case schema.PointFile():
            return PointFile(section, seed=seed, device=device, folder=folder)
        case schema.Table():
            return Table(section, seed=seed, device=device, folder=folder)
        case _:
            assert_never(section)


def missing(section: schema.Target, folder: str = "") -> Preparation | None:
    """What must be done once before a target can be had, or None. `build` does it by itself, however long it takes.

    Arguments:
        section: The section, of any kind.
        folder: Where a relative file name starts.
    """
    match section:
        case schema.Table():
            return named.missing(section)
        case schema.ImageFiles():
            return image_files.missing(section, folder)
    return None
