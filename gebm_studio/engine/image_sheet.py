"""Images side by side on one sheet, and their zoom, pixel by pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import Bytes

WHITE = 255


def coloured(images: Bytes) -> Bytes:
    """Images (n, h, w) grey or (n, h, w, 3) colour as (n, h, w, 3)."""
    return images if images.ndim == 4 else np.repeat(images[..., None], 3, axis=3)


def sheet(images: Bytes, columns: int, gap: int, *, rows: int = 0) -> Bytes:
    """Images (n, h, w) or (n, h, w, 3), row by row, as one RGB picture (H, W, 3).

    Arguments:
        images: n images.
        columns: Images in a row.
        gap: White pixels between two of them.
        rows: How many there are; 0 means as many as the images fill.
    """
    count, height, width = images.shape[:3]
    rows = rows or -(-count // columns)
    picture = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), WHITE, dtype=np.uint8)
    for index, image in enumerate(coloured(images[: rows * columns])):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        picture[top : top + height, left : left + width] = image
    return picture


def zoomed(picture: NDArray[np.uint8], scale: int) -> Bytes:
    """A picture (H, W, 3), each of its pixels scale × scale large."""
    return np.repeat(np.repeat(picture, scale, axis=0), scale, axis=1)
