"""What the chains did lately, in arrays of fixed size that are cheap to publish."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Doubles, Floats, Ints

ROUNDS = 600
SHOWN = 24


class History:
    """The last `ROUNDS` rounds of steps: step counts, means over chains, modes of the first `SHOWN` chains."""

    def __init__(self) -> None:
        self._count = 0
        self._steps = np.zeros(ROUNDS, dtype=np.float64)
        self._means = np.zeros((ROUNDS, 2), dtype=np.float32)
        self._modes = np.full((ROUNDS, SHOWN), -1, dtype=np.int32)
        self._chains = 0

    def append(self, step: int, mean_energy: float, kinetic_temperature: float, modes: NDArray[np.int64]) -> None:
        """Add one round; `modes` (n,) of the first chains, n ≤ `SHOWN`, empty where the target names none.

        With another number of chains the rows of before would mean other chains: their modes are forgotten.
        """
        if len(modes) != self._chains:
            self._modes[:] = -1
            self._chains = len(modes)
        row = self._count % ROUNDS
        self._steps[row] = step
        self._means[row] = mean_energy, kinetic_temperature
        self._modes[row, : self._chains] = modes
        self._count += 1

    @property
    def steps(self) -> Doubles:
        """Sampler steps at the end of each round, (t,), oldest first."""
        return self._steps[self._order()]

    @property
    def mean_energy(self) -> Floats:
        """Mean of E(G(z)) over all chains, (t,)."""
        means: Floats = self._means[self._order(), 0]
        return means

    @property
    def kinetic_temperature(self) -> Floats:
        """⟨|v|²⟩/d, (t,), NaN for samplers without velocities."""
        temperatures: Floats = self._means[self._order(), 1]
        return temperatures

    @property
    def modes(self) -> Ints:
        """The mode that each shown chain was last in, (t, k′), −1 for none yet."""
        return self._modes[self._order(), : self._chains]

    def _order(self) -> NDArray[np.int64]:
        kept = min(self._count, ROUNDS)
        return np.arange(self._count - kept, self._count) % ROUNDS
