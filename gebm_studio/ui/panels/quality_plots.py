"""Cards with axes: the calibration of the energy, and Fréchet distances over iterations."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from gebm_studio.messages import Calibration, Extent, Measured
from gebm_studio.ui import theme
from gebm_studio.ui.panels.card import PAD, Card
from gebm_studio.ui.panels.labels import Label, Labels
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.plot import Plot
from gebm_studio.ui.panels.primitives import Line, PointSet, Segments
from gebm_studio.ui.panels.quality_words import UNKNOWN, Shown, half_text, interval_text
from gebm_studio.ui.panels.table import nice_range

WORDS = 130
"""A card lower than this has no room for words in its picture."""
NEAR = 24.0
"""A point is picked within so many pixels of the pointer."""
CALIBRATION = (
    "Held-out data against draws of the base, in bins of the log odds −E − log Z that the energy states: the log odds "
    "that are found, with 95 % intervals. On the diagonal, slope 1, −E − log Z is the log density ratio; a slope below "
    "1 says that the energy overstates it."
)


class PlotCard(Card):
    """A card whose picture is a plot."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tip, parent)
        self.view, self.labels = Plot(parent=self), Labels()
        self.view.add(self.labels)
        self.view.setToolTip(tip)

    def say(
        self, value: str = "", why_empty: str = "", legend: tuple[tuple[str, str], ...] = (), warns: bool = False
    ) -> None:
        super().say(value, why_empty, legend, warns)
        self.view.setVisible(not why_empty)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.labels.setVisible(self.height() >= WORDS)
        self.view.setGeometry(self.body().adjusted(2 - PAD, -2, PAD - 2, PAD).toRect())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "view"):
            self.restyle(theme.current())

    def restyle(self, look: theme.Theme) -> None:
        """Take the colours of a theme."""
        self.view.restyle(look)
        self.labels.restyle(look)


