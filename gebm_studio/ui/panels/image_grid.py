"""Where images stand in a grid: as large as a whole zoom of the screen's pixels allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

GAP = 1
"""Device-independent pixels between two images; whole pixels of the screen, whatever its ratio."""


@dataclass(frozen=True)
class ImageGrid:
    """`count` images of `width` × `height` pixels in rows of `across`; `rows` of these can be seen at once.

    `zoom` and the gaps are whole pixels of the screen, in units of which there are `ratio` to a pixel of the window.
    """

    count: int
    width: int
    height: int
    across: int
    rows: int
    zoom: float
    ratio: float

    @property
    def pitch(self) -> tuple[float, float]:
        """From one image to the next, across and down."""
        gap = gap_at(self.ratio)
        return self.width * self.zoom + gap, self.height * self.zoom + gap

    @property
    def all_rows(self) -> int:
        """Rows of all images."""
        return math.ceil(self.count / self.across)

    @property
    def last_row(self) -> int:
        """The row that stands first where the last ones can be seen."""
        return max(0, self.all_rows - self.rows)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of what can be seen, with a gap all round."""
        (x, y), gap = self.pitch, gap_at(self.ratio)
        return min(self.across, max(self.count, 1)) * x + gap, min(self.rows, self.all_rows) * y + gap

    def cell(self, place: int, first_row: int = 0) -> QRectF:
        """Where an image stands below the corner of the grid; above or below what is seen, outside of `size`."""
        (x, y), gap = self.pitch, gap_at(self.ratio)
        row, column = divmod(place, self.across)
        return QRectF(column * x + gap, (row - first_row) * y + gap, x - gap, y - gap)

    def place_at(self, spot: QPointF, first_row: int = 0) -> int | None:
        """The image at a point that is measured from the corner of the grid; None where there is none."""
        x, y = self.pitch
        column, row = math.floor(spot.x() / x), math.floor(spot.y() / y)
        if not (0 <= column < self.across and 0 <= row < self.rows):
            return None
        place = (row + first_row) * self.across + column
        return place if place < self.count else None


NOWHERE = ImageGrid(0, 1, 1, 1, 1, 1.0, 1.0)


def gap_at(ratio: float) -> float:
    """The gap in pixels of the window that is whole in those of the screen."""
    return max(1, round(GAP * ratio)) / ratio


def best_grid(count: int, width: int, height: int, room_x: float, room_y: float, ratio: float) -> tuple[int, float]:
    """Columns and zoom for `count` images of a size; the zoom is whole in pixels of the screen.

    Where not even a zoom of one pixel fits, the grid keeps that zoom and is cut at its end.
    """
    best, gap = (0.0, 0, 0, 1), gap_at(ratio)
    for across in range(1, count + 1):
        down = math.ceil(count / across)
        free_x, free_y = room_x - across * gap, room_y - down * gap
        zoom = math.floor(min(free_x / (across * width), free_y / (down * height)) * ratio) / ratio
        best = max(best, (zoom, *_evenness(count, across), across))
    if best[0] <= 0:
        return max(1, int(room_x // (width / ratio + gap))), 1.0 / ratio
    return best[3], best[0]


def arranged(
    count: int, width: int, height: int, room_x: float, room_y: float, ratio: float, zoom: int = 0
) -> ImageGrid:
    """The grid of `count` images in a room.

    Arguments:
        count: How many images.
        width: Pixels of an image, across.
        height: Pixels of an image, down.
        room_x: Pixels of the window, across.
        room_y: Pixels of the window, down.
        ratio: Pixels of the screen to one of the window.
        zoom: Pixels of the screen to one of an image; as many as let all images be seen where it is 0, and no more
            than let one image be seen.
    """
    gap = gap_at(ratio)
    room_x, room_y = room_x - gap, room_y - gap
    if zoom:
        largest = math.floor(min((room_x - gap) / width, (room_y - gap) / height) * ratio)
        across, scale = 0, max(1, min(zoom, largest)) / ratio
    else:
        across, scale = best_grid(count, width, height, room_x, room_y, ratio)
    pitch_x, pitch_y = width * scale + gap, height * scale + gap
    rows = max(1, math.floor(room_y / pitch_y + 1e-6))
    if not across:
        most = max(1, min(count, math.floor(room_x / pitch_x + 1e-6)))
        fitting = [n for n in range(1, most + 1) if math.ceil(count / n) <= rows] or [most]
        across = max(fitting, key=lambda n: _evenness(count, n))
    return ImageGrid(count, width, height, across, rows, scale, ratio)


def _evenness(count: int, across: int) -> tuple[int, int]:
    """Of grids with one zoom the one that leaves fewest places empty looks best, and then the squarest."""
    down = math.ceil(count / across)
    return count - across * down, -abs(across - down)
