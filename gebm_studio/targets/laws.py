"""Laws that can be dragged: a form, moved and scaled, with all that is known of it exactly."""

from __future__ import annotations

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from gebm_studio.divergences import IsotropicMixture, Tails
from gebm_studio.divergences.tails import COMPACT, Tail
from gebm_studio.presets import PresetError
from gebm_studio.schema import law as schema
from gebm_studio.targets.law_forms import Atoms, Box, Form, Mixture, Normal
from gebm_studio.targets.law_points import Circles, Filled, Finite, Toy, drawing, table
from gebm_studio.targets.shapes import mask_of

__all__ = ["Atoms", "Law", "place"]

Doubles = NDArray[np.float64]


class Law:
    """The law of at + width·A y, where y follows a form: numbers in float64.

    A drag makes a new `Law` of the same form, which costs nothing: draws of the form are kept.

    Arguments:
        form: The law of y.
        at: (d,).
        width: Not negative; at 0 the law is one atom.
        shape: A (d, d), invertible.
    """

    def __init__(self, form: Form, at: Doubles, width: float, shape: Doubles) -> None:
        self.form, self.at, self.width, self.shape = form, at, width, shape
        self._map = width * shape
        self._inverse = np.linalg.inv(self._map) if width > 0 else np.zeros_like(shape)

    @property
    def dimension(self) -> int:
        """d."""
        return self.form.dimension

    @property
    def is_empty(self) -> bool:
        """Whether it holds no mass at all: a drawing without points."""
        return self.form.atoms is not None and not len(self.form.atoms.points)

    @property
    def is_point(self) -> bool:
        """Whether all its mass lies in one point."""
        return self.atoms is not None and len(self.atoms.points) == 1

    @property
    def has_density(self) -> bool:
        """Whether `log_density` is known."""
        return self.form.has_density and self.width > 0

    @property
    def atoms(self) -> Atoms | None:
        """The points and masses of a finite law, None of any other."""
        if self.width == 0 and not self.is_empty:
            return Atoms(self.at[None].copy(), np.ones(1))
        atoms = self.form.atoms
        return None if atoms is None else Atoms(self._moved(atoms.points), atoms.weights)

    @property
    def gaussian(self) -> tuple[Doubles, Doubles] | None:
        """Mean (d,) and covariance (d, d) where it is a Gaussian; a zero covariance is none."""
        if not isinstance(self.form, Normal) or self.width == 0:
            return None
        return self.at, self._map @ self._map.T

    @property
    def mixture(self) -> IsotropicMixture | None:
        """Where it is a mixture of round Gaussians, one of them and points included."""
        atoms = self.atoms
        if atoms is not None and len(atoms.points) == 1:
            return IsotropicMixture(atoms.points, np.zeros(1), np.ones(1))
        parts = self.form.components
        if parts is None or not np.allclose(self.shape @ self.shape.T, np.eye(self.dimension), rtol=0, atol=1e-14):
            return None
        return IsotropicMixture(self._moved(parts.means), self.width * parts.stds, parts.weights)

    @property
    def uniform(self) -> tuple[Doubles, Doubles] | None:
        """Lower and upper corner (d,) where it is uniform on a box along the axes; None at width 0."""
        if not self.form.boxed or self.width == 0:
            return None
        half = np.diag(self._map) / 2
        return self.at - half, self.at + half

    @property
    def breaks(self) -> Doubles:
        """On the line: edges for quadrature, rising; jumps, and some about each narrow part. Elsewhere empty."""
        if self.width == 0:
            return self.at[:1]
        return np.asarray(self.at[0] + self._map[0, 0] * np.asarray(self.form.breaks, dtype=np.float64))

    @property
    def tails(self) -> Tails | None:
        """On the line, how its density fades; None without a density."""
        tails = self.form.tails
        if tails is None or not self.has_density:
            return None
        if tails == COMPACT:
            return COMPACT
        return Tails(*(self._tail(tail, sign) for tail, sign in zip(tails, (-1.0, 1.0), strict=True)))

    @property
    def home(self) -> tuple[Doubles, Doubles]:
        """Lower and upper corner (d,) of a box that shows nearly all of its mass."""
        low, high = self.form.home
        middle, half = (low + high) / 2, (high - low) / 2
        centre, reach = self._moved(middle[None])[0], np.abs(self._map) @ half
        if isinstance(self.form, Normal):
            # Of an oblique Gaussian the box of the box would be too wide.
            reach = half[0] * np.sqrt(np.diag(self._map @ self._map.T))
        return centre - reach, centre + reach

    def sample(self, n: int) -> Doubles:
        """n draws (n, d): of one seed always the same, moved and scaled as the law is."""
        return self._moved(self.form.draws(n))

    def log_density(self, x: Doubles) -> Doubles:
        """log p of points (N, d), −∞ outside of the support; (N,).

        Raises:
            NotImplementedError: Where `has_density` is false.
        """
        if not self.has_density:
            raise NotImplementedError("this law has no density; see has_density")
        values = self.form.log_density((np.asarray(x, dtype=np.float64) - self.at) @ self._inverse.T)
        return np.asarray(values - np.linalg.slogdet(self._map).logabsdet)

    def cdf(self, x: Doubles) -> Doubles:
        """P(X ≤ x) on the line, for x (N,).

        Raises:
            NotImplementedError: In the plane.
        """
        if self.width == 0:
            return np.where(x >= self.at[0], 1.0, 0.0)
        return self.form.cdf((x - self.at[0]) / self._map[0, 0])

    def quantile(self, u: Doubles) -> Doubles:
        """The least x with P(X ≤ x) ≥ u on the line, for u (N,) in [0, 1].

        Raises:
            NotImplementedError: In the plane.
        """
        if self.width == 0:
            return np.full(len(u), self.at[0])
        return np.asarray(self.at[0] + self._map[0, 0] * self.form.quantile(u))

    def moved(self, *, at: Doubles | None = None, width: float | None = None) -> Law:
        """The same form elsewhere, or of another width."""
        return Law(self.form, self.at if at is None else at, self.width if width is None else width, self.shape)

    def _moved(self, y: Doubles) -> Doubles:
        return np.asarray(self.at + y @ self._map.T)

    def _tail(self, tail: Tail, sign: float) -> Tail:
        """e^{−a t² + b t} of t = (s ∓ at)/width on the side of a sign, as a function of s."""
        at, width = sign * float(self.at[0]), float(self._map[0, 0])
        square, linear = tail.square / width**2, tail.linear / width
        return Tail(square, linear + 2 * square * at, tail.power)


