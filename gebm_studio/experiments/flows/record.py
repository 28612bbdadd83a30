"""What the flows did since they began, in bounded memory: full, it drops every other frame and takes half as many."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gebm_studio.messages import Floats, frozen

FRAMES = 600
"""Frames at most."""
_POINTS = 2_000_000
"""Positions at most, over all frames and flows: 32 MB with their velocities."""
_FEWEST = 60


class Record:
    """Positions and velocities of all flows, each (flows, n, 2) float32, at some steps.

    Arguments:
        flows: How many flows there are.
        particles: n.
        every: Steps between two frames while the record is not thinned.
    """

    def __init__(self, flows: int, particles: int, every: int) -> None:
        self.every = every
        self.thinned = 1
        self.steps: list[int] = []
        self._most = max(_FEWEST, min(FRAMES, _POINTS // (flows * particles)))
        self._positions: list[Floats] = []
        self._velocities: list[Floats] = []

    def __len__(self) -> int:
        return len(self.steps)

    def is_due(self, step: int) -> bool:
        """Whether a frame of this step belongs into the record."""
        return step % (self.every * self.thinned) == 0

    def add(self, step: int, positions: Floats, velocities: Floats) -> None:
        """Take one frame."""
        if len(self) == self._most:
            for column in (self.steps, self._positions, self._velocities):
                del column[1::2]
            self.thinned *= 2
            if not self.is_due(step):
                return
        self.steps.append(step)
        self._positions.append(frozen(positions))
        self._velocities.append(frozen(velocities))

    def positions(self, at: int) -> Floats:
        """(flows, n, 2) of a frame, counted from 0."""
        return self._positions[at]

    def velocities(self, at: int) -> Floats:
        """Likewise."""
        return self._velocities[at]

    def trail(self, flow: int, end: int, frames: int) -> Floats:
        """Positions (t, n, 2) of a flow in the last t ≤ `frames` frames before frame `end`, the oldest first."""
        past = self._positions[max(0, end - frames) : end]
        return frozen(np.stack([positions[flow] for positions in past]) if past else self._nothing(flow))

    def _nothing(self, flow: int) -> Floats:
        return np.empty((0, *self._positions[0][flow].shape), dtype=np.float32)

    # What a file keeps.

    def tensors(self) -> dict[str, Tensor]:
        """Steps (f,), positions and velocities (f, flows, n, 2)."""
        arrays = {"positions": np.stack(self._positions), "velocities": np.stack(self._velocities)}
        return {"steps": torch.tensor(self.steps)} | {name: torch.from_numpy(x) for name, x in arrays.items()}

    def load(self, tensors: dict[str, Tensor], thinned: int) -> None:
        """Take back what `tensors` gave.

        Raises:
            KeyError, ValueError: Where it is of other flows.
        """
        steps = [int(step) for step in tensors["steps"]]
        positions, velocities = (tensors[name].cpu().numpy() for name in ("positions", "velocities"))
        if not positions.shape == velocities.shape == (len(steps), *self._positions[0].shape):
            raise ValueError(f"its frames have the shape {positions.shape}")
        self.steps, self.thinned = steps, thinned
        self._positions = [frozen(frame.copy()) for frame in positions]
        self._velocities = [frozen(frame.copy()) for frame in velocities]
