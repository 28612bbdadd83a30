"""Parts of a frame: what tells whether samplers can be trusted, samplers side by side, the self-test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.arrays import Bytes, Doubles, Extent, Floats, Ints

FARTHEST = 1e3
"""A chain whose energy, or ½|z|²/d, is beyond this or not finite has left every region that the model knows."""
RELAXED = 1.0
"""Accumulated time below which chains have not forgotten their start, whatever they show."""


def regime(accumulated_time: float) -> str:
    """What the time that chains have run says of a result: a note with the number where there was too little.

    Empty from `RELAXED` on, and for NaN: steps without a length in time.
    """
    if math.isnan(accumulated_time) or accumulated_time >= RELAXED:
        return ""
    return f"gradient flow, not equilibrium (time {accumulated_time:.2g})"


@dataclass(frozen=True)
class Ladder:
    """The rungs of parallel tempering.

    Share r of the energy (K,) from 1 to 0, running swap acceptance (K−1,), step sizes (K,), mean energy on each
    rung (K,), NaN at β = 0; `walkers` (t, K) which walker of the first chain stood on
    each rung over the last rounds; `trips` round trips of one chain's walkers in 1000 steps; whether it adapts.
    """

    share: Floats
    swaps: Floats
    step_sizes: Floats
    mean_energy: Floats
    walkers: Ints
    trips: float
    adapting: bool


@dataclass(frozen=True)
class Mixing:
    """How well the chains mix, measured on E(G(z)), z₁ and z₂ of the shown chains over the last rounds.

    `draws` of each of `chains` chains were used. ess is the least bulk effective sample size of the three, that of
    `slowest`; rhat the largest rank-normalised split R-hat (NaN for one chain); both are NaN for few draws and for
    numbers that are not finite or never changed. cost the gradient evaluations they took, all chains together.
    Of `slowest`: autocorrelation (lags,) the mean over chains, a lag being `every` steps; ranks (chains, bins) the
    rank histogram of each chain: shares of the bins of all chains' ranks, times the number of bins, 1 where even.
    """

    chains: int
    draws: int
    slowest: str
    ess: float
    rhat: float
    cost: float
    every: float
    autocorrelation: Floats
    ranks: Floats


@dataclass(frozen=True)
class DiagnosticsPart:
    """What tells whether the chains can be trusted.

    Histories are of the last sampler rounds, oldest first: steps (t,), mean_energy (t,),
    kinetic_temperature (t,) (NaN for samplers without velocities), spread (t,) the variance of the latents over
    the chains, mean over coordinates, trace (t, k′) the E(G(z)) of each shown chain, timeline (t, k′) the mode
    that each was last in (−1 for none yet). hops, visited (in how many modes it was) and chain_energy are per chain
    (k,). dwell (b,) counts completed stays in a mode by length, in bins between the edges dwell_edges (b + 1,) in
    steps; mean_dwell is the mean stay, those that still last counted in, ∞ before one ended, NaN before one began.
    occupancy and true_weights are per mode, empty where the target names no modes. law is "exact", "biased" or
    "other"; acceptance is the mean over the last rounds, NaN for samplers that do not choose; accumulated_time is
    NaN where steps have no length in time; adapting is the step size while it adapts, else NaN.

    Steps and cost (gradient evaluations of each chain) are since the chains' start; counted_steps and counted_cost,
    with hops, visited, dwell and occupancy, since a setting of the sampler changed. mixing is None while the model
    learns: draws of a moving law have no effective size.
    """

    sampler: str
    law: str
    steps: Doubles
    mean_energy: Floats
    kinetic_temperature: Floats
    spread: Floats
    trace: Floats
    acceptance: float
    timeline: Ints
    hops: Ints
    visited: Ints
    dwell: Ints
    dwell_edges: Floats
    mean_dwell: float
    chain_energy: Floats
    occupancy: Floats
    true_weights: Floats
    chain_steps: int
    counted_steps: int
    cost: float
    counted_cost: float
    accumulated_time: float
    rejected_nonfinite: int
    adapting: float
    mixing: Mixing | None
    ladder: Ladder | None


@dataclass(frozen=True)
class LaneResult:
    """One sampler of the race; a NaN means "cannot be said (yet)", which is drawn as a dash.

    steps a chain and cost in gradient evaluations a chain; step_size as used now, NaN where there is none;
    acceptance mean. energy is the chains' mean of E(G(z)) after the first half of the steps was dropped,
    with its standard error from the effective sample size; bias is energy − exact. ess and rhat
    as in `Mixing`, ess_per_gradient of all chains' cost. astray: share of the chains' samples where the data's
    density is below the least 1 % of the data. score: 100 FD(sampler)/FD(base) with the interval (low, high), images
    only. latents (k, 2) and samples (k, 2) are the chains now on the two planes; density (h, w) where the chains
    were, in mass per unit area of the latent plane; images (g, h, w) grey or (g, h, w, 3) colour, of data that are
    images.
    """

    label: str
    law: str
    steps: int
    cost: float
    step_size: float
    acceptance: float
    nonfinite: int
    diverged: int
    energy: float
    error: float
    bias: float
    ess: float
    ess_per_gradient: float
    rhat: float
    astray: float
    score: tuple[float, float, float]
    latents: Floats
    samples: Floats
    density: Floats
    images: Bytes


@dataclass(frozen=True)
class RacePart:
    """Samplers side by side.

    `exact_energy` ± `exact_error` is E_Q E, found as `truth` says (NaN where unknown);
    exact_density (h, w) is ν_β on the latent plane (its marginal), exact_latents (k, 2), exact_samples (k, 2) and
    exact_images (g, h, w[, 3]) are draws of it, all empty where unknown. base_astray is that of the base. `note` says
    why columns are empty, such as a model that still learns; `scoring` how scores of images are measured, empty
    elsewhere.
    """

    lanes: tuple[LaneResult, ...]
    budget: int
    exact_energy: float
    exact_error: float
    truth: str
    exact_density: Floats
    exact_latents: Floats
    exact_samples: Floats
    exact_images: Bytes
    latent_home: Extent
    data_home: Extent
    base_astray: float
    note: str
    scoring: str = ""


@dataclass(frozen=True)
class DecayCurve:
    """W₂ to the posterior in latent dimension d.

    Times (t,), measured (t,), what theory says of the sampler (t,) (NaN without theory), the
    distance that exact draws would show (floor, NaN until measured), the fitted slope of log W₂ with its standard
    error and the slope of theory over the same times (NaN before it can be fitted).
    """

    dim: int
    times: Floats
    measured: Floats
    theory: Floats
    floor: float
    slope: float
    slope_error: float
    slope_theory: float


@dataclass(frozen=True)
class DecayPart:
    """One curve a latent dimension; `axis` names the time, `note` says what theory is compared with.

    `rate` is the slope of theory in the end, NaN without theory; `continuous` that of the overdamped diffusion.
    """

    curves: tuple[DecayCurve, ...]
    axis: str
    note: str
    rate: float
    continuous: float


@dataclass(frozen=True)
class CheckResult:
    """One line of the self-test: what theory expects, and what was measured with its standard error.

    It passes where measured lies within `tolerance` of expected: 4.5 standard errors for statistics, provided that
    they rest on enough independent draws; a bound of its own, with error 0, for what must hold to rounding.
    """

    sampler: str
    quantity: str
    expected: float
    measured: float
    error: float
    tolerance: float
    passed: bool

    @property
    def z(self) -> float:
        """Standard errors between measured and expected, NaN for a line without chance."""
        return (self.measured - self.expected) / self.error if self.error > 0 else math.nan


@dataclass(frozen=True)
class SelfTested:
    """The lines of the first `done` of `total` checks; `state` tells whether more will come."""

    results: tuple[CheckResult, ...]
    done: int
    total: int
    state: Literal["going", "done", "cancelled", "failed"]
