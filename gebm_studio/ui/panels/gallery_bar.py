"""The line above the gallery: what films show, the zoom, β and friction, and the export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import FilmMode
from gebm_studio.schema import TrainingPreset, settings_of
from gebm_studio.schema.sampling import Sampler
from gebm_studio.ui.controls.sampler import BETA, temperature_of
from gebm_studio.ui.panels.flow_editor import LEAST, MOST, Field
from gebm_studio.ui.panels.gallery_board import ZOOMS
from gebm_studio.ui.panels.header import Header
from gebm_studio.ui.theme import GRID

FRICTION = next(setting for setting in settings_of(Sampler, "sampler") if setting.path == "sampler.friction")
MODES: dict[FilmMode, tuple[str, str]] = {
    "chain": (
        "chain",
        "The states of one chain on ν_β(z) ∝ η(z) e^{−βE(G(z))}, from an image of the base to one of the GEBM.",
    ),
    "latent": (
        "between (latent)",
        "Images G(z(t)) on the way from z_A to z_B, where the chains of A and B begin: what the base makes of it.",
    ),
    "carried": (
        "between (carried)",
        "The same way, each z(t) carried by a chain of its own, all with the same noise: what the GEBM makes of it.",
    ),
}
FIELDS_WIDTH, FIELDS_HEIGHT = 340, 320
"""Below this size of the panel its sliders are away; they stand among the sampler's controls, too."""


class GalleryBar(Header):
    """Choices and sliders of the gallery.

    Signals:
        mode_chosen: What films are to show.
        zoom_chosen: Pixels of the screen to one of an image, 0 to see all images.
        edited: Path and value of a setting.
        refused: Why a typed text is no value; empty once one is.
        held: Whether a hand holds a slider.
    """

    mode_chosen = Signal(str)
    zoom_chosen = Signal(int)
    edited = Signal(str, object)
    refused = Signal(str)
    held = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = 0, 0
        self._has_friction = True
        modes = [(mode, name) for mode, (name, _) in MODES.items()]
        self.mode = self.choice(modes, "What the film shows", self.mode_chosen.emit)
        for action in self.mode.menu().actions():
            action.setToolTip(MODES[cast(FilmMode, action.data())][1])
        self.mode.menu().setToolTipsVisible(True)
        zooms = [(str(zoom), f"{zoom}×" if zoom else "fit") for zoom in ZOOMS]
        self.zoom = self.choice(
            zooms, "Pixels of the screen to one of an image (+, −, 0, or the wheel with Ctrl)",
            lambda zoom: self.zoom_chosen.emit(int(zoom)),
        )  # fmt: skip
        self.beta, self.friction = Field(BETA, self), Field(FRICTION, self)
        self._connect(self.beta, lambda beta: ("sampler.temperature", temperature_of(beta)))
        self._connect(self.friction, lambda friction: ("sampler.friction", friction))
        for field in (self.beta, self.friction):
            self.add(field)
        self.export_button = self.button(
            "Export…", "Write the film as WebP or GIF, its states side by side as PNG, or all arrays as NPZ"
        )

    def show_settings(self, preset: TrainingPreset) -> None:
        """Show β and the friction of a run, unless a hand holds them."""
        temperature = preset.sampler.temperature
        for field, value in ((self.beta, float(f"{1.0 / temperature:.6g}")), (self.friction, preset.sampler.friction)):
            if not field.editor.held():
                field.editor.show_value(value)
        self._has_friction = preset.sampler.name in FRICTION.when[1] if FRICTION.when else True
        self._fit()

    def fit(self, width: int, height: int) -> None:
        """Put the sliders away where the panel is too small for them, else make them as long as one line allows."""
        self._size = width, height
        self._fit()

    def show_mode(self, mode: FilmMode) -> None:
        """Show what films show."""
        self.mode.choose(mode)
        self._fit()

    def _fit(self) -> None:
        width, height = self._size
        room = width >= FIELDS_WIDTH and height >= FIELDS_HEIGHT
        self.beta.setVisible(room)
        self.friction.setVisible(room and self._has_friction)
        shown = [part for part in (self.mode, self.zoom, self.export_button, *self._fields()) if not part.isHidden()]
        fields = [field for field in self._fields() if not field.isHidden()]
        others = sum(part.sizeHint().width() for part in shown) - sum(field.editor.width() for field in fields)
        for field in fields:
            free = width - 2 * GRID - others - GRID // 2 * len(shown)
            field.set_width(min(max(free // len(fields), LEAST), MOST))

    def _fields(self) -> tuple[Field, Field]:
        return self.beta, self.friction

    def _connect(self, field: Field, change: Callable[[float], tuple[str, float]]) -> None:
        field.editor.edited.connect(lambda value: self._edit(*change(value)))
        field.editor.refused.connect(self.refused)
        if field.editor.slider is not None:
            field.editor.slider.sliderPressed.connect(partial(self.held.emit, True))
            field.editor.slider.sliderReleased.connect(partial(self.held.emit, False))

    def _edit(self, path: str, value: float) -> None:
        self.refused.emit("")
        self.edited.emit(path, value)
