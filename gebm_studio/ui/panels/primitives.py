"""Thousands of points or lines in one item, drawn by one call.

Qt takes a C array of points or lines in one call; from Python that is the address of a numpy
array. This keeps 4,000 points under a millisecond, where an object for each would take tens.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph as pg
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF, QTransform

from gebm_studio.ui.theme import on_page

Table = NDArray[np.uint8]
_MARGIN = 2


class Item(pg.GraphicsObject):  # type: ignore[misc]
    """An item that may draw anywhere in its view, and so never has to measure its contents."""

    def boundingRect(self) -> QRectF:
        rect = self.viewRect()
        return QRectF() if rect is None else QRectF(rect)

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewTransformChanged()  # which forgets the rectangle of the view as it was

    def dataBounds(self, axis: int, frac: float = 1.0, orthoRange: Any = None) -> tuple[None, None]:
        """Nothing: views are never fitted to items here."""
        return (None, None)

    @property
    def exporting(self) -> bool:
        """Whether a picture is being written: then shapes are smooth and stay vectors."""
        return self._exportOpts is not False


class PointSet(Item):
    """Round points of one size, of one colour or of colours from a table, with an optional rim."""

    def __init__(self, size: float) -> None:
        super().__init__()
        self._size = size
        self._points = np.empty((0, 2))
        self._shades: NDArray[np.intp] | None = None
        self._scales: NDArray[np.float64] | None = None
        self._table: Table = np.zeros((1, 3), dtype=np.uint8)
        self._rim: QColor | None = None
        self._atlas: QPixmap | None = None
        self._ratio = 0.0

    @property
    def points(self) -> NDArray[np.float64]:
        """What is drawn, (n, 2)."""
        return self._points

    @property
    def shades(self) -> NDArray[np.intp] | None:
        """The row of the colour table of each point, None where all have the first."""
        return self._shades

    def set_size(self, size: float) -> None:
        """Change the size of all points, in device-independent pixels."""
        if size != self._size:
            self._size, self._atlas = size, None
            self.update()

    def set_colours(self, table: Table | str, rim: str | None = None) -> None:
        """One colour, or a table (k, 3) that shades point into; the rim parts points from a busy ground."""
        if isinstance(table, str):
            table = np.array([QColor(table).getRgb()[:3]], dtype=np.uint8)  # type: ignore[index]
        self._table, self._rim, self._atlas = table, QColor(rim) if rim else None, None
        self.update()

    def set_points(
        self,
        points: NDArray[Any],
        shades: NDArray[np.intp] | None = None,
        scales: NDArray[Any] | None = None,
    ) -> None:
        """Show points (n, 2), each with its row of the colour table and its size relative to the others."""
        finite = np.isfinite(points).all(axis=1)
        if not finite.all():
            points = points[finite]
            shades = None if shades is None else shades[finite]
            scales = None if scales is None else scales[finite]
        self._points = points.astype(np.float64)
        self._shades = shades
        self._scales = None if scales is None else scales.astype(np.float64)
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        if not len(self._points):
            return
        place = painter.worldTransform()
        spots = _mapped(place, self._points)
        painter.save()
        painter.setWorldTransform(QTransform())
        if self.exporting:
            self._paint_shapes(painter, spots)
        else:
            self._paint_sprites(painter, spots)
        painter.restore()

    def _paint_sprites(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        ratio = painter.device().devicePixelRatioF()
        if self._atlas is None or ratio != self._ratio:
            self._atlas, self._ratio = self._sprites(ratio), ratio
        side = self._atlas.height()
        fragments = np.empty((len(spots), 10))
        fragments[:, 0:2] = spots
        fragments[:, 2] = 0.0 if self._shades is None else self._shades * side
        fragments[:, 3] = 0.0
        fragments[:, 4:6] = side
        fragments[:, 6] = (1.0 if self._scales is None else self._scales) / ratio
        fragments[:, 7] = fragments[:, 6]
        fragments[:, 8] = 0.0
        fragments[:, 9] = 1.0
        first: Any = shiboken6.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
        painter.drawPixmapFragments(first, len(fragments), self._atlas)

    def _paint_shapes(self, painter: QPainter, spots: NDArray[np.float64]) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._rim, 1.0) if self._rim else Qt.PenStyle.NoPen)
        shades = np.zeros(len(spots), dtype=np.intp) if self._shades is None else self._shades
        radii = np.full(len(spots), self._size / 2)
        if self._scales is not None:
            radii *= self._scales
        for row in np.unique(shades):
            painter.setBrush(QColor(*map(int, self._table[row])))
            chosen = shades == row
            for (x, y), radius in zip(spots[chosen].tolist(), radii[chosen].tolist(), strict=True):
                self._draw(painter, x, y, radius)

    def _sprites(self, ratio: float) -> QPixmap:
        """One round picture for each colour, side by side; smooth, at the cost of drawing it once."""
        side = int(np.ceil((self._size + _MARGIN) * ratio))
        atlas = QPixmap(side * len(self._table), side)
        atlas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(atlas)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._rim, ratio) if self._rim else Qt.PenStyle.NoPen)
        radius = self._size * ratio / 2
        for place, colour in enumerate(self._table):
            painter.setBrush(QColor(*map(int, colour)))
            self._draw(painter, (place + 0.5) * side, side / 2, radius)
        painter.end()
        return atlas

    def _draw(self, painter: QPainter, x: float, y: float, radius: float) -> None:
        """One point with the painter's pen and brush."""
        painter.drawEllipse(QPointF(x, y), radius, radius)


