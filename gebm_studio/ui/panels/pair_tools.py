"""What a person chooses of a pair, and the tools that draw points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtWidgets import QToolButton

from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.law import MOST_POINTS
from gebm_studio.schema.measures import ABOUT, PHI
from gebm_studio.ui.panels.handles import NAMES, Name
from gebm_studio.ui.panels.header import Header
from gebm_studio.ui.panels.numbers import count

LOWER = (
    ("log_ratio", "log p/q"),
    ("critics", "critics"),
    ("integrand", "integrand"),
    ("mmd_witness", "MMD witness"),
    ("kale_witness", "KALE witness"),
    ("kale_critic", "KALE critic"),
    ("transport", "W₁ critic"),
)
LOWER_TIP = (
    "What is shown below the densities, or as the map of the plane: the log ratio; critics beside the tight one "
    "φ′(p/q); the integrand of a divergence; MMD's witness μ_P − μ_Q; KALE's witness e^h and its critic h; the "
    "1-Lipschitz critic of W₁."
)
OF_A_DIVERGENCE = ("critics", "integrand")
"""What depends on the chosen divergence."""


class PairChoices:
    """The choices in the header of the pair.

    Arguments:
        header: Where they stand.
        chosen: Hears of a person's choice: the setting's path and the value.
    """

    def __init__(self, header: Header, chosen: Callable[[str, object], None]) -> None:
        def lower_chosen(value: str) -> None:
            self._show_divergence()
            chosen("view.lower", value)

        self.lower = header.choice(LOWER, LOWER_TIP, lower_chosen)
        self.divergence = header.choice(
            [(name, ABOUT[name].label) for name in PHI],
            "The divergence whose critics and integrand are shown.",
            lambda value: chosen("view.divergence", value),
        )
        self._show_divergence()

    def follow(self, preset: DivergencesPreset) -> None:
        """Show the settings that the engine uses."""
        self.lower.choose(preset.view.lower)
        self.divergence.choose(preset.view.divergence)
        self._show_divergence()

    def _show_divergence(self) -> None:
        self.divergence.setVisible(self.lower.value() in OF_A_DIVERGENCE)


class DrawingTools:
    """Buttons that put a brush for one of the laws into the hand.

    Arguments:
        header: Where they stand.
        switched: Hears that the brush in the hand has changed.
        wished: Hears of a law that is to become points, which needs a restart.
        cleared: Hears of a law whose points are all to go.
    """

    def __init__(
        self,
        header: Header,
        switched: Callable[[], None],
        wished: Callable[[Name], None],
        cleared: Callable[[Name], None],
    ) -> None:
        self._switched, self._wished = switched, wished
        self._can: dict[Name, bool] = dict.fromkeys(NAMES, False)
        self.draw: dict[Name, QToolButton] = {name: self._draw_switch(header, name) for name in NAMES}
        self.eraser = header.switch(
            "Eraser", "Rub points out; without it the right button does.", lambda _on: switched()
        )
        self.clear = header.button("Clear", "Take all points of this law away.")
        self.clear.clicked.connect(lambda: self._clear_clicked(cleared))
        self._show()

    @property
    def law(self) -> Name | None:
        """The law that is being drawn."""
        return next((name for name in NAMES if self.draw[name].isChecked()), None)

    @property
    def brush(self) -> Literal["", "draw", "erase"]:
        """What the hand holds."""
        if self.law is None:
            return ""
        return "erase" if self.eraser.isChecked() else "draw"

    def follow(self, preset: DivergencesPreset) -> None:
        """Let those laws be drawn that are points."""
        for name in NAMES:
            self._can[name] = getattr(preset, name).kind == "points"
            if not self._can[name]:
                self.draw[name].setChecked(False)
            self.draw[name].setToolTip(
                f"Draw points of {name.upper()} with the mouse, at most {count(MOST_POINTS)}."
                if self._can[name]
                else f"Make {name.upper()} a law of points that are drawn with the mouse; this needs a restart."
            )
        self._show()
        self._switched()

    def _draw_switch(self, header: Header, name: Name) -> QToolButton:
        return header.switch(f"Draw {name.upper()}", "", lambda on: self._draw_clicked(name, on))

    def _draw_clicked(self, name: Name, on: bool) -> None:
        if on and not self._can[name]:
            self.draw[name].setChecked(False)
            self._wished(name)
            return
        for other in NAMES:
            if other != name:
                self.draw[other].setChecked(False)
        self._show()
        self._switched()

    def _clear_clicked(self, cleared: Callable[[Name], None]) -> None:
        if self.law is not None:
            cleared(self.law)

    def _show(self) -> None:
        for tool in (self.eraser, self.clear):
            tool.setVisible(self.law is not None)
        if self.law is None:
            self.eraser.setChecked(False)
