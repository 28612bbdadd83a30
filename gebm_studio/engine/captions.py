"""Images zoomed pixel by pixel, with lines of text below, on tiles of one size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from gebm_studio.engine.flow_render import BACKGROUND, QUIET, TEXT
from gebm_studio.engine.image_sheet import zoomed
from gebm_studio.engine.lettering import font, spelled

Caption = Sequence[str]
"""Lines, the first one quieter."""
_SMALLEST, _LARGEST, _LETTERS_ACROSS = 11, 22, 9
"""Pixels of a letter, which grows with the image: about a ninth of its width."""
_LEADING, _MARGIN = 1.3, 4


class Tiles:
    """Tiles that hold any of some captions and an image of one size.

    Attributes:
        size: Of a tile, (width, height) in pixels.

    Arguments:
        height: Of an image, in its own pixels.
        width: Likewise.
        scale: The side of an image's pixel on the tile.
        captions: Of all tiles; the widest decides how wide they are. Without lines there is no room for any.
    """

    def __init__(self, height: int, width: int, scale: int, captions: Sequence[Caption]) -> None:
        self._scale, self._height, self._width = scale, height * scale, width * scale
        self._letters = min(max(_SMALLEST, round(self._width / _LETTERS_ACROSS / 1.5)), _LARGEST)
        face = font(self._letters)
        widths = [face.getlength(spelled(line, self._letters)) for lines in captions for line in lines]
        lines = max(map(len, captions), default=0)
        self._line = round(self._letters * _LEADING)
        below = lines * self._line + _MARGIN if lines else 0
        self.size = max(self._width, int(np.ceil(max(widths, default=0)))), self._height + below

    def drawn(self, image: NDArray[np.uint8], caption: Caption) -> Image.Image:
        """An image (h, w, 3) with its caption, both in the middle."""
        tile = Image.new("RGB", self.size, BACKGROUND)
        tile.paste(Image.fromarray(zoomed(image, self._scale)), ((self.size[0] - self._width) // 2, 0))
        draw = ImageDraw.Draw(tile)
        for place, line in enumerate(caption):
            middle = self.size[0] / 2, self._height + _MARGIN + (place + 0.5) * self._line
            draw.text(middle, spelled(line, self._letters), QUIET if place == 0 else TEXT, font(self._letters), "mm")
        return tile


def strip(tiles: Sequence[Image.Image], gap: int, widest: int) -> Image.Image:
    """Tiles of one size from left to right, in as few rows as are not wider than `widest`; a margin all around.

    Where several rows are needed they are about equally full.
    """
    width, height = tiles[0].size
    most = max(1, (widest - gap) // (width + gap))
    rows = -(-len(tiles) // most)
    columns = -(-len(tiles) // rows)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), BACKGROUND)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet.paste(tile, (gap + column * (width + gap), gap + row * (height + gap)))
    return sheet
