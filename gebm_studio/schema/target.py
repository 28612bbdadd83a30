"""What is learned: one section for each kind of target distribution."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from gebm_studio.schema.data import Drawn, PointFile, Table
from gebm_studio.schema.field import Real, setting
from gebm_studio.schema.images import Digits, ImageFiles, Patches, Sprites

__all__ = [
    "Checkerboard", "Digits", "Flower", "Funnel", "Grid", "ImageFiles", "Mixture", "Moons", "Patches", "Pinwheel",
    "PointFile", "Ring", "Spiral", "Sprites", "SwissRoll", "Table", "Target", "VonMises",
]  # fmt: skip


def _weights() -> tuple[Real, ...]:
    default: tuple[Real, ...] = setting(
        (),
        help="Mass of each component, in order; scaled to sum to one; empty means equal masses.",
        max_length=400,
    )
    return default


class _Weighted(Drawn):
    """A mixture of components whose masses can be set."""

    weights: tuple[Real, ...] = _weights()

    @property
    def components(self) -> int:
        raise NotImplementedError

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if self.weights and len(self.weights) != self.components:
            raise ValueError(
                f"weights: {self.components} components need {self.components} weights, got {len(self.weights)}; "
                "give one for each or leave it out"
            )
        if any(not 0 <= weight < float("inf") for weight in self.weights):
            raise ValueError(f"weights: every weight must be a finite number from 0, got {list(self.weights)}")
        if self.weights and sum(self.weights) <= 0:
            raise ValueError("weights: at least one weight must be positive")
        return self


class Ring(_Weighted):
    """Gaussians of equal width spaced evenly on a circle."""

    kind: Literal["ring"] = "ring"
    modes: int = setting(8, help="Number of Gaussians on the ring.", ge=1, le=64)
    radius: float = setting(2.0, help="Radius of the ring.", ge=0.0, le=20.0)
    std: float = setting(0.15, help="Standard deviation of each Gaussian.", symbol="σ", ge=0.001, le=5.0, scale="log")

    @property
    def components(self) -> int:
        return self.modes

    @property
    def has_density(self) -> bool:
        return True


class Grid(_Weighted):
    """Gaussians of equal width on a square grid, row by row from the bottom left."""

    kind: Literal["grid"] = "grid"
    side: int = setting(5, help="Gaussians along one side of the grid.", ge=1, le=20)
    spacing: float = setting(1.0, help="Distance between neighbours.", ge=0.01, le=20.0, scale="log")
    std: float = setting(0.05, help="Standard deviation of each Gaussian.", symbol="σ", ge=0.001, le=5.0, scale="log")

    @property
    def components(self) -> int:
        return self.side**2

    @property
    def has_density(self) -> bool:
        return True


class Moons(Drawn):
    """Two interleaving half circles blurred by Gaussian noise."""

    kind: Literal["moons"] = "moons"
    noise: float = setting(0.1, help="Standard deviation of the blur.", symbol="σ", ge=0.005, le=1.0, scale="log")

    @property
    def has_density(self) -> bool:
        return True


class Checkerboard(Drawn):
    """Uniform mass on the dark squares of a board centred at the origin."""

    kind: Literal["checkerboard"] = "checkerboard"
    squares: int = setting(4, help="Squares along one side of the board.", ge=2, le=20)
    size: float = setting(4.0, help="Length of one side of the board.", ge=0.1, le=40.0)

    @property
    def has_density(self) -> bool:
        return True


class Pinwheel(Drawn):
    """Gaussian blades bent around the origin (Johnson et al., 2016, arXiv 1603.06277)."""

    kind: Literal["pinwheel"] = "pinwheel"
    blades: int = setting(5, help="Number of blades.", ge=1, le=20)
    radial_std: float = setting(0.3, help="Standard deviation along a blade.", ge=0.01, le=2.0)
    tangential_std: float = setting(0.1, help="Standard deviation across a blade.", ge=0.01, le=2.0)
    rate: float = setting(0.25, help="How strongly the blades bend.", ge=0.0, le=2.0)


class Spiral(Drawn):
    """Interleaved arms of an Archimedean spiral blurred by Gaussian noise."""

    kind: Literal["spiral"] = "spiral"
    arms: int = setting(2, help="Number of arms.", ge=1, le=8)
    turns: float = setting(1.5, help="Turns of each arm.", ge=0.1, le=6.0)
    noise: float = setting(0.08, help="Standard deviation of the blur.", symbol="σ", ge=0.005, le=1.0, scale="log")

    @property
    def has_density(self) -> bool:
        return True


class SwissRoll(Drawn):
    """The planar Swiss roll: one widening spiral blurred by Gaussian noise."""

    kind: Literal["swiss_roll"] = "swiss_roll"
    noise: float = setting(0.1, help="Standard deviation of the blur.", symbol="σ", ge=0.005, le=1.0, scale="log")

    @property
    def has_density(self) -> bool:
        return True


class Funnel(Drawn):
    """Neal's funnel in the plane: y ~ N(0, s²), x ~ N(0, e^y)."""

    kind: Literal["funnel"] = "funnel"
    std: float = setting(1.35, help="Standard deviation s of the funnel's axis.", symbol="s", ge=0.1, le=3.0)

    @property
    def has_density(self) -> bool:
        return True


