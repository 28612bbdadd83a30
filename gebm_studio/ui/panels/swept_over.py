"""What curves can run over: its usual range, and how its setting is written."""

from __future__ import annotations

import math
from typing import Any

from gebm_studio.presets import describe_path
from gebm_studio.schema import DivergencesPreset, value_at
from gebm_studio.schema.divergences import MOVED, Moved

PLACES = (-3.0, 3.0)
"""Between what a place runs; other settings run from end to end of their sliders."""


def possible(preset: DivergencesPreset) -> tuple[Moved, ...]:
    """What both laws of a preset have."""
    return tuple(path for path in MOVED if hasattr(getattr(preset, path.partition(".")[0]), path.partition(".")[2]))


def setting(preset: DivergencesPreset, parameter: float) -> tuple[str, Any]:
    """The path of the swept setting and the value to send for a parameter.

    A place moves along the first axis and keeps its second coordinate; sizes are whole numbers.
    """
    path, swept = preset.swept.over, preset.swept
    # As many digits as a control can show: four of the range, or of the number itself where decades are swept.
    size = abs(parameter) if swept.spacing == "log" else swept.high - swept.low
    parameter = round(parameter, 3 - math.floor(math.log10(size))) if size > 0 else parameter
    if path.endswith(".at"):
        return path, (parameter, value_at(preset, path)[1])
    return path, round(parameter) if describe_path(preset, path).kind == "int" else parameter


def sweep_over(preset: DivergencesPreset, path: Moved) -> list[tuple[str, Any]]:
    """The changes that sweep another setting over its usual range, in an order in which each of them is valid.

    Anything is a place, so a place becomes what is swept before its range does, and all else after it.
    """
    low, high, spacing = PLACES[0], PLACES[1], "linear"
    if not path.endswith(".at"):
        about = describe_path(preset, path)
        ends = about.slider or (about.low, about.high)
        low, high, spacing = float(ends[0] or 0.0), float(ends[1] or 1.0), about.scale
    now = preset.swept
    changes: list[tuple[str, Any]] = [("swept.spacing", "linear")] if now.spacing != "linear" else []
    ends_first = [("swept.low", low), ("swept.high", high)]
    changes += ends_first if low < now.high else ends_first[::-1]
    if spacing == "log":
        changes.append(("swept.spacing", "log"))
    over: tuple[str, Any] = ("swept.over", path)
    return [over, *changes] if path.endswith(".at") else [*changes, over]
