"""Images: data, base and GEBM side by side, and the film of one chain."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gebm_studio.messages import Frame, GalleryPart
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.mosaic import FilmStrip, Mosaic, captions
from gebm_studio.ui.panels.panel import ThrottledPanel

LOW = 360
"""Below this height the film takes less of it, so that the grids keep their zoom."""
NO_IMAGES = (
    "Images of data, base and GEBM appear here, and the film of a chain. "
    "This preset learns points, not images: open one on images, such as digits."
)


class GalleryPanel(ThrottledPanel[TrainingPreset]):
    """Three grids, and below them the states that one latent chain went through."""

    part = "gallery"
    title = "Gallery"
    empty = (
        "Images of data, base and GEBM and the film of a chain appear here. Open a preset on images, such as digits."
    )
    INTERVAL: ClassVar[int] = 100

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: GalleryPart | None = None
        self._chain = 0
        self.header.hide()
        self.readout.hide()
        self.grids = {
            "data": Mosaic("data", "data"), "base": Mosaic("base", "base"), "gebm": Mosaic("GEBM", "gebm"),
        }  # fmt: skip
        self.grids["gebm"].set_selectable()
        self.grids["gebm"].setToolTip("Click an image to see the film of its chain.")
        self.grids["gebm"].clicked.connect(self._choose)
        self.film = FilmStrip()
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        for grid in self.grids.values():
            row.addWidget(grid, 1)
        column.addLayout(row, 1)
        column.addWidget(self.film)

    @property
    def chain(self) -> int:
        """The chain whose film is asked for."""
        return self._chain

    def take(self, part: GalleryPart, frame: Frame) -> None:
        self._part = part
        self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None
        self._chain = 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.film.set_small(self.height() < LOW)

    def update_settings(self, preset: TrainingPreset) -> None:
        super().update_settings(preset)
        if self._part is None and len(preset.target.shape or ()) != 3:
            self.say_empty(NO_IMAGES)

    def pull_fields(self) -> dict[str, object]:
        return {"film_chain": self._chain}

    def restyle(self, look: theme.Theme) -> None:
        self.update()

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        if not (len(part.data) or len(part.base) or len(part.gebm)):
            self.say_empty(NO_IMAGES)
            return
        self.show_canvas()
        for name, grid in self.grids.items():
            grid.show_images(getattr(part, name))
        self.grids["gebm"].mark(self._chain if self._chain < len(part.gebm) else None)
        film = part.film
        if film is None:
            return
        heading = f"chain {film.first}, from start to now"
        self.film.show_film(film.images, heading, captions(film.at.tolist(), film.energy.tolist()))

    def _choose(self, place: int) -> None:
        if self._part is not None and 0 <= place < len(self._part.gebm):
            self._chain = place
            self.grids["gebm"].mark(place)
            self.hovered.emit(None)
