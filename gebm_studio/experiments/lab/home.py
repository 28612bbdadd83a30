"""What the picture of a pair shows before a person moves it, without jumps while a law is dragged."""

from __future__ import annotations

import numpy as np

from gebm_studio.experiments.lab.moving import allowed, moved_unchecked
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.messages.arrays import Extent

_MARGIN = 0.12
_SMALLEST = 0.4
"""What is to be shown may shrink to this share of the home before the home follows."""
_LEAST = 0.05
_SWEPT_PLACES = 3.0
"""A swept law may widen the home to at most so many times what the pair itself takes."""


class Home:
    """The extent that shows both laws: it grows where they leave it, and shrinks only where they fill little of it."""

    def __init__(self) -> None:
        self._box: tuple[Doubles, Doubles] | None = None
        self._top = 0.0

    def extent(self, pair: Pair, highest: float) -> Extent:
        """Left, right, bottom, top; on the line the last two are the range of the densities.

        Arguments:
            pair: Both laws.
            highest: On the line the highest of both densities.
        """
        low, high = _reach(pair)
        if self._box is None or not _suits(self._box, low, high):
            pad = _MARGIN * (high - low)
            self._box = low - pad, high + pad
        low, high = self._box
        if pair.dimension == 2:
            return float(low[0]), float(high[0]), float(low[1]), float(high[1])
        if not _SMALLEST * self._top <= 1.08 * highest <= self._top:
            self._top = 1.15 * highest or 1.0
        return float(low[0]), float(high[0]), 0.0, self._top


def _reach(pair: Pair) -> tuple[Doubles, Doubles]:
    """A box around both laws, and around the places that a swept one takes; a square in the plane."""
    low, high = _box(pair)
    preset = pair.preset
    if "swept" in preset.view.docks and preset.swept.over[:2] in ("p.", "q."):
        least, most = allowed(preset)
        ends = [min(most, max(least, end)) for end in (preset.swept.low, preset.swept.high)]
        boxes = [_box(Pair(moved_unchecked(preset, end), of=pair)) for end in ends]
        widest, middle = _SWEPT_PLACES * (high - low) / 2, (low + high) / 2
        low = np.maximum(np.min([low, *(box[0] for box in boxes)], axis=0), middle - widest)
        high = np.minimum(np.max([high, *(box[1] for box in boxes)], axis=0), middle + widest)
    if pair.dimension == 2:
        middle, half = (low + high) / 2, float((high - low).max()) / 2
        low, high = middle - half, middle + half
    return low, high


def _box(pair: Pair) -> tuple[Doubles, Doubles]:
    homes = [law.home for law in (pair.p, pair.q)]
    low, high = np.min([home[0] for home in homes], axis=0), np.max([home[1] for home in homes], axis=0)
    # Two points, or one, still need a place to be dragged to.
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, _LEAST + 0.5 * (high - low == 0))
    return middle - half, middle + half


def _suits(box: tuple[Doubles, Doubles], low: Doubles, high: Doubles) -> bool:
    inside = bool((box[0] <= low).all() and (high <= box[1]).all())
    return inside and float((high - low).max()) >= _SMALLEST * float((box[1] - box[0]).max())
