"""What the chains did lately, in arrays of fixed size that are cheap to publish."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Doubles, Floats, Ints

ROUNDS = 600
SHOWN = 24
PLANE = 2
"""Coordinates of the latents that are kept."""
_NO_LATENTS: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)
_NO_MODES: NDArray[np.int64] = np.empty(0, dtype=np.int64)


class Round(NamedTuple):
    """One round of steps: numbers at its end, and what it took.

    steps: steps of each chain since their start. cost: gradient evaluations of each chain in this round.
    kinetic_temperature, spread and acceptance are NaN where there is none. Of the first n ≤ `SHOWN` chains:
    energies (n,), latents (n, w) their first w ≤ `PLANE` coordinates, modes (n,) (−1 for none yet, empty where
    the target names none). walkers (K,): which walker of the first chain stands on each rung of a ladder, empty
    without one.
    """

    steps: int
    cost: float
    mean_energy: float
    kinetic_temperature: float
    spread: float
    acceptance: float
    energies: NDArray[np.float32]
    latents: NDArray[np.float32] = _NO_LATENTS
    modes: NDArray[np.int64] = _NO_MODES
    walkers: NDArray[np.int64] = _NO_MODES


class History:
    """The last `ROUNDS` rounds, and since which of them one law and one algorithm made them all."""

    def __init__(self) -> None:
        self._count = 0
        self._fresh = 0
        self._steps = np.zeros(ROUNDS, dtype=np.float64)
        self._cost = np.zeros(ROUNDS, dtype=np.float64)
        self._numbers = np.zeros((ROUNDS, 4), dtype=np.float32)
        self._energies: NDArray[np.float32] = np.zeros((ROUNDS, 0), dtype=np.float32)
        self._latents: NDArray[np.float32] = np.zeros((ROUNDS, 0), dtype=np.float32)
        self._modes: NDArray[np.int32] = np.zeros((ROUNDS, 0), dtype=np.int32)
        self._walkers: NDArray[np.int32] = np.zeros((ROUNDS, 0), dtype=np.int32)

    def append(self, new: Round) -> None:
        """Add one round.

        With another number of chains or rungs the rows of before would mean other ones: they are forgotten.
        """
        self._energies = _as_wide(self._energies, new.energies, math.nan)
        self._latents = _as_wide(self._latents, new.latents.ravel(), math.nan)
        self._modes = _as_wide(self._modes, new.modes, -1)
        self._walkers = _as_wide(self._walkers, new.walkers, -1)
        row = self._count % ROUNDS
        self._steps[row], self._cost[row] = new.steps, new.cost
        self._numbers[row] = new.mean_energy, new.kinetic_temperature, new.spread, new.acceptance
        self._latents[row] = new.latents.ravel()
        self._energies[row], self._modes[row], self._walkers[row] = new.energies, new.modes, new.walkers
        self._count += 1

    def mark(self) -> None:
        """Tell that what comes is of another law or algorithm than what was."""
        self._fresh = self._count

    @property
    def version(self) -> tuple[int, int]:
        """How many rounds there were, and how many of them before the last mark."""
        return self._count, self._fresh

    @property
    def steps(self) -> Doubles:
        """Sampler steps at the end of each round, (t,), oldest first."""
        return self._steps[self._order()]

    @property
    def mean_energy(self) -> Floats:
        """Mean of E(G(z)) over all chains, (t,)."""
        return self._column(0)

    @property
    def kinetic_temperature(self) -> Floats:
        """⟨|v|²⟩/d, (t,), NaN for samplers without velocities."""
        return self._column(1)

    @property
    def spread(self) -> Floats:
        """Variance of the latents over the chains, mean over coordinates, (t,), NaN for one chain."""
        return self._column(2)

    @property
    def trace(self) -> Floats:
        """E(G(z)) of each shown chain, (t, k′), NaN before there were so many chains."""
        return self._energies[self._order()]

    @property
    def modes(self) -> Ints:
        """The mode that each shown chain was last in, (t, k′), −1 for none yet."""
        return self._modes[self._order()]

    # Since the mark.

    @property
    def acceptance(self) -> Floats:
        """Mean acceptance of each round since the mark, (t,), NaN for samplers that do not choose."""
        return self._column(3, since_mark=True)

    @property
    def draws(self) -> dict[str, NDArray[np.float32]]:
        """E(G(z)), z₁ and z₂ of each shown chain in each round since the mark, (k′, t) each: draws of one law."""
        order = self._order(since_mark=True)
        energies = self._energies[order]
        chains = energies.shape[1]
        width = self._latents.shape[1] // chains if chains else 0
        latents = self._latents[order].reshape(len(order), chains, width)
        columns = {"E": energies} | {f"z{'₁₂'[place]}": latents[..., place] for place in range(width)}
        return {name: np.ascontiguousarray(column.T) for name, column in columns.items()}

    @property
    def cost(self) -> float:
        """Gradient evaluations of each chain in the rounds since the mark that are still here."""
        return float(self._cost[self._order(since_mark=True)].sum())

    @property
    def every(self) -> float:
        """Steps from one round to the next since the mark, NaN before there are two."""
        steps = self._steps[self._order(since_mark=True)]
        return float(steps[-1] - steps[0]) / (len(steps) - 1) if len(steps) > 1 else math.nan

    @property
    def walkers(self) -> Ints:
        """Which walker of the first chain stood on each rung in each round since the mark, (t, K)."""
        return self._walkers[self._order(since_mark=True)]

    def _column(self, place: int, since_mark: bool = False) -> Floats:
        column: Floats = self._numbers[self._order(since_mark), place]
        return column

    def _order(self, since_mark: bool = False) -> NDArray[np.int64]:
        first = max(self._count - ROUNDS, self._fresh if since_mark else 0)
        return np.arange(first, self._count) % ROUNDS


def _as_wide(rows: NDArray[Any], row: NDArray[Any], nothing: float) -> NDArray[Any]:
    """The rows, or new ones that hold nothing where they have another width than `row`."""
    return rows if rows.shape[1] == len(row) else np.full((ROUNDS, len(row)), nothing, dtype=rows.dtype)
