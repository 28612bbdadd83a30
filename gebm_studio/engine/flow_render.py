"""Clouds of particles as pictures: anti-aliased discs on squares side by side, with labels, by Pillow and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gebm_studio.engine.lettering import font, spelled
from gebm_studio.messages import Extent, Floats

BACKGROUND, FRAME, TEXT, QUIET = (255, 255, 255), (212, 216, 222), (28, 32, 38), (86, 94, 105)
TARGET, PARTICLES = (111, 118, 128), (204, 121, 167)
_GAP = 8
_PARTS, _LEVELS = 2, 4
"""Places within a pixel that a disc may stand at, and degrees of coverage: few, so that an animation stays small."""
_RADIUS = 1 / 160
"""Of a disc, as a share of the square's side, where there are up to `_MANY` points; more of them are smaller."""
_MANY = 500

Picture = NDArray[np.uint8]


class Renderer:
    """Makes pictures (height, width, 3) of flows side by side; what never changes is drawn once.

    Arguments:
        labels: Of the flows.
        target: Draws (m, 2) of the target.
        home: The square of the plane that is shown.
        particles: How many each flow has, to choose a size.
        side: Of a flow's square, in pixels.
    """

    def __init__(self, labels: Sequence[str], target: Floats, home: Extent, particles: int, side: int) -> None:
        self._home, self._side = home, side
        self._header = max(18, side // 18)
        self._radius = max(1.5, side * _RADIUS * min(1.0, (_MANY / max(particles, len(target))) ** 0.5))
        self.size = len(labels) * (side + _GAP) + _GAP, side + self._header + _GAP
        self._empty = np.asarray(self._sheet(labels)).copy()
        _blend(self._square(self._empty, 0), self._coverage(target), TARGET)
        for flow in range(1, len(labels)):
            self._square(self._empty, flow)[...] = self._square(self._empty, 0)

    def picture(self, positions: Floats, step: int) -> Image.Image:
        """Positions (flows, n, 2) at a step."""
        pixels = self._empty.copy()
        for flow, points in enumerate(positions):
            _blend(self._square(pixels, flow), self._coverage(points), PARTICLES)
        picture = Image.fromarray(pixels)
        right = self.size[0] - _GAP
        ImageDraw.Draw(picture).text((right, self._header / 2), f"{step:,}", QUIET, font(self._letters), "rm")
        return picture

    @property
    def _letters(self) -> int:
        return max(11, self._side // 32)

    def _sheet(self, labels: Sequence[str]) -> Image.Image:
        sheet = Image.new("RGB", self.size, BACKGROUND)
        draw = ImageDraw.Draw(sheet)
        for flow, label in enumerate(labels):
            left = _GAP + flow * (self._side + _GAP)
            text = spelled(label, self._letters)
            draw.text((left, self._header / 2), text, TEXT, font(self._letters), "lm")
            corner = left - 1, self._header - 1
            draw.rectangle((*corner, corner[0] + self._side + 1, corner[1] + self._side + 1), outline=FRAME)
        return sheet

    def _square(self, pixels: Picture, flow: int) -> Picture:
        left = _GAP + flow * (self._side + _GAP)
        return pixels[self._header : self._header + self._side, left : left + self._side]

    def _coverage(self, points: Floats) -> NDArray[np.float32]:
        """How much of each pixel of a square the discs at points (n, 2) cover, (side, side)."""
        left, right, bottom, top = self._home
        place = np.stack([(top - points[:, 1]) / (top - bottom), (points[:, 0] - left) / (right - left)], axis=1)
        place = place[(np.abs(place - 0.5) < 1).all(axis=1)] * self._side
        stamps = _discs(self._radius)
        reach = stamps.shape[2] // 2
        cell = np.floor(place).astype(np.int64)
        part = np.minimum(((place - cell) * _PARTS).astype(np.int64), _PARTS - 1)
        margin = 2 * reach + self._side // 2
        covered = np.zeros((self._side + 2 * margin,) * 2, dtype=np.float32)
        for down in range(-reach, reach + 1):
            for across in range(-reach, reach + 1):
                values = stamps[part[:, 0], part[:, 1], down + reach, across + reach]
                np.maximum.at(covered, (cell[:, 0] + down + margin, cell[:, 1] + across + margin), values)
        return covered[margin:-margin, margin:-margin]


@cache
def _discs(radius: float) -> NDArray[np.float32]:
    """Coverage of the pixels about a disc's centre in each part of a pixel, (parts, parts, k, k)."""
    reach = int(np.ceil(radius)) + 1
    pixels = np.arange(-reach, reach + 1) + 0.5
    centres = (np.arange(_PARTS) + 0.5) / _PARTS
    apart = pixels[None, :] - centres[:, None]
    distance = np.hypot(apart[:, None, :, None], apart[None, :, None, :])
    return (np.round(np.clip(radius + 0.5 - distance, 0, 1) * _LEVELS) / _LEVELS).astype(np.float32)


def _blend(square: Picture, covered: NDArray[np.float32], colour: tuple[int, int, int]) -> None:
    rows, columns = np.nonzero(covered)
    share = covered[rows, columns, None]
    mixed = square[rows, columns] * (1 - share) + np.array(colour, dtype=np.float32) * share
    square[rows, columns] = np.round(mixed).astype(np.uint8)
