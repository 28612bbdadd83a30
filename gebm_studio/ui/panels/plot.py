"""A quiet plot: few ticks, the theme's colours, a home that a double-click returns to."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import Extent
from gebm_studio.ui import theme
from gebm_studio.ui.panels.primitives import Axis, Crosshair

SMALL = 200
"""Plots narrower than this many pixels, or lower than half as many, drop an axis for the picture's sake."""


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """One set of axes; x and y share one scale where `equal` is set."""

    pointed = Signal(object)
    """(x, y) under the pointer, None once it leaves."""

    moved = Signal(object)
    """The extent that the person moved or zoomed the view to."""

    def __init__(self, equal: bool = False, parent: QWidget | None = None) -> None:
        axes = {side: Axis(side) for side in ("left", "bottom", "right", "top")}
        super().__init__(parent=parent, background=None, axisItems=axes)
        for side in ("right", "top"):
            self.hideAxis(side)
        self.setFrameShape(self.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(64, 48)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.equal = equal
        self._home: Extent = (-1.0, 1.0, -1.0, 1.0)
        self._touched = False
        self.view: pg.ViewBox = self.getPlotItem().vb
        self.view.disableAutoRange()
        self.view.setAspectLocked(equal)
        self.view.setDefaultPadding(0.0)
        self.crosshair = Crosshair()
        self.crosshair.setZValue(100)
        self.addItem(self.crosshair, ignoreBounds=True)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=4, maxTickLevel=0, maxTextLevel=0, tickTextOffset=3, hideOverlappingLabels=equal)
            axis.setTickDensity(0.7)
        self.view.sigRangeChangedManually.connect(self._moved_by_hand)
        if not equal:
            # Room for the labels at the ends of the axes.
            self.getPlotItem().setContentsMargins(0, theme.GRID, theme.GRID, 0)
        self.restyle(theme.current())
        self._show_home()

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
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(look.pen(look.axis))
            axis.setTickPen(look.pen(look.axis))
            axis.setTextPen(look.pen(look.muted))
            axis.setTickFont(look.number_font)
        height = theme.line_height(look.number_font)
        self.getAxis("bottom").setHeight(height + 8)
        self.getAxis("left").setWidth(int(theme.text_width(look.number_font, "−00.00")) + 10)
        self.crosshair.set_pens(look.pen(look.axis, 1.0, True), look.pen(look.chains, 2.0))

    def show_axes(self, left: bool = True, bottom: bool = True) -> None:
        """Show or hide the axes; small plots have none."""
        tall, wide = self.height() >= SMALL // 2, self.width() >= SMALL
        for side, wanted in (("left", left and tall and wide), ("bottom", bottom and tall)):
            if self.getAxis(side).isVisible() != wanted:
                self.showAxis(side, wanted)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        # pyqtgraph calls this with None while it is being built.
        super().resizeEvent(event)
        if event is not None and hasattr(self, "view"):
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
