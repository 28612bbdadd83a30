"""Which mode each chain is in, how often it changed, how long it stayed, and where the chains spent their time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

DWELL_EDGES = tuple(2**power for power in range(25))
"""Edges of the bins in which stays are counted by their length in updates; the last bin has no upper end."""


class ModeTracker:
    """Follows chains from mode to mode.

    A chain belongs to a mode once it is within `radius` of its centre, and still belongs to it until it
    reaches the core of another: to wander out and back is no hop.

    Arguments:
        centres: Centres (K, D) of the modes, K ≥ 1.
        radius: Radius of each core, positive.
        chains: Number of chains N.

    Raises:
        ValueError: For centres that are not (K, D), or a radius that is not positive.
    """

    def __init__(self, centres: Tensor, radius: float, chains: int) -> None:
        if centres.ndim != 2 or not len(centres):
            raise ValueError(f"centres must be (K, D) with K from 1, got {tuple(centres.shape)}")
        if not radius > 0:
            raise ValueError(f"radius must be positive, got {radius}")
        self.centres, self.radius = centres, radius
        self._mode = torch.full((chains,), -1, dtype=torch.int64, device=centres.device)
        self._hops = torch.zeros_like(self._mode)
        self._age = torch.zeros_like(self._mode)
        self._visited = torch.zeros(chains, len(centres), dtype=torch.bool, device=centres.device)
        self._edges = torch.tensor(DWELL_EDGES[1:-1], dtype=torch.int64, device=centres.device)
        self._visits = torch.zeros(len(centres), dtype=torch.int64, device=centres.device)
        self._dwell = torch.zeros(len(DWELL_EDGES) - 1, dtype=torch.int64, device=centres.device)
        self._updates = 0

    @property
    def mode(self) -> Tensor:
        """The mode (N,) that each chain was last in, −1 for none yet."""
        return self._mode

    @property
    def hops(self) -> Tensor:
        """How often each chain (N,) changed its mode; to find the first is no change."""
        return self._hops

    @property
    def visited(self) -> Tensor:
        """How many modes each chain (N,) has been in."""
        return self._visited.sum(1)

    @property
    def occupancy(self) -> Tensor:
        """Share (K,) of all chain updates spent in each mode, float32; zeros before any chain has found one."""
        return self._visits / self._visits.sum().clamp_min(1)

    @property
    def dwell(self) -> Tensor:
        """Completed stays by length, in bins between `DWELL_EDGES`."""
        return self._dwell

    @property
    def mean_dwell(self) -> float:
        """Updates in any mode per completed stay; infinite before the first one ended, NaN before any began.

        Stays that still last count in the numerator, without which the mean would be too small: for
        exponential stays this is the maximum likelihood.
        """
        inside, ended = int(self._visits.sum()), int(self._dwell.sum())
        return inside / ended if ended else math.inf if inside else math.nan

    @property
    def updates(self) -> int:
        """How many updates are counted."""
        return self._updates

    def update(self, x: Tensor) -> None:
        """Take the chains' new positions.

        Arguments:
            x: Positions (N, D). A chain with a NaN keeps its mode.

        Raises:
            ValueError: For another number of chains or dimensions.
        """
        if x.shape != (len(self._mode), self.centres.shape[1]):
            wanted = (len(self._mode), self.centres.shape[1])
            raise ValueError(f"update needs positions {wanted}, got {tuple(x.shape)}")
        distance, nearest = torch.cdist(x.detach().to(self.centres), self.centres).min(dim=1)
        now = torch.where(distance <= self.radius, nearest, self._mode)
        moved = now != self._mode
        hopped = (moved & (self._mode >= 0)).long()
        inside = (now >= 0).long()
        self._dwell = self._dwell.index_add(0, torch.bucketize(self._age, self._edges, right=True), hopped)
        found = now.clamp(min=0)
        self._visits = self._visits.index_add(0, found, inside)
        place = found.unsqueeze(1)
        self._visited = self._visited.scatter(1, place, self._visited.gather(1, place) | (now >= 0).unsqueeze(1))
        self._age = torch.where(moved, inside, self._age + inside)
        self._hops = self._hops + hopped
        self._mode = now
        self._updates += 1

    def count_anew(self) -> None:
        """Begin all counts at zero; the chains stay in their modes."""
        self._hops, self._age = torch.zeros_like(self._hops), torch.zeros_like(self._age)
        self._visits, self._dwell = torch.zeros_like(self._visits), torch.zeros_like(self._dwell)
        self._visited = torch.zeros_like(self._visited)
        self._updates = 0

    def restart(self) -> None:
        """Forget everything: all chains begin without a mode."""
        self._mode = torch.full_like(self._mode, -1)
        self.count_anew()

    def resize(self, chains: int) -> None:
        """Go on with another number of chains: the first ones keep their state, new ones begin without a mode."""
        kept = min(chains, len(self._mode))
        fresh = self._mode.new_zeros(chains - kept)
        self._mode = torch.cat([self._mode[:kept], fresh - 1])
        self._hops = torch.cat([self._hops[:kept], fresh])
        self._age = torch.cat([self._age[:kept], fresh])
        none = self._visited.new_zeros(chains - kept, len(self.centres))
        self._visited = torch.cat([self._visited[:kept], none])

    def state(self) -> dict[str, Tensor]:
        """All that `load` needs: copies that later updates leave alone."""
        updates = torch.tensor(self._updates, dtype=torch.int64)
        return {
            "mode": self._mode.clone(),
            "hops": self._hops.clone(),
            "age": self._age.clone(),
            "visited": self._visited.clone(),
            "visits": self._visits.clone(),
            "dwell": self._dwell.clone(),
            "updates": updates,
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Continue from a state, which decides the number of chains.

        Raises:
            KeyError: For a missing entry.
            ValueError: For a state of other modes, or one that does not fit together.
        """
        mode, hops, age, visits, dwell = (state[name] for name in ("mode", "hops", "age", "visits", "dwell"))
        visited = state["visited"]
        if visits.shape != self._visits.shape or mode.ndim != 1 or not mode.shape == hops.shape == age.shape:
            raise ValueError(
                f"the state is of {tuple(visits.shape)} modes and {tuple(mode.shape)} chains "
                f"with {tuple(hops.shape)} hops; {tuple(self._visits.shape)} modes are tracked"
            )
        if visited.shape != (len(mode), len(visits)):
            raise ValueError(f"the state says of {tuple(visited.shape)} chains and modes who was where")
        if dwell.shape != self._dwell.shape:
            raise ValueError(f"the state counts stays in {tuple(dwell.shape)} bins, not {tuple(self._dwell.shape)}")
        if len(mode) and (int(mode.min()) < -1 or int(mode.max()) >= len(visits)):
            raise ValueError(f"the state names modes outside of −1 to {len(visits) - 1}")
        device = self.centres.device
        self._mode, self._hops, self._age, self._visits, self._dwell = (
            part.to(device, torch.int64).clone() for part in (mode, hops, age, visits, dwell)
        )
        self._visited = visited.to(device, torch.bool).clone()
        self._updates = int(state["updates"])
