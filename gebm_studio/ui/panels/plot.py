"""A quiet plot: few ticks, the theme's colours, a home that a double-click returns to."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsItem, QSizePolicy, QWidget

from gebm_studio.messages import Extent
from gebm_studio.ui import theme
from gebm_studio.ui.panels.crosshair import Crosshair
from gebm_studio.ui.panels.primitives import Axis

SMALL = 200
"""Pictures narrower than this many pixels, or lower than half as many, drop an axis for the picture's sake."""
LOW = 64
"""Charts keep their axes down to this height: without numbers they would say nothing."""


class Plot(pg.GraphicsView):  # type: ignore[misc]
    """One set of axes; x and y share one scale where `equal` is set, a right axis has a scale of its own.

    It is put together from pyqtgraph's view and axes: the library's own plot brings menus with tools
    that a person would lose the picture with, and that outlive the widget.
    """

    pointed = Signal(object)
    """(x, y) under the pointer, None once it leaves."""

    moved = Signal(object)
    """The extent that the person moved or zoomed the view to."""

    def __init__(self, equal: bool = False, right: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False, background=None)
        self.setFrameShape(self.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(64, 48)
        self._home: Extent = (-1.0, 1.0, -1.0, 1.0)
        self._touched = False
        self._equal = equal
        self.view = pg.ViewBox(lockAspect=equal, enableMenu=False, defaultPadding=0.0)
        self.view.disableAutoRange()
        self.crosshair = Crosshair()
        self.crosshair.setZValue(100)
        self.add(self.crosshair)
        sides = ("left", "bottom", "right") if right else ("left", "bottom")
        self._axes = {side: self._make_axis(side, equal) for side in sides}
        self._lay_out(equal)
        self.view.sigRangeChangedManually.connect(self._moved_by_hand)
        self.restyle(theme.current())
        self._show_home()

    def add(self, item: QGraphicsItem) -> None:
        """Put an item into the picture."""
        self.view.addItem(item, ignoreBounds=True)

    def axis(self, side: str) -> Axis:
        """The axis at a side."""
        return self._axes[side]

    @property
    def touched(self) -> bool:
        """Whether the person moved the view away from home."""
        return self._touched

    @property
    def extent(self) -> Extent:
        """What is visible: left, right, bottom, top."""
        (left, right), (bottom, top) = self.view.viewRange()
        return (left, right, bottom, top)

    def set_home(self, extent: Extent) -> None:
        """Where the view belongs; it goes there unless the person moved it."""
        left, right, bottom, top = extent
        if not (right > left and top > bottom):
            middle, centre = (left + right) / 2, (bottom + top) / 2
            half = max(right - left, top - bottom, 1.0) / 2
            extent = (middle - half, middle + half, centre - half, centre + half)
        if extent != self._home:
            self._home = extent
            if not self._touched:
                self._show_home()

    def go_home(self) -> None:
        """Return the view to where it belongs."""
        self._touched = False
        self._show_home()

    def go_to(self, extent: Extent) -> None:
        """Show an extent that another, linked plot shows."""
        self._touched = True
        self.view.setRange(xRange=extent[:2], yRange=extent[2:], padding=0)

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours and fonts of a theme."""
        self.setBackground(look.plot)
        for axis in self._axes.values():
            axis.setPen(look.pen(look.axis))
            axis.setTickPen(look.pen(look.axis))
            axis.setTextPen(look.pen(look.muted))
            axis.setTickFont(look.number_font)
        height = theme.line_height(look.number_font)
        self.axis("bottom").setHeight(height + 8)
        if self._equal:
            # Linked pictures have to be of one size; elsewhere an axis is as wide as its numbers.
            self.axis("left").setWidth(int(theme.text_width(look.number_font, "−00.0")) + 10)
        self.crosshair.set_pens(look.pen(look.axis, 1.0, True), look.pen(look.chains, 2.0))

    def show_axes(self) -> None:
        """Show the axes that there is room for."""
        tall, wide = self.height() >= (SMALL // 2 if self._equal else LOW), self.width() >= SMALL
        for side, axis in self._axes.items():
            wanted = tall and (wide or side == "bottom")
            if axis.isVisible() != wanted:
                # `show` and `hide` also give or take the axis its room, which `setVisible` does not.
                (axis.show if wanted else axis.hide)()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        # pyqtgraph calls this with None while it is being built.
        super().resizeEvent(event)
        if event is not None and hasattr(self, "_axes"):
            self.show_axes()
            if not self._touched:
                self._show_home()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        spot = self.mapToScene(event.position().toPoint())
        if self.view.sceneBoundingRect().contains(spot):
            at = self.view.mapSceneToView(spot)
            self.pointed.emit((float(at.x()), float(at.y())))
        else:
            self.pointed.emit(None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.go_home()
            self.moved.emit(None)
            event.accept()

    def pixels_between(self, first: tuple[float, float], second: tuple[float, float]) -> float:
        """Distance of two points on the screen."""
        a, b = (self.view.mapViewToScene(QPointF(*point)) for point in (first, second))
        return float(((a.x() - b.x()) ** 2 + (a.y() - b.y()) ** 2) ** 0.5)

    def _show_home(self) -> None:
        left, right, bottom, top = self._home
        self.view.setRange(xRange=(left, right), yRange=(bottom, top), padding=0, disableAutoRange=True)

    def _moved_by_hand(self, *_: object) -> None:
        self._touched = True
        self.moved.emit(self.extent)

    def _make_axis(self, side: str, equal: bool) -> Axis:
        axis = Axis(side)
        axis.enableAutoSIPrefix(False)
        axis.setStyle(tickLength=4, maxTickLevel=0, maxTextLevel=0, tickTextOffset=3, hideOverlappingLabels=equal)
        axis.setStyle(autoExpandTextSpace=True, autoReduceTextSpace=False)
        axis.setTickDensity(0.7)
        if side != "right":
            axis.linkToView(self.view)
        return axis

    def _lay_out(self, equal: bool) -> None:
        """The left axis in column 0, the view and the bottom axis in column 1, a right axis in column 2."""
        whole = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(whole)
        grid.setSpacing(0)
        # Room for the labels at the ends of the axes.
        above, beside = (0, 0) if equal else (theme.GRID, 0 if "right" in self._axes else 2 * theme.GRID + 4)
        grid.setContentsMargins(0, above, beside, 0)
        grid.addItem(self.view, 0, 1)
        grid.addItem(self._axes["left"], 0, 0)
        grid.addItem(self._axes["bottom"], 1, 1)
        if "right" in self._axes:
            grid.addItem(self._axes["right"], 0, 2)
        grid.setRowStretchFactor(0, 100)
        grid.setColumnStretchFactor(1, 100)
        self.setCentralItem(whole)
