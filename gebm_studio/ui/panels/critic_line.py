"""The critic on a line, beside its optimum, over the densities that it tells apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import CriticLine, CriticPart, CriticReading
from gebm_studio.ui import theme
from gebm_studio.ui.panels.legend import Entry
from gebm_studio.ui.panels.numbers import short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line
from gebm_studio.ui.panels.table import nice_range

FOOT = 0.05
"""A mode ends where its density is this share of the highest."""
TAILS = (0.04, 0.995)
"""Shares of the mass of p and g together between which the critic's height sets the scale."""
ROOM = 0.85
"""Share of the height that the densities take."""
READINGS = (("V", "V"), ("D", "D"), ("log ratio", "log ratio"), ("T", "T"))

Doubles = NDArray[np.float64]


class CriticLineView(Plot):
    """The chosen reading on the left axis, densities on the right one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(right=True, parent=parent)
        self.view.setMouseEnabled(x=True, y=False)
        self.p, self.g, self.learned, self.optimum = Line(), Line(), Line(), Line()
        for item in (self.p, self.g, self.learned, self.optimum):
            self.add(item)
        self._line: CriticLine | None = None
        self._reading: CriticReading | None = None
        self._range = (0.0, 0.0)
        self._shown = ""
        self._entries: dict[str, Entry] = {}
        self.restyle(theme.current())

    def make_entries(self, parent: QWidget) -> list[Entry]:
        """The legend's entries."""
        named = (
            ("learned", "critic", "first", "line", ""),
            ("optimum", "optimum", "second", "dashed", ""),
            ("p", "data", "data", "box", "p, the target's density on the line (right axis)."),
            ("g", "base", "base", "line", "g, the base's density on the line (right axis)."),
        )
        for key, name, role, swatch, tip in named:
            self._entries[key] = entry = Entry(name, role, swatch, parent=parent)  # type: ignore[arg-type]
            entry.setToolTip(tip)
        return list(self._entries.values())

    def entries_wanted(self) -> list[tuple[Entry, bool]]:
        """Each entry, and whether there is anything to see."""
        line, reading = self._line, self._reading
        there = {
            "learned": reading is not None,
            "optimum": reading is not None and bool(len(reading.optimum)),
            "p": line is not None and bool(np.isfinite(line.p).any()),
            "g": line is not None and bool(np.isfinite(line.g).any()),
        }
        return [(entry, there[key]) for key, entry in self._entries.items()]

    def readings(self) -> tuple[str, ...]:
        """The names of the readings that there are."""
        return () if self._line is None else tuple(reading.name for reading in self._line.readings)

    def show_part(self, part: CriticPart, chosen: str = "V") -> None:
        """Draw one reading, the first where the chosen one is not there."""
        line = part.line
        if line is None or not line.readings:
            self.forget()
            return
        reading = next((one for one in line.readings if one.name == chosen), line.readings[0])
        if self._shown != reading.name:
            self._shown, self._range = reading.name, (0.0, 0.0)
        self._line, self._reading = line, reading
        at = line.at.astype(np.float64)
        low, high = self._scale(line, reading)
        self.learned.setData(at, _near(reading.learned.astype(np.float64), low, high))
        self._show_optimum(at, reading, low, high)
        self._show_densities(at, line, low, high)
        self.set_home((float(at[0]), float(at[-1]), low, high))
        self._entries["learned"].set_name(reading.name)
        self._entries["learned"].setToolTip(reading.formula)
        self._entries["optimum"].setToolTip(reading.formula)

    def read(self, at: tuple[float, float]) -> str:
        """The values at the place nearest to the pointer."""
        line, reading = self._line, self._reading
        if line is None or reading is None:
            return ""
        place = int(np.argmin(np.abs(line.at - at[0])))
        texts = [f"{short(float(line.at[place]))}: {reading.name} {short(float(reading.learned[place]))}"]
        if len(reading.optimum):
            texts.append(f"optimum {short(float(reading.optimum[place]))}")
        for name, values in (("p", line.p), ("g", line.g)):
            if np.isfinite(values[place]):
                texts.append(f"{name} {short(float(values[place]))}")
        return " · ".join(texts)

    def say(self) -> str:
        """What the picture shows, in one line."""
        line, reading = self._line, self._reading
        if line is None or reading is None:
            return ""
        return " · ".join(filter(None, (f"{reading.formula} · over {line.axis}", line.note)))

    def forget(self) -> None:
        """Show nothing of the last run."""
        self._line = self._reading = None
        self._range = (0.0, 0.0)
        for curve in (self.p, self.g, self.learned, self.optimum):
            curve.setData([], [])
        self.crosshair.point_at(None)
        self.go_home()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "_range"):
            return
        self.p.setPen(look.pen(look.data))
        self.p.setBrush(look.brush(look.data, 60))
        self.g.setPen(look.pen(look.base, 1.4))
        self.g.setBrush(look.brush(look.base, 40))
        self.learned.setPen(look.pen(look.first, 2.0))
        self.optimum.setPen(look.pen(look.second, 2.0, True))
        self.axis("left").setTextPen(look.pen(look.first))

    def _scale(self, line: CriticLine, reading: CriticReading) -> tuple[float, float]:
        """A range that holds the critic where there is mass; it changes only where the critic leaves or dwarfs it."""
        if reading.name == "D":
            return 0.0, 1.0
        mass = np.zeros(len(line.at))
        for density in (line.p, line.g):
            known = np.nan_to_num(density.astype(np.float64))
            mass += known / max(float(known.sum()), 1e-300)
        if not mass.any():
            mass[:] = 1.0
        elif not np.isfinite(line.g).any():
            # A line through data of the plane: what is between two modes is what a person looks for.
            first, last = np.flatnonzero(mass > FOOT * mass.max())[[0, -1]]
            mass[first : last + 1] += mass.sum() / (last + 1 - first)
        ends = [_quantiles(reading.learned, mass)]
        if len(reading.optimum):
            ends.append(_quantiles(reading.optimum, mass))
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        room = 0.08 * (high - low)
        old_low, old_high = self._range
        if not (old_low <= low and high <= old_high and high - low > 0.5 * (old_high - old_low)):
            self._range = nice_range(low - room, high + room)
        return self._range

    def _show_optimum(self, at: Doubles, reading: CriticReading, low: float, high: float) -> None:
        known = np.isfinite(reading.optimum)
        if not known.any():
            self.optimum.setData([], [])
            return
        first, last = np.flatnonzero(known)[[0, -1]]
        stretch = slice(int(first), int(last) + 1)
        values = np.interp(at[stretch], at[known], reading.optimum[known].astype(np.float64))
        self.optimum.setData(at[stretch], _near(values, low, high))

    def _show_densities(self, at: Doubles, line: CriticLine, low: float, high: float) -> None:
        peaks = [float(np.nanmax(values)) for values in (line.p, line.g) if np.isfinite(values).any()]
        highest = max(peaks, default=0.0)
        if highest <= 0:
            self.p.setData([], [])
            self.g.setData([], [])
            self.axis("right").setStyle(showValues=False)
            return
        self.axis("right").setStyle(showValues=True)
        self.axis("right").setRange(0.0, highest / ROOM)
        for curve, values in ((self.p, line.p), (self.g, line.g)):
            if np.isfinite(values).any():
                height = low + np.nan_to_num(values.astype(np.float64)) / highest * ROOM * (high - low)
                curve.setData(at, height, fillLevel=low)
            else:
                curve.setData([], [])


def _quantiles(values: NDArray[np.float32], mass: Doubles) -> tuple[float, float]:
    """The values below which the shares `TAILS` of some mass lie, and above which nearly none."""
    known = np.isfinite(values)
    order = np.argsort(values[known])
    share = mass[known][order].cumsum()
    places = np.searchsorted(share / max(float(share[-1]), 1e-300), TAILS)
    low, high = values[known][order][np.minimum(places, len(order) - 1)]
    return float(low), float(high)


def _near(values: Doubles, low: float, high: float) -> Doubles:
    """Values no farther outside of a range than so many times its width: beyond, a screen has no numbers for them."""
    reach = 9 * (high - low)
    return np.clip(values, low - reach, high + reach)
