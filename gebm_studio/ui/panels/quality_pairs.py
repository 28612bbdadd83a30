"""Images of the GEBM beside the training images nearest to them, which tell whether any were learned by heart."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import QualityPart
from gebm_studio.ui.panels.card import Card
from gebm_studio.ui.panels.image_grid import arranged
from gebm_studio.ui.panels.image_sheet import Sheet
from gebm_studio.ui.panels.quality_words import Shown, interval_text
from gebm_studio.ui.theme import Theme

USUAL = 0.01
"""The share of held-out images that count as copies, by the definition of a copy."""


class PairsCard(Card):
    """Pairs, the nearest first: at the left the GEBM's image, at the right the training image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Copies", "Pairs of a GEBM image (left) and its nearest training image (right), the nearest pairs first.",
            parent,
        )  # fmt: skip
        self._nearest, self._train = Sheet(), Sheet()

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return min(len(self._nearest), len(self._train))

    def show_pairs(self, shown: Shown, part: QualityPart) -> None:
        """Show the pairs of the newest measurement, and the share of copies of the one that is shown."""
        self._nearest = self._nearest.showing(part.nearest)
        self._train = self._train.showing(part.train)
        copies = shown.measured.copies
        known = not math.isnan(copies[0])
        text = f"{interval_text(copies, 100.0)} % copies" if known else ""
        memorised = known and copies[1] > USUAL
        self.say(text, "" if self.pairs else "No pairs were measured.", warns=memorised)
        meaning = (
            "A copy is nearer to a training image than 1 % of held-out images are: about 1 % is as it should be, more "
            "means that training images were learned by heart."
        )
        self.tip = f"Pairs of a GEBM image (left) and its nearest training image (right). {text}. {meaning} "
        self.tip += shown.note("copies")

    def paint_body(self, painter: QPainter, room: QRectF, look: Theme) -> None:
        """Both images of a pair side by side; a pixel of theirs parts pairs."""
        width, height = self._nearest.width, self._nearest.height
        grid = arranged(
            self.pairs, 2 * width + 1, height + 1, room.width(), room.height(), self.devicePixelRatioF()
        )  # fmt: skip
        for place in range(min(self.pairs, grid.across * grid.rows)):
            cell = grid.cell(place).translated(room.left(), room.top())
            one = QRectF(cell.left(), cell.top(), width * grid.zoom, height * grid.zoom)
            self._nearest.paint(painter, place, one)
            self._train.paint(painter, place, one.translated(one.width(), 0))
