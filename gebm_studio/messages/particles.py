"""Parts of a frame of particle flows."""

from __future__ import annotations

from dataclasses import dataclass

from gebm_studio.messages.arrays import Doubles, Extent, Floats


@dataclass(frozen=True)
class Cloud:
    """One flow at one recorded frame.

    `points` (n, 2), `velocity` (n, 2) in units of space a unit of time, `trail` (t, n, 2) the recorded frames before,
    the oldest first. `note` says what stopped it, where it did.
    """

    label: str
    points: Floats
    velocity: Floats
    trail: Floats
    note: str = ""


@dataclass(frozen=True)
class FlowPart:
    """All flows at a recorded frame.

    `target` (m, 2) are draws of the target. `steps` (f,) are the steps at which frames were recorded; `at` is the frame
    that is shown, counted from 0, and `live` whether it follows the flow.
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

    `rows` (k, 1 + flows · measures): the step, then of each flow each of `measures`; NaN where not measured. `notes`
    say how each is measured.
    """

    since: int
    labels: tuple[str, ...]
    measures: tuple[str, ...]
    rows: Doubles
    notes: tuple[tuple[str, str], ...]
