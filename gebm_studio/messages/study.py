"""The part of a frame that shows several trainings side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.pictures import CurvesPart, DataPart

Interval = tuple[float, float, float]
"""A value with the ends of its 95 % interval; NaN where it was not or cannot be measured."""


@dataclass(frozen=True)
class LawScores:
    """What samples of one law score, by the names of `ComparePart.protocol`, and at which iteration; −1 for data."""

    law: Literal["gebm", "base", "data"]
    iteration: int
    values: tuple[tuple[str, Interval], ...]


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison.

    `law` tells what of it is judged; `changes` what it changes, as "path = value"; `stopped` why it stands still,
    empty while it goes on. `picture` is data space, as the run sees it, only when it was made anew; `curves` its
    rows from what the pull named.
    """

    label: str
    law: Literal["gebm", "base"]
    changes: tuple[str, ...]
    iteration: int
    stopped: str
    picture: DataPart | None
    curves: CurvesPart
    scores: tuple[LawScores, ...]


@dataclass(frozen=True)
class ComparePart:
    """Runs in lockstep, in the order of the preset; `front` is the one that the other panels show.

    `floor` is what the data score against themselves, None before it is known; `protocol` says how each
    score is measured, by its name, and `scoring` whether more are on their way.
    """

    runs: tuple[ComparedRun, ...]
    front: int
    floor: LawScores | None
    protocol: tuple[tuple[str, str], ...]
    scoring: bool
