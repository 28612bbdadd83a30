"""Prints how many images of a gallery are not pixel for pixel as they are; run by a test at several screen ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtWidgets import QApplication, QWidget

from gebm_studio.messages import Bytes, frozen
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.gallery import GalleryPanel
from tests.ui import frames
from tests.ui.panels import picture, redrawn


def enlarged(image: Bytes, zoom: int) -> np.ndarray:
    """A grey image (h, w) with each pixel `zoom` × `zoom` large, in colour."""
    return np.repeat(np.repeat(np.repeat(image[..., None], 3, 2), zoom, 0), zoom, 1)


def is_exact(seen: np.ndarray, panel: QWidget, part: QWidget, cell: QRectF, image: Bytes) -> bool:
    """Whether an image is shown as it is, in the picture of the panel."""
    ratio, corner = panel.devicePixelRatioF(), part.mapTo(panel, QPoint(0, 0))
    left, top, zoom = (
        round(length * ratio, 6)
        for length in (corner.x() + cell.left(), corner.y() + cell.top(), cell.width() / image.shape[1])
    )
    if any(length != int(length) for length in (left, top, zoom)):
        return False
    wanted = enlarged(image, int(zoom))
    height, width = wanted.shape[:2]
    return np.array_equal(seen[int(top) : int(top) + height, int(left) : int(left) + width], wanted)


def main() -> None:
    """Show random images and look at each of them but the chosen one, whose frame lies over its edge."""
    app = QApplication([])
    theme.apply(app, "dark")
    rng = np.random.default_rng(0)

    def images(count: int) -> Bytes:
        return frozen(rng.integers(0, 256, (count, 8, 8), dtype=np.uint8))

    networks: dict[str, Any] = dict(base={"kind": "conv"}, energy={"kind": "conv"})
    film = frames.film(frames=12, images=images(12), nearest=images(1)[0])
    part = frames.gallery_part(36, data=images(36), base=images(36), gebm=images(36), film=film)
    panel = GalleryPanel()
    panel.resize(640, 450)
    panel.start_run(TrainingPreset(title="digits", target={"kind": "digits"}, **networks))  # type: ignore[arg-type]
    panel.show()
    app.processEvents()
    panel.show_frame(frames.frame(gallery=part))
    redrawn(panel)
    seen = picture(panel)
    strip, (state, beside) = panel.film.strip, panel.film.stage.cells()
    looked_at = [
        *((grid, grid.cell(place), grid.images[place]) for grid in panel.grids.values() for place in range(1, 36)),
        *((strip, strip.cell(slot), film.images[place]) for slot, place in enumerate(strip.places)),
        (panel.film.stage, state, film.images[-1]),
        *((panel.film.stage, cell, film.nearest) for cell in [beside] if cell is not None),
    ]
    wrong = sum(not is_exact(seen, panel, *each) for each in looked_at)
    print(panel.devicePixelRatioF(), len(looked_at), wrong)
    panel.close()


if __name__ == "__main__":
    main()
