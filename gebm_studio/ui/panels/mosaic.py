"""A grid of small images under a heading, drawn pixel for pixel; its images can be pointed at and chosen."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.messages import Bytes
from gebm_studio.ui import theme
from gebm_studio.ui.panels.image_grid import NOWHERE, ImageGrid
from gebm_studio.ui.panels.image_sheet import Sheet, on_pixels
from gebm_studio.ui.panels.tiles import fitted

BAR = 3
"""Width of the bar that tells which rows are seen."""
NOTCH = 120
"""What one notch of a wheel turns."""


class Mosaic(QWidget):
    """Images in a grid that its owner lays out, so that several stand alike.

    Signals:
        clicked: An image, and whether Shift was held.
        pointed: The image under the pointer, None when there is none.
        zoomed: Steps of zoom that a wheel with Ctrl asks for.
        scrolled: Rows that a wheel asks for.
    """

    clicked = Signal(int, bool)
    pointed = Signal(object)
    zoomed = Signal(int)
    scrolled = Signal(int)

    def __init__(self, heading: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = heading
        self._role = role
        self._sheet = Sheet()
        self._grid, self._first_row, self._turned = NOWHERE, 0, 0
        self._marks: dict[int, str] = {}
        self._partner: int | None = None
        self._pointed: int | None = None
        self.selectable = False
        self.setAccessibleName(f"{heading} images")
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def sizeHint(self) -> QSize:
        return QSize(160, 160)

    @property
    def images(self) -> Bytes:
        """What is shown, (n, h, w) or (n, h, w, 3)."""
        return self._sheet.images

    @property
    def marks(self) -> Mapping[int, str]:
        """The images that are framed, each with the letter that it carries."""
        return self._marks

    @property
    def partner(self) -> int | None:
        """The image that is marked because its partner in another grid is pointed at."""
        return self._partner

    @property
    def shown_at(self) -> tuple[ImageGrid, int]:
        """The grid, and the row that stands first."""
        return self._grid, self._first_row

    def set_selectable(self, tip: str) -> None:
        """Let images be pointed at and chosen."""
        self.selectable = True
        self.setToolTip(tip)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def arrange(self, grid: ImageGrid, first_row: int) -> None:
        """Stand in a grid from a row on."""
        if (grid, first_row) != (self._grid, self._first_row):
            self._grid, self._first_row = grid, first_row
            self.update()

    def show_images(self, images: Bytes) -> None:
        """Show images (n, h, w) of grey values, or (n, h, w, 3) of colours."""
        sheet = self._sheet.showing(images)
        if sheet is not self._sheet:
            self._sheet = sheet
            self.update()

    def mark(self, marks: Mapping[int, str]) -> None:
        """Frame images, each with a letter or none."""
        if marks != self._marks:
            self._marks = dict(marks)
            chosen = ", ".join(f"{letter} {place}".strip() for place, letter in self._marks.items())
            self.setAccessibleDescription(f"chosen: {chosen}" if chosen else "")
            self.update()

    def mark_partner(self, place: int | None) -> None:
        """Frame the image whose partner is pointed at."""
        if place != self._partner:
            self._partner = place
            self.update()

    def place_at(self, spot: QPoint) -> int | None:
        """The image at a point of the widget."""
        place = self._grid.place_at(QPointF(spot) - self._corner(), self._first_row)
        return place if place is not None and place < len(self._sheet) else None

    def cell(self, place: int) -> QRectF:
        """Where an image is drawn."""
        return self._grid.cell(place, self._first_row).translated(self._corner())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        if self.selectable and place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(place, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.place_at(event.position().toPoint()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._turned += event.angleDelta().y()
        steps = int(self._turned / NOTCH)
        self._turned -= steps * NOTCH
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if steps and zooms:
            self.zoomed.emit(steps)
        elif steps:
            self.scrolled.emit(-steps)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        self._paint_heading(painter, look)
        grid, first = self._grid, self._first_row * self._grid.across
        seen = range(first, min(len(self._sheet), first + grid.rows * grid.across))
        corner = self._corner()  # found once: it takes as long as painting an image
        for place in seen:
            self._sheet.paint(painter, place, grid.cell(place, self._first_row).translated(corner))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._partner is not None and self._partner in seen:
            painter.setPen(theme.on_page(look.pen(look.text, 1.0)))
            painter.drawRect(self.cell(self._partner).adjusted(-0.5, -0.5, 0.5, 0.5))
        for place, letter in self._marks.items():
            if place in seen:
                self._paint_mark(painter, look, self.cell(place), letter)
        self._paint_bar(painter, look)
        painter.end()

    def _paint_heading(self, painter: QPainter, look: theme.Theme) -> None:
        line = theme.line_height(look.text_font)
        painter.fillRect(QRectF(0, line / 2 - 4, 8, 8), QColor(getattr(look, self._role)))
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.text))
        painter.drawText(QRectF(14, 0, self.width() - 14, line), fitted(self.heading, look, self.width() - 14))
        if self.hasFocus():
            width = theme.text_width(look.text_font, self.heading) + 20
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.pen(look.accent))
            painter.drawRoundedRect(QRectF(-3.5, 0.5, min(width, self.width()) + 2, line), 3, 3)

    def _paint_mark(self, painter: QPainter, look: theme.Theme, cell: QRectF, letter: str) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.on_page(look.pen(look.accent, 2.0)))
        painter.drawRect(cell)  # half of the frame in the gap: other images stay whole
        if not letter:
            return
        side = min(theme.line_height(look.text_font), max(10.0, 0.4 * cell.height()))
        badge = QRectF(cell.left(), cell.top(), min(side, cell.width()), side)
        painter.fillRect(badge, QColor(look.accent))
        painter.setFont(look.text_font)
        painter.setPen(look.pen(look.on_accent))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, letter)

    def _paint_bar(self, painter: QPainter, look: theme.Theme) -> None:
        """Where not all rows are seen, a bar at the side tells which are."""
        grid = self._grid
        if not grid.last_row or not len(self._sheet):
            return
        corner, (width, height) = self._corner(), grid.size
        left = min(corner.x() + width + 1, self.width() - BAR)
        share = height / grid.all_rows
        painter.fillRect(QRectF(left, corner.y(), BAR, height), QColor(look.line))
        painter.fillRect(QRectF(left, corner.y() + self._first_row * share, BAR, grid.rows * share), QColor(look.axis))

    def _corner(self) -> QPointF:
        return on_pixels(self, 0.0, heading_height())

    def _point(self, place: int | None) -> None:
        if self.selectable and place != self._pointed:
            self._pointed = place
            self.pointed.emit(place)


def heading_height() -> int:
    """Room above the images of a mosaic."""
    return theme.line_height(theme.current().text_font) + 2
