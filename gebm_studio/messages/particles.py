"""Parts of a frame of particle flows."""

from __future__ import annotations

from dataclasses import dataclass

from gebm_studio.messages.arrays import Doubles, Extent, Floats


@dataclass(frozen=True)
class Cloud:
    """One flow at one recorded frame.

    `points` (n, 2), `velocity` (n, 2) in units of space a unit of time: what moved them last, zero before the first
    step. `trail` (t, n, 2) are the recorded frames before, the oldest first. `note` says what stopped it, or what is to
    be said of its last step; mostly empty.
    """

    label: str
    points: Floats
    velocity: Floats
    trail: Floats
    note: str = ""


@dataclass(frozen=True)
class FlowPart:
    """All flows at a recorded frame.

    `target` (m, 2) are draws of the target. `steps` (f,) are the steps at which frames were recorded, the first of them
    0; `at` is the frame that is shown, counted from 0, and `live` whether instead the clouds are as they are now. When
    the record is full every other frame of it goes.
    """

    clouds: tuple[Cloud, ...]
    target: Floats
    home: Extent
    steps: Floats
    at: int
    live: bool


@dataclass(frozen=True)
class FlowCurvesPart:
    """Measurements along the flows from row `since` on.

    `rows` (k, 1 + flows · measures): the step, then of each flow each of `measures`, by the names of
    `schema.particles.MEASURES`; NaN where not measured. `notes` say how each is measured, by its name. `since` is 0
    where the flows began again.
    """

    since: int
    labels: tuple[str, ...]
    measures: tuple[str, ...]
    rows: Doubles
    notes: tuple[tuple[str, str], ...]
