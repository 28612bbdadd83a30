"""The part of a frame that shows a sweep: many small trainings, each with its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gebm_studio.messages.arrays import Doubles, Flags


class Counts(NamedTuple):
    """How many networks reach a threshold by the first method alone, the second alone, both or neither."""

    only_first: int
    only_second: int
    both: int
    neither: int


@dataclass(frozen=True)
class SweepPart:
    """The table of a sweep as far as it is filled.

    `rows` are the networks or the optimiser settings, `methods` the columns. Of each training scores, quality (both in
    %), found (share of modes) and diverged are (rows, repeats, methods), scores NaN where one is not done. means
    (rows, methods, 2) are the mean over repeats and half the width of its 95 % t-interval, NaN from fewer than two.
    `data_score` is the score of as many fresh draws of the data; `protocol` says what a score is.

    `done` of `total` trainings are done; `going` names the one under way, empty when all are done, and `part_done` is
    the share of it. Seconds of clock: `elapsed` since this process took the sweep up, `rest` about to go (NaN while
    nothing is known).
    """

    study: str
    rows: tuple[str, ...]
    methods: tuple[str, ...]
    scores: Doubles
    quality: Doubles
    found: Doubles
    diverged: Flags
    means: Doubles
    data_score: float
    protocol: str
    done: int
    total: int
    going: str
    part_done: float
    elapsed: float
    rest: float

    @property
    def tried(self) -> int:
        """Rows that every method has trained."""
        return int(np.isfinite(self.scores[:, 0]).all(axis=1).sum())

    def counts(self, threshold: float) -> Counts:
        """Of the rows tried, those with which the first two methods reach a score, by which of them."""
        scores = self.scores[:, 0, :2]
        first, second = (scores[np.isfinite(scores).all(axis=1)] >= threshold).T
        return Counts(
            int((first & ~second).sum()), int((~first & second).sum()),
            int((first & second).sum()), int((~first & ~second).sum()),
        )  # fmt: skip
