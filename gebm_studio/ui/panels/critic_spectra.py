"""Singular values of the critic's layers, and how power iteration finds the largest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from gebm_studio.messages import CriticPart, Spectra
from gebm_studio.ui import theme
from gebm_studio.ui.panels.decay import tones_of
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet, Segments
from gebm_studio.ui.panels.table import log_ticks, nice_range

WIDE = 520
"""From this width on the two pictures stand side by side."""
LEAST, SHOWN = -15.0, -9.0
"""Decades below which there is only rounding, and below which nothing is shown."""

Doubles = NDArray[np.float64]


class SpectraView(QWidget):
    """Bars a layer, and the error of a fresh power iteration step by step."""

    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers, self.steps = Bars(self), Steps(self)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.GRID // 2)
        self._box.addWidget(self.layers, 3)
        self._box.addWidget(self.steps, 2)
        self._spectra: Spectra | None = None
        self._at_steps = False
        self._entries: dict[str, Entry] = {}
        self.layers.pointed.connect(lambda at: self._point(at, steps=False))
        self.steps.pointed.connect(lambda at: self._point(at, steps=True))

    def make_entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries."""
        named = (
            ("exact", "σ₁, exact", "data", "box", "Largest singular value of each layer's weights, by SVD."),
            ("iterated", "by power iteration", "first", "dot",
             "The estimate uᵀWv that spectral normalisation divides the weights by; u and v take one step for each "
             "energy step."),
            ("effective", "after division", "gebm", "dot", "Largest singular value of what the layer multiplies by."),
            ("tangent", "tan θ, a layer each", "muted", "line",
             "θ, the angle between the vector of a fresh power iteration and the exact one, after k steps; "
             "the darker the farther back (right picture, log scale)."),
            ("rate", "(σ₂/σ₁)²ᵏ tan θ₀", "muted", "dashed", "The bound of each, which it falls in proportion to."),
        )  # fmt: skip
        for key, name, role, swatch, tip in named:
            self._entries[key] = entry = Entry(name, role, swatch, parent=parent)  # type: ignore[arg-type]
            entry.setToolTip(tip)
        return list(self._entries.values())

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether there is anything to see."""
        some = self._spectra is not None
        normalised = self._spectra is not None and bool(np.isfinite(self._spectra.iterated).any())
        there = dict.fromkeys(self._entries, some) | {"iterated": normalised, "effective": normalised}
        return [(entry, there[key]) for key, entry in self._entries.items()]

    def show_part(self, part: CriticPart, chosen: str = "") -> None:
        """Draw both pictures."""
        self._spectra = part.spectra
        if part.spectra is None:
            self.forget()
            return
        self.layers.show_spectra(part.spectra)
        self.steps.show_spectra(part.spectra)

    def read(self, at: tuple[float, float]) -> str:
        """The values at the layer or step nearest to the pointer."""
        if self._spectra is None:
            return ""
        return self.steps.read(at) if self._at_steps else self.layers.read(at)

    def say(self) -> str:
        """What the pictures show, in one line."""
        spectra = self._spectra
        if spectra is None:
            return ""
        steep = f"largest |∇V| at {count(spectra.points)} points {short(spectra.slope)}"
        if math.isnan(spectra.product):
            return f"{steep}; this network is no chain of linear layers: its norms bound no slope"
        return f"{steep} ≤ product of the layers' norms and the activations' slopes {short(spectra.product)}"

    def point_at(self, at: tuple[float, float] | None) -> None:
        """Move the crosshair of the picture that the pointer is in."""
        self.steps.crosshair.point_at(at if self._at_steps else None)
        self.layers.crosshair.point_at(None if self._at_steps else at)

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._spectra = None
        self.layers.forget()
        self.steps.forget()

    def go_home(self) -> None:
        """Return both pictures to where they belong."""
        self.layers.go_home()
        self.steps.go_home()

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self.layers.restyle(look)
        self.steps.restyle(look)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _point(self, at: object, *, steps: bool) -> None:
        self._at_steps = steps
        self.pointed.emit(at)


class Bars(Plot):
    """A bar for σ₁ of each layer, with the estimate and the effective norm on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.bars, self.one = Line(), Segments()
        self.iterated, self.effective = PointSet(9.0), PointSet(7.0)
        items: tuple[Any, ...] = (self.bars, self.one, self.iterated, self.effective)
        for item in items:
            self.add(item)
        self._spectra: Spectra | None = None
        self._top = 0.0
        self.restyle(theme.current())

    def show_spectra(self, spectra: Spectra) -> None:
        """Draw all layers."""
        self._spectra = spectra
        exact = spectra.exact.astype(np.float64)
        layer = np.arange(1, len(exact) + 1)
        corners = layer[:, None] + np.array([-0.36, -0.36, 0.36, 0.36])
        heights = exact[:, None] * np.array([0.0, 1.0, 1.0, 0.0])
        self.bars.setData(corners.ravel(), heights.ravel(), fillLevel=0.0)
        normalised = np.isfinite(spectra.iterated)
        for item, values in ((self.iterated, spectra.iterated), (self.effective, spectra.effective)):
            item.set_points(np.stack([layer, values], axis=1)[normalised])
        highest = max(float(exact.max()), 1.0)
        if not 0.5 * self._top < highest <= self._top:
            self._top = nice_range(0.0, 1.1 * highest)[1]
        self.set_home((0.4, len(exact) + 0.6, 0.0, self._top))
        look = theme.current()
        self.one.set_bands([(np.array([[-1e3, 1.0, 1e3, 1.0]]), look.pen(look.line, 1.0, True))])

    def read(self, at: tuple[float, float]) -> str:
        """The values of the layer nearest to the pointer."""
        spectra = self._spectra
        if spectra is None:
            return ""
        place = min(max(round(at[0]), 1), len(spectra.exact)) - 1
        text = (
            f"layer {place + 1}: σ₁ {short(float(spectra.exact[place]), 5)}, σ₂ {short(float(spectra.second[place]))}"
        )
        if not np.isfinite(spectra.iterated[place]):
            return text
        found = float(spectra.iterated[place])
        error = found / float(spectra.exact[place]) - 1
        return f"{text}, by power iteration {short(found, 5)} (relative error {short(error, 2)})"

    def forget(self) -> None:
        """Show nothing."""
        self._spectra, self._top = None, 0.0
        self.bars.setData([], [])
        self.one.set_bands([])
        for item in (self.iterated, self.effective):
            item.set_points(np.empty((0, 2)))
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_top"):
            return
        self.bars.setPen(look.pen(look.data))
        self.bars.setBrush(look.brush(look.data, 90))
        self.iterated.set_colours(look.first, rim=look.plot)
        self.effective.set_colours(look.gebm, rim=look.plot)


