"""What is said of a lane of the race, measured in small pieces on a copy of its trace."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gebm_studio.diagnostics import frechet_in_pieces
from gebm_studio.diagnostics.resampling import Bootstrap
from gebm_studio.diagnostics.resampling import Features as Rows
from gebm_studio.experiments import effective
from gebm_studio.experiments.lanes import DESCENTS, LaneRun
from gebm_studio.experiments.quality.spaces import Features, spaces_of
from gebm_studio.experiments.truth import PIECE
from gebm_studio.messages import FARTHEST, Extent, Floats, frozen
from gebm_studio.models import Gebm
from gebm_studio.targets import Target

RARE = 0.01
"""Data's density is below the threshold for this share of held-out data."""
JUDGED = 2048
"""Samples behind the share that went astray."""
FEWEST_DRAWS = 20
"""Draws of each chain below which an error bar could not be trusted."""
FEWEST_IMAGES = 64
CHUNK = 64
"""Images that are looked at at once."""

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
        features: Where images are compared.
    """

    def __init__(
        self, model: Gebm, target: Target, start: Tensor, generator: torch.Generator, features: Features = "auto"
    ) -> None:
        self._model, self._target, self._start, self._features = model, target, start, features
        self._threshold: float | None = None
        self._real: Rows | None = None
        self._prior = model.prior(JUDGED, generator)

    def take_features(self, features: Features) -> None:
        """Compare images in other features from now on."""
        self._features, self._real = features, None

    @property
    def scoring(self) -> str:
        """How scores are measured; empty where samples are no images."""
        if not self.images:
            return ""
        real = min(JUDGED, len(self._target.held_out))
        space = spaces_of(self._target).of(self._features)
        return (
            f"100 FD/FD(base), {space.name}, n = {len(self._start)} chains' states and the base draws that they began "
            f"at, against {real} held-out images; 95 % interval of a paired bootstrap"
        )

    @property
    def images(self) -> bool:
        """Whether samples are images."""
        return len(self._target.shape) == 3

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
        if n < FEWEST_IMAGES or not self.images:
            return NO_SCORE
        space = spaces_of(self._target).of(self._features)
        yield
        if self._real is None:
            self._real = space(self._target.held_out[:JUDGED])
            yield
        laws = {}
        for name, latents in (("base", self._start), ("lane", z)):
            parts = []
            for chunk in latents.split(CHUNK):
                images = self._model.samples(chunk)
                if not torch.isfinite(images).all():
                    return NO_SCORE
                parts.append(space(images))
                yield
            laws[name] = np.concatenate(parts)
        pieces = frechet_in_pieces(self._real, laws, np.random.default_rng(0), paired=("base", "lane"))
        began = time.perf_counter()
        while True:
            try:
                next(pieces)
            except StopIteration as end:
                found: Bootstrap = end.value
                return found.ratio("lane", "base")
            if time.perf_counter() - began > PIECE:
                yield
                began = time.perf_counter()