def place(section: schema.AnyLaw, dimension: int, *, seed: int, folder: str = "", of: Law | None = None) -> Law:
    """The law of a preset's section.

    Arguments:
        section: The section, of any kind.
        dimension: 1 on the line, 2 in the plane.
        seed: Decides its draws; two laws should have two seeds.
        folder: Where a relative file name starts.
        of: An earlier law of the same section but for live settings, whose form is taken again where it is the same.

    Raises:
        PresetError: Where a file cannot be used, with one line that says what and where; where the law does not live in
            so many dimensions.
    """
    if dimension not in section.dimensions:
        raise PresetError([f"a law of kind {section.kind} does not live in {dimension} dimensions; choose another"])
    redrawn = isinstance(section, schema.Drawing)
    form = of.form if of is not None and not redrawn else _form(section, dimension, seed, folder)
    at = np.array(section.at[:dimension], dtype=np.float64)
    return Law(form, at, getattr(section, "width", 1.0), _shape(section, dimension))


def _form(section: schema.AnyLaw, dimension: int, seed: int, folder: str) -> Form:
    match section:
        case schema.Gaussian():
            return Normal(dimension, seed)
        case schema.Uniform():
            return Box(dimension, seed)
        case schema.Point():
            return Finite(np.zeros((1, dimension)), seed)
        case schema.Components():
            means, stds = np.array(section.means, dtype=np.float64), np.array(section.stds, dtype=np.float64)
            weights = np.array(section.weights or (1.0,) * len(stds), dtype=np.float64)
            return Mixture(means, stds, weights, seed)
        case schema.Toy():
            return Toy(section.name, seed)
        case schema.Rings():
            return Circles(section, seed)
        case schema.Shape():
            return Filled(mask_of(section, folder), seed)
        case schema.Drawing():
            return drawing(section, dimension, seed)
        case schema.Table():
            return table(section, dimension, seed, folder)
        case _:
            assert_never(section)


def _shape(section: schema.AnyLaw, dimension: int) -> Doubles:
    """The axes (d, d) of a law, the first of length one."""
    if dimension == 1 or not isinstance(section, schema.Gaussian | schema.Uniform):
        return np.eye(dimension)
    axes = np.diag([1.0, section.aspect])
    if isinstance(section, schema.Uniform):
        return axes
    cos, sin = np.cos(section.angle), np.sin(section.angle)
    return np.array([[cos, -sin], [sin, cos]]) @ axes
