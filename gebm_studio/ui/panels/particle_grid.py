"""Squares side by side, in as many columns as make them largest."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gebm_studio.ui.panels.particle_tile import FlowTile
from gebm_studio.ui.theme import GRID


def squares(count: int, width: int, height: int, above: int) -> tuple[int, int]:
    """Columns for some squares, each with room above it, and the side that they get; of equals the fewest rows."""
    sides = {}
    for columns in range(count, 0, -1):
        rows = ceil(count / columns)
        across, down = width - (columns - 1) * GRID, height - (rows - 1) * GRID
        sides[columns] = min(across // columns, down // rows - above)
    best = max(sides, key=lambda columns: sides[columns])
    return best, sides[best]


class TileGrid(QWidget):
    """The tiles of all flows; those that are hidden take no room."""

    def __init__(self, tiles: Sequence[FlowTile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles = tiles
        self._count = 0
        self.setMinimumSize(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for tile in tiles:
            tile.setParent(self)
        self.show_first(1)

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def show_first(self, count: int) -> None:
        """Show so many tiles."""
        if count != self._count:
            self._count = count
            for place, tile in enumerate(self._tiles):
                tile.setVisible(place < count)
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        above = self._tiles[0].above
        columns, side = squares(self._count, self.width(), self.height(), above)
        rows = ceil(self._count / columns)
        left = (self.width() - columns * (side + GRID) + GRID) // 2
        top = max(0, (self.height() - rows * (side + above + GRID) + GRID) // 2)
        for place, tile in enumerate(self._tiles[: self._count]):
            row, column = divmod(place, columns)
            x, y = left + column * (side + GRID), top + row * (side + above + GRID)
            tile.setGeometry(QRect(x, y, side, side + above))