class CalibrationCard(PlotCard):
    """Log odds that the energy states against those that are counted; a log density ratio is on the diagonal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Calibration",
            CALIBRATION,
            parent,
        )  # fmt: skip
        self._calibration: Calibration | None = None
        self.diagonal, self.whiskers, self.points = Segments(), Segments(), PointSet(6.0)
        for item in (self.diagonal, self.whiskers, self.points):
            self.view.add(item)
        self.view.pointed.connect(self._point)
        self.restyle(theme.current())

    def show_measured(self, shown: Shown) -> None:
        """Show the calibration and the held-out KALE of a measurement."""
        measured = shown.measured
        table = measured.calibration
        self._calibration = table
        none = "" if len(table.predicted) else "The calibration of the energy could not be measured."
        self.say("" if math.isnan(table.slope[0]) else f"slope {half_text(table.slope)}", none)
        slope, kale = interval_text(table.slope), interval_text(measured.kale)
        self.tip = f"{CALIBRATION} Slope of a logistic fit: {slope}. Held-out KALE: {kale} nats. "
        self.tip += f"{shown.note('calibration')}. {shown.note('kale')}"
        self.view.setToolTip(self.tip)
        if none:
            return
        self.view.set_home(extent_of(table))
        self._draw()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if hasattr(self, "points"):
            self.points.set_colours(look.gebm, look.plot)
            self._draw()

    def _draw(self) -> None:
        table, look = self._calibration, theme.current()
        if table is None or not len(table.predicted):
            return
        x, y = table.predicted.astype(np.float64), table.found.astype(np.float64)
        reach = 4 * max(1.0, float(np.abs(x).max()))
        self.diagonal.set_bands([(np.array([[-reach, -reach, reach, reach]]), look.pen(look.axis, 1.2, True))])
        whiskers = np.stack([x, table.low, x, table.high], axis=1)
        self.whiskers.set_bands([(whiskers, look.pen(look.text, 1.4))])
        self.points.set_points(np.stack([x, y], axis=1))
        self.labels.set_labels(
            Label("log odds found", -math.inf, math.inf, ((1, -1),)),
            Label("log odds predicted, −E − log Z", math.inf, -math.inf, ((-1, 1),)),
            avoid=np.stack([x, y], axis=1),
        )

    def _point(self, at: tuple[float, float] | None) -> None:
        table = self._calibration
        self.view.crosshair.single_out(None)
        self.view.setToolTip(self.tip)
        if at is None or table is None or not len(table.predicted):
            return
        spots = np.stack([table.predicted, table.found], axis=1).astype(np.float64)
        place = int(np.argmin(np.abs(spots[:, 0] - at[0])))
        x, y = map(float, spots[place])
        if self.view.pixels_between(at, (x, y)) <= NEAR:
            self.view.crosshair.single_out((x, y))
            ends = (float(table.found[place]), float(table.low[place]), float(table.high[place]))
            self.view.setToolTip(f"Predicted {short(x)}, found {interval_text(ends)} (95 %).")


class HistoryCard(PlotCard):
    """Fréchet distances of base and GEBM over iterations; the pointer picks a measurement."""

    picked = Signal(object)
    """The place of the measurement under the pointer, None for the newest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "History", "Fréchet distances of base and GEBM with 95 % intervals over iterations. The pointer picks the "
            "measurement that the other parts show.", parent,
        )  # fmt: skip
        self._measured: list[tuple[int, Measured]] = []
        self.bands = {law: Line() for law in ("base", "gebm")}
        self.lines = {law: Line() for law in ("base", "gebm")}
        self.points = {law: PointSet(5.0) for law in ("base", "gebm")}
        for items in (self.bands, self.lines, self.points):
            for item in items.values():
                self.view.add(item)
        self.view.pointed.connect(self._point)
        self.restyle(theme.current())

    def show_history(self, measured: tuple[Measured, ...]) -> None:
        """Show all measurements whose protocol is the newest's; others would not compare."""
        protocol = measured[-1].protocol if measured else ""
        self._measured = [(place, one) for place, one in enumerate(measured) if one.protocol == protocol]
        left_out = len(measured) - len(self._measured)
        none = "" if len(self._measured) > 1 else "One measurement so far: a history begins with the second."
        if left_out and none:
            none = f"One measurement of this protocol so far; {left_out} of others do not compare."
        self.say("", none, (("base", "base"), ("GEBM", "gebm")))
        if not none:
            self._draw()

    def restyle(self, look: theme.Theme) -> None:
        super().restyle(look)
        if not hasattr(self, "points"):
            return
        for law in ("base", "gebm"):
            colour = getattr(look, law)
            self.bands[law].setPen(None)
            self.bands[law].setBrush(look.brush(colour, 60))
            self.lines[law].setPen(look.pen(colour, 2.0))
            self.points[law].set_colours(colour, look.plot)

    def _draw(self) -> None:
        at = np.array([one.iteration for _, one in self._measured], dtype=np.float64)
        reached = []
        for law in ("base", "gebm"):
            scores = np.array([one.scores.get(law, {}).get("frechet", UNKNOWN) for _, one in self._measured])
            known = np.isfinite(scores).all(axis=1)
            x, (middle, low, high) = at[known], scores[known].T
            self.lines[law].setData(x, middle, antialias=True)
            self.points[law].set_points(np.stack([x, middle], axis=1))
            self.bands[law].setData(
                np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]]), fillLevel="enclosed"
            )
            reached += [low, high]
        ends = np.concatenate(reached)
        if not len(ends):
            return
        left, right = float(at.min()), float(at.max())
        beyond = 0.04 * (right - left) or 1.0
        low, high = float(ends.min()), float(ends.max())
        # Zero is the floor of a distance: where it is near, the axis begins there.
        bottom, top = nice_range(0.0 if low < 0.6 * high else low, high)
        self.view.set_home((left - beyond, right + beyond, bottom, top))
        self.labels.set_labels(
            Label("Fréchet distance", -math.inf, math.inf, ((1, -1),)),
            Label("iteration", math.inf, -math.inf, ((-1, 1),)),
        )

    def _point(self, at: tuple[float, float] | None) -> None:
        self.view.crosshair.single_out(None)
        if at is None or len(self._measured) < 2:
            self.picked.emit(None)
            return
        near = min(range(len(self._measured)), key=lambda place: abs(self._measured[place][1].iteration - at[0]))
        place, one = self._measured[near]
        fd = one.scores.get("gebm", {}).get("frechet", UNKNOWN)
        if math.isfinite(fd[0]):
            self.view.crosshair.single_out((float(one.iteration), fd[0]))
        self.view.setToolTip(f"Iteration {count(one.iteration)}: " + _history_words(one))
        self.picked.emit(place)


def extent_of(table: Calibration) -> Extent:
    """What shows all bins and the diagonal through them; of intervals that are much longer, a part."""
    x = table.predicted[np.isfinite(table.predicted)].astype(np.float64)
    found = table.found[np.isfinite(table.found)].astype(np.float64)
    left, right = float(x.min()), float(x.max())
    bottom, top = float(min(left, found.min(initial=left))), float(max(right, found.max(initial=right)))
    reach = 0.5 * (top - bottom)
    bottom = max(bottom - reach, min(bottom, float(np.nanmin(table.low, initial=bottom))))
    top = min(top + reach, max(top, float(np.nanmax(table.high, initial=top))))
    aside, above = 0.08 * (right - left), 0.05 * (top - bottom)
    return left - aside, right + aside, bottom - above, top + above


def _history_words(one: Measured) -> str:
    said = [
        f"FD({name}) {interval_text(one.scores.get(law, {}).get('frechet', UNKNOWN))}"
        for law, name in (("base", "base"), ("gebm", "GEBM"))
    ]
    return ", ".join(said) + "."
