"""What tells whether the chains can be trusted."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import DiagnosticsPart, Frame
from gebm_studio.ui import theme
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
        self.facts = QLabel(self.canvas)
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.RichText)
        self.facts.setMinimumWidth(1)
        self.energy = HistoryTile("mean energy", "Mean of E(G(z)) over the chains, over the last sampler rounds.")
        self.temperature = HistoryTile(
            "kinetic temperature",
            "⟨|v|²⟩/d over the chains. It is 1 where the velocities are in equilibrium, up to the step's own bias.",
            reference=1.0,
        )
        self.timeline = TimelineTile(
            "modes over time", "The mode that each chain was last in: one row a chain, time to the right."
        )
        self.hops = BarsTile("hops", "How often each chain went over to another mode; one bar a chain, sorted.", "muted")
        self.occupancy = BarsTile(
            "mode occupancy", "Share of the chains' time in each mode (bars) against its true weight (marks).", "gebm"
        )
        self.energies = BarsTile("chain energies", "Histogram of E(G(z)) over the chains now.", "first")
        self.tiles: tuple[Tile, ...] = (
            self.energy, self.temperature, self.timeline, self.hops, self.occupancy, self.energies,
        )  # fmt: skip
        self._board = QWidget()
        self._grid = QGridLayout(self._board)
        self._grid.setContentsMargins(0, 0, 0, 0)
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
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.facts)
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
        self.facts.setText(_facts(part, theme.current()))
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
            f"{int((part.occupancy > 0).sum())} of {len(part.occupancy)} visited" if named else "",
            "" if len(part.occupancy) else (waiting if named else NO_MODES),
        )
        energies = part.chain_energy[np.isfinite(part.chain_energy)].astype(np.float64)
        bins = np.histogram(energies, min(16, max(4, len(energies) // 4)))[0] if len(energies) else np.empty(0)
        spread = f"{short(float(energies.min()), 2)} … {short(float(energies.max()), 2)}" if len(energies) else ""
        self.energies.show_bars(bins.astype(np.float64), np.empty(0), spread, "" if len(energies) else waiting)

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
        self.hops.show_bars(bars.astype(np.float64), np.empty(0), f"{count(total)}; {short(rate, 2)} per 1000 steps")

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


def _facts(part: DiagnosticsPart, look: theme.Theme) -> str:
    """One line on the sampler; what needs attention in the colour of a warning."""
    accepted = (
        "unadjusted: no accept step" if math.isnan(part.acceptance) else f"accepts {100 * part.acceptance:.1f} %"
    )
    texts = [
        f"<b>{part.sampler}</b>",
        accepted,
        f"{count(part.chain_steps)} steps a chain",
        f"accumulated time {short(part.accumulated_time)}",
    ]

    def warning(text: str) -> str:
        return f'<span style="color:{look.warning}">{text}</span>'

    if part.accumulated_time < 1:
        texts.append(warning("gradient flow, not equilibrium (time below 1)"))
    if part.rejected_nonfinite > 0:
        texts.append(warning(f"{count(part.rejected_nonfinite)} moves refused: energy not finite"))
    return " · ".join(texts)
