"""Panels as files: PNG, SVG or PDF by suffix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QPointF, QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from gebm_studio.files import written_aside
from gebm_studio.ui import theme
from gebm_studio.ui.panels.panel import Panel

SUFFIXES = (".png", ".svg", ".pdf")
MARGIN = theme.GRID


def export_panel(panel: Panel, path: Path, scale: float = 1.0) -> None:
    """Write the picture of a panel with its legend, with smooth lines; the buttons are left out.

    Arguments:
        panel: The panel as it stands.
        path: Where to; its suffix says the format.
        scale: Pixels of a PNG, or size of an SVG or PDF, for each pixel of the window.

    Raises:
        ValueError: Where the suffix is none of .png, .svg, .pdf.
        OSError: Where the file cannot be written; what stood there before stays.
    """
    makers = {".png": _png, ".svg": _svg, ".pdf": _pdf}
    suffix = path.suffix.lower()
    if suffix not in makers:
        raise ValueError(f"{path.name}: a panel is written as {', '.join(SUFFIXES)}, not as {suffix or 'no suffix'}")
    figure = panel.figure()
    with _exporting(figure):
        contents = makers[suffix](figure, scale)
    # The bytes are complete before the file is opened: Qt's own writers hide a full disk.
    with written_aside(path) as aside:
        aside.write_bytes(contents)


def _png(figure: QWidget, scale: float) -> bytes:
    size = _size(figure)
    image = QImage(size * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    _paint(figure, image)
    buffer, data = _buffer()
    # The stubs ask for bytes, which the binding refuses.
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OSError("the picture could not be encoded as PNG")
    return bytes(data.data())


def _svg(figure: QWidget, scale: float) -> bytes:
    size = _size(figure)
    buffer, data = _buffer()
    # The default, SVG Tiny, has no clipping: maps and curves would lie over the legend.
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setTitle("GEBM Studio")
    generator.setResolution(96)
    generator.setSize(size * scale)
    generator.setViewBox(QRect(QPoint(0, 0), size))
    _paint(figure, generator)
    buffer.close()
    return bytes(data.data())


def _pdf(figure: QWidget, scale: float) -> bytes:
    size = _size(figure)
    buffer, data = _buffer()
    writer = QPdfWriter(buffer)
    writer.setCreator("GEBM Studio")
    # One unit of the painter is one pixel of the window: 96 in an inch, or fewer where scaled up.
    writer.setResolution(max(1, round(96 / scale)))
    points = QSizeF(size) * (72.0 / writer.resolution())
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    _paint(figure, writer)
    buffer.close()
    return bytes(data.data())


def _size(figure: QWidget) -> QSize:
    return figure.size() + QSize(2 * MARGIN, 2 * MARGIN)


def _buffer() -> tuple[QBuffer, QByteArray]:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer, data


def _paint(figure: QWidget, device: QPaintDevice) -> None:
    painter = QPainter(device)
    painter.fillRect(QRect(QPoint(0, 0), _size(figure)), QColor(theme.current().window))
    _paint_widget(painter, figure, QPoint(MARGIN, MARGIN))
    painter.end()


def _paint_widget(painter: QPainter, widget: QWidget, at: QPoint) -> None:
    """Paint a widget and what it holds.

    Plots are painted through their scenes: as widgets their clipping would miss the place in an SVG
    by the widget's own distance from the corner.
    """
    # The SVG writer overlooks that a clip has ended, so each widget starts with one of its own.
    painter.setClipRect(QRect(at, widget.size()))
    if isinstance(widget, pg.GraphicsView):
        place = QRectF(QPointF(at), QSizeF(widget.size()))
        painter.fillRect(place, widget.backgroundBrush())
        painter.save()
        widget.render(painter, place, widget.viewport().rect())
        painter.restore()
        return
    widget.render(painter, at, renderFlags=QWidget.RenderFlag(0))
    for child in widget.children():
        if isinstance(child, QWidget) and child.isVisible():
            _paint_widget(painter, child, at + child.pos())


@contextmanager
def _exporting(figure: QWidget) -> Iterator[None]:
    """Tell the items of all plots that a picture is being written: smooth, and shapes in place of sprites."""
    items = [
        item
        for view in figure.findChildren(pg.GraphicsView)
        for item in view.scene().items()
        if hasattr(item, "setExportMode")
    ]
    try:
        for item in items:
            item.setExportMode(True, {"antialias": True})
        yield
    finally:
        for item in items:
            item.setExportMode(False)
