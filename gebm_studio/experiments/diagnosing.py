"""What tells whether the chains can be trusted, computed only when a frame asks for it."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics import DWELL_EDGES
from gebm_studio.experiments import effective
from gebm_studio.experiments.chains import Chains
from gebm_studio.experiments.history import History
from gebm_studio.messages import DiagnosticsPart, Floats, Ints, Ladder, Mixing, frozen
from gebm_studio.samplers import TemperingState
from gebm_studio.targets import Target

PAUSE = 1.0
"""Seconds between two computations of what takes milliseconds."""
LAGS = 100
MOST_DRAWS = 300
"""Draws of each chain that are used: of more, every second is left out, which keeps a computation near 10 ms."""
RANK_BINS = 20
RECENT = 100
"""Rounds over which the acceptance is averaged."""
_EDGES: Floats = frozen(np.array(DWELL_EDGES, dtype=np.float32))
_NOTHING: Floats = frozen(np.zeros(0, dtype=np.float32))
_NO_COUNTS: Ints = frozen(np.zeros(0, dtype=np.int32))


class Diagnosing:
    """Numbers on the chains; it only reads them."""

    def __init__(self, target: Target) -> None:
        weights = target.mode_weights
        self._weights = _NOTHING if weights is None else frozen(weights.detach().float().cpu().numpy().copy())
        self._mixing: Mixing | None = None
        self._history: History | None = None
        self._version = (0, 0)
        self._again_at = -math.inf

    def part(self, chains: Chains, sampler: str) -> DiagnosticsPart:
        """The diagnostics panel's part; `sampler` is what the algorithm is called."""
        history, tracker = chains.history, chains.tracker
        counted_steps, counted_cost = chains.counted
        return DiagnosticsPart(
            sampler=sampler,
            law=chains.law,
            steps=frozen(history.steps),
            mean_energy=frozen(history.mean_energy),
            kinetic_temperature=frozen(history.kinetic_temperature),
            spread=frozen(history.spread),
            trace=frozen(history.trace),
            acceptance=_mean(history.acceptance[-RECENT:]),
            timeline=frozen(history.modes),
            hops=_counts(tracker.hops.cpu().numpy()) if tracker else _NO_COUNTS,
            visited=_counts(tracker.visited.cpu().numpy()) if tracker else _NO_COUNTS,
            dwell=_counts(tracker.dwell.cpu().numpy()) if tracker else _NO_COUNTS,
            dwell_edges=_EDGES if tracker else _NOTHING,
            mean_dwell=tracker.mean_dwell if tracker else math.nan,
            chain_energy=frozen(chains.energies.float().cpu().numpy().copy()),
            occupancy=frozen(tracker.occupancy.cpu().numpy()) if tracker else _NOTHING,
            true_weights=self._weights,
            chain_steps=chains.steps,
            counted_steps=counted_steps,
            cost=chains.cost,
            counted_cost=counted_cost,
            accumulated_time=chains.time if chains.has_time else math.nan,
            rejected_nonfinite=chains.nonfinite,
            adapting=chains.adapting,
            mixing=None if chains.learning else self._mixed(chains.history),
            ladder=_ladder(chains),
        )

    def _mixed(self, history: History) -> Mixing:
        """How well the chains mix, of at most `PAUSE` seconds ago; without numbers before there are any."""
        same_law = history is self._history and history.version[1] == self._version[1]
        now = time.monotonic()
        if self._mixing is not None and same_law and (history.version == self._version or now < self._again_at):
            return self._mixing
        if now < self._again_at or not effective.ready():
            return mixing_of(history, draws=0)
        self._mixing, self._history, self._version = mixing_of(history), history, history.version
        self._again_at = time.monotonic() + PAUSE
        return self._mixing


def mixing_of(history: History, draws: int | None = None) -> Mixing:
    """How well the chains of a history mix since its mark, by the last so many draws of each (None: by all)."""
    found = history.draws
    kept = found["E"].shape[1] if draws is None else draws
    stride = max(1, -(-kept // MOST_DRAWS))
    observed = {name: d[:, d.shape[1] - kept :][:, ::stride] for name, d in found.items()}
    # Chains can agree on E in every mode of a law and still never leave theirs: the slowest observable tells.
    sizes = {name: effective.ess_bulk(d) for name, d in observed.items()}
    slowest = min(sizes, key=lambda name: math.inf if math.isnan(sizes[name]) else sizes[name])
    splits = [effective.rhat(d) for name, d in observed.items() if not math.isnan(sizes[name])]
    seen = observed[slowest]
    chains, thinned = seen.shape
    return Mixing(
        chains=chains,
        draws=thinned,
        slowest=slowest,
        ess=sizes[slowest],
        rhat=max(splits, default=math.nan),
        cost=history.cost * chains if kept else 0.0,
        every=history.every * stride,
        autocorrelation=frozen(effective.autocorrelation(seen, min(LAGS, thinned // 2))),
        ranks=rank_histograms(seen),
    )


def rank_histograms(draws: NDArray[np.float32]) -> Floats:
    """The histogram of each chain's ranks among all draws (chains, n), (chains, bins), 1 where it is even.

    Equal draws share their mean rank. Empty where there are fewer draws than bins or one is not finite.

    References:
        Rank-normalization, folding, and localization: an improved R-hat (Vehtari et al., 2021), arXiv 1903.08008,
        section 4.2.
    """
    chains, n = draws.shape
    if n < RANK_BINS or not np.isfinite(draws).all():
        return frozen(np.zeros((0, 0), dtype=np.float32))
    flat = draws.ravel()
    ordered = np.sort(flat)
    # How many are below, and how many at most as large: equal draws get the place in their middle.
    middle = (np.searchsorted(ordered, flat, "left") + np.searchsorted(ordered, flat, "right")) / 2
    places = (middle * (RANK_BINS / flat.size)).astype(np.intp) + np.repeat(np.arange(chains) * RANK_BINS, n)
    counts = np.bincount(places, minlength=chains * RANK_BINS).reshape(chains, RANK_BINS)
    histograms: Floats = frozen((counts * (RANK_BINS / n)).astype(np.float32))
    return histograms


def _ladder(chains: Chains) -> Ladder | None:
    state = chains.ladder
    if state is None:
        return None
    beta = chains.beta
    mean = state.tilted.mean(1) / beta if beta else state.tilted.new_full((len(state.ladder),), math.nan)
    share, swaps, steps, energy = (
        frozen(values.float().cpu().numpy().copy()) for values in (state.ladder, state.swaps, state.step_sizes, mean)
    )
    return Ladder(
        share=share,
        swaps=swaps,
        step_sizes=steps,
        mean_energy=energy,
        walkers=frozen(chains.history.walkers),
        trips=_trip_rate(state, chains.ladder_before),
        adapting=chains.climbing,
    )


def _trip_rate(now: TemperingState, before: TemperingState | None) -> float:
    """Round trips of one chain's walkers in 1000 of the steps between two states, NaN before there are any."""
    done = int(now.done) - int(before.done) if before is not None else 0
    if before is None or not done:
        return math.nan
    return 1000 * float((now.trips - before.trips).double().mean()) / done


def _mean(values: Floats) -> float:
    """The mean of what is a number; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else math.nan


def _counts(values: NDArray[np.int64]) -> Ints:
    counts: Ints = frozen(values.astype(np.int32))
    return counts
