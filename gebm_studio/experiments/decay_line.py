"""W₂ to the posterior in one latent dimension: chains, measurements, and the slope fitted to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.experiments.decay_theory import Prediction, Theory
from gebm_studio.messages import DecayCurve, frozen

Doubles = NDArray[np.float64]

RECORDS = 400
"""Full, the record drops every second measurement and from then on takes half as many."""
FLOOR_DRAWS = 8
BATCHES = 50
"""Batches of chains, independent of each other, from whose spread the error of the slope is taken."""
ABOVE = 3.0
"""The slope is fitted to what lies above so many floors."""
LEAST = 8
"""Points that a fit needs."""
LOST = 10.0
"""A decay that theory sees below 1/LOST of the floor is over."""
STILL, AT_FLOOR = 40, 1.3
"""Without theory it is over once the mean of the last STILL measurements is within AT_FLOOR floors."""
MOST_STEPS = 100_000
ASTRAY = 1e4
"""Chains farther from the posterior than so many times their start have left for good."""


@dataclass(frozen=True)
class Problem:
    """The posterior N(x*, s²) in each of d coordinates, of the energy ½μ|x − m|² at β.

    Arguments:
        curvature: ω² = 1 + βμ.
        centre: x* = βμm/ω².
        pull: βμ.
        shift: m.
    """

    curvature: float
    centre: float
    pull: float
    shift: float

    @property
    def s(self) -> float:
        """The posterior's standard deviation."""
        return 1 / math.sqrt(self.curvature)

    def __call__(self, z: Tensor) -> Tensor:
        """U(z) = ½|z|² + ½βμ|z − m|², (N,), of latents (N, d)."""
        return 0.5 * z.square().sum(1) + 0.5 * self.pull * (z - self.shift).square().sum(1)


def problem(section: schema.Decay, temperature: float) -> Problem:
    """The posterior that a preset's decay is about."""
    pull = section.curvature / temperature
    return Problem(1 + pull, pull * section.shift / (1 + pull), pull, section.shift)


def fall_in_a_step(theory: Theory, posterior: Problem) -> float:
    """What log W₂ changes by in one step in the end: with the mean at its place, the variance alone goes on."""
    return theory.log_radius * (1.0 if posterior.centre else 2.0)


@dataclass(frozen=True)
class Measured:
    """W₂² between the Gaussian of a sample and the posterior, and what each batch of chains adds to it.

    `influence` (b,) is to first order how much a batch pulls W₂² away from its mean over all chains
    (the infinitesimal jackknife); it sums to zero up to the batches' sizes.
    """

    squared: float
    influence: Doubles


