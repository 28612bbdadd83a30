"""The pictures of the gallery: three grids that stand alike, and below them the film."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRect, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import GalleryPart
from gebm_studio.ui.panels.film_view import FilmView
from gebm_studio.ui.panels.image_grid import NOWHERE, ImageGrid, arranged
from gebm_studio.ui.panels.mosaic import BAR, Mosaic, heading_height
from gebm_studio.ui.theme import GRID

FILM_SHARE, FILM_LEAST, FILM_MOST = 0.4, 64, 160
"""Height that the film has: a share of the board within bounds, and more where the grids leave some."""
ZOOMS = (0, 1, 2, 3, 4, 6, 8, 12, 16)
"""Pixels of the screen to one of an image that can be chosen; 0 lets all images be seen."""
TIP = (
    "Click an image for the film of its chain, or for image A, then B, of the way between two (Shift: B). "
    "Its partner is marked: image i of GEBM is where the chain is now that began at image i of base. "
    "Arrows choose, + and − or the wheel with Ctrl zoom, the wheel scrolls."
)


class GalleryBoard(QWidget):
    """Lays grids and film out together.

    Signals:
        clicked: An image of base or GEBM, and whether Shift was held.
        pointed: The grid's name and the image under the pointer, or None.
        zoom_wished: A zoom that a wheel or a key asks for.
    """

    clicked = Signal(int, bool)
    pointed = Signal(object)
    zoom_wished = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grids = {
            "data": Mosaic("data", "data", self),
            "base": Mosaic("base", "base", self),
            "gebm": Mosaic("GEBM", "gebm", self),
        }
        self.film = FilmView(self)
        self._zoom, self._first_row, self._grid = 0, 0, NOWHERE
        self._asked: tuple[object, ...] = ()
        for name, grid in self.grids.items():
            grid.zoomed.connect(self.zoom_by)
            grid.scrolled.connect(self._scroll)
            if name != "data":
                grid.set_selectable(TIP)
                grid.clicked.connect(self.clicked)
                grid.pointed.connect(lambda place, name=name: self._point(name, place))

    @property
    def grid(self) -> ImageGrid:
        """How the grids stand now."""
        return self._grid

    @property
    def first_row(self) -> int:
        """The row of images that stands first."""
        return self._first_row

    def show_images(self, part: GalleryPart) -> None:
        """Show the three grids of a part."""
        for name, grid in self.grids.items():
            grid.show_images(getattr(part, name))
        self._arrange()

    def set_zoom(self, zoom: int) -> None:
        """Show images at a zoom, 0 for one at which all are seen."""
        self._zoom = zoom
        self._arrange()

    def zoom_by(self, steps: int) -> None:
        """Ask for the zoom that lies so many steps from the present one."""
        now = round(self._grid.zoom * self._grid.ratio)
        larger, smaller = [z for z in ZOOMS if z > now], [z for z in ZOOMS if 0 < z < now]
        levels = larger if steps > 0 else smaller[::-1]
        if levels:
            self.zoom_wished.emit(levels[min(abs(steps), len(levels)) - 1])

    def mark(self, marks: Mapping[int, str]) -> None:
        """Frame the chosen images."""
        for name in ("base", "gebm"):
            self.grids[name].mark(marks)

    def bring_into_view(self, place: int) -> None:
        """Scroll until an image is seen."""
        row = place // self._grid.across
        first = min(self._first_row, row)
        self._scroll_to(max(first, row - self._grid.rows + 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.DevicePixelRatioChange):
            self._asked = ()
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        """Give the grids the zoom that they can have, and the film what is left."""
        count = max(len(grid.images) for grid in self.grids.values())
        shape = self.grids["gebm"].images.shape[1:3] if count else (1, 1)
        asked = (count, shape, self.width(), self.height(), self.devicePixelRatioF(), self._zoom)
        if asked == self._asked:
            return
        self._asked = asked
        width, above = (self.width() - 2 * GRID) // 3, heading_height() + 1
        rest = self.height() - GRID // 2 - above

        def fitted(film: float, width: int) -> ImageGrid:
            room = max(rest - round(film), 1)
            ratio = self.devicePixelRatioF()
            return arranged(max(count, 1), shape[1], shape[0], max(width, 1), room, ratio, self._zoom)

        film = min(max(FILM_SHARE * self.height(), FILM_LEAST), FILM_MOST)
        self._grid = fitted(film, width)
        if self._grid.last_row and not self._zoom:  # rather a smaller film than a part of the images
            self._grid = fitted(FILM_LEAST, width)
        if self._grid.last_row:  # then a bar at the side tells which rows are seen
            self._grid = fitted(film, width - BAR - 1)
        used = min(above + math.ceil(self._grid.size[1]), max(self.height() - FILM_LEAST, 1))
        for column, grid in enumerate(self.grids.values()):
            grid.setGeometry(QRect(column * (width + GRID), 0, width, used))
        top = used + GRID // 2
        self.film.setGeometry(QRect(0, top, self.width(), max(self.height() - top, 1)))
        self._scroll_to(self._first_row)

    def _scroll(self, rows: int) -> None:
        self._scroll_to(self._first_row + rows)

    def _scroll_to(self, row: int) -> None:
        self._first_row = min(max(row, 0), self._grid.last_row)
        for grid in self.grids.values():
            grid.arrange(self._grid, self._first_row)

    def _point(self, name: str, place: int | None) -> None:
        for other in ("base", "gebm"):
            self.grids[other].mark_partner(place if other != name else None)
        self.pointed.emit(None if place is None else (name, place))
