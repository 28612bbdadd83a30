"""The part of a frame that shows several trainings side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparePart:
    """Runs in lockstep; `labels` in the order of the preset, `front` the one that the other panels show."""

    labels: tuple[str, ...]
    front: int
