"""The little pictures of the race: a density with the chains on it, points in data space, or a few images."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Bytes, Extent, Floats
from gebm_studio.ui import theme
from gebm_studio.ui.panels.colours import map_table
from gebm_studio.ui.panels.image_grid import arranged
from gebm_studio.ui.panels.image_sheet import Sheet

DOTS = 1.6, 2.8
"""Sizes of a dot in the smallest and in the largest pictures."""
NOTHING: Floats = np.zeros((0, 0), dtype=np.float32)
NOWHERE: Floats = np.zeros((0, 2), dtype=np.float32)


class LittlePicture(QWidget):
    """Points (n, 2) on a density (h, w), or images (g, h, w), in colour (g, h, w, 3), in their place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._home: Extent = (-1.0, 1.0, -1.0, 1.0)
        self._points, self._behind = NOWHERE, NOWHERE
        self._density, self._highest = NOTHING, 0.0
        self._sheet = Sheet()

    @property
    def points(self) -> Floats:
        """The points in front."""
        return self._points

    @property
    def density(self) -> Floats:
        """The density below them."""
        return self._density

    @property
    def images(self) -> Bytes:
        """The images in place of points."""
        return self._sheet.images

    def show_points(self, points: Floats, home: Extent, behind: Floats = NOWHERE) -> None:
        """Show points, and others faintly behind them."""
        self._points, self._behind, self._home = points, behind, home
        self._sheet = Sheet()
        self.update()

    def show_density(self, density: Floats, highest: float) -> None:
        """Show a density; `highest` has the strongest colour, or height where the density is a line."""
        if density is not self._density or highest != self._highest:
            self._density, self._highest = density, highest
            self.update()

    def show_images(self, images: Bytes) -> None:
        """Show images in place of points."""
        self._sheet = self._sheet.showing(images)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.plot))
        if len(self._sheet):
            self._paint_images(painter)
        else:
            if self._density.size:
                (self._paint_line if len(self._density) == 1 else self._paint_density)(painter, look)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_dots(painter, self._behind, theme.mixed(look.data, look.plot, 0.5))
            self._paint_dots(painter, self._points, look.chains)
        painter.end()

    def _paint_density(self, painter: QPainter, look: theme.Theme) -> None:
        table = map_table(look, False)
        share = np.clip(self._density / max(self._highest, 1e-12), 0.0, 1.0)
        rgb = np.ascontiguousarray(table[(255 * np.sqrt(share[::-1])).astype(np.uint8)])
        height, width = rgb.shape[:2]
        # The image only borrows the array, which therefore has to outlive the drawing.
        image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self.rect()), image)

    def _paint_line(self, painter: QPainter, look: theme.Theme) -> None:
        heights = np.clip(self._density[0] / max(self._highest, 1e-12), 0.0, 1.0) * (self.height() - 6)
        across = np.linspace(0, self.width(), len(heights))
        edge = [QPointF(x, self.height() - y) for x, y in zip(across.tolist(), heights.tolist(), strict=True)]
        ends = [QPointF(self.width(), self.height()), QPointF(0, self.height())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.map_high))
        painter.drawPolygon(QPolygonF([*edge, *ends]))

    def _paint_dots(self, painter: QPainter, points: Floats, colour: str) -> None:
        left, right, bottom, top = self._home
        share = (points.astype(np.float64) - (left, bottom)) / (right - left, top - bottom)
        inside = np.all((share >= 0) & (share <= 1), axis=1)
        if len(self._density) == 1:  # on a line the second coordinate means nothing
            share[:, 1] = 2.0 / max(self.height(), 1)
        spots = share[inside] * (self.width(), -self.height()) + (0, self.height())
        pen = QPen(QColor(colour), min(max(self.height() / 18, DOTS[0]), DOTS[1]))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in spots.tolist()]))

    def _paint_images(self, painter: QPainter) -> None:
        sheet, ratio = self._sheet, self.devicePixelRatioF()
        grid = arranged(len(sheet), sheet.width, sheet.height, self.width(), self.height(), ratio)
        for place in range(min(len(sheet), grid.rows * grid.across)):
            sheet.paint(painter, place, grid.cell(place))
