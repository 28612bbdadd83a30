"""The swept parameter: where it is, its values, and the point that runs along it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.presets import changed, describe_path
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.divergences import Swept

FASTEST = 60.0
"""Ticks a second of the running point where the pace is without a limit."""
_DIGITS = 4
"""Of the running value, relative to its range."""
_WHOLE = ("critic.size", "measure.samples")


def values_over(swept: Swept) -> Doubles:
    """The values (m,) of the swept parameter, rising; whole numbers where it counts something."""
    space = np.geomspace if swept.spacing == "log" else np.linspace
    values: Doubles = space(swept.low, swept.high, swept.points)
    return np.unique(np.round(values)) if swept.over in _WHOLE else values


def present(preset: DivergencesPreset) -> float:
    """Where the swept parameter is now; of a place its first coordinate."""
    group, _, name = preset.swept.over.partition(".")
    value = getattr(getattr(preset, group), name)
    return float(value[0] if name == "at" else value)


def moved(preset: DivergencesPreset, value: float) -> DivergencesPreset:
    """The preset with the swept parameter elsewhere, checked.

    Raises:
        PresetError: Where the value is out of range.
    """
    path = preset.swept.over
    return changed(preset, {path: _setting(preset, value)})


def moved_unchecked(preset: DivergencesPreset, value: float) -> DivergencesPreset:
    """The same for a value known to be in range, a hundred times faster: for a whole curve."""
    group, _, name = preset.swept.over.partition(".")
    section = getattr(preset, group).model_copy(update={name: _setting(preset, value)})
    return preset.model_copy(update={group: section})


def allowed(preset: DivergencesPreset) -> tuple[float, float]:
    """Smallest and largest value that the swept parameter may take."""
    path = preset.swept.over
    if path.endswith(".at"):
        return -math.inf, math.inf
    setting = describe_path(preset, path)
    return -math.inf if setting.low is None else setting.low, math.inf if setting.high is None else setting.high


class Runner:
    """The point that runs from end to end and back.

    What it counts is kept as a fraction of the way, since settings that are whole numbers would lose small steps.
    """

    def __init__(self) -> None:
        self._fraction = 0.0
        self._wrote = math.nan
        self._direction = 1

    def next(self, preset: DivergencesPreset) -> float:
        """The parameter's next value: a triangle wave over low to high, from where the parameter is now."""
        swept, now = preset.swept, present(preset)
        if now != self._wrote:  # it was moved by hand
            self._fraction = min(1.0, max(0.0, _fraction_of(swept, now)))
        per_second = preset.view.pace or FASTEST
        fraction = self._fraction + self._direction / (per_second * swept.period)
        if fraction >= 1 or fraction <= 0:
            self._direction = -1 if fraction >= 1 else 1
            fraction = min(1.0, max(0.0, fraction))
        self._fraction = fraction
        low, high = allowed(preset)
        value = min(high, max(low, _value_of(swept, fraction)))
        self._wrote = float(round(value)) if swept.over in _WHOLE else _readable(swept, value)
        return self._wrote

    def saved(self) -> dict[str, Any]:
        """What a file keeps."""
        wrote = None if math.isnan(self._wrote) else self._wrote
        return {"fraction": self._fraction, "wrote": wrote, "direction": self._direction}

    def take_back(self, facts: dict[str, Any]) -> None:
        """Go on from what `saved` gave."""
        self._fraction, self._direction = float(facts["fraction"]), int(facts["direction"])
        self._wrote = math.nan if facts["wrote"] is None else float(facts["wrote"])


def _readable(swept: Swept, value: float) -> float:
    """A value with as many digits as a control can show, and a picture tell."""
    if swept.spacing == "log":
        return float(f"{value:.{_DIGITS}g}")
    return round(value, max(0, _DIGITS - 1 - math.floor(math.log10(swept.high - swept.low))))


def _setting(preset: DivergencesPreset, value: float) -> float | int | tuple[float, float]:
    group, _, name = preset.swept.over.partition(".")
    if name == "at":
        return (value, getattr(preset, group).at[1])
    return round(value) if preset.swept.over in _WHOLE else value


def _fraction_of(swept: Swept, value: float) -> float:
    if swept.spacing == "log":
        value = max(value, swept.low)
        return math.log(value / swept.low) / math.log(swept.high / swept.low)
    return (value - swept.low) / (swept.high - swept.low)


def _value_of(swept: Swept, fraction: float) -> float:
    if swept.spacing == "log":
        value = swept.low * math.pow(swept.high / swept.low, fraction)
    else:
        value = swept.low + (swept.high - swept.low) * fraction
    return min(swept.high, max(swept.low, value))
