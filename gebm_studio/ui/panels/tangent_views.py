"""φ with its tangent of slope v, and φ* with the point at v."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import TangentPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.labels import Label, Side
from gebm_studio.ui.panels.numbers import MINUS, short
from gebm_studio.ui.panels.primitives import Line
from gebm_studio.ui.panels.tangent_hand import Grip, SlopePlot
from gebm_studio.ui.panels.tangent_lines import Tangent, Tangents
from gebm_studio.ui.panels.tangent_marks import PointMarks, TangentMarks

REACH, ON_LINE = 12.0, 7.0
"""A point is held within so many pixels, a line within fewer."""
TOP, TOP_OF_CONJUGATE = 0.95, 0.9
"""Share of the samples of φ, and of φ*, that a picture has room for: near an end of a domain they may go to ∞."""
STEEP = 1.5
"""The others have room too, unless they make the picture so many times as high."""
OUTSIDE = 0.2
"""Room beyond an end of the domain of φ*, as a share of the domain."""
DEPTH = 0.7
"""How far below φ its picture reaches, as a share of the height of φ: there are the intercepts."""
BESIDE = 0.07
"""Room to the left of the vertical axis of φ, and around φ*, as a share of the picture."""
HANGS = 0.07
"""How far below φ a line hangs that touches nothing, as a share of the picture's height."""
NARROW = 150
"""In a picture narrower than this the number stands alone."""
AROUND: tuple[Side, ...] = ((-1, 1), (0, 2), (1, -1), (0, -2), (-1, 2), (1, -2))
BELOW: tuple[Side, ...] = ((1, -2), (-1, -2), (-1, -7), (1, -7))
"""Where the number of φ* may stand beside its point, and beside an arrow at the upper edge."""
SAMPLES = np.linspace(0.0, 1.0, 60)
"""Where along the picture words look whether they would lie on a line."""

Doubles = NDArray[np.float64]


