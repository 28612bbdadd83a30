"""What tells whether the chains can be trusted."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import DiagnosticsPart, Floats, Frame
from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.tiles import BarsTile, HistoryTile, Tile, TimelineTile

NO_MODES = "this target names no modes"
FAR_OFF = "the chains have left every reasonable region"
MOST_BARS = 128
FARTHEST = 1e3
"""A chain whose energy is beyond this, or not finite, has left every region that the model knows."""


class DiagnosticsPanel(ThrottledPanel):
    """Small multiples, as many in a row as fit, and one line on the sampler."""

    part = "diagnostics"
    title = "Diagnostics"
    empty = "Mean energy, kinetic temperature, mode hops and acceptance of the chains appear here once they move."
    INTERVAL: ClassVar[int] = 120

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: DiagnosticsPart | None = None
        self.header.hide()
        self.readout.hide()
        self.facts = Facts()
        self.energy = HistoryTile(
            "mean E", "mean energy, the mean of E(G(z)) over the chains, over the last sampler rounds."
        )
        self.temperature = HistoryTile(
            "kinetic T",
            "kinetic temperature, ⟨|v|²⟩/d over the chains. "
            "It is 1 where the velocities are in equilibrium, up to the step's own bias.",
            reference=1.0,
        )
        self.timeline = TimelineTile(
            "modes over time", "The mode that each chain was last in: one row a chain, time to the right."
        )
        self.hops = BarsTile(
            "hops",
            "How often each chain went over to another mode; one bar a chain, sorted. "
            "The numbers: chains that have left their first mode, and the hops of one chain in 1000 steps.",
            "muted",
        )
        self.occupancy = BarsTile(
            "occupancy", "Share of the chains' time in each mode (bars) against its true weight (marks).", "gebm"
        )
        self.energies = BarsTile("energies", "Histogram of E(G(z)) over the chains now.", "first")
        self.tiles: tuple[Tile, ...] = (
            self.energy, self.temperature, self.timeline, self.hops, self.occupancy, self.energies,
        )  # fmt: skip
        self._board = QWidget()
        board = QVBoxLayout(self._board)
        board.setContentsMargins(0, 0, 0, 0)
        board.setSpacing(theme.GRID // 2)
        board.addWidget(self.facts)
        self._grid = QGridLayout()
        board.addLayout(self._grid, 1)
        self._grid.setSpacing(theme.GRID // 2)
        self._columns, self._named = 0, True
        self._of_modes = (self.timeline, self.hops, self.occupancy)
        self._scroll = QScrollArea(self.canvas)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._board)
        self._scroll.setMinimumSize(1, 1)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll, 1)
        self._place(named=True)

    def take(self, part: DiagnosticsPart, frame: Frame) -> None:
        self._part = part
        self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None

    def restyle(self, look: theme.Theme) -> None:
        self.redraw()

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        self.show_canvas()
        self.facts.show_facts(_facts(part), _warnings(part))
        waiting = "the chains have not moved yet" if not len(part.steps) else "no chain has a finite energy"
        gone = len(part.mean_energy) > 0 and not abs(float(part.mean_energy[-1])) <= FARTHEST
        energy = _within_reason(part.mean_energy)
        self.energy.show_history(energy[:0] if gone else energy, FAR_OFF if gone else waiting)
        still = waiting if not len(part.kinetic_temperature) else f"{part.sampler} has no velocities"
        self.temperature.show_history(part.kinetic_temperature, still)
        named = len(part.true_weights) > 0
        self.timeline.show_timeline(part.timeline, waiting if named else NO_MODES)
        self._show_hops(part, named)
        self.occupancy.show_bars(
            part.occupancy.astype(np.float64),
            part.true_weights.astype(np.float64),
            f"{int((part.occupancy > 0).sum())} of {len(part.occupancy)}" if named else "",
            "" if len(part.occupancy) else (waiting if named else NO_MODES),
        )
        energies = _within_reason(part.chain_energy)
        energies = energies[np.isfinite(energies)].astype(np.float64)
        bins = np.histogram(energies, min(16, max(4, len(energies) // 4)))[0] if len(energies) else np.empty(0)
        spread = f"{short(float(energies.min()), 2)}…{short(float(energies.max()), 2)}" if len(energies) else ""
        self.energies.show_bars(bins.astype(np.float64), np.empty(0), spread, "" if len(energies) else waiting)
        self._place(named)

    def figure(self) -> QWidget:
        # All tiles, also those that are scrolled out of sight.
        return super().figure() if self.is_empty else self._board

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self._named)

    def _show_hops(self, part: DiagnosticsPart, named: bool) -> None:
        if not named or not len(part.hops):
            self.hops.show_bars(np.empty(0), np.empty(0), "", "the chains have not moved yet" if named else NO_MODES)
            return
        total = int(part.hops.sum())
        rate = 1000 * total / (len(part.hops) * part.chain_steps) if part.chain_steps else math.nan
        bars = np.sort(part.hops)[::-1][:: max(1, len(part.hops) // MOST_BARS)]
        self.hops.show_bars(
            bars.astype(np.float64),
            np.empty(0),
            f"{int((part.hops > 0).sum())} of {len(part.hops)} hopped · {short(rate, 2)} / 1000",
            brief=f"{int((part.hops > 0).sum())} of {len(part.hops)}",
        )

    def _place(self, named: bool) -> None:
        """As many tiles in a row as are wide enough to be read; without modes there are no tiles of modes."""
        columns = 1 if self.width() < 250 else 2 if self.width() < 560 else 3
        if (columns, named) == (self._columns, self._named):
            return
        self._columns, self._named = columns, named
        for tile in self.tiles:
            self._grid.removeWidget(tile)
            tile.setVisible(named or tile not in self._of_modes)
        shown = [tile for tile in self.tiles if not tile.isHidden()]
        for place, tile in enumerate(shown):
            span = columns - place % columns if place == len(shown) - 1 else 1
            self._grid.addWidget(tile, place // columns, place % columns, 1, span)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


class Facts(FlowBar):
    """What there is to say of the sampler in words, with warnings in their own colour."""

    MOST = 10

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = [QLabel(self) for _ in range(self.MOST)]
        for label in self._labels:
            label.hide()
            self.add(label)

    @property
    def texts(self) -> list[str]:
        """What is said."""
        return [label.text() for label in self._labels if not label.isHidden()]

    def show_facts(self, facts: list[str], warnings: list[str]) -> None:
        """Say facts, then warnings."""
        look = theme.current()
        for place, label in enumerate(self._labels):
            said = place < len(facts) + len(warnings)
            label.setVisible(said)
            if not said:
                continue
            warns = place >= len(facts)
            label.setText(warnings[place - len(facts)] if warns else facts[place])
            colour = QColor(look.warning if warns else look.text if place == 0 else look.muted)
            if label.palette().color(label.foregroundRole()) != colour:
                palette = label.palette()
                palette.setColor(label.foregroundRole(), colour)
                label.setPalette(palette)


def _facts(part: DiagnosticsPart) -> list[str]:
    accepts = "unadjusted: no accept step" if math.isnan(part.acceptance) else f"accepts {100 * part.acceptance:.1f} %"
    return [
        part.sampler,
        f"· {accepts}",
        f"· {count(part.chain_steps)} steps a chain",
        f"· accumulated time {short(part.accumulated_time)}",
    ]


def _warnings(part: DiagnosticsPart) -> list[str]:
    """Each in two parts, which can stand on two lines where the panel is narrow."""
    texts: list[str] = []
    if (gone := diverged(part.chain_energy)) and part.chain_steps:
        texts += [f"· {count(gone)} of {count(len(part.chain_energy))} chains have diverged:", "lower the step size"]
    if part.accumulated_time < 1:
        texts += ["· gradient flow, not equilibrium", "(time below 1)"]
    if part.rejected_nonfinite > 0:
        texts += [f"· {count(part.rejected_nonfinite)} moves refused:", "energy not finite"]
    return texts


def diverged(energies: Floats) -> int:
    """How many chains have energies that no chain near the model's mass can have."""
    return int((~(np.abs(energies) <= FARTHEST)).sum())


def _within_reason(energies: Floats) -> Floats:
    """The energies, with those of chains that have diverged left out: they would flatten all the rest."""
    return np.where(np.abs(energies) <= FARTHEST, energies, np.float32(np.nan))
