"""Forms of laws that are sets of points, curves, toys of the studio, or filled shapes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio.files import explain
from gebm_studio.presets import PresetError
from gebm_studio.schema import law as schema
from gebm_studio.schema import target as toys
from gebm_studio.targets.curves import BlurredCurve, moons, spiral, swiss_roll
from gebm_studio.targets.law_forms import Atoms, Doubles, Form
from gebm_studio.targets.mixtures import GaussianMixture, grid, ring
from gebm_studio.targets.plane import Checkerboard, Funnel, Pinwheel
from gebm_studio.targets.reading import TableError
from gebm_studio.targets.tables import read_points, standardisation
from gebm_studio.targets.target import Target

_CPU = torch.device("cpu")


class Finite(Form):
    """Equal masses on points (N, d), one or more; a draw takes each of them once before it takes any twice."""

    bounded = True
    thin = True

    def __init__(self, points: Doubles, seed: int) -> None:
        super().__init__(points.shape[1], (points.min(axis=0), points.max(axis=0)), seed)
        self._points = points
        self._sorted = np.sort(points[:, 0])
        self.atoms = Atoms(points, np.full(len(points), 1 / len(points)))
        if self.dimension == 1:
            self.breaks = tuple(np.unique(self._sorted))

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        return rng.permutation(self._points)

    def cdf(self, y: Doubles) -> Doubles:
        return np.searchsorted(self._sorted, y, side="right") / len(self._sorted)

    def quantile(self, u: Doubles) -> Doubles:
        # The rounding of u·N must not carry a level over to the next point.
        place = np.ceil(u * len(self._sorted) * (1 - 1e-15)).astype(np.int64) - 1
        return self._sorted[np.clip(place, 0, len(self._sorted) - 1)]


class Nowhere(Form):
    """No points yet: a drawing that nobody has begun."""

    bounded = True
    thin = True

    def __init__(self, dimension: int, seed: int) -> None:
        one = np.ones(dimension)
        super().__init__(dimension, (-one, one), seed)
        self.atoms = Atoms(np.empty((0, dimension)), np.empty(0))

    def draws(self, n: int) -> Doubles:
        return np.empty((0, self.dimension))

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        return np.empty((0, self.dimension))


class Circles(Form):
    """Circles side by side, centred as a whole, with even mass along them.

    n draws lie evenly spaced on all circles alike, so that a longer draw does not begin like a shorter one.
    """

    bounded = True
    thin = True

    def __init__(self, section: schema.Rings, seed: int) -> None:
        apart = (2 + section.gap) * section.radius
        self._centres = (np.arange(section.rings) - (section.rings - 1) / 2) * apart
        self._radius = section.radius
        corner = np.array([float(self._centres[-1]) + section.radius, section.radius])
        super().__init__(2, (-corner, corner), seed)

    def draws(self, n: int) -> Doubles:
        rings = len(self._centres)
        return np.concatenate([self._circle(centre, (n + rings - 1 - k) // rings)
                               for k, centre in enumerate(self._centres)])  # fmt: skip

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        return self.draws(n)

    def _circle(self, centre: float, n: int) -> Doubles:
        angle = np.arange(n) * (2 * math.pi / max(n, 1))
        return np.stack([centre + self._radius * np.cos(angle), self._radius * np.sin(angle)], axis=1)


class Toy(Form):
    """A toy of the studio with its defaults.

    Attributes:
        blur: Standard deviation of the Gaussians that it is a mixture of, along a curve or at points; 0 of no such.
    """

    def __init__(self, name: str, seed: int) -> None:
        self._target = _target(name)
        left, right, bottom, top = self._target.home
        super().__init__(2, (np.array([left, bottom]), np.array([right, top])), seed)
        self.has_density = self._target.has_density
        self.bounded = name == "checkerboard"
        self.blur = 0.0
        if isinstance(self._target, BlurredCurve | GaussianMixture):
            self.blur = self._target.noise if isinstance(self._target, BlurredCurve) else self._target.std

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        generator = torch.Generator("cpu").manual_seed(int(rng.integers(2**62)))
        return self._target.sample(n, generator).double().numpy()

    def log_density(self, y: Doubles) -> Doubles:
        if not self.has_density:
            return super().log_density(y)
        with torch.no_grad():
            values: Doubles = self._target.log_density(torch.from_numpy(np.ascontiguousarray(y))).numpy()
        return values


class Filled(Form):
    """Uniform mass on dark cells of a picture of the square [−1, 1]², which a mask (H, W) marks, row 0 on top."""

    has_density = True
    bounded = True

    def __init__(self, mask: NDArray[np.bool_], seed: int) -> None:
        height, width = mask.shape
        self._cell = 2 / max(height, width)
        rows, columns = np.nonzero(mask)
        middle = np.array([width, height]) * self._cell / 2
        self._corners = np.stack([columns, height - 1 - rows], axis=1) * self._cell - middle
        self._mask, self._middle = mask, middle
        self._log_area = math.log(len(rows)) + 2 * math.log(self._cell)
        super().__init__(2, (self._corners.min(axis=0), self._corners.max(axis=0) + self._cell), seed)

    def _draw(self, rng: np.random.Generator, n: int) -> Doubles:
        chosen = rng.integers(len(self._corners), size=n)
        points: Doubles = self._corners[chosen] + self._cell * rng.random((n, 2))
        return points

    def log_density(self, y: Doubles) -> Doubles:
        height, width = self._mask.shape
        cells = np.floor((y + self._middle) / self._cell)
        inside = ((cells >= 0) & (cells < [width, height])).all(axis=1)
        column, row = np.where(inside[:, None], cells, 0).astype(np.int64).T
        return np.where(inside & self._mask[height - 1 - row, column], -self._log_area, -np.inf)


def drawing(section: schema.Drawing, dimension: int, seed: int) -> Form:
    """The form of a drawing, which may be empty."""
    if not section.points:
        return Nowhere(dimension, seed)
    return Finite(np.array(section.points, dtype=np.float64), seed)


def table(section: schema.Table, dimension: int, seed: int, folder: str) -> Finite:
    """The form of a file of points.

    Raises:
        PresetError: With one line that says what is wrong with the file and where.
    """
    if not section.path:
        raise PresetError(["path: empty; name a CSV or NPY file of points"])
    path = Path(folder).expanduser() / Path(section.path).expanduser()
    try:
        points, names = read_points(path, fewest=1, widest=2)
        mean, scale = standardisation(points, names, section.standardise)
    except TableError as problem:
        raise PresetError([f"{path}: {problem}"]) from problem
    except OSError as error:
        raise PresetError([explain(error, path, "read")]) from error
    except ValueError as error:  # such as a null character in the name
        raise PresetError([f"path: {section.path!r} is not a file name: {error}"]) from error
    if points.shape[1] != dimension:
        has, space = ("one column", "plane, which needs two") if dimension == 2 else ("two columns", "line, of one")
        raise PresetError([f"{path}: {has}, but the law lives {'in' if dimension == 2 else 'on'} the {space}; "
                           "choose the other space or another file"])  # fmt: skip
    return Finite((points - mean) / scale, seed)


def _target(name: str) -> Target:
    match name:
        case "ring":
            return ring(toys.Ring(), seed=0, device=_CPU)
        case "grid":
            return grid(toys.Grid(), seed=0, device=_CPU)
        case "moons":
            return moons(toys.Moons(), seed=0, device=_CPU)
        case "checkerboard":
            return Checkerboard(toys.Checkerboard(), seed=0, device=_CPU)
        case "pinwheel":
            return Pinwheel(toys.Pinwheel(), seed=0, device=_CPU)
        case "spiral":
            return spiral(toys.Spiral(), seed=0, device=_CPU)
        case "swiss_roll":
            return swiss_roll(toys.SwissRoll(), seed=0, device=_CPU)
        case "funnel":
            return Funnel(toys.Funnel(), seed=0, device=_CPU)
    raise ValueError(f"no toy is called {name!r}")