class GeneratorPlot(SlopePlot):
    """φ, φ** on it, and the tangent: its line and the point where it touches can be held."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.tangent_marks = TangentMarks()
        super().__init__(self.tangent_marks, "φ with its tangent; the arrow keys turn it", parent)
        self.generator, self.biconjugate = Line(), Line()
        for item in (self.generator, self.biconjugate):
            self.add(item)
        self._part: TangentPart | None = None
        self.restyle(theme.current())

    def show_part(self, part: TangentPart, tangents: Tangents) -> None:
        """Draw the curves of a part."""
        self.begin(part)
        self._part, self.tangents = part, tangents
        u, height = part.u.astype(np.float64), part.generator.astype(np.float64)
        low, high = _range(height, TOP)
        right = float(u[-1]) if len(u) else 1.0
        left = min(float(u[0]) if len(u) else 0.0, -BESIDE * right)
        self.set_home((left, right, low - DEPTH * (high - low), high))
        _draw(self.generator, u, height, low, high)
        _draw(self.biconjugate, u, part.biconjugate.astype(np.float64), low, high)
        self.draw_axes()

    def show_tangent(self, tangent: Tangent) -> None:
        """Draw a tangent and write its intercept."""
        part, tangents = self._part, self.tangents
        if part is None or tangents is None:
            return
        left, right, bottom, top = self.extent
        self.tangent_marks.hanging = tangents.below(tangent.slope, left, right) - HANGS * (top - bottom)
        self.marks.show_tangent(tangent)
        intercept = self.tangent_marks.intercept
        if math.isnan(intercept):
            self.labels.set_labels()
            return
        name = f"{MINUS}φ*(v) = " if self.view.width() >= NARROW else ""
        text = f"{name}{short(-part.conjugate_there, 4)}"  # the engine's newest, in the hand or not
        below, above = ((1, -1), (1, -3)), ((1, 1), (1, 3))
        at = intercept if math.isfinite(tangent.conjugate) else -math.inf
        role = "text" if math.isfinite(tangent.conjugate) else "error"
        u = left + SAMPLES * (right - left)
        lines = [np.stack([u, tangent.slope * u + intercept], axis=1),
                 np.stack([u, np.interp(u, part.u, part.generator)], axis=1)]  # fmt: skip
        sides = below + above if tangent.slope >= 0 else above + below
        self.labels.set_labels(Label(text, 0.0, at, sides, role), avoid=np.concatenate(lines))

    def grip(self, spot: QPointF) -> Grip | None:
        tangent, intercept = self.marks.tangent, self.tangent_marks.intercept
        if tangent is None or math.isnan(intercept) or not self.view.sceneBoundingRect().contains(spot):
            return None
        if math.isfinite(tangent.touches):
            at = self.on_scene(tangent.touches, tangent.height)
            if math.hypot(at.x() - spot.x(), at.y() - spot.y()) <= REACH:
                return Grip(at)
        first, second = self.on_scene(0.0, intercept), self.on_scene(1.0, tangent.slope + intercept)
        along = second - first
        share = QPointF.dotProduct(spot - first, along) / QPointF.dotProduct(along, along)
        foot = first + along * share
        if math.hypot(foot.x() - spot.x(), foot.y() - spot.y()) > ON_LINE:
            return None
        return Grip(foot, self._side(tangent, share))

    def follow(self, at: QPointF, side: int) -> float:
        if self.tangents is None:
            return math.nan
        return self.tangents.slope_through(at.x(), at.y(), side) if side else self.tangents.slope_at(at.x())

    def read(self, at: tuple[float, float], tangent: Tangent) -> str:
        """The values at the sample nearest to a pointer."""
        part = self._part
        if part is None or not len(part.u):
            return ""
        place = int(np.argmin(np.abs(part.u - at[0])))
        u = float(part.u[place])
        said = [f"φ {short(float(part.generator[place]), 4)}", f"φ** {short(float(part.biconjugate[place]), 4)}"]
        if math.isfinite(tangent.conjugate):
            said.append(f"tangent {short(tangent.at(u), 4)}")
        return f"u = {short(u)}: " + " · ".join(said)

    def forget(self) -> None:
        super().forget()
        self._part = None
        for line in (self.generator, self.biconjugate):
            line.setData([], [])

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_part"):
            return
        self.generator.setPen(look.pen(look.first, 3.4))
        self.biconjugate.setPen(look.pen(look.second, 1.8, True))
        if self._part is not None:
            self.draw_axes()

    def _side(self, tangent: Tangent, u: float) -> int:
        """On which side of where it touches a tangent is held."""
        touches = tangent.touches
        if math.isnan(touches) and self.tangents is not None and self._part is not None:
            # It touches beyond the samples: below the slope at the middle to the left of them.
            middle = self.tangents.slope_at(float(np.median(self._part.u)))
            touches = math.inf if tangent.slope > middle else -math.inf
        return 1 if u > touches else -1


class ConjugatePlot(SlopePlot):
    """φ* over slopes, with the point at v: it and the line through it can be held."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.point_marks = PointMarks()
        super().__init__(self.point_marks, "φ* with the point at the slope v; the arrow keys move it", parent)
        self.conjugate = Line()
        self.add(self.conjugate)
        self._part: TangentPart | None = None
        self.restyle(theme.current())

    def show_part(self, part: TangentPart, tangents: Tangents) -> None:
        """Draw the curve of a part."""
        self.begin(part)
        self._part, self.tangents = part, tangents
        self.point_marks.domain = part.domain
        t, height = part.t.astype(np.float64), part.conjugate.astype(np.float64)
        low, high = _range(height, TOP_OF_CONJUGATE)
        left, right = (float(t[0]), float(t[-1])) if len(t) else (-1.0, 1.0)
        up = BESIDE * (high - low)
        before, after = (BESIDE if math.isinf(end) else OUTSIDE for end in part.domain)
        ends = left - before * (right - left), right + after * (right - left)
        self.set_home((*ends, low - up, high + up))
        _draw(self.conjugate, t, height, low, high)
        self.draw_axes()

    def show_tangent(self, tangent: Tangent) -> None:
        """Put the point to a slope and write how high it is."""
        part = self._part
        if part is None:
            return
        self.marks.show_tangent(tangent)
        if math.isnan(tangent.conjugate):
            self.labels.set_labels()
            return
        finite = math.isfinite(tangent.conjugate)
        text = f"{'φ*(v) = ' if self.view.width() >= NARROW else ''}{short(part.conjugate_there, 4)}"
        known = np.isfinite(part.conjugate)
        bottom, top = self.extent[2:]
        stem = np.stack([np.full(len(SAMPLES), tangent.slope), bottom + SAMPLES * (top - bottom)], axis=1)
        avoid = np.concatenate([np.stack([part.t[known], part.conjugate[known]], axis=1), stem])
        at = tangent.conjugate if finite else math.inf
        sides = AROUND if finite else BELOW
        self.labels.set_labels(Label(text, tangent.slope, at, sides, "text" if finite else "error"), avoid=avoid)

    def grip(self, spot: QPointF) -> Grip | None:
        tangent, room = self.marks.tangent, self.view.sceneBoundingRect()
        if tangent is None or not room.contains(spot):
            return None
        x = self.on_scene(tangent.slope, 0.0).x()
        return Grip(QPointF(x, spot.y())) if abs(min(max(x, room.left()), room.right()) - spot.x()) <= REACH else None

    def follow(self, at: QPointF, side: int) -> float:
        left, right, _, _ = self.extent
        return min(max(at.x(), left), right)

    def read(self, at: tuple[float, float]) -> str:
        """The value at the sample nearest to a pointer."""
        part = self._part
        if part is None or not len(part.t):
            return ""
        place = int(np.argmin(np.abs(part.t - at[0])))
        return f"t = {short(float(part.t[place]))}: φ* {short(float(part.conjugate[place]), 4)}"

    def forget(self) -> None:
        super().forget()
        self._part = None
        self.conjugate.setData([], [])

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_part"):
            return
        self.conjugate.setPen(look.pen(look.first, 3.4))
        if self._part is not None:
            self.draw_axes()


def _range(values: Doubles, share: float) -> tuple[float, float]:
    """Lowest and highest of all finite values and zero, but for the highest of them."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return -1.0, 1.0
    low, most, whole = float(finite.min()), float(np.quantile(finite, share)), float(finite.max())
    low, high = min(low, 0.0), max(whole if whole - low < STEEP * (most - low) else most, 0.0)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _draw(line: Line, x: Doubles, y: Doubles, low: float, high: float) -> None:
    """Draw a curve, cut far outside of a range; where it is infinite or nothing it has a gap."""
    known = np.isfinite(y)
    reach = 20.0 * (high - low)
    line.setData(x, np.clip(np.nan_to_num(y, nan=0.0), low - reach, high + reach),
                 connect=known & np.append(known[1:], False), antialias=True)  # fmt: skip
