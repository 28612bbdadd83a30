"""What the pointer means in data space: the nearest base point, and the line that says what is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gebm_studio.messages import DataPart, Floats, Reading
from gebm_studio.ui.panels.numbers import short, vector

NEAR = 14.0
"""A base point is singled out within this many pixels of the pointer."""


def nearest(
    points: Floats, at: tuple[float, ...], pixels: Callable[[tuple[float, float], tuple[float, float]], float]
) -> int | None:
    """The place of the point nearest to the pointer, None where the nearest is far on the screen."""
    if not len(points):
        return None
    x, y = at
    distance = np.nan_to_num((points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2, nan=np.inf)
    near = int(np.argmin(distance))
    spot = (float(points[near, 0]), float(points[near, 1]))
    return near if np.isfinite(distance[near]) and pixels((x, y), spot) <= NEAR else None


def sentence(part: DataPart, at: tuple[float, ...] | None, reading: Reading | None, near: int | None) -> str:
    """The line under the picture; numbers are exact readings and never read off the map."""
    if at is None:
        ess = "" if np.isnan(part.ess_fraction) else f" · ESS {100 * part.ess_fraction:.0f} % of base draws"
        across, up = part.axes
        if across == up:
            return f"{across}{ess}"
        return (f"{across} across, {up} up" if up else f"{across} across") + ess
    if reading is not None and reading.space == "data":
        weight = "" if np.isnan(reading.log_weight) else f", log weight {short(reading.log_weight)}"
        text = f"{vector(reading.x)}: E {short(reading.energy)}{weight}"
    else:
        text = f"{vector(at)}: …"
    if near is None:
        return text
    latent = tuple(map(float, part.base_latent[near]))
    energy, weight_here = float(part.base_energy[near]), float(part.log_weight[near])
    return f"{text} · base point z = {vector(latent, 3)}, E {short(energy)}, log weight {short(weight_here)}"


def symmetric_limit(log_weight: Floats) -> float:
    """A limit that nearly all log weights keep within, so that one stray point does not grey the rest.

    A weight of e^−3 is as good as none, and a point that loses mass may lose any amount, while those that
    gain it gain little: a longer scale would only take colour from the points that matter.
    """
    finite = log_weight[np.isfinite(log_weight)]
    if not len(finite):
        return 1.0
    limit, gain = float(np.percentile(np.abs(finite), 95)), float(np.percentile(finite, 99))
    return min(max(min(limit, 1.25 * gain) if gain > 0 else limit, 0.05), 3.0)
