"""What the chains' last steps proposed: taken moves as lines, refused ones as crosses, and paths on the way."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen

from gebm_studio.messages import LatentPart
from gebm_studio.ui.panels.primitives import PointSet, Segments
from gebm_studio.ui.theme import Theme, mixed

AGES = 3
"""Frames that a move stays in the picture, fainter in each."""
FAR = 0.15
"""A proposal that lies farther away than this share of the view has no line: many of them would only hatch it."""
TAKEN, REFUSED, CROSSES = (0.8, 0.45, 0.25), (0.45, 0.25, 0.15), (0.95, 0.5, 0.25)
"""How strong lines and crosses are, the newest first."""

Spots = NDArray[np.float32]


class Crosses(PointSet):
    """Small crosses."""

    def _draw(self, painter: QPainter, x: float, y: float, radius: float) -> None:
        painter.setPen(QPen(painter.brush().color(), 0.45 * radius))
        painter.drawLine(QPointF(x - radius, y - radius), QPointF(x + radius, y + radius))
        painter.drawLine(QPointF(x - radius, y + radius), QPointF(x + radius, y - radius))


class Refused:
    """The refused proposals of the last steps as crosses that fade."""

    def __init__(self, size: float = 5.0) -> None:
        self.crosses = Crosses(size)
        self._steps: deque[Spots] = deque(maxlen=AGES)

    def add(self, spots: Spots) -> None:
        """Take the refused proposals (n, 2) of a new step."""
        self._steps.appendleft(spots)
        ages = np.repeat(np.arange(len(self._steps)), [len(step) for step in self._steps])
        # The oldest first, so that the newest lie on top.
        self.crosses.set_points(np.concatenate(self._steps)[::-1], ages[::-1].astype(np.intp))

    def forget(self) -> None:
        """Show none."""
        self._steps.clear()
        self.crosses.set_points(np.empty((0, 2)))

    def restyle(self, look: Theme) -> None:
        """Take the colours of a theme."""
        self.crosses.set_colours(shades(look, look.error, CROSSES))


class Proposals:
    """The moves of the last steps on a plane. Its items are `lines`, `refused.crosses` and `paths`."""

    def __init__(self) -> None:
        self.lines, self.paths, self.refused = Segments(), Segments(), Refused()
        self._steps: deque[tuple[NDArray[np.float64], NDArray[np.float64]]] = deque(maxlen=AGES)
        self._ways = np.empty((0, 4)), np.empty((0, 4))
        self._look: Theme | None = None

    def show_step(self, part: LatentPart) -> None:
        """Show a step that is newer than the last one shown."""
        moves = np.hstack([part.origins, part.proposals]).astype(np.float64)
        near = np.hypot(*(moves[:, 2:] - moves[:, :2]).T) <= FAR * (part.home[1] - part.home[0])
        winding = part.paths.shape[1]
        near[:winding] = False  # a straight line would tell of a way never gone
        self._steps.appendleft((moves[near & part.accepted], moves[near & ~part.accepted]))
        self.refused.add(part.proposals[~part.accepted])
        points = part.paths.transpose(1, 0, 2)
        ways = np.concatenate([points[:, :-1], points[:, 1:]], axis=2)
        taken = part.accepted[:winding]
        self._ways = ways[taken].reshape(-1, 4), ways[~taken].reshape(-1, 4)
        self._draw()

    def set_shown(self, proposals: bool, paths: bool) -> None:
        """What of it is drawn."""
        self.lines.setVisible(proposals)
        self.refused.crosses.setVisible(proposals)
        self.paths.setVisible(paths)

    def forget(self) -> None:
        """Show nothing."""
        self._steps.clear()
        self._ways = np.empty((0, 4)), np.empty((0, 4))
        self.refused.forget()
        self._draw()

    def restyle(self, look: Theme) -> None:
        """Take the colours of a theme."""
        self._look = look
        self.refused.restyle(look)
        self._draw()

    def _draw(self) -> None:
        look = self._look
        if look is None:
            return
        bands = []
        for which, (colour, strengths) in enumerate(((look.error, REFUSED), (look.chains, TAKEN))):
            faded = shades(look, colour, strengths)
            bands += [
                (step[1 - which], look.pen("#{:02x}{:02x}{:02x}".format(*faded[age]), 1.0 + 0.5 * which))
                for age, step in reversed(list(enumerate(self._steps)))
            ]
        self.lines.set_bands(bands)
        tones = (mixed(_ground(look), colour, 0.75) for colour in (look.chains, look.error))
        self.paths.set_bands([(way, look.pen(tone, 1.4)) for way, tone in zip(self._ways, tones, strict=True)])


def shades(look: Theme, colour: str, strengths: tuple[float, ...]) -> NDArray[np.uint8]:
    """A colour, mixed with the ground of a map, in the strengths of its ages, (n, 3)."""
    tones = [mixed(_ground(look), colour, strength) for strength in strengths]
    return np.array([[int(tone[i : i + 2], 16) for i in (1, 3, 5)] for tone in tones], dtype=np.uint8)


def _ground(look: Theme) -> str:
    return mixed(look.map_low, look.map_high, 0.5)
