"""What tells whether the chains can be trusted."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import DiagnosticsPart, Frame
from gebm_studio.ui import theme
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.tiles import BarsTile, HistoryTile, Tile, TimelineTile

NO_MODES = "this target names no modes"
MOST_BARS = 128


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
        self.energy = HistoryTile("mean energy", "Mean of E(G(z)) over the chains, over the last sampler rounds.")
        self.temperature = HistoryTile(
            "kinetic temperature",
            "⟨|v|²⟩/d over the chains. It is 1 where the velocities are in equilibrium, up to the step's own bias.",
            reference=1.0,
        )
        self.timeline = TimelineTile(
            "modes over time", "The mode that each chain was last in: one row a chain, time to the right."
        )
        self.hops = BarsTile(
            "hops",
            "How often each chain went over to another mode; one bar a chain, sorted. "
            "The number is the hops of one chain in 1000 steps.",
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
        self._columns = 0
        self._scroll = QScrollArea(self.canvas)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._board)
        self._scroll.setMinimumSize(1, 1)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll, 1)
        self._place()

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
        waiting = "the chains have not moved yet"
        self.energy.show_history(part.mean_energy, waiting)
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
        energies = part.chain_energy[np.isfinite(part.chain_energy)].astype(np.float64)
        bins = np.histogram(energies, min(16, max(4, len(energies) // 4)))[0] if len(energies) else np.empty(0)
        spread = f"{short(float(energies.min()), 2)}…{short(float(energies.max()), 2)}" if len(energies) else ""
        self.energies.show_bars(bins.astype(np.float64), np.empty(0), spread, "" if len(energies) else waiting)

    def figure(self) -> QWidget:
        # All tiles, also those that are scrolled out of sight.
        return super().figure() if self.is_empty else self._board

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _show_hops(self, part: DiagnosticsPart, named: bool) -> None:
        if not named or not len(part.hops):
            self.hops.show_bars(np.empty(0), np.empty(0), "", "the chains have not moved yet" if named else NO_MODES)
            return
        total = int(part.hops.sum())
        rate = 1000 * total / (len(part.hops) * part.chain_steps) if part.chain_steps else math.nan
        bars = np.sort(part.hops)[::-1][:: max(1, len(part.hops) // MOST_BARS)]
        self.hops.show_bars(bars.astype(np.float64), np.empty(0), f"{short(rate, 2)} / 1000")

    def _place(self) -> None:
        """As many tiles in a row as are wide enough to be read."""
        columns = 1 if self.width() < 300 else 2 if self.width() < 560 else 3
        if columns == self._columns:
            return
        self._columns = columns
        for tile in self.tiles:
            self._grid.removeWidget(tile)
        for place, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, place // columns, place % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


class Facts(FlowBar):
    """What there is to say of the sampler in words, with warnings in their own colour."""

    MOST = 6

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
    texts = []
    if part.accumulated_time < 1:
        texts.append("gradient flow, not equilibrium (time below 1)")
    if part.rejected_nonfinite > 0:
        texts.append(f"{count(part.rejected_nonfinite)} moves refused: energy not finite")
    return texts
