"""The handles of two laws: where each stands, how wide it is, how it is turned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QTransform

from gebm_studio.ui.panels.primitives import Item
from gebm_studio.ui.theme import Theme

Name = Literal["p", "q"]
Grip = Literal["at", "width", "angle"]
NAMES: tuple[Name, Name] = ("p", "q")

ROW, LOW_ROW = 20.0, 13.0
"""Pixels of the row that each law has at the foot of a picture of the line, and of one that is low."""
REACH = 11.0
"""A handle is held within so many pixels."""
APART = 17.0
"""Handles of the width stand at least so many pixels from the centre, else they could not be told from it."""
BEYOND = 22.0
"""The handle of the angle stands so many pixels beyond that of the width."""
RADIUS = 5.5
BAR = 6.0


@dataclass(frozen=True)
class Stand:
    """Where the handles of a law are: its place, and width and angle where it has them, else NaN.

    The width is a length on the picture; the angle is that of the first axis, which the width is measured along.
    """

    x: float
    y: float = 0.0
    width: float = math.nan
    angle: float = math.nan

    @property
    def axis(self) -> tuple[float, float]:
        """The direction of the first axis."""
        angle = 0.0 if math.isnan(self.angle) else self.angle
        return math.cos(angle), math.sin(angle)


@dataclass(frozen=True)
class Spot:
    """A handle in pixels; `side` tells the two handles of a width apart, +1 on the side that the angle points to."""

    law: Name
    grip: Grip
    at: QPointF
    side: int = 0


class Handles(Item):
    """A circle for the place, two bars for the width and a ring for the angle, for each law in its colour.

    On the line (`in_rows`) each law has a row of its own at the foot of the picture, so that handles never lie on each
    other or on the curves; in the plane they stand where the law does.
    """

    def __init__(self, in_rows: bool) -> None:
        super().__init__()
        self.setZValue(80)
        self._in_rows = in_rows
        self._stands: dict[Name, Stand] = {}
        self._colours: dict[Name, QColor] = {name: QColor() for name in NAMES}
        self._rim, self._accent = QColor(), QColor()
        self.chosen: Name = "q"
        self._hot: tuple[Name, Grip] | None = None

    @property
    def hot(self) -> tuple[Name, Grip] | None:
        """The law and the handle under the pointer, or in the hand."""
        return self._hot

    def stand(self, name: Name) -> Stand | None:
        """Where a law stands, None before the first frame."""
        return self._stands.get(name)

    def set_stand(self, name: Name, stand: Stand | None) -> None:
        """Put the handles of a law in their places, or away."""
        if stand == self._stands.get(name):
            return
        if stand is None:
            del self._stands[name]
        else:
            self._stands[name] = stand
        self.update()

    def choose(self, name: Name) -> None:
        """Mark the law that the keyboard moves."""
        self.chosen = name
        self.update()

    def heat(self, hot: tuple[Name, Grip] | None) -> None:
        """Show a handle as being under the pointer."""
        if hot != self._hot:
            self._hot = hot
            self.update()

    def restyle(self, look: Theme) -> None:
        """Take the colours of a theme."""
        self._colours = {"p": QColor(look.data), "q": QColor(look.base)}
        self._rim, self._accent = QColor(look.plot), QColor(look.accent)
        self.update()

    def find(self, spot: QPointF) -> Spot | None:
        """The handle at a place of the scene; where two are as near, the chosen law's."""
        view = self.getViewBox()
        place = view.childTransform() * view.sceneTransform()
        found = [one for name in NAMES for one in self._spots(name, place)]

        def far(one: Spot) -> float:
            distance = math.hypot(one.at.x() - spot.x(), one.at.y() - spot.y())
            return distance - (1.0 if one.law == self.chosen else 0.0)

        best = min(found, key=far, default=None)
        return best if best is not None and far(best) <= REACH else None

    def spot(self, name: Name, grip: Grip, side: int = 1) -> QPointF:
        """Where a handle is in the scene.

        Raises:
            KeyError: Where the law has no such handle.
        """
        view = self.getViewBox()
        for one in self._spots(name, view.childTransform() * view.sceneTransform()):
            if one.grip == grip and one.side in (0, side):
                return one.at
        raise KeyError(grip)

    def paint(self, painter: QPainter, *_: Any) -> None:
        if self.exporting:
            return
        place = painter.worldTransform()
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name in sorted(NAMES, key=lambda name: name == self.chosen):
            self._paint(painter, name, self._spots(name, place), place.mapRect(self.boundingRect()).height())
        painter.restore()

    def _spots(self, name: Name, place: QTransform) -> list[Spot]:
        """The handles of a law in the pixels that a transform leads to."""
        stand = self._stands.get(name)
        if stand is None or not (math.isfinite(stand.x) and math.isfinite(stand.y)):
            return []
        centre = place.map(QPointF(stand.x, stand.y))
        across, up = stand.axis
        if self._in_rows:
            view = place.mapRect(self.boundingRect())
            centre.setY(view.bottom() - row_height(view.height()) * (1.5 if name == "p" else 0.5))
            across, up = 1.0, 0.0
        spots = [Spot(name, "at", centre)]
        if math.isfinite(stand.width):
            ahead = QPointF(across, -up)
            apart = max(abs(stand.width) * abs(place.m11()), APART)
            spots += [Spot(name, "width", centre + ahead * (side * apart), side) for side in (-1, 1)]
            if math.isfinite(stand.angle) and not self._in_rows:
                spots.append(Spot(name, "angle", centre + ahead * (apart + BEYOND)))
        return spots

    def _paint(self, painter: QPainter, name: Name, spots: list[Spot], height: float) -> None:
        if not spots:
            return
        colour, centre = self._colours[name], spots[0].at
        far = spots[1:]
        if far:
            ahead = far[1].at - far[0].at
            bar = BAR if not self._in_rows else min(BAR, 0.35 * row_height(height))
            across = QPointF(-ahead.y(), ahead.x()) * (bar / math.hypot(ahead.x(), ahead.y()))
            stem = self._pens(colour, 1.4)
            for pen in stem:
                painter.setPen(pen)
                painter.drawLine(far[0].at, far[-1].at)
            for one in far[:2]:
                for pen in self._pens(colour, 5.0 if self._hot == (name, "width") else 3.4):
                    painter.setPen(pen)
                    painter.drawLine(one.at - across, one.at + across)
            for one in far[2:]:
                hot = self._hot == (name, "angle")
                self._circle(painter, one.at, 5.5 if hot else 4.5, self._rim, QPen(colour, 2.2))
        hot = self._hot == (name, "at")
        ring = self._accent if name == self.chosen and self._is_at_hand() else self._rim
        self._circle(painter, centre, RADIUS + (1.5 if hot else 0.0), colour, QPen(ring, 2.0))

    def _is_at_hand(self) -> bool:
        """Whether the keyboard moves the chosen law now."""
        view = self.getViewWidget()
        return view is not None and view.hasFocus()

    def _pens(self, colour: QColor, width: float) -> tuple[QPen, QPen]:
        """A pen of the ground and a thinner one of the law, so that a line stands out from anything."""
        pens = QPen(self._rim, width + 2.0), QPen(colour, width)
        for pen in pens:
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        return pens

    def _circle(self, painter: QPainter, at: QPointF, radius: float, fill: QColor, pen: QPen) -> None:
        painter.setPen(pen)
        painter.setBrush(QBrush(fill))
        painter.drawEllipse(at, radius, radius)


def row_height(height: float) -> float:
    """Pixels of a row of handles in a picture of so many."""
    return min(ROW, max(LOW_ROW, 0.1 * height))


def strip_below(height: float, top: float) -> float:
    """How far below zero a picture of the line reaches, so that two rows of handles fit under its axis.

    Arguments:
        height: Pixels of the picture.
        top: What is shown at its upper edge.
    """
    strip = 2 * row_height(height) + 4
    return top * strip / max(height - strip, strip)


def row_middles(rect: QRectF, height: float) -> NDArray[np.float64]:
    """Where the rows of P and Q are on a picture of so many pixels that shows a rectangle."""
    return rect.top() + np.array([1.5, 0.5]) * row_height(height) * rect.height() / max(height, 1.0)
