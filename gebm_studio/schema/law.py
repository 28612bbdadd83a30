"""The distributions of the divergence lab and the particle flows: a form, and where it stands."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from gebm_studio.schema.field import Real, Section, setting

MOST_POINTS = 2000
"""Points that a person can draw into one distribution."""


class Law(Section):
    """A distribution on the line or in the plane: every form can be moved and scaled."""

    at: tuple[Real, Real] = setting(
        (0.0, 0.0), help="Where it stands: its mean or centre; on the line only the first number counts.",
        label="Place", symbol="μ", live=True,
    )  # fmt: skip

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The dimensions of space that it can live in; a file's is known when it is read."""
        return (1, 2)


class _Wide(Law):
    """A form with a width."""

    width: float = setting(
        1.0, help="How wide it is: the form is scaled by this about its place; 0 makes a point of it.",
        ge=0.0, le=100.0, live=True, slider=(0.0, 4.0),
    )  # fmt: skip


class _Oblong(_Wide):
    """A form whose second axis, in the plane, may have another width."""

    aspect: float = setting(
        1.0, help="Width of the second axis over that of the first; it acts in the plane.", ge=0.01, le=100.0,
        scale="log", live=True, slider=(0.1, 10.0),
    )  # fmt: skip


class Gaussian(_Oblong):
    """A Gaussian; in the plane one with two widths and an angle."""

    kind: Literal["gaussian"] = "gaussian"
    width: float = setting(
        1.0, help="Standard deviation of the first axis; 0 makes a point of it.", symbol="σ", ge=0.0, le=100.0,
        live=True, slider=(0.0, 4.0),
    )  # fmt: skip
    angle: float = setting(
        0.0, help="Angle of the first axis; it acts in the plane.", symbol="θ", unit="rad", ge=-3.1416, le=3.1416,
        live=True, slider=(-3.14, 3.14),
    )  # fmt: skip


class Uniform(_Oblong):
    """Uniform on an interval, or on a rectangle."""

    kind: Literal["uniform"] = "uniform"
    width: float = setting(
        1.0, help="Length of the interval, or of the first side; 0 makes a point of it.", ge=0.0, le=100.0, live=True,
        slider=(0.0, 4.0),
    )  # fmt: skip


class Point(Law):
    """All mass in one point."""

    kind: Literal["point"] = "point"


class Components(_Wide):
    """A mixture of round Gaussians."""

    kind: Literal["mixture"] = "mixture"
    means: tuple[tuple[Real, ...], ...] = setting(
        ((-1.0,), (1.0,)),
        help="Centre of each component before the form is moved, one row for each; a plain number on the line.",
        min_length=1,
        max_length=64,
    )
    stds: tuple[Real, ...] = setting(
        (0.5, 0.5), help="Standard deviation of each component.", symbol="σ", min_length=1, max_length=64
    )
    weights: tuple[Real, ...] = setting(
        (), help="Mass of each component; scaled to sum to one; empty means equal masses.", max_length=64
    )

    @property
    def dimensions(self) -> tuple[int, ...]:
        return (len(self.means[0]),)

    @field_validator("means", mode="before")
    @classmethod
    def _numbers_on_a_line(cls, means: Any) -> Any:
        if isinstance(means, list | tuple) and all(isinstance(mean, float | int) for mean in means):
            return [(mean,) for mean in means]
        return means

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        widths = {len(mean) for mean in self.means}
        if len(widths) != 1 or not widths <= {1, 2}:
            raise ValueError(f"means: every row must have the same 1 or 2 entries, got {sorted(widths)} of them")
        if len(self.stds) != len(self.means):
            raise ValueError(f"stds: {len(self.means)} means need as many standard deviations, got {len(self.stds)}")
        if any(not 0.001 <= std <= 100 for std in self.stds):
            raise ValueError(f"stds: each must lie from 0.001 to 100, got {list(self.stds)}")
        if self.weights and (len(self.weights) != len(self.means) or any(weight < 0 for weight in self.weights)):
            raise ValueError(
                f"weights: {len(self.means)} components need as many weights from 0, got {list(self.weights)}"
            )
        if self.weights and sum(self.weights) <= 0:
            raise ValueError("weights: at least one weight must be positive")
        return self


