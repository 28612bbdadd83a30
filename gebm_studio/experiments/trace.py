"""What chains did since they began, in bounded memory: full, it drops every second draw and takes half as many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Doubles, Floats

TRACED = 64
"""Chains of which each draw is kept; the mean energy is kept over all."""
DRAWS = 1000
"""Draws of each chain that are kept at most, evenly spread over all steps."""


class Trace:
    """Draws of E(G(z)) and of the first latent coordinates, thinned evenly.

    Row i belongs to step (i + 1) · `stride`: after each `stride` steps the owner adds a draw.

    Arguments:
        chains: The number of chains N; of the first k = min(N, `TRACED`) each draw is kept.
    """

    def __init__(self, chains: int) -> None:
        self.stride = 1
        self.chains = chains
        self._count = 0
        kept = min(chains, TRACED)
        self._energy: Floats = np.zeros((DRAWS, kept), dtype=np.float32)
        self._plane: Floats = np.zeros((DRAWS, kept, 2), dtype=np.float32)
        self._means: Doubles = np.zeros((DRAWS, 3), dtype=np.float64)
        self._width = 2

    def __len__(self) -> int:
        return self._count

    def add(self, energies: Floats, plane: Floats, cost: float, acceptance: float) -> None:
        """One draw: E(G(z)) (N,), latents (N, 1 or 2), the cost so far, the mean acceptance since the last draw."""
        kept, self._width = self._energy.shape[1], plane.shape[1]
        row = self._count
        self._energy[row] = energies[:kept]
        self._plane[row, :, : self._width] = plane[:kept]
        with np.errstate(invalid="ignore"):  # ∞ − ∞, of chains that have flown off
            self._means[row] = energies.mean(dtype=np.float64), cost, acceptance
        self._count += 1
        if self._count == DRAWS:
            half = DRAWS // 2
            for table in (self._energy, self._plane, self._means):
                table[:half] = table[1::2]
            self._count, self.stride = half, 2 * self.stride

    def first(self, burn_in: int) -> int:
        """The first row after so many steps."""
        return min(burn_in // self.stride, self._count)

    def energies(self, burn_in: int) -> Floats:
        """E(G(z)) after so many steps, (k, n)."""
        return self._energy[self.first(burn_in) : self._count].T

    def coordinates(self, burn_in: int) -> list[Floats]:
        """The first one or two latent coordinates after so many steps, each (k, n)."""
        used = self._plane[self.first(burn_in) : self._count]
        return [used[:, :, axis].T for axis in range(self._width)]

    def plane(self, burn_in: int) -> NDArray[np.float32]:
        """All latents after so many steps, (k · n, 1 or 2)."""
        used = self._plane[self.first(burn_in) : self._count, :, : self._width]
        return used.reshape(-1, self._width)

    def means(self, burn_in: int) -> tuple[float, float, float]:
        """The mean energy of all chains, what the used steps cost a chain, and the mean acceptance; NaN for none."""
        row = self.first(burn_in)
        if row >= self._count:
            return (float("nan"),) * 3
        before = self._means[row - 1, 1] if row else 0.0
        used = self._means[row : self._count]
        return float(used[:, 0].mean()), float(used[-1, 1] - before), float(used[:, 2].mean())
