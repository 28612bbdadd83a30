"""How a film of the gallery is written: as an animation, its states side by side, or all arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from gebm_studio.messages import ExportFilm
from gebm_studio.ui.dialogs import ExportForm, spin
from gebm_studio.ui.panels.film_choice import FilmWish

FORMATS = (
    ("WebP animation", ".webp"),
    ("GIF animation", ".gif"),
    ("PNG picture, all states side by side", ".png"),
    ("NPZ arrays", ".npz"),
)
ANIMATED = (".webp", ".gif")
SIDE = 128
"""The zoom that is proposed makes an image about this many pixels wide."""
LARGEST, FASTEST = 16, 50
"""The largest zoom, and the most states a second."""


class FilmDialog(ExportForm):
    """Which film, in which format, how large and how fast."""

    def __init__(self, parent: QWidget, folder: Path, export: Callable[[ExportFilm], None], wish: FilmWish) -> None:
        super().__init__(parent, "Export film", FORMATS, folder / "film.webp")
        self._export, self.wish = export, wish
        self._scaled_for = 0
        self.which = QComboBox()
        self.scale, self.rate = spin(1, LARGEST, 4), spin(1, FASTEST, 12)
        self.scale.setSuffix("×")
        self.scale.setToolTip("Pixels of the file for each of an image, down and across.")
        self.rate.setSuffix(" a second")
        self.captions = QCheckBox("step, energy and the classifier's word below each state")
        self.captions.setChecked(True)
        self.form.insertRow(0, "Film", self.which)
        self.form.addRow("Scale", self.scale)
        self.form.addRow("Rate", self.rate)
        self.form.addRow("Captions", self.captions)
        self.which.currentIndexChanged.connect(self.check)
        for field in (self.scale, self.rate):
            field.valueChanged.connect(self.check)
        self.show_wish(wish)
        self._finish()

    def show_wish(self, wish: FilmWish) -> None:
        """Offer another film; a scale that was chosen for images of this size stays."""
        if wish.width != self._scaled_for:
            self._scaled_for = wish.width
            self.scale.setValue(min(max(SIDE // max(wish.width, 1), 1), LARGEST))
        self.wish = wish
        self.which.blockSignals(True)
        self.which.clear()
        self.which.addItem(wish.name, False)
        if wish.mode == "chain":
            self.which.addItem(f"all {wish.count} chains of the grid at once", True)
        self.which.blockSignals(False)
        self.check()

    def command(self) -> ExportFilm:
        """The export as it is set up now."""
        wish = self.wish
        return ExportFilm(
            path=self.file,
            mode=wish.mode,
            first=-1 if self._all else wish.first,
            second=wish.second,
            scale=self.scale.value(),
            rate=self.rate.value(),
            captions=self.captions.isChecked(),
        )

    def write(self) -> None:
        self._export(self.command())

    def change_format(self) -> None:
        self.rate.setEnabled(self.suffix in ANIMATED)
        for field in (self.scale, self.captions):
            field.setEnabled(self.suffix != ".npz")

    def missing(self) -> str:
        return "All chains at once are an animation or arrays; a picture is of one." if self._wrong else ""

    def summary(self) -> str:
        wish, scale = self.wish, self.scale.value()
        states = f"{wish.frames} states"
        if self.suffix == ".npz":
            return f"{states}: images, steps, energies, latents."
        size = f"{states} of {wish.width * scale} × {wish.height * scale} pixels an image"
        return f"{size}, {wish.frames / self.rate.value():.1f} s." if self.suffix in ANIMATED else f"{size}."

    @property
    def _all(self) -> bool:
        return bool(self.which.currentData())

    @property
    def _wrong(self) -> bool:
        return self._all and self.suffix == ".png"
