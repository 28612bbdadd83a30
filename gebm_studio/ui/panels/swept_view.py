"""The picture of swept curves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import SweptPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.bars_scale import Range, Span
from gebm_studio.ui.panels.measure_colours import LOOKS
from gebm_studio.ui.panels.primitives import Axis, Line
from gebm_studio.ui.panels.swept_axes import Axes, cut, heights
from gebm_studio.ui.panels.swept_cursor import Marker
from gebm_studio.ui.panels.swept_hand import CursorPlot
from gebm_studio.ui.panels.swept_inset import InsetPicture
from gebm_studio.ui.panels.swept_marks import STRIP, Infinite, Marks
from gebm_studio.ui.panels.table import log_ticks

MOST = 12
"""Curves at most, as the schema allows."""
STALE = 90
"""Opacity, of 255, of a curve that is being computed anew."""
ROOM = {"left": 20, "bottom": 44}
"""Pixels that a number of a logarithmic axis needs."""
TITLED = 170
"""Height from which the axis says what it is."""


class SweptView(CursorPlot):
    """Curves, the strip for ∞, the running point and the inset."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves = [Line() for _ in range(MOST)]
        self.diagonal = Line()
        self.marks, self.inset = Marks(), InsetPicture()
        items: tuple[Any, ...] = (self.diagonal, *self.curves, self.marks, self.inset)
        for item in items:
            self.add(item)
        self._span = Span()
        self._heights: Range = (0.0, 1.0)
        self._strip = False
        self._kind: tuple[object, ...] = ()
        for side in ("left", "bottom"):
            _count_in_decades(self.axis(side), ROOM[side])
        self.restyle(theme.current())

    # What is shown

    def show_part(self, part: SweptPart, logarithmic: bool, at: float) -> None:
        """Draw curves; the line stands at the parameter `at`, where the hand may hold it already."""
        axes = Axes(part, logarithmic, logarithmic)
        if not axes.against:
            axes = Axes(part, part.logarithmic, logarithmic)
        self.axes, self.at = axes, at
        kind = (part.parameter, axes.against, axes.logarithmic_x, axes.logarithmic_y)
        if kind != self._kind:
            self._begin(kind, axes)
        needed = heights(axes)
        self._span.need(needed or ())
        if part.done >= 1 and not self.held:
            self._span.settle()
        self._heights = self._span.range or (0.0, 1.0)
        # The strip stays once it was needed: curves would jump whenever the last ∞ comes or goes.
        infinite = [*part.now, *(value for curve in part.curves for value in curve.values[np.isinf(curve.values)][:1])]
        self._strip = self._strip or any(value == math.inf for value in infinite)
        self._fit()
        self._draw()

    def forget(self) -> None:
        """Show nothing of the last run."""
        self.let_go()
        self.axes, self._kind, self._strip = None, (), False
        self._span.forget()
        for line in (*self.curves, self.diagonal):
            line.setData([], [])
        self.marks.show([], False, "", 1.0)
        self.cursor_line.show_line(math.nan)
        self.cursor_line.show_markers([])
        self.inset.show(None, np.empty((0, 2)), QRectF(), 0.0)
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "marks"):
            return
        self.diagonal.setPen(look.pen(look.muted, 1.2, True))
        for item in (self.marks, self.cursor_line, self.inset):
            item.restyle(look)
        self._draw()

    def _begin(self, kind: tuple[object, ...], axes: Axes) -> None:
        """Take other axes: what was seen of the last ones says nothing of these."""
        self._kind, self._strip = kind, False
        self._span.forget()
        self.axis("left").setLogMode(axes.logarithmic_y)
        self.axis("bottom").setLogMode(axes.logarithmic_x)
        self.go_home()

    def _fit(self) -> None:
        """Leave the strip its room above the curves."""
        if self.axes is None:
            return
        left, right, low, high = self.axes.home(self._heights)
        strip, room = STRIP + 3 if self._strip else 0.0, max(self.view.height(), 4 * STRIP)
        low -= 0.02 * (high - low) if low < 0 or self.axes.logarithmic_y else 0.0
        self.set_home((left, right, low, high + (high - low) * strip / (room - strip)))

    def _draw(self) -> None:
        axes, look = self.axes, theme.current()
        if axes is None:
            return
        part, (left, right, low, high) = axes.part, axes.home(self._heights)
        x = axes.x(part.horizontal)
        infinite: list[Infinite] = []
        for place, line in enumerate(self.curves):
            if place >= len(part.curves):
                line.setData([], [])
                continue
            curve = part.curves[place]
            measure = LOOKS[curve.name]
            tone = measure.colour(look)
            y = axes.y(curve.values)
            infinite.append(Infinite(tone, x, y, measure.dashed))
            known = np.isfinite(x) & np.isfinite(y)
            joined = np.append(known[:-1] & known[1:], True)
            line.setData(cut(x, left, right), cut(y, low, high), connect=joined, antialias=True)
            pen = look.pen(tone, 2.0, measure.dashed)
            line.setPen(pen if curve.fresh else look.pen(theme.mixed(tone, look.plot, 1 - STALE / 255), 2.0, True))
        ends = np.array([max(left, low), min(right, high)]) if axes.against else np.empty(0)
        self.diagonal.setData(ends, ends)
        self.marks.show(infinite, self._strip, f"y = {part.horizontal_label}" if axes.against else "", part.done)
        self._name_axis()
        self.move_line(self.at)
        self.cursor_line.show_markers(self._markers(axes, look))
        self._show_inset()

    def _name_axis(self) -> None:
        """Write below the axis what it is, where there is height enough."""
        if self.axes is None:
            return
        look, axis, roomy = theme.current(), self.axis("bottom"), self.height() >= TITLED
        line = theme.line_height(look.number_font)
        axis.setLabel(self.axes.part.horizontal_label if roomy else None, color=look.muted)
        axis.label.setFont(look.text_font)
        axis.showLabel(roomy)
        axis.setHeight((2 * line if roomy else line) + theme.GRID)

    def _markers(self, axes: Axes, look: theme.Theme) -> list[Marker]:
        part = axes.part
        x = float(axes.x(part.now_horizontal))
        markers = [
            Marker(
                x, float(axes.y(value)), LOOKS[curve.name].colour(look), LOOKS[curve.name].dashed, self.marks.lane(lane)
            )
            for lane, (curve, value) in enumerate(zip(part.curves, part.now, strict=True))
        ]
        return [Marker(x, x, look.muted, hollow=True), *markers] if axes.against else markers

    def _show_inset(self) -> None:
        if self.axes is None:
            return
        part, x = self.axes.part, self.axes.x(self.axes.part.horizontal)
        spots = [np.stack([x, self.axes.y(curve.values)], axis=1) for curve in part.curves]
        left, right, bottom, top = self.extent
        if self.axes.against:
            line = np.linspace(max(left, bottom), min(right, top), len(x))
            spots.append(np.stack([line, line], axis=1))
        every = np.concatenate(spots)
        every = every[np.isfinite(every).all(axis=1)]
        room = self.view.sceneBoundingRect()
        scale = np.array([room.width() / (right - left), -room.height() / (top - bottom)])
        pixels = (every - np.array([left, top])) * scale + np.array([room.left(), room.top()])
        self.inset.show(part.inset, pixels, room, STRIP if self._strip else 0.0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if hasattr(self, "marks"):
            self._name_axis()
            self._fit()
            self._show_inset()


def _count_in_decades(axis: Axis, room: int) -> None:
    """Let a logarithmic axis have few round numbers, written out; the library's own would lie over each other."""
    usual = axis.tickValues

    def values(low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        if not axis.logMode:
            return usual(low, high, size)
        places = [place for place, _ in log_ticks(low, high)[0] if low <= place <= high]
        if len(places) * room > size:
            places = [place for place in places if place == round(place)] or places[:1]
        return [(1.0, places)]

    axis.tickValues = values
    axis.logTickStrings = lambda places, _scale, _spacing: [f"{10.0**place:.4g}" for place in places]