class VonMises(_Weighted):
    """A mixture of von Mises distributions on a circle: mass on a curve, none beside it."""

    kind: Literal["von_mises"] = "von_mises"
    concentrations: tuple[Real, ...] = setting(
        (2.0,),
        help="Concentration k of each component: density e^{k cos(θ−μ)} / (2π I₀(k)).",
        symbol="k",
        min_length=1,
        max_length=32,
    )
    angles: tuple[Real, ...] = setting(
        (0.0,), help="Angle μ of each component.", symbol="μ", unit="rad", min_length=1, max_length=32
    )
    radius: float = setting(1.0, help="Radius of the circle.", ge=0.01, le=20.0)
    center: tuple[Real, Real] = setting((0.0, 0.0), help="Centre of the circle.")

    @property
    def components(self) -> int:
        return len(self.concentrations)

    @model_validator(mode="after")
    def _one_angle_each(self) -> Self:
        if len(self.angles) != len(self.concentrations):
            raise ValueError(
                f"angles: {len(self.concentrations)} concentrations need as many angles, got {len(self.angles)}"
            )
        if any(not 0 <= k <= 500 for k in self.concentrations):
            raise ValueError(f"concentrations: each must lie from 0 to 500, got {list(self.concentrations)}")
        return self


class Mixture(_Weighted):
    """Round Gaussians of any place and width, on a line, in the plane or in space."""

    kind: Literal["mixture"] = "mixture"
    means: tuple[tuple[Real, ...], ...] = setting(
        ((-1.0,), (2.0,)),
        help="Centre of each component, one row for each; a plain number on a line.",
        symbol="μ",
        min_length=1,
        max_length=64,
    )
    stds: tuple[Real, ...] = setting(
        (0.5, 1.0), help="Standard deviation of each component.", symbol="σ", min_length=1, max_length=64
    )

    @field_validator("means", mode="before")
    @classmethod
    def _numbers_on_a_line(cls, means: Any) -> Any:
        if isinstance(means, list | tuple) and all(isinstance(mean, float | int) for mean in means):
            return [(mean,) for mean in means]
        return means

    @property
    def shape(self) -> tuple[int, ...] | None:
        return (len(self.means[0]),)

    @property
    def has_density(self) -> bool:
        return True

    @property
    def components(self) -> int:
        return len(self.means)

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        widths = {len(mean) for mean in self.means}
        if len(widths) != 1 or not widths <= {1, 2, 3}:
            raise ValueError(f"means: every row must have the same 1 to 3 entries, got {sorted(widths)} of them")
        if len(self.stds) != len(self.means):
            raise ValueError(f"stds: {len(self.means)} means need as many standard deviations, got {len(self.stds)}")
        if any(not 0.001 <= std <= 100 for std in self.stds):
            raise ValueError(f"stds: each must lie from 0.001 to 100, got {list(self.stds)}")
        return self


class Flower(Drawn):
    """A curved, petal-shaped surface in three dimensions, with unequal mass on its petals."""

    kind: Literal["flower"] = "flower"
    petals: int = setting(5, help="Number of petals.", ge=1, le=12)
    bend: float = setting(0.5, help="Height of the surface at the tip of a petal.", ge=0.0, le=3.0)

    @property
    def shape(self) -> tuple[int, ...] | None:
        return (3,)


Target = Annotated[
    Ring
    | Grid
    | Moons
    | Checkerboard
    | Pinwheel
    | Spiral
    | SwissRoll
    | Funnel
    | Mixture
    | VonMises
    | Flower
    | Digits
    | Sprites
    | Patches
    | ImageFiles
    | PointFile
    | Table,
    Field(discriminator="kind"),
]
