"""Two laws in the plane: points and level lines with handles, over a map of what stands between them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gebm_studio.messages import LawShown, Map, PairPart
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import map_table, ramp
from gebm_studio.ui.panels.contours import density_lines
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.handle_plot import HandlePlot
from gebm_studio.ui.panels.handles import NAMES, Name
from gebm_studio.ui.panels.image import MapImage
from gebm_studio.ui.panels.legend import ColourKey
from gebm_studio.ui.panels.numbers import short, vector
from gebm_studio.ui.panels.primitives import PointSet, Segments

SIGNED = ("witness", "critic")
"""Maps of functions whose sign, where they have both, tells which law has more, as that of the log ratio always."""
DRAW = 0.62
"""Size of a draw beside that of an atom."""
INNER = 1.0
"""A law is held by its body within so many widths of its place."""


class FieldMap(MapImage):
    """A map whose colours part above from below zero, where its sign means something."""

    def show_map(self, new: Map, look: theme.Theme) -> None:
        if is_signed(new):
            limit = max(abs(new.levels[0]), abs(new.levels[1]))
            new = replace(new, levels=(-limit, limit))
        super().show_map(new, look)

    def table(self, look: theme.Theme) -> NDArray[np.uint8]:
        if self.map is not None and is_signed(self.map):
            return signed_table(look)
        return map_table(look, low_is_likely=False)


def is_signed(shown: Map) -> bool:
    """Whether the colours of a map part above from below zero."""
    return shown.name == "log_ratio" or (shown.name in SIGNED and shown.levels[0] < 0)


@cache
def signed_table(look: theme.Theme) -> NDArray[np.uint8]:
    """256 colours from blue, where Q has more, through the ground to orange, where P has more."""
    ends = (theme.mixed(colour, look.plot, 0.3) for colour in (look.less, look.more))
    low, high = ends
    return ramp((low, look.plot, high), 256)


class ShortKey(ColourKey):
    """A colour scale that fits into a narrow panel beside a long name."""

    WIDTH = 44


class PairPlanePlot(HandlePlot):
    """The picture of both laws in the plane."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(equal=True, parent=parent)
        self.legend = FlowBar()
        self.key = ShortKey(self.legend)
        self.key.hide()
        self.map = FieldMap()
        self.lines: dict[Name, Segments] = {name: Segments() for name in NAMES}
        self.points: dict[Name, PointSet] = {name: PointSet(6.0) for name in NAMES}
        self.add(self.map)
        for items in (self.points, self.lines):
            for item in items.values():
                self.add(item)
        self._part: PairPart | None = None
        self.restyle(theme.current())

    def show_part(self, part: PairPart, held: bool) -> None:
        """Draw a part; while the hand holds a law, the picture stands still."""
        if not held or self._part is None:
            self.set_home(part.home)
        self._part = part
        look = theme.current()
        if part.map is None:
            self.map.forget()
        else:
            self.map.show_map(part.map, look)
        self._show_key(part.below_label)
        for name, role in zip(NAMES, (look.data, look.base), strict=True):
            law: LawShown = getattr(part, name)
            lines = np.empty((0, 4)) if law.contour is None else density_lines(law.contour)
            self.lines[name].set_bands([(lines, look.pen(role, 1.6))])
            self.show_points(name, law.points, law.atoms)

    def show_points(self, name: Name, points: NDArray[np.floating], atoms: bool) -> None:
        """Draw points (n, 2) of a law; atoms carry its mass and are larger than draws."""
        if points.ndim != 2 or points.shape[1] != 2:
            points = np.empty((0, 2))
        self.points[name].set_points(points, scales=None if atoms else np.full(len(points), DRAW))

    def read(self, at: tuple[float, float]) -> str:
        """The values of the picture's cell under a pointer, computed at its middle, which they are said with."""
        part = self._part
        if part is None:
            return ""
        maps = (("p", part.p.contour), ("q", part.q.contour), (part.below_label, part.map))
        texts, place = [], at
        for name, shown in maps:
            cell = None if shown is None else _cell(shown, at)
            if cell is not None:
                value, place = cell
                texts.append(f"{name} {short(value)}")
        return f"{vector(place)}: " + " · ".join(texts) if texts else vector(at)

    def body(self, at: QPointF, spot: QPointF) -> Name | None:
        reach = {}
        for name in NAMES:
            stand = self.handles.stand(name)
            if stand is not None and stand.width > 0:
                reach[name] = float(np.hypot(at.x() - stand.x, at.y() - stand.y)) / stand.width
        best = min(reach, key=lambda name: (reach[name], name != self.handles.chosen), default=None)
        return best if best is not None and reach[best] <= INNER else None

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._part = None
        self.let_go()
        self.map.forget()
        self.key.hide()
        for name in NAMES:
            self.lines[name].set_bands([])
            self.points[name].set_points(np.empty((0, 2)))
            self.handles.set_stand(name, None)
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_part"):
            return
        self.map.restyle(look)
        for name, role in zip(NAMES, (look.data, look.base), strict=True):
            self.points[name].set_colours(role, rim=look.plot)
            self.lines[name].set_bands([(lines, look.pen(role, 1.6)) for lines, _ in self.lines[name].bands])
        if self._part is not None:
            self._show_key(self._part.below_label)

    def _show_key(self, label: str) -> None:
        shown = self.map.map
        if shown is not None:
            table = self.map.table(theme.current())
            self.key.show_scale(label, table, *self.map.shown_levels, signed=is_signed(shown))
            self.key.setToolTip(shown.note)
        self.key.setVisible(shown is not None)


def _cell(shown: Map, at: tuple[float, float]) -> tuple[float, tuple[float, float]] | None:
    """The value of a map's cell and the middle of the cell, None outside of the map."""
    height, width = shown.values.shape
    left, right, bottom, top = shown.extent
    across, up = (at[0] - left) / (right - left), (at[1] - bottom) / (top - bottom)
    if not (0 <= across < 1 and 0 <= up < 1):
        return None
    column, row = int(across * width), int(up * height)
    middle = left + (column + 0.5) * (right - left) / width, bottom + (row + 0.5) * (top - bottom) / height
    return float(shown.values[row, column]), middle


class PairPlaneView(QWidget):
    """The picture with its legend.

    Signals:
        pointed: (x, y) under the pointer, None once it leaves.
    """

    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = PairPlanePlot()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.plot.legend)
        column.addWidget(self.plot, 1)
        self.plot.pointed.connect(self._point)

    def _point(self, at: tuple[float, float] | None) -> None:
        self.plot.crosshair.point_at(at)
        self.pointed.emit(at)