class Toy(_Wide):
    """A toy of the studio in the plane, as the trainings know it by default."""

    kind: Literal["toy"] = "toy"
    name: Literal["ring", "grid", "moons", "checkerboard", "pinwheel", "spiral", "swiss_roll", "funnel"] = setting(
        "moons", help="Which toy.", label="Toy"
    )

    @property
    def dimensions(self) -> tuple[int, ...]:
        return (2,)


class Rings(_Wide):
    """Points spread evenly on circles in a row: mass on curves, without a density.

    The defaults are the rings of the reference, whose gap is told in radii too: 0.5 of them is 0.15.

    References:
        KALE flow (Glaser, Arbel, Gretton, 2021), arXiv 2106.08929, section 5, and its code.
    """

    kind: Literal["rings"] = "rings"
    rings: int = setting(3, help="Number of circles, one beside the other.", ge=1, le=9)
    radius: float = setting(0.3, help="Radius of each circle.", ge=0.01, le=10.0)
    gap: float = setting(
        0.5, help="Empty space between two circles, in radii: their centres are 2 + gap radii apart.", ge=0.0, le=10.0
    )

    @property
    def dimensions(self) -> tuple[int, ...]:
        return (2,)


class Shape(_Wide):
    """A filled shape, or the dark part of a picture, with uniform mass."""

    kind: Literal["shape"] = "shape"
    name: Literal["heart", "star", "crescent", "spiral", "cross", "picture"] = setting(
        "heart", help="Which shape; picture takes the dark part of a file.", label="Shape"
    )
    path: str = setting(
        "", help="A picture file; dark pixels carry the mass. Relative to the preset's folder.", label="Picture",
        max_length=4096, when=("name", ("picture",)),
    )  # fmt: skip

    @property
    def dimensions(self) -> tuple[int, ...]:
        return (2,)

    @model_validator(mode="after")
    def _picture_is_named(self) -> Self:
        if self.name == "picture" and not self.path:
            raise ValueError("path: a shape from a picture needs its file; name one")
        return self


class Drawing(_Wide):
    """Points set by hand: with the mouse, or in the file."""

    kind: Literal["points"] = "points"
    points: tuple[tuple[Real, ...], ...] = setting(
        (), help="The points, one row for each, before the form is moved; a plain number on the line.", live=True,
        max_length=MOST_POINTS,
    )  # fmt: skip

    @property
    def dimensions(self) -> tuple[int, ...]:
        return (len(self.points[0]),) if self.points else (1, 2)

    @field_validator("points", mode="before")
    @classmethod
    def _numbers_on_a_line(cls, points: Any) -> Any:
        if isinstance(points, list | tuple) and all(isinstance(point, float | int) for point in points):
            return [(point,) for point in points]
        return points

    @model_validator(mode="after")
    def _rows_agree(self) -> Self:
        widths = {len(point) for point in self.points}
        if len(widths) > 1 or not widths <= {1, 2}:
            raise ValueError(f"points: every row must have the same 1 or 2 entries, got {sorted(widths)} of them")
        return self


class Table(_Wide):
    """Points of your own, from a file."""

    kind: Literal["file"] = "file"
    path: str = setting(
        "", help="CSV (one point a line, an optional header) or NPY (N, D); relative to the preset's folder.",
        max_length=4096,
    )  # fmt: skip
    standardise: bool = setting(
        False, help="Subtract the mean and divide by the standard deviation of each column before the form is moved."
    )


AnyLaw = Annotated[
    Gaussian | Uniform | Point | Components | Toy | Rings | Shape | Drawing | Table, Field(discriminator="kind")
]
