"""What all targets share, and those that are finite sets of points: files and tables."""

from __future__ import annotations

from typing import Literal

from gebm_studio.schema.field import Section, setting

HELD_OUT = "Points kept apart from training, on which every held-out curve is measured."


class Data(Section):
    """What every kind of target tells of itself."""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of one example, or None where only the data can tell (a file)."""
        return (2,)

    @property
    def has_density(self) -> bool:
        """Whether a log density with respect to Lebesgue measure is known."""
        return False


class Drawn(Data):
    """A target of which as many held-out points are kept as are asked for."""

    held_out: int = setting(2000, help=HELD_OUT, label="Held-out points", unit="points", ge=100, le=20000, scale="log")


class PointFile(Drawn):
    """Points of your own: a CSV with one point a line, or an NPY array of shape (N, D)."""

    kind: Literal["file"] = "file"
    path: str = setting(
        "",
        help="CSV (one point a line, an optional header) or NPY (N, D); relative to the preset's folder.",
        max_length=4096,
    )
    standardise: bool = setting(True, help="Subtract the mean and divide by the standard deviation of each column.")
    held_out: int = setting(
        200, help=HELD_OUT + " At most half of the file.", label="Held-out points", unit="points", ge=1, le=20000
    )

    @property
    def shape(self) -> tuple[int, ...] | None:
        return None


class Table(Data):
    """A table of numbers, as density estimation uses it: continuous columns alone, standardised on the training rows.

    Dropped are labels, columns with fewer than 15 values, and one of two columns with a correlation above 0.98
    (HEPMASS and MiniBooNE: columns whose least value recurs, as masked autoregressive flows were measured).
    """

    kind: Literal["table"] = "table"
    name: Literal[
        "wine", "breast_cancer", "diabetes", "iris", "redwine", "whitewine", "parkinsons", "hepmass", "miniboone"
    ] = setting(
        "wine",
        help="wine, breast_cancer, diabetes and iris come with scikit-learn; the others are downloaded once from the "
        "UCI repository.",
        label="Table",
    )
    path: str = setting(
        "",
        help="The UCI file, where you have it already; relative to the preset's folder. Empty: the data folder, or a "
        "download into it.",
        label="File",
        max_length=4096,
        when=("name", ("redwine", "whitewine", "parkinsons", "hepmass", "miniboone")),
    )
    dequantise: bool = setting(
        True,
        help="Add uniform noise of each column's resolution: where values recur, a likelihood has no upper bound else.",
    )
    validation: float = setting(
        0.1, help="Share of the rows left by the test rows that are kept for validation.", ge=0.02, le=0.4
    )
    test: float = setting(
        0.1, help="Share of the rows that are kept for the test; all held-out curves use them.", ge=0.02, le=0.4
    )

    @property
    def shape(self) -> tuple[int, ...] | None:
        return None
