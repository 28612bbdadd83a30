"""The scores of a measurement as bars with whiskers, by Pillow."""

from __future__ import annotations

import math
import textwrap
from typing import NamedTuple

from PIL import Image, ImageDraw

from gebm_studio.engine.lettering import font, spelled
from gebm_studio.messages import Interval, Measured
from gebm_studio.messages.doubts import doubts

BACKGROUND, TEXT, QUIET, GRID, INK = "#ffffff", "#1c2026", "#565e69", "#d4d8de", "#14171b"
SCALES = (1, 8)
WIDTH, MARGIN, GAP = 960, 24, 36
_HEAD, _ROW, _LETTERS, _SMALL = 46, 30, 15, 12
_NAME, _NUMBER = 52, 150
"""Width of the names beside bars, and of the numbers."""
_LAWS = (("base", "base", "#CC79A7"), ("gebm", "GEBM", "#009E73"), ("data", "data", "#6f7680"))


class _Score(NamedTuple):
    name: str
    title: str
    better: str
    times: float


_SCORES = (
    _Score("frechet", "Fréchet distance", "lower is better", 1.0),
    _Score("kernel", "Kernel distance × 1000", "lower is better", 1000.0),
    _Score("precision", "Precision, %", "higher is better", 100.0),
    _Score("recall", "Recall, %", "higher is better", 100.0),
)


class _Pen:
    """Draws at sizes that are told at scale 1."""

    def __init__(self, width: int, height: int, scale: int) -> None:
        self._scale = scale
        self.image = Image.new("RGB", (width * scale, height * scale), BACKGROUND)
        self._draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, colour: str = TEXT, size: int = _LETTERS, anchor: str = "lm") -> None:
        size *= self._scale
        self._draw.text((x * self._scale, y * self._scale), spelled(text, size), colour, font(size), anchor)

    def width(self, text: str, size: int) -> float:
        size *= self._scale
        return float(self._draw.textlength(spelled(text, size), font(size))) / self._scale

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        ends = [round(end * self._scale) for end in (left, top, right, bottom)]
        self._draw.rectangle((ends[0], ends[1], max(ends[2] - 1, ends[0]), max(ends[3] - 1, ends[1])), colour)


def picture(measured: Measured, title: str, scale: int = 1) -> Image.Image:
    """Fréchet and kernel distance, precision and recall of base, GEBM and data, with 95 % intervals and the protocol.

    Arguments:
        measured: What is shown.
        title: Of the preset.
        scale: Pixels for each of the picture at scale 1, which is 960 wide.
    """
    lines = [*_claims(measured), *_protocol(measured)]
    block = _LETTERS + 14 + len(_LAWS) * _ROW
    height = MARGIN + _HEAD + 2 * (block + GAP) + 22 * len(lines) + MARGIN
    pen = _Pen(WIDTH, height, scale)
    pen.text(MARGIN, MARGIN + 9, title, size=18)
    pen.text(WIDTH - MARGIN, MARGIN + 9, f"iteration {measured.iteration:,}", QUIET, anchor="rm")
    wide = (WIDTH - 2 * MARGIN - GAP) / 2
    for place, score in enumerate(_SCORES):
        left = MARGIN + place % 2 * (wide + GAP)
        top = MARGIN + _HEAD + place // 2 * (block + GAP)
        _block(pen, measured, score, left, top, wide)
    for index, line in enumerate(lines):
        pen.text(MARGIN, height - MARGIN - 22 * (len(lines) - index) + 11, line, QUIET, _SMALL)
    return pen.image


def _block(pen: _Pen, measured: Measured, score: _Score, left: float, top: float, wide: float) -> None:
    pen.text(left, top + 8, score.title)
    pen.text(left + wide, top + 8, score.better, QUIET, _SMALL, "rm")
    found = {law: _times(measured.scores[law][score.name], score.times) for law, _, _ in _LAWS}
    ends = [end for ends in found.values() for end in ends if math.isfinite(end)]
    low, high = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    start, stop = left + _NAME, left + wide - _NUMBER
    per_unit = (stop - start) / ((high - low) or 1.0)
    top += _LETTERS + 14
    for index, (law, name, colour) in enumerate(_LAWS):
        middle = top + (index + 0.5) * _ROW
        pen.text(left, middle, name, QUIET)
        value, least, most = found[law]
        if math.isnan(value):
            pen.text(start + 6, middle, "not measured", QUIET, _SMALL)
            continue
        ends = [start + (end - low) * per_unit for end in (0.0, value, least, most)]
        pen.box(min(ends[0], ends[1]), middle - 9, max(ends[0], ends[1]), middle + 9, colour)
        pen.box(ends[2], middle - 1, ends[3] + 1, middle + 1, INK)
        for end in ends[2:]:
            pen.box(end - 0.5, middle - 5, end + 1, middle + 5, INK)
        pen.text(left + wide, middle, _number(found[law]), TEXT, _SMALL, "rm")
    zero = start - low * per_unit
    pen.box(zero - 0.5, top, zero + 0.5, top + len(_LAWS) * _ROW, GRID if low == 0 else QUIET)


def _times(found: Interval, times: float) -> Interval:
    value, low, high = found
    return times * value, times * low, times * high


def _number(found: Interval) -> str:
    """A value with the ends of its interval, with as many decimals as their distance leaves."""
    value, low, high = found
    if not all(map(math.isfinite, found)):
        return f"{value:.3g}"
    width = high - low
    decimals = min(6, max(0, 1 - math.floor(math.log10(width)))) if width > 0 else 2
    text = f"{value:.{decimals}f} ({low:.{decimals}f} to {high:.{decimals}f})"
    return text.replace("-", "−")


def _claims(measured: Measured) -> list[str]:
    """What was found, and why nothing can be claimed where the chains are not in equilibrium."""
    said = []
    if not math.isnan(measured.difference[0]):
        said.append(f"FD(GEBM) − FD(base) = {_number(measured.difference)}, paired")
    if not math.isnan(measured.ratio[0]):
        said.append(f"100 FD(GEBM) / FD(base) = {_number(measured.ratio)}")
    for name, value in (("R-hat", measured.rhat), ("ESS", measured.ess)):
        if not math.isnan(value):
            said.append(f"{name} {value:.3g}")
    lines = ["; ".join(said)] if said else []
    if why := doubts(measured):
        lines += textwrap.wrap(f"No claim: {'; '.join(why)}.", 140)
    return lines


def _protocol(measured: Measured) -> list[str]:
    return textwrap.wrap(f"{measured.protocol}. Bars: 95 % intervals.", 140)
