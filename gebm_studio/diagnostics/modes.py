"""Which mode each chain is in, how often it changed, and how much time the chains spent in each."""

from __future__ import annotations

import torch
from torch import Tensor


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
        self._visits = torch.zeros(len(centres), dtype=torch.int64, device=centres.device)
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
    def occupancy(self) -> Tensor:
        """Share (K,) of all chain updates spent in each mode, float32; zeros before any chain has found one."""
        return self._visits / self._visits.sum().clamp_min(1)

    @property
    def updates(self) -> int:
        """How often `update` was called."""
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
        self._hops = self._hops + ((now != self._mode) & (self._mode >= 0))
        self._mode = now
        # Shifted by one, so that chains without a mode fall into a bin that is dropped.
        self._visits = self._visits + torch.bincount(now + 1, minlength=len(self._visits) + 1)[1:]
        self._updates += 1

    def restart(self) -> None:
        """Forget everything: all chains begin without a mode."""
        self._mode = torch.full_like(self._mode, -1)
        self._hops = torch.zeros_like(self._hops)
        self._visits = torch.zeros_like(self._visits)
        self._updates = 0

    def resize(self, chains: int) -> None:
        """Go on with another number of chains: the first ones keep their state, new ones begin without a mode."""
        kept = min(chains, len(self._mode))
        mode, hops = self._mode[:kept], self._hops[:kept]
        self._mode = torch.cat([mode, mode.new_full((chains - kept,), -1)])
        self._hops = torch.cat([hops, hops.new_zeros(chains - kept)])

    def state(self) -> dict[str, Tensor]:
        """All that `load` needs: copies that later updates leave alone."""
        updates = torch.tensor(self._updates, dtype=torch.int64)
        return {
            "mode": self._mode.clone(),
            "hops": self._hops.clone(),
            "visits": self._visits.clone(),
            "updates": updates,
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Continue from a state, which decides the number of chains.

        Raises:
            KeyError: For a missing entry.
            ValueError: For a state of other modes, or one that does not fit together.
        """
        mode, hops, visits = state["mode"], state["hops"], state["visits"]
        if visits.shape != self._visits.shape or mode.ndim != 1 or mode.shape != hops.shape:
            raise ValueError(
                f"the state is of {tuple(visits.shape)} modes and {tuple(mode.shape)} chains "
                f"with {tuple(hops.shape)} hops; {tuple(self._visits.shape)} modes are tracked"
            )
        if len(mode) and (int(mode.min()) < -1 or int(mode.max()) >= len(visits)):
            raise ValueError(f"the state names modes outside of −1 to {len(visits) - 1}")
        device = self.centres.device
        self._mode, self._hops, self._visits = (part.to(device, torch.int64).clone() for part in (mode, hops, visits))
        self._updates = int(state["updates"])
