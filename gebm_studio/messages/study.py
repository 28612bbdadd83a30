"""The part of a frame that shows several trainings side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.pictures import CurvesPart, DataPart


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


@dataclass(frozen=True)
class ComparePart:
    """Runs in lockstep, in the order of the preset; `front` is the one that the other panels show."""

    runs: tuple[ComparedRun, ...]
    front: int
