"""The pieces of a transport plan as arrays that a picture draws: bands from P to Q, and cells of a matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Extent, Floats

LEVELS = 5
"""Shades of the bands, by their mass."""
STEPS = 14
"""Straight stretches of a band."""
FAINTEST = 0.3
"""Strength of a band that carries next to nothing, where the heaviest has 1."""
FEW, MOST = 12, 48
"""Cells of the matrix along each side, as many as there are pieces between these."""

Doubles = NDArray[np.float64]


def shades(mass: Floats) -> NDArray[np.intp]:
    """The shade (k,) of each piece, from 0 to LEVELS − 1, by its mass (k,)."""
    share = mass.astype(np.float64) / max(float(mass.max(initial=0.0)), 1e-300)
    return np.clip(np.floor(share * LEVELS), 0, LEVELS - 1).astype(np.intp)


def strength(shade: int) -> float:
    """How strong a shade is, from FAINTEST to 1."""
    return FAINTEST + (1 - FAINTEST) * (shade + 1) / LEVELS


def ways(plan: Floats) -> tuple[Doubles, Doubles]:
    """The way of each piece of a plan (k, 3): places (k, STEPS + 1), and heights (STEPS + 1,) from 1 at P to 0 at Q.

    It leaves P and reaches Q upright, so that where it comes from and goes to can be read.
    """
    share = np.linspace(0.0, 1.0, STEPS + 1)
    bend = share * share * (3 - 2 * share)
    source, target = plan[:, :1].astype(np.float64), plan[:, 1:2].astype(np.float64)
    return source + (target - source) * bend, 1 - share


def nearest(plan: Floats, x: float, height: float, unit: float) -> int | None:
    """The piece whose way is nearest to (x, height), within a unit; None where none is.

    Arguments:
        plan: (k, 3).
        x: Along the line.
        height: From 0 at Q to 1 at P.
        unit: How far it may be away.
    """
    if not len(plan) or not 0 <= height <= 1:
        return None
    share = 1 - height
    bend = share * share * (3 - 2 * share)
    away = np.abs(plan[:, 0] + (plan[:, 1] - plan[:, 0]) * bend - x)
    best = int(np.argmin(away))
    return best if away[best] <= unit else None


def matrix(plan: Floats) -> tuple[Doubles, Extent]:
    """The mass (c, c) that goes from each stretch of P (columns) to each of Q (rows), and where they lie."""
    cells = min(max(len(plan), FEW), MOST)
    sides = [_side(plan[:, column]) for column in (0, 1)]
    mass, _, _ = np.histogram2d(plan[:, 1], plan[:, 0], bins=cells, range=(sides[1], sides[0]), weights=plan[:, 2])
    return mass, (*sides[0], *sides[1])


def _side(places: Floats) -> tuple[float, float]:
    """From where to where places lie, with some room."""
    low, high = (float(places.min()), float(places.max())) if len(places) else (0.0, 0.0)
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room
