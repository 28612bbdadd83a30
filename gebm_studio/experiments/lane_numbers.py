"""What is said of a lane of the race, measured in small pieces on a copy of its trace."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.diagnostics import FrechetReference
from gebm_studio.experiments import effective
from gebm_studio.experiments.lanes import DESCENTS, LaneRun
from gebm_studio.experiments.truth import PIECE
from gebm_studio.messages import FARTHEST, Extent, Floats, frozen
from gebm_studio.models import Gebm
from gebm_studio.targets import FiniteTarget, Target

RARE = 0.01
"""Data's density is below the threshold for this share of held-out data."""
JUDGED = 2048
"""Samples behind the share that went astray."""
FEWEST_DRAWS = 20
"""Draws of each chain below which an error bar could not be trusted."""
FEWEST_IMAGES = 64
RESAMPLES = 100
"""Bootstrap resamples of a ratio of Fréchet distances."""

Score = tuple[float, float, float]
NO_SCORE: Score = (math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Numbers:
    """What `messages.LaneResult` says of the same names, after `steps` steps; NaN where it cannot be said."""

    steps: int
    energy: float
    error: float
    ess: float
    ess_per_gradient: float
    rhat: float
    acceptance: float
    astray: float
    score: Score
    density: Floats
    diverged: int = 0


def nothing(steps: int, density: Floats, acceptance: float = math.nan, diverged: int = 0) -> Numbers:
    """Numbers of a lane of which none can be said."""
    unknown = math.nan
    return Numbers(steps, unknown, unknown, unknown, unknown, unknown, acceptance, unknown, NO_SCORE, density, diverged)


Pieces = Generator[None, None, Numbers]


def numbers_in_pieces(run: LaneRun, judge: Judge, home: Extent) -> Pieces:
    """The numbers of a lane as it is now; it may go on meanwhile. Its density is that on `home`.

    The first half of the steps is dropped, and all steps during which the step size adapted. Chains are
    independent, so of more chains than are traced the effective size grows as their number.
    """
    steps, trace, first = run.steps, run.trace, run.burn_in
    energies = trace.energies(first).copy()
    coordinates = [axis.copy() for axis in trace.coordinates(first)]
    mean, cost, acceptance = trace.means(first)
    latents = run.latents(JUDGED)
    images = run.state.position if judge.images else None
    density: Floats = frozen(run.density(home))
    far = int((~(np.abs(energies) <= FARTHEST)).any(axis=1).sum())
    if far or run.diverged:
        return nothing(steps, density, acceptance, max(far, run.diverged))
    error = ess = rhat = math.nan
    if run.lane.name in DESCENTS:
        now, count = run.energies.astype(np.float64), len(run.energies)
        mean, error = float(now.mean()), float(now.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    elif energies.shape[1] >= FEWEST_DRAWS:
        share = trace.chains / max(len(energies), 1)
        yield
        error = effective.mean_and_error(energies)[1] / math.sqrt(share)
        ess = effective.ess_bulk(energies) * share
        each = []
        for draws in (energies, *coordinates):
            yield
            each.append(effective.rhat(draws))
        rhat = max(each) if not any(map(math.isnan, each)) else math.nan
    if math.isnan(error):
        mean = math.nan
    yield
    astray = judge.astray(latents)
    score = NO_SCORE
    if images is not None:
        score = yield from judge.score(images)
    rate = ess / (trace.chains * cost) if cost > 0 else math.nan
    return Numbers(steps, mean, error, ess, rate, rhat, acceptance, astray, score, density)


class Judge:
    """Compares G(z) with the data: by its density where it has one, by Fréchet distances for images.

    Arguments:
        start: Draws of the prior, one a chain: those of the base that images are compared with.
    """

    def __init__(self, model: Gebm, target: Target, start: Tensor, generator: torch.Generator) -> None:
        self._model, self._target, self._start = model, target, start
        self._training = target.training if isinstance(target, FiniteTarget) and len(target.shape) == 3 else None
        self._threshold: float | None = None
        self._reference: FrechetReference | None = None
        self._prior = model.prior(JUDGED, generator)

    @property
    def images(self) -> bool:
        """Whether samples are images, of which a distribution was learned."""
        return self._training is not None

    @torch.no_grad()
    def astray(self, z: Tensor) -> float:
        """The share of G(z) where log p is below what `RARE` of the held-out data has; NaN where p is unknown."""
        if not self._target.has_density or not len(z):
            return math.nan
        if self._threshold is None:
            known = self._target.log_density(self._target.held_out[:JUDGED].double())
            self._threshold = float(torch.quantile(known, RARE))
        log_p = self._target.log_density(self._model.samples(z).double())
        return float((log_p < self._threshold).double().mean())

    def base_astray(self) -> float:
        """The same share of draws of the base."""
        return self.astray(self._prior)

    def score(self, z: Tensor) -> Generator[None, None, Score]:
        """100 FD(G(z)) / FD(base) at equal n with its 95 % bootstrap interval; NaN for fewer than `FEWEST_IMAGES`.

        One state a chain against the prior draw that the chain began at; both are resampled together.
        """
        n = len(z)
        if n < FEWEST_IMAGES or self._training is None:
            return NO_SCORE
        reference = self._reference = self._reference or FrechetReference(_rows(self._training))
        yield
        real = _rows(self._target.held_out[:JUDGED])
        base, lane = _rows(self._model.samples(self._start)), _rows(self._model.samples(z))
        if not (np.isfinite(base).all() and np.isfinite(lane).all()):
            return NO_SCORE

        def log_ratio(real: NDArray[Any], base: NDArray[Any], lane: NDArray[Any]) -> float:
            above, below = reference.distance(real, lane), reference.distance(real, base)
            return math.log(max(above, 1e-12)) - math.log(max(below, 1e-12))

        found = log_ratio(real, base, lane)
        rng = np.random.default_rng(0)
        drawn: list[float] = []
        yield
        began = time.perf_counter()
        for _ in range(RESAMPLES):
            if time.perf_counter() - began > PIECE:
                yield
                began = time.perf_counter()
            chosen = rng.integers(n, size=n)
            drawn.append(log_ratio(real[rng.integers(len(real), size=len(real))], base[chosen], lane[chosen]))
        # To resample adds once more the excess of order 1/n that a distance has: shifted by the bootstrap's bias.
        low, high = np.percentile(np.array(drawn) - (np.mean(drawn) - found), [2.5, 97.5])
        return 100 * math.exp(found), 100 * math.exp(low), 100 * math.exp(high)


def _rows(x: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = x.detach().flatten(1).double().cpu().numpy()
    return array