class Segments(Item):
    """Straight lines in a few bands, each of one pen, later bands over earlier ones."""

    def __init__(self) -> None:
        super().__init__()
        self._bands: list[tuple[NDArray[np.float64], QPen]] = []

    @property
    def bands(self) -> list[tuple[NDArray[np.float64], QPen]]:
        """What is drawn: lines (n, 4) as x₁, y₁, x₂, y₂ with their pen."""
        return self._bands

    def set_bands(self, bands: list[tuple[NDArray[Any], QPen]]) -> None:
        """Show bands of lines (n, 4); lines with a part that is not finite are left out."""
        self._bands = [(_finite_lines(lines), pen) for lines, pen in bands]
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        bands = self._bands
        if self.exporting:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            place = painter.worldTransform()
            bands = [(_mapped(place, a.reshape(-1, 2)).reshape(-1, 4), on_page(pen)) for a, pen in bands]
            painter.setWorldTransform(QTransform())
        for lines, pen in bands:
            if len(lines):
                painter.setPen(pen)
                first: Any = shiboken6.wrapInstance(lines.ctypes.data, QLineF)
                painter.drawLines(first, len(lines))


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis that an export shows whole.

    The SVG writer overlooks that a clip has ended; without one of its own an axis would be cut off by
    the clip of whatever was drawn before it.
    """

    def paint(self, painter: QPainter, *args: Any) -> None:
        if self._exportOpts is not False:
            painter.setClipRect(self.boundingRect().adjusted(-2, -2, 2, 2))
        super().paint(painter, *args)


class Line(pg.PlotCurveItem):  # type: ignore[misc]
    """A curve that an export gets in the coordinates of the page.

    Elsewhere pens keep their width under any zoom, but many readers of SVG do not know how.
    """

    def __init__(self) -> None:
        super().__init__(skipFiniteCheck=True)

    def paint(self, painter: QPainter, *args: Any) -> None:
        if self._exportOpts is False:
            super().paint(painter, *args)
            return
        x, y = self.getData()
        if x is None or not len(x):
            return
        place = painter.worldTransform()
        points = [QPointF(*spot) for spot in _mapped(place, np.stack([x, y], axis=1)).tolist()]
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        level = self.opts["fillLevel"]
        if level is not None and self.opts["brush"] is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.opts["brush"])
            ends = [] if level == "enclosed" else [place.map(QPointF(float(x[i]), float(level))) for i in (-1, 0)]
            painter.drawPolygon(QPolygonF([*points, *ends]))
        if self.opts["pen"] is not None:
            painter.setPen(on_page(self.opts["pen"]))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for piece in self._pieces(points):
                painter.drawPolyline(QPolygonF(piece))
        painter.restore()

    def _pieces(self, points: list[QPointF]) -> list[list[QPointF]]:
        """The points between gaps, which a row of flags leaves where it is false."""
        joined = self.opts["connect"]
        if isinstance(joined, str):
            return [points]
        ends = [0, *(np.flatnonzero(~joined) + 1).tolist(), len(points)]
        return [points[first:last] for first, last in pairwise(ends)]


def crowded(count: int) -> NDArray[np.float64] | None:
    """Sizes for so many chains: many are drawn smaller, so that they do not hide all else."""
    return np.full(count, max(0.5, (96 / count) ** 0.5)) if count > 96 else None


def _mapped(place: QTransform, points: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = points[:, 0], points[:, 1]
    return np.stack(
        [x * place.m11() + y * place.m21() + place.dx(), x * place.m12() + y * place.m22() + place.dy()], axis=1
    )


def _finite_lines(lines: NDArray[Any]) -> NDArray[np.float64]:
    whole = np.isfinite(lines).all(axis=1)
    return np.ascontiguousarray(lines if whole.all() else lines[whole], dtype=np.float64)
