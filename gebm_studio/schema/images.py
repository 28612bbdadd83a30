"""Targets that are sets of images, and how images are judged and shown."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from gebm_studio.schema.data import HELD_OUT, Data
from gebm_studio.schema.field import Real, Section, setting

DIGITS, DIGITS_TRAINING = 1797, 1200
"""Digits in all, and those of them that no held-out set ever contains."""
SPRITE_FACTORS = {
    "shape": ("disc", "square", "triangle", "cross"),
    "size": ("small", "medium", "large"),
    "colour": ("red", "yellow", "green", "blue"),
}
"""What a sprite is told by, and the values of each factor in the order of its masses."""
ImageSet = Literal["mnist", "fashion_mnist", "cifar10", "celeba", "lsun_bedrooms", "imagenet32", "folder"]


class Digits(Data):
    """The 1,797 handwritten 8×8 digits that ship with scikit-learn; 1,200 of them are always for training."""

    kind: Literal["digits"] = "digits"
    held_out: int = setting(
        360, help=HELD_OUT + " The split is fixed: a smaller number takes the first of them, whatever the seed.",
        label="Held-out points", unit="images", ge=100, le=DIGITS - DIGITS_TRAINING, scale="log",
    )  # fmt: skip

    @property
    def shape(self) -> tuple[int, ...] | None:
        return (1, 8, 8)


class Sprites(Data):
    """One coloured shape on a dark ground, 32×32, drawn from factors whose masses are known exactly."""

    kind: Literal["sprites"] = "sprites"
    shapes: tuple[Real, ...] = setting(
        (0.45, 0.3, 0.17, 0.08), help="Masses of disc, square, triangle and cross; scaled to sum to one.",
        min_length=4, max_length=4,
    )  # fmt: skip
    sizes: tuple[Real, ...] = setting(
        (0.5, 0.35, 0.15), help="Masses of small, medium and large; scaled to sum to one.", min_length=3, max_length=3
    )
    colours: tuple[Real, ...] = setting(
        (0.4, 0.3, 0.2, 0.1), help="Masses of red, yellow, green and blue; scaled to sum to one.",
        min_length=4, max_length=4,
    )  # fmt: skip
    curated: bool = setting(
        False,
        help="While the base learns, both learn from a curated set in which every value is equally common, so that the "
        "base's masses are wrong by a known amount; the true ones are learned by the energy alone.",
    )
    held_out: int = setting(2000, help=HELD_OUT, label="Held-out points", unit="images", ge=100, le=20000, scale="log")

    @property
    def shape(self) -> tuple[int, ...] | None:
        return (3, 32, 32)

    @model_validator(mode="after")
    def _masses(self) -> Self:
        for name in ("shapes", "sizes", "colours"):
            masses = getattr(self, name)
            if any(not 0 <= mass < float("inf") for mass in masses) or sum(masses) <= 0:
                raise ValueError(f"{name}: every mass must be a finite number from 0 and one above it, got {masses}")
        return self


class Patches(Data):
    """Colour patches, 32×32, of the two photographs that ship with scikit-learn, from parts that do not overlap."""

    kind: Literal["patches"] = "patches"
    held_out: int = setting(1000, help=HELD_OUT, label="Held-out points", unit="images", ge=100, le=5000, scale="log")

    @property
    def shape(self) -> tuple[int, ...] | None:
        return (3, 32, 32)


class ImageFiles(Data):
    """Images from your disk, in the format in which their set is published, or a checked download of them.

    They are prepared once, resized as asked for, and then read from disk piece by piece: memory stays bounded.
    """

    kind: Literal["images"] = "images"
    source: ImageSet = setting(
        "mnist",
        help="mnist, fashion_mnist: IDX files; cifar10: the binary version; imagenet32: NPZ files; celeba, "
        "lsun_bedrooms, folder: a folder of PNG or JPEG files, at any depth. mnist, fashion_mnist and cifar10 can be "
        "downloaded.",
        label="Set",
    )
    path: str = setting(
        "",
        help="File or folder where the set lies, relative to the preset's folder. Empty: the data folder, or a "
        "download into it.",
        label="File or folder",
        max_length=4096,
    )
    size: Literal["8", "16", "28", "32", "64"] = setting(
        "32", help="Side of the images, in pixels; others are resized to it with a Lanczos filter."
    )
    colour: Literal["grey", "colour"] = setting("colour", help="grey: one channel, by luma (ITU-R 601); colour: three.")
    crop: Literal["centre", "stretch"] = setting(
        "centre", help="What becomes of images that are not square: centre, their middle square; stretch, all of it."
    )
    held_out: int = setting(
        2000,
        help=HELD_OUT + " The first of the set's own test images; of a set without them, at most half of its images, "
        "drawn by the seed.",
        label="Held-out points", unit="images", ge=10, le=50000, scale="log",
    )  # fmt: skip

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return 1 if self.colour == "grey" else 3

    @property
    def side(self) -> int:
        """Height and width in pixels."""
        return int(self.size)

    @property
    def shape(self) -> tuple[int, ...] | None:
        return (self.channels, self.side, self.side)


class Quality(Section):
    """How good the images of base and GEBM are: distances in a feature space, precision and recall, factors."""

    features: Literal["auto", "classifier", "pixels", "inception"] = setting(
        "auto",
        help="Where distances are taken: classifier, a small network that ships with the studio (digits, sprites); "
        "pixels, principal components of the training images; inception, the network of the published FID (an extra). "
        "auto: the classifier where there is one, else pixels.",
        live=True,
    )
    draws: int = setting(
        1000, help="Images of the base, and as many of the GEBM, one a chain.", symbol="n", unit="images", ge=100,
        le=50000, scale="log", live=True, slider=(100, 10000),
    )  # fmt: skip
    steps: int = setting(
        200, help="Steps of these fresh chains, by the sampler's settings; the first half is not counted.",
        unit="steps", ge=2, le=100000, scale="log", live=True, slider=(10, 2000),
    )  # fmt: skip
    neighbours: int = setting(
        3, help="k of precision and recall: a ball reaches to the k-th neighbour.", symbol="k", ge=1, le=20, live=True
    )
    every: int = setting(
        0,
        help="Iterations between two measurements while base or energy learn, on a copy of the model. 0: only at rest.",
        unit="iterations", ge=0, le=1_000_000, live=True, slider=(0, 2000),
    )  # fmt: skip


class Reel(Section):
    """Chains made for the gallery: from the base's grid, with the same noise each time, again after every change."""

    chains: int = setting(36, help="Images of each grid, and chains.", ge=1, le=256, live=True, slider=(4, 144))
    steps: int = setting(
        200, help="Steps of these chains, by the sampler's settings.", unit="steps", ge=1, le=20000, scale="log",
        live=True, slider=(10, 2000),
    )  # fmt: skip
    frames: int = setting(
        12, help="States that are kept of each chain, evenly spaced, the first and the last among them.",
        unit="frames", ge=2, le=400, scale="log", live=True, slider=(2, 200),
    )  # fmt: skip
