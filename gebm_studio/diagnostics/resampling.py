"""The bootstrap of distances between several laws' features and those of the same held-out images."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics.intervals import UNKNOWN, shifted
from gebm_studio.messages import Interval

Features = NDArray[np.float64]
"""Rows of features, (n, k)."""

FEWEST = 20
"""Resamples below which percentiles say nothing."""


@dataclass(frozen=True)
class Bootstrap:
    """Distances of laws to held-out images, and what resamples of both gave.

    values: by law. drawn: by law (B,); resample b of every law met the same resample of the held-out images, and those
    of laws that were paired the same places of both.
    """

    values: dict[str, float]
    drawn: dict[str, NDArray[np.float64]]

    def interval(self, law: str, least: float = -math.inf) -> Interval:
        """The distance of a law with its 95 % interval at these n: what other draws of them would give."""
        return shifted(self.values[law], self.drawn[law], least)

    def difference(self, law: str, other: str) -> Interval:
        """What the distance of `law` has more than that of `other`, paired: the same held-out images for both."""
        return shifted(self.values[law] - self.values[other], self.drawn[law] - self.drawn[other])

    def ratio(self, law: str, other: str) -> Interval:
        """100 times the ratio of two distances, paired: below 100 where the difference of the same two is below zero.

        Resamples are shifted before they are divided: an excess that both distances share would draw each ratio
        towards 100 and make the interval too narrow. `UNKNOWN` where a distance is not above zero.
        """
        above, below = (self.values[name] + self.drawn[name] - self.drawn[name].mean() for name in (law, other))
        if not (min(self.values[law], self.values[other]) > 0 and (below > 0).all() and np.isfinite(above).all()):
            return UNKNOWN
        low, high = np.percentile(100 * above / below, [2.5, 97.5])
        return 100 * self.values[law] / self.values[other], max(0.0, float(low)), max(0.0, float(high))


Pieces = Generator[None, None, Bootstrap]
"""Work that gives way between small pieces."""


def checked(real: Features, laws: Mapping[str, Features], paired: tuple[str, ...], resamples: int) -> None:
    """Refuse features that cannot be compared.

    Raises:
        ValueError: For fewer than two rows, widths that differ, numbers that are not finite, paired laws of unequal
            length, or too few resamples.
    """
    if resamples < FEWEST:
        raise ValueError(f"resamples must be {FEWEST} or more, got {resamples}")
    for name, rows in {"held-out": real, **laws}.items():
        if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] != real.shape[1]:
            raise ValueError(f"{name}: two or more rows of {real.shape[-1]} features are needed, got {rows.shape}")
        if not np.isfinite(rows).all():
            raise ValueError(f"{name}: {int((~np.isfinite(rows)).sum())} features are not finite")
    if len({len(laws[name]) for name in paired}) > 1:
        raise ValueError(f"paired laws must be as long: {', '.join(f'{name} {len(laws[name])}' for name in paired)}")


class Counts:
    """How often each row is met in a resample: of the held-out rows, of paired laws together, and of each other law.

    Arguments:
        sizes: Rows of the held-out images and of each law, by name; the first is that of the held-out ones.
        paired: Laws whose rows are drawn together.
    """

    def __init__(self, sizes: Mapping[str, int], paired: tuple[str, ...], rng: np.random.Generator) -> None:
        self._sizes, self._paired, self._rng = sizes, paired, rng

    def draw(self) -> dict[str, NDArray[np.float64]]:
        """The counts (n,) of one more resample, by name."""
        found: dict[str, NDArray[np.float64]] = {}
        for name, n in self._sizes.items():
            together = next((found[other] for other in self._paired if name in self._paired and other in found), None)
            found[name] = self._drawn(n) if together is None else together
        return found

    def _drawn(self, n: int) -> NDArray[np.float64]:
        return np.bincount(self._rng.integers(n, size=n), minlength=n).astype(np.float64)
