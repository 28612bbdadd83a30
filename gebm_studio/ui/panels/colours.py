"""Colour scales, even to the eye: straight lines in OKLab (Ottosson, 2020)."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gebm_studio.ui.theme import Theme, mixed

SHADES = 33
"""Steps of the scale of log weights; odd, so that one of them is exactly neutral."""

BANDS = 16
"""Faint steps in the map, which let the eye follow a level as it follows a contour line."""

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#8a63c7")
"""Eight colours that stay apart for colour-blind eyes (Okabe and Ito, with violet in place of black)."""

RUN_COLOURS = ("#0072B2", "#E69F00", "#8a63c7", "#D55E00")
"""Colours of runs that are compared: none that has a role elsewhere, and none near another."""


@cache
def map_table(theme: Theme, low_is_likely: bool, grey: bool = False) -> NDArray[np.uint8]:
    """The 256 colours of a map; with `low_is_likely` (an energy) its low end gets the strong colour.

    `grey` leaves the hue out, for a map behind points whose own hue is what matters.
    """
    table = ramp((theme.map_low, theme.map_high), 256)
    lab = to_oklab(table)
    step = np.arange(256) * BANDS // 256 % 2
    if grey:
        lab[:, 1:] *= 0.1
    lab[:, 0] += np.where(step == 0, 0.006, -0.006)
    table = from_oklab(lab)
    return np.ascontiguousarray(table[::-1] if low_is_likely else table)


@cache
def weight_table(theme: Theme) -> NDArray[np.uint8]:
    """The colours of log weights: blue for less mass, neutral at zero, orange for more."""
    return ramp((theme.less, theme.neutral, theme.more), SHADES)


def weight_shades(log_weight: NDArray[np.float32], limit: float) -> NDArray[np.intp]:
    """The place of each log weight in the table, from −limit to limit."""
    share = np.clip(np.nan_to_num(log_weight / limit, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    return np.rint((share + 1.0) * (SHADES - 1) / 2).astype(np.intp)


@cache
def mode_table(theme: Theme) -> NDArray[np.uint8]:
    """Colours of modes by number + 1; the first stands for 'none yet', later rounds are paler."""
    rows = [theme.control]
    for turn in range(3):
        rows += [mixed(colour, theme.plot, 0.28 * turn) for colour in CATEGORIES]
    return _rgb(rows)


def ramp(stops: tuple[str, ...], count: int) -> NDArray[np.uint8]:
    """`count` colours (count, 3) spaced evenly in OKLab through the stops."""
    lab = to_oklab(_rgb(stops))
    places = np.linspace(0.0, len(stops) - 1.0, count)
    return from_oklab(np.stack([np.interp(places, np.arange(len(stops)), lab[:, i]) for i in range(3)], axis=1))


def to_oklab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """OKLab coordinates (n, 3) of sRGB bytes (n, 3)."""
    share = rgb.astype(np.float64) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float64] = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def from_oklab(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """sRGB bytes (n, 3) of OKLab coordinates (n, 3); what no screen can show is clipped."""
    linear = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
    linear = np.clip(linear, 0.0, 1.0)
    share = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(share * 255.0).astype(np.uint8)


def _rgb(colours: tuple[str, ...] | list[str]) -> NDArray[np.uint8]:
    return np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], dtype=np.uint8)
