"""Where the chains have been in the last frames, fading with age."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from gebm_studio.ui.panels.primitives import Segments
from gebm_studio.ui.theme import Theme, mixed

BANDS = 6
MOST = 128
"""Chains that leave a trail; more would only blacken the picture."""
FAR = 0.12
"""Moves longer than this share of the view leave no line: a straight one would tell of a way never gone."""


class Trails(Segments):
    """Lines through the last positions of each chain, in opaque bands from faint (old) to strong."""

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[NDArray[np.float32]] = deque(maxlen=9)
        self._colours: tuple[str, ...] = ()
        self._look: Theme | None = None
        self._farthest = float("inf")

    @property
    def length(self) -> int:
        """Frames that a trail lasts."""
        return (self._frames.maxlen or 1) - 1

    @property
    def held(self) -> int:
        """Frames held now."""
        return len(self._frames)

    def set_span(self, span: float) -> None:
        """The size of the view that moves are measured against."""
        self._farthest = FAR * span

    def set_length(self, frames: int) -> None:
        """How many frames a trail lasts; 0 means no trails."""
        if frames != self.length:
            self._frames = deque(self._frames, maxlen=frames + 1)
            self._show()

    def forget(self) -> None:
        """Begin all trails again."""
        self._frames.clear()
        self.set_bands([])

    def add(self, chains: NDArray[np.float32]) -> None:
        """Take the chains' newest positions (k, 2); a changed number of chains begins again."""
        chains = chains[:MOST]
        if self._frames and self._frames[-1].shape != chains.shape:
            self._frames.clear()
        # A frame in which nothing moved (paused, or only repainted) would eat the trail away.
        if not self._frames or not np.array_equal(self._frames[-1], chains, equal_nan=True):
            self._frames.append(chains)
            self._show()

    def restyle(self, look: Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        # Even the newest move is fainter than the chain itself, which shall be what the eye follows.
        ground = mixed(look.map_low, look.map_high, 0.5)
        self._colours = tuple(mixed(ground, look.chains, 0.6 * (band + 1) / BANDS) for band in range(BANDS))
        self._show()

    def _show(self) -> None:
        moves = len(self._frames) - 1
        if moves < 1 or self._look is None:
            self.set_bands([])
            return
        path = np.stack(self._frames)
        lines = np.concatenate([path[:-1], path[1:]], axis=2)
        near = np.hypot(lines[..., 2] - lines[..., 0], lines[..., 3] - lines[..., 1]) <= self._farthest
        # The newest move is in the last band, whatever the number of moves.
        band_of = BANDS - 1 - (np.arange(moves)[::-1] * BANDS) // max(self.length, 1)
        self.set_bands(
            [
                (lines[band_of == band][near[band_of == band]], self._look.pen(self._colours[band]))
                for band in range(BANDS)
                if (band_of == band).any()
            ]
        )