def measure(z: Tensor, centre: float, s: float) -> Measured:
    """W₂² = |Δ|² + Σ(√λ − s)² of a sample (n, d), Δ its mean − x*, λ the eigenvalues of its covariance."""
    mean = z.mean(0)
    y = z - mean
    eigenvalues, vectors = np.linalg.eigh((y.T @ y / (len(z) - 1)).double().cpu().numpy())
    roots = np.sqrt(np.clip(eigenvalues, 1e-300, None))
    off = (mean - centre).double().cpu().numpy()
    squared = float(off @ off + ((roots - s) ** 2).sum())
    # The gradient of W₂² in the covariance is I − s S^{−½}.
    slope = (vectors * (1 - s / np.maximum(roots, 1e-6))) @ vectors.T
    pull = torch.as_tensor(slope, dtype=z.dtype, device=z.device)
    each = y @ torch.as_tensor(2 * off, dtype=z.dtype, device=z.device) + ((y @ pull) * y).sum(1)
    each = each.double()
    batches = np.array_split((each - each.mean()).cpu().numpy(), min(BATCHES, len(each) // 2))
    return Measured(squared, np.array([batch.mean() for batch in batches]))


class Line:
    """Chains in d dimensions and the record of their W₂.

    Arguments:
        dim: d.
        posterior: What they go to.
        settings: How.
        chains: n.
        theory: Of one coordinate, None where there is none.
        time_per_step: In the unit of the time axis.
        seed: Of all its draws.
    """

    def __init__(
        self, dim: int, posterior: Problem, settings: schema.Sampler, chains: int, theory: Theory | None,
        time_per_step: float, seed: int,
    ) -> None:  # fmt: skip
        self.dim, self.done, self.steps = dim, False, 0
        self._posterior, self._chains, self._theory, self._time = posterior, chains, theory, time_per_step
        self._generator = torch.Generator().manual_seed(seed)
        self._sampler = samplers.make(settings)
        self._floors: list[float] = []
        start = torch.randn(chains, dim, generator=self._generator)
        self._state = self._sampler.init(start, posterior, self._generator)
        self._prediction = Prediction(theory, -posterior.centre, posterior.s) if theory is not None else None
        self._times: list[float] = []
        self._squared: list[float] = []
        self._influence: list[Doubles] = []
        self._predicted: list[float] = []
        self._stride = 1
        self._record()

    @property
    def floor(self) -> float:
        """What exact draws would show: the root mean square of W₂ over some samples of them, NaN before."""
        return math.sqrt(float(np.mean(self._floors))) if len(self._floors) == FLOOR_DRAWS else math.nan

    def work(self) -> None:
        """One small piece: a sample of exact draws until the floor is known, then a step of all chains."""
        if len(self._floors) < FLOOR_DRAWS:
            exact = torch.randn(self._chains, self.dim, generator=self._generator)
            self._floors.append(measure(exact * self._posterior.s, 0.0, self._posterior.s).squared)
            return
        self._state, _ = self._sampler.step(self._state, self._posterior, self._generator)
        self.steps += 1
        if self.steps % self._stride == 0:
            self._record()

    def _record(self) -> None:
        position = self._state.position
        far = ASTRAY * (1 + abs(self._posterior.centre))
        if not bool((position.abs() < far).all()):
            self.done = True
            return
        found = measure(position, self._posterior.centre, self._posterior.s)
        self._times.append(self.steps * self._time)
        self._squared.append(found.squared)
        self._influence.append(found.influence)
        one = self._prediction.at(self.steps) if self._prediction is not None else math.nan
        self._predicted.append(math.sqrt(self.dim) * one)
        if len(self._times) > RECORDS:
            for record in (self._times, self._squared, self._influence, self._predicted):
                del record[1::2]
            self._stride *= 2
        self.done = self._is_over()

    def _is_over(self) -> bool:
        if math.isnan(self.floor) or len(self._times) < STILL:
            return False
        if self._theory is not None:
            lost = math.log(max(LOST * math.sqrt(self._squared[0]) / self.floor, 1.0))
            fall = fall_in_a_step(self._theory, self._posterior)
            return self.steps > -lost / min(fall, -1e-12) or self.steps >= MOST_STEPS
        lately = math.sqrt(float(np.mean(self._squared[-STILL:])))
        return lately <= AT_FLOOR * self.floor or self.steps >= MOST_STEPS

    def curve(self) -> DecayCurve:
        """All of it, to be shown."""
        squared, times = np.array(self._squared), np.array(self._times)
        predicted = np.array(self._predicted)
        slope, error, theory = self._fit(times, squared, predicted)
        single = np.float32
        return DecayCurve(
            dim=self.dim,
            times=frozen(times.astype(single)),
            measured=frozen(np.sqrt(squared).astype(single)),
            theory=frozen(predicted.astype(single)),
            floor=self.floor,
            slope=slope,
            slope_error=error,
            slope_theory=theory,
        )

    def _fit(self, times: Doubles, squared: Doubles, predicted: Doubles) -> tuple[float, float, float]:
        """Least squares on log W₂ up to where it first comes down to ABOVE floors: slope, its error, theory's slope.

        A finite sample adds about floor² to W₂², whatever its law: that is taken off first. Theory's is the slope
        of its curve over the same times.
        """
        below = np.flatnonzero(~(squared > (ABOVE * self.floor) ** 2))  # all of it while the floor is not known
        end = int(below[0]) if len(below) else len(squared)
        if end < LEAST:
            return math.nan, math.nan, math.nan
        clean = squared[:end] - self.floor**2
        weights = times[:end] - times[:end].mean()
        weights /= (weights**2).sum()
        pulls = np.array(self._influence[:end]) / (2 * clean[:, None])
        batches = weights @ pulls
        error = float(batches.std(ddof=1)) / math.sqrt(len(batches))
        theory = float(weights @ np.log(predicted[:end])) if self._theory is not None else math.nan
        return float(weights @ np.log(clean)) / 2, error, theory
