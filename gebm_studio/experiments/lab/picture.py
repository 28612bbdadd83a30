"""The picture of a pair: densities, points, and what is shown below them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gebm_studio.experiments.lab.functions import Learned, functions, label_of, map_of
from gebm_studio.experiments.lab.home import Home
from gebm_studio.experiments.lab.needs import needs_of
from gebm_studio.experiments.lab.nodes import MOST_ATOMS, Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.plane import Grids, contour_of
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.messages import Function, LawShown, Map, PairPart
from gebm_studio.messages.arrays import Extent, Floats, frozen
from gebm_studio.schema.law import Law as Section
from gebm_studio.targets.laws import Law

_ACROSS = 640
"""Points of the line's x."""
MOST_DRAWS = 400
"""Draws of a law that are shown."""
_JUMP = 1e-9
"""Distance of two points of x, relative to the picture, between which a density jumps."""

Fits = tuple[Function, ...]


class Picture:
    """The newest picture of the pair, made again only where something that it shows has changed."""

    def __init__(self) -> None:
        self._home = Home()
        self._grids = Grids()
        self._key: tuple[object, ...] = ()
        self._part: PairPart | None = None
        self._version = 0

    def part(self, pair: Pair, extent: Extent | None, learned: Learned, version: int, *, fine: bool) -> PairPart:
        """The picture over an extent.

        Arguments:
            pair: Both laws.
            extent: What the window shows; None: all.
            learned: Critics that are learned.
            version: Changes whenever these do.
            fine: Whether there is time for a map of many cells.
        """
        ready = not waits_for_critic(pair)
        preset = pair.preset
        key = (preset.p, preset.q, preset.view.lower, preset.view.divergence, preset.measure, preset.swept,
               preset.view.docks, needs_of("kale", preset), preset.critic, extent, version, ready,
               fine and pair.dimension == 2)  # fmt: skip
        if self._part is None or key != self._key:
            self._key, self._version = key, self._version + 1
            if pair.dimension == 1:
                self._part = self._on_line(pair, extent, learned, ready)
            else:
                self._part = self._in_plane(pair, extent, learned, ready, fine)
        return self._part

    def with_fits(self, part: PairPart, fits: Fits) -> PairPart:
        """The picture with fitted Gaussians, which move by themselves."""
        if not fits and not part.fits:
            return part
        self._version += 1
        self._part = replace(part, fits=fits, version=self._version)
        return self._part

    def _on_line(self, pair: Pair, extent: Extent | None, learned: Learned, ready: bool) -> PairPart:
        densities = [_highest(law) for law in (pair.p, pair.q)]
        home = self._home.extent(pair, max(densities))
        left, right = _wider(home, extent)
        x = _line(pair, left, right)
        logs = [law.log_density(x[:, None]) if law.has_density else None for law in (pair.p, pair.q)]
        below, note = self._below(pair, x[:, None], logs, learned, ready)
        if not ready and self._part is not None and len(self._part.x) == len(x):
            below = [one for one in self._part.below if one.label == label_of(pair)]
        p, q = (
            _shown(section, law, pair, _floats(np.exp(log)) if log is not None else _NOTHING, None)
            for section, law, log in zip((pair.preset.p, pair.preset.q), (pair.p, pair.q), logs, strict=True)
        )
        return PairPart(_floats(x), p, q, tuple(below), label_of(pair), None, (), home, note, self._version)

    def _in_plane(self, pair: Pair, extent: Extent | None, learned: Learned, ready: bool, fine: bool) -> PairPart:
        home = self._home.extent(pair, 0.0)
        over = extent or home
        cells = self._grids.cells(fine)
        points = self._grids.points(over, cells)
        logs = [self._grids.log_density(law, points) if law.has_density else None for law in (pair.p, pair.q)]
        below, note = self._below(pair, points, logs, learned, ready)
        shown_map = map_of(pair, below[-1], cells, over, logs) if below else None
        if not ready and self._part is not None and self._part.below_label == label_of(pair):
            shown_map = self._part.map
        p, q = (
            _shown(section, law, pair, _NOTHING, contour_of(law, self._grids))
            for section, law in ((pair.preset.p, pair.p), (pair.preset.q, pair.q))
        )
        return PairPart(_NOTHING, p, q, (), label_of(pair), shown_map, (), home, note, self._version)

    def _below(
        self, pair: Pair, x: Doubles, logs: list[Doubles | None], learned: Learned, ready: bool
    ) -> tuple[list[Function], str]:
        if pair.missing:
            return [], pair.missing
        if not ready:
            return [], "the critic of KALE is being computed"
        try:
            return functions(pair, x, logs[0], logs[1], learned), ""
        except Unknown as reason:
            return [], str(reason)


def waits_for_critic(pair: Pair) -> bool:
    """Whether the picture needs a critic of KALE that takes longer than a frame and is not there yet."""
    if pair.preset.view.lower not in ("kale_witness", "kale_critic") or pair.missing:
        return False
    return pair.has_slow_critic and not pair.has_critic


_NOTHING: Floats = frozen(np.empty(0, dtype=np.float32))


def _shown(section: Section, law: Law, pair: Pair, density: Floats, contour: Map | None) -> LawShown:
    atoms = law.atoms
    points: Doubles = np.empty((0, pair.dimension))
    if atoms is not None:
        points = atoms.points if len(atoms.points) <= MOST_ATOMS else law.sample(MOST_ATOMS)
    elif pair.dimension == 2 or pair.by_samples or not law.has_density:
        points = law.sample(min(MOST_DRAWS, pair.preset.measure.samples))
    note = "" if not law.is_empty else "no points yet"
    width = float(getattr(section, "width", math.nan))
    return LawShown(density, _floats(points), contour, section.at, width, atoms is not None, note)


def _line(pair: Pair, left: float, right: float) -> Doubles:
    """x with both sides of each jump."""
    x = np.linspace(left, right, _ACROSS)
    boxed = [law for law in (pair.p, pair.q) if law.form.boxed and law.width > 0]
    jumps = np.array([edge for law in boxed for edge in law.breaks if left < edge < right])
    off = _JUMP * (right - left)
    return np.unique(np.concatenate([x, jumps - off, jumps + off])) if len(jumps) else x


def _wider(home: Extent, extent: Extent | None) -> tuple[float, float]:
    """What the window shows, where it shows something of the line; else home."""
    if extent is not None and extent[0] < extent[1]:
        return extent[0], extent[1]
    return home[0], home[1]


def _highest(law: Law) -> float:
    """The highest density of a law, to the accuracy of a picture; 0 without one."""
    if not law.has_density:
        return 0.0
    low, high = law.home
    return float(np.exp(law.log_density(np.linspace(low[0], high[0], 257)[:, None])).max())


def _floats(values: Doubles) -> Floats:
    return frozen(np.clip(values, -1e30, 1e30).astype(np.float32))
