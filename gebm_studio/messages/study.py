"""The parts of a frame that show several trainings: a comparison, and a grid of many."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparePart:
    """Runs in lockstep; `labels` in the order of the preset, `front` the one that the other panels show."""

    labels: tuple[str, ...]
    front: int


@dataclass(frozen=True)
class SweepPart:
    """How far a sweep is: trainings done of all."""

    done: int
    total: int