class Steps(Plot):
    """tan θ of every layer after k steps, on a logarithmic axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.axis("left").setLogMode(True)
        self.rates: list[Line] = []
        self.tangents: list[Line] = []
        self._spectra: Spectra | None = None
        self.restyle(theme.current())

    def show_spectra(self, spectra: Spectra) -> None:
        """Draw the iteration of every layer."""
        self._spectra = spectra
        self._prepare(len(spectra.tangents))
        k = np.arange(spectra.tangents.shape[1], dtype=np.float64)
        low, high = 0.0, 0.0
        for place, tangents in enumerate(spectra.tangents.astype(np.float64)):
            bound = _logs(k, self._bound(place, k))
            found = _logs(k, tangents)
            self.rates[place].setData(bound[:, 0], bound[:, 1])
            self.tangents[place].setData(found[:, 0], found[:, 1])
            if len(found) > 1:  # else found at the first step: there is but one direction
                low, high = min(low, float(found[:, 1].min())), max(high, float(found[:, 1].max()))
        low, high = math.floor(max(low, SHOWN)), math.ceil(high + 1e-9)
        self.axis("left").setTicks(log_ticks(low, high, 4))
        self.set_home((0.0, float(k[-1]), low, high))

    def _bound(self, place: int, k: Doubles) -> Doubles:
        """tan θ₀ (σ₂/σ₁)^{2k}."""
        spectra = self._spectra
        if spectra is None:
            return np.empty(0)
        ratio = float(spectra.second[place]) / max(float(spectra.exact[place]), 1e-30)
        bound: Doubles = float(spectra.tangents[place, 0]) * ratio ** (2 * k)
        return bound

    def _prepare(self, count: int) -> None:
        """So many lines, each in its shade."""
        while len(self.rates) < count:
            for lines in (self.rates, self.tangents):
                lines.append(Line())
                self.add(lines[-1])
        for line in (*self.rates[count:], *self.tangents[count:]):
            line.setData([], [])
        self._colour(count)

    def read(self, at: tuple[float, float]) -> str:
        """The angles after the number of steps nearest to the pointer."""
        spectra = self._spectra
        if spectra is None:
            return ""
        k = min(max(round(at[0]), 0), spectra.tangents.shape[1] - 1)
        texts = [
            f"layer {place + 1}: {short(float(tangents[k]))} ≤ {short(float(self._bound(place, np.array([k]))[0]))}"
            for place, tangents in enumerate(spectra.tangents)
        ]
        return f"tan θ after {k} steps · " + " · ".join(texts)

    def forget(self) -> None:
        """Show nothing."""
        self._spectra = None
        self._prepare(0)
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if hasattr(self, "_spectra"):
            self._colour(0 if self._spectra is None else len(self._spectra.tangents))

    def _colour(self, count: int) -> None:
        look = theme.current()
        for tone, rate, line in zip(tones_of(look, count), self.rates, self.tangents, strict=False):
            rate.setPen(look.pen(tone, 1.0, True))
            line.setPen(look.pen(tone, 2.0))


def _logs(k: Doubles, values: Doubles) -> Doubles:
    """Steps and decimal logarithms (n, 2), where there is more than rounding."""
    known = values > 10.0**LEAST
    return np.stack([k[known], np.log10(values[known])], axis=1)
