"""What tells whether the chains can be trusted."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from gebm_studio.messages import FARTHEST, DiagnosticsPart, Floats, Frame
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui import theme
from gebm_studio.ui.panels.facts import (
    Facts,
    HopRates,
    facts_of,
    protocol_of,
    why_no_mixing,
    within_reason,
)
from gebm_studio.ui.panels.numbers import count, short
from gebm_studio.ui.panels.panel import ThrottledPanel
from gebm_studio.ui.panels.tiles import BarsTile, HistoryTile, Tile, TimelineTile, TraceTile
from gebm_studio.ui.panels.tiles_counts import DwellTile, RanksTile, SwapsTile, WalkersTile

FAR_OFF = "the chains have left every reasonable region"
NOT_YET = "the chains have not moved yet"
MOST_BARS = 128
TRACES = 4
WALK = 60
"""Rounds of a walker's way that are shown: more of them would be a blur."""
FEW_LAGS, FORGOTTEN = 20, 0.1
"""Lags that are always shown; further ones up to thrice the first at which so little is left."""
WIDTH = 186
"""Width in pixels that a tile likes to have."""
TWO_FROM = 250
"""Width of the panel from which on two tiles stand side by side, narrower ones than they like to be."""
MOST_COLUMNS = 6


class DiagnosticsPanel(ThrottledPanel[TrainingPreset]):
    """Small multiples, as many in a row as fit, and a line of facts. Tiles without anything to say are not there."""

    part = "diagnostics"
    title = "Diagnostics"
    empty = "Mean energy, effective sample size, R-hat, mode hops and acceptance of the chains appear once they move."
    INTERVAL: ClassVar[int] = 120

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: DiagnosticsPart | None = None
        self.header.hide()
        self.readout.hide()
        self.facts = Facts()
        self._rates = HopRates()
        self._make_tiles()
        self._board = QWidget()
        for tile in self.tiles:
            tile.setParent(self._board)
            tile.hide()
        board = QVBoxLayout(self._board)
        board.setContentsMargins(0, 0, 0, 0)
        board.setSpacing(theme.GRID // 2)
        board.addWidget(self.facts)
        self._grid = QGridLayout()
        board.addLayout(self._grid, 1)
        self._grid.setSpacing(theme.GRID // 2)
        self._columns = 0
        self._shown: tuple[Tile, ...] = ()
        self._scroll = QScrollArea(self.canvas)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._board)
        self._scroll.setMinimumSize(1, 1)
        column = QVBoxLayout(self.canvas)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll, 1)
        self._place((self.energy, self.energies))

    def _make_tiles(self) -> None:
        self.energy = HistoryTile("mean E", "the mean of E(G(z)) over the chains, over the last sampler rounds.")
        self.trace = TraceTile("traces", "E(G(z)) of a few chains: chains that mix look alike and wander freely.")
        self.energies = BarsTile("energies", "histogram of E(G(z)) over the chains now.", "first")
        self.autocorrelation = HistoryTile(
            "autocorrelation",
            "of the slowest of E(G(z)), z₁ and z₂, from lag 0 to the right, mean over chains. The number: steps for "
            "one independent draw, draws times their distance over ESS.",
            reference=0.0,
        )
        self.ranks = RanksTile(
            "ranks",
            "rank plot, a row a chain: where among all draws its own stand, from the lowest to the highest. "
            "Neutral is an even share, blue less, orange more; rows that mix are all neutral.",
        )
        self.spread = HistoryTile(
            "Var z", "variance of the latents over the chains, mean over coordinates. At β = 0 it is 1 (line)."
        )
        self.temperature = HistoryTile(
            "kinetic T",
            "kinetic temperature, ⟨|v|²⟩/d over the chains. "
            "It is 1 where the velocities are in equilibrium, up to the step's own bias.",
            reference=1.0,
        )
        self.timeline = TimelineTile(
            "modes over time", "the mode that each chain was last in: one row a chain, time to the right."
        )
        self.hops = BarsTile(
            "hops",
            "how often each chain went over to another mode; one bar a chain, sorted. "
            "The number: chains that have left their first mode.",
            "muted",
        )
        self.occupancy = BarsTile(
            "occupancy", "share of the chains' time in each mode (bars) against its true weight (marks).", "gebm"
        )
        self.dwell = DwellTile(
            "dwell times",
            "how many stays in a mode had which length, in steps on a log scale; the line is the mean, "
            "in which stays that still last are counted.",
        )
        self.swaps = SwapsTile(
            "swaps",
            "share of swaps accepted between neighbouring rungs, with their mean (marks); below, the share r "
            "of the energy that each rung feels, from the target (1) to the prior (0).",
        )
        self.walkers = WalkersTile(
            "walkers",
            "which walker of the first chain stands on each rung, the target above, the prior below, one colour "
            "a walker, and the way of one of them (line). The number: ways of a chain's walkers from the target to "
            "the prior and back, in 1000 steps.",
        )
        self.tiles: tuple[Tile, ...] = (
            self.energy, self.swaps, self.walkers, self.timeline, self.hops, self.occupancy, self.dwell,
            self.spread, self.temperature, self.trace, self.autocorrelation, self.ranks, self.energies,
        )  # fmt: skip

    def take(self, part: DiagnosticsPart, frame: Frame) -> None:
        self._part = part
        self.throttle.request()

    def clear(self) -> None:
        self.throttle.stop()
        self._part = None
        self._rates = HopRates()

    def restyle(self, look: theme.Theme) -> None:
        self.redraw()

    def redraw(self) -> None:
        part = self._part
        if part is None:
            return
        self.show_canvas()
        self.facts.show_facts(facts_of(part, self._rates.facts(part)))
        shown: list[Tile] = [*self._show_energies(part), *self._show_mixing(part), *self._show_spread(part)]
        if len(part.true_weights):
            shown += self._show_modes(part)
        if part.ladder is not None:
            shown += self._show_ladder(part)
        self._place(tuple(tile for tile in self.tiles if tile in shown))

    def figure(self) -> QWidget:
        # All tiles, also those that are scrolled out of sight.
        return super().figure() if self.is_empty else self._board

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self._shown)

    # Each shows some tiles and gives back those that have something to say, or will have.

    def _show_energies(self, part: DiagnosticsPart) -> list[Tile]:
        waiting = "no chain has a finite energy" if len(part.steps) else NOT_YET
        rounds, chains = f"Over {count(len(part.steps))} rounds", count(len(part.chain_energy))
        gone = len(part.mean_energy) > 0 and not abs(float(part.mean_energy[-1])) <= FARTHEST
        energy = within_reason(part.mean_energy)
        self.energy.show_history(energy[:0] if gone else energy, FAR_OFF if gone else waiting)
        self.energy.explain(f"{rounds} of {chains} chains.")
        self.trace.show_traces(within_reason(part.trace[:, :TRACES]), waiting)
        self.trace.explain(f"{rounds}.")
        energies = within_reason(part.chain_energy)
        energies = energies[np.isfinite(energies)].astype(np.float64)
        bins = np.histogram(energies, min(16, max(4, len(energies) // 4)))[0] if len(energies) else np.empty(0)
        spread = f"{short(float(energies.min()), 2)}…{short(float(energies.max()), 2)}" if len(energies) else ""
        self.energies.show_bars(bins.astype(np.float64), np.empty(0), spread, "" if len(energies) else waiting)
        self.energies.explain(f"Of {count(len(energies))} chains.")
        return [self.energy, self.energies] if len(part.chain_energy) < 2 else [self.energy, self.trace, self.energies]

    def _show_mixing(self, part: DiagnosticsPart) -> list[Tile]:
        mixing = part.mixing
        if mixing is None:
            return []
        why = why_no_mixing(mixing, part.trace)
        apart = mixing.chains * mixing.draws * mixing.every / mixing.ess if mixing.ess > 0 else math.nan
        lags = mixing.autocorrelation[: _lags(mixing.autocorrelation)]
        self.autocorrelation.show_history(lags, why or NOT_YET, f"{short(apart, 2)} steps")
        far = f"Lags to {short((len(lags) - 1) * mixing.every)} steps. " if len(lags) else ""
        self.autocorrelation.explain(far + protocol_of(mixing))
        self.ranks.show_ranks(mixing.ranks[:0] if why else mixing.ranks, why or "too few draws")
        self.ranks.explain(protocol_of(mixing))
        return [self.autocorrelation, self.ranks]

    def _show_spread(self, part: DiagnosticsPart) -> list[Tile]:
        shown: list[Tile] = []
        over = f"Over {count(len(part.chain_energy))} chains."
        if len(part.spread) and math.isfinite(part.spread[-1]):
            at_prior = self.preset is not None and math.isinf(self.preset.sampler.temperature)
            self.spread.reference = 1.0 if at_prior else None
            self.spread.show_history(part.spread, NOT_YET)
            self.spread.explain(over)
            shown.append(self.spread)
        if len(part.kinetic_temperature) and math.isfinite(part.kinetic_temperature[-1]):
            self.temperature.show_history(part.kinetic_temperature, NOT_YET)
            self.temperature.explain(over)
            shown.append(self.temperature)
        return shown

    def _show_modes(self, part: DiagnosticsPart) -> list[Tile]:
        since = f"Over {count(part.counted_steps)} steps of {count(len(part.hops))} chains since a setting changed."
        self.timeline.show_timeline(part.timeline, NOT_YET)
        self.timeline.explain(f"{part.timeline.shape[1]} chains over {count(len(part.steps))} rounds.")
        bars = np.sort(part.hops)[::-1][:: max(1, len(part.hops) // MOST_BARS)]
        hopped = f"{int((part.hops > 0).sum())} of {len(part.hops)}"
        none = NOT_YET if not part.counted_steps else ""
        self.hops.show_bars(bars.astype(np.float64), np.empty(0), f"{hopped} hopped", none, hopped)
        self.hops.explain(since)
        found = f"{int((part.occupancy > 0).sum())} of {len(part.occupancy)}"
        weights = part.true_weights.astype(np.float64)
        self.occupancy.show_bars(
            part.occupancy.astype(np.float64), weights, found, "" if len(part.occupancy) else NOT_YET
        )
        self.occupancy.explain(since)
        self.dwell.show_dwell(part.dwell, part.dwell_edges, part.mean_dwell, none or "no stay has ended yet")
        self.dwell.explain(f"{count(int(part.dwell.sum()))} stays. {since}")
        return [self.timeline, self.hops, self.occupancy, self.dwell]

    def _show_ladder(self, part: DiagnosticsPart) -> list[Tile]:
        ladder = part.ladder
        self.swaps.show_ladder(ladder)
        if ladder is not None:
            trips = f"{short(ladder.trips, 2)} trips"
            self.walkers.show_timeline(ladder.walkers[-WALK:], NOT_YET, f"{trips} / 1000 steps", trips)
            self.walkers.explain(f"Trips of {count(len(part.chain_energy))} chains since a setting changed.")
            state = "the ladder still adapts" if ladder.adapting else "the ladder stands"
            steps = ", ".join(short(step, 2) for step in ladder.step_sizes.tolist())
            energies = ", ".join(short(energy, 2) for energy in ladder.mean_energy.tolist())
            self.swaps.explain(f"Running means; {state}. Step sizes: {steps}. Mean energies: {energies}.")
        return [self.swaps, self.walkers]

    def _place(self, shown: tuple[Tile, ...]) -> None:
        """As many tiles in a row as are wide enough to be read."""
        fitting = 1 if self.width() < TWO_FROM else max(2, self.width() // WIDTH)
        columns = min(fitting, MOST_COLUMNS, len(shown))
        if (columns, shown) == (self._columns, self._shown):
            return
        self._columns, self._shown = columns, shown
        for tile in self.tiles:
            self._grid.removeWidget(tile)
            tile.setVisible(tile in shown)
        for place, tile in enumerate(shown):
            span = columns - place % columns if place == len(shown) - 1 else 1
            self._grid.addWidget(tile, place // columns, place % columns, 1, span)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


def _lags(autocorrelation: Floats) -> int:
    """How many lags are worth showing."""
    low = np.flatnonzero(autocorrelation < FORGOTTEN)
    return max(FEW_LAGS, 3 * int(low[0])) if len(low) else len(autocorrelation)
