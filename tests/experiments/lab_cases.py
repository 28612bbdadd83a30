"""Labs for the tests: presets from few words, and frames as a window would pull them."""

from __future__ import annotations

from typing import Any

import torch

from gebm_studio.experiments.lab import DivergenceLab
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.values import Values
from gebm_studio.messages import Frame, Pull
from gebm_studio.messages.divergences import Value
from gebm_studio.presets import changed
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import Measure

CPU = torch.device("cpu")
ALL = frozenset({"pair", "bars", "swept"})


def preset_of(p: dict[str, Any] | None = None, q: dict[str, Any] | None = None, **settings: Any) -> DivergencesPreset:
    """A preset of two laws, N(0, 1) and N(1, 1) where nothing is said; `view__lower=…` sets `view.lower`."""
    laws = {name: law for name, law in (("p", p), ("q", q)) if law is not None}
    space = settings.pop("space", "line")
    made = DivergencesPreset.model_validate({"title": "t", "kind": "divergences", "space": space} | laws)
    return changed(made, {path.replace("__", "."): value for path, value in settings.items()})


def values_of(preset: DivergencesPreset) -> Values:
    """The values of a preset's pair."""
    return Values(Pair(preset))


def value(name: Measure, p: dict[str, Any] | None = None, q: dict[str, Any] | None = None, **settings: Any) -> Value:
    """One value."""
    return values_of(preset_of(p, q, **settings)).value(name)


def lab_of(preset: DivergencesPreset) -> DivergenceLab:
    """A lab on the CPU."""
    return DivergenceLab(preset, CPU)


def frame(lab: DivergenceLab, state: Any = "paused", needs: frozenset[Any] = ALL, **fields: Any) -> Frame:
    """One frame, as a window that shows everything gets it."""
    return lab.frame(Pull(needs=needs, **fields), run_id=1, state=state, rate=0.0, device="cpu")


def settled(lab: DivergenceLab, needs: frozenset[Any] = ALL, **fields: Any) -> Frame:
    """The frame once everything is computed."""
    found = frame(lab, needs=needs, **fields)
    while not done(found):
        found = frame(lab, needs=needs, **fields)
    return found


def done(found: Frame) -> bool:
    """Whether all that a frame shows is of the pair as it is now."""
    bars = found.bars is None or all(one.fresh for one in found.bars.values)
    return bars and (found.swept is None or found.swept.done == 1)
