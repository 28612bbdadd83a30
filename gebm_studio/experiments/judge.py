"""What samples of several runs are judged by: W₁, MMD², modes, mass off the data's set, each with an interval."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gebm_studio.diagnostics import student
from gebm_studio.divergences import Gaussian, median_distance, mmd2, w1
from gebm_studio.experiments.evaluation import W1_DIMENSIONS
from gebm_studio.models import Gebm, ess_fraction, tilt
from gebm_studio.presets import PresetError
from gebm_studio.targets import Target

Law = Literal["gebm", "base"]
Interval = tuple[float, float, float]
"""A value with the ends of its 95 % interval."""
METRICS = ("w1", "mmd2", "coverage", "mass_error", "off_manifold")
POINTS, REPEATS, POOL = 256, 8, 32
"""Points of a batch, batches, and base draws for each point of the GEBM."""
CHUNK = 2048
"""Latents whose energies are one piece of work."""
REACHED = 0.1
"""Share of its true mass from which on a mode counts as reached."""
OFF = 0.05
"""Tolerance of the off-manifold mass, in root mean square distances of the data from their mean."""
_STREAM = 0x53434F52


class Judge:
    """Measures samples of models against a target, from generators that depend on seed and iteration alone.

    A batch is compared with as many of the held-out points, drawn anew; every model of one iteration meets the
    same points from the same latents. Intervals are of the mean over batches, by Student's t.

    Arguments:
        target: P.
        seed: The preset's.
    """

    def __init__(self, target: Target, seed: int) -> None:
        self._target, self._seed = target, seed
        held_out = target.held_out
        self.points = min(POINTS, len(held_out))
        flat = held_out.flatten(1).double().cpu().numpy()
        try:
            self._scale = median_distance(flat[:512])
        except ValueError as error:
            raise PresetError([f"compare: {error}, so that MMD has no scale; take data that differ"]) from error
        self.tolerance = OFF * float(np.sqrt(flat.var(0).sum()))
        self._expected = None if target.modes is None else target.mode_shares(held_out)

    def protocol(self) -> dict[str, str]:
        """How each column is measured, by its name, and what `gebm` and `data` are."""
        each = f"{REPEATS} batches of n = {self.points} points, each against as many held-out points"
        spread = f"{each}; 95 % interval of the mean over batches (Student's t)"
        found = {
            "mmd2": f"MMD² without bias, kernel exp(−|x − y|²/2ℓ²), ℓ = {self._scale:.3g} the median distance of "
            f"held-out points; {spread}",
            "gebm": f"GEBM by importance resampling of {POOL} base draws a point, β = 1",
            "data": f"training data in place of samples, what a perfect model scores; {each}",
            "ess": f"(Σw)²/(nΣw²) of the n = {POOL * self.points} base draws behind a batch",
        }
        if self._target.dim <= W1_DIMENSIONS:
            found["w1"] = f"W₁ by exact assignment; {spread}"
        if self._target.modes is not None:
            found["coverage"] = (
                f"share of the {len(self._target.modes)} modes that hold {100 * REACHED:.0f} % of their mass or more, "
                f"within {self._target.mode_radius:.3g} of their centres; {spread}"
            )
            found["mass_error"] = f"½ Σ |share − the held-out points' share| over modes and elsewhere; {spread}"
        if self._has_distance:
            found["off_manifold"] = (
                f"share of points farther than {self.tolerance:.3g} from the data's set, which is {100 * OFF:.0f} % of "
                f"the data's root mean square spread; {spread}; 0 means not one of {REPEATS * self.points}"
            )
        return found

    @property
    def _has_distance(self) -> bool:
        return self._target.has_distance and self._target.intrinsic_dim < self._target.dim

    def data_in_pieces(self) -> Iterator[dict[str, Interval] | None]:
        """What fresh training data score: the floor of every column."""
        generator = self._generator(-1)
        batches = []
        for _ in range(REPEATS):
            x = self._target.sample(self.points, generator)
            batches.append(self._batch(x, generator))
            yield None
        yield _intervals(batches)

    @torch.no_grad()
    def in_pieces(self, model: Gebm, law: Law, iteration: int) -> Iterator[dict[str, Interval] | None]:
        """The scores of a model that must not move meanwhile, by name; None while there is more to do.

        `ess` is the share of effective base draws, of the GEBM alone.
        """
        generator = self._generator(iteration)
        batches, shares = [], []
        for _ in range(REPEATS):
            # As many latents for either law: both then meet the same held-out points.
            z = model.prior(POOL * self.points, generator)
            picked = torch.rand(self.points, generator=generator, device=model.device)
            if law == "gebm":
                parts = []
                for chunk in z.split(CHUNK):
                    parts.append(tilt(model.energies(chunk), 1.0))
                    yield None
                exponents = torch.cat(parts)
                shares.append(ess_fraction(exponents))
                z = z[_drawn(exponents, picked)]
            x = model.samples(z[: self.points])
            if shares and math.isnan(shares[-1]):
                x = torch.full_like(x, math.nan)  # energies that are not finite leave no law to draw from
            batches.append(self._batch(x, generator))
            yield None
        found = _intervals(batches)
        if shares:
            found["ess"] = _interval(shares)
        yield found

    def _generator(self, iteration: int) -> torch.Generator:
        state = np.random.SeedSequence([self._seed, _STREAM, iteration + 1]).generate_state(1, np.uint64)
        return torch.Generator(self._target.device).manual_seed(int(state[0]) >> 1)

    def _batch(self, x: Tensor, generator: torch.Generator) -> dict[str, float]:
        """Scores of one batch (n, *shape); of points that are not finite W₁ is infinite and MMD² unknown."""
        target = self._target
        order = torch.randperm(len(target.held_out), generator=generator, device=generator.device)
        data = target.held_out[order[: self.points].to(target.held_out.device)]
        ours, theirs = (part.flatten(1).double().cpu().numpy() for part in (x, data))
        found: dict[str, float] = {}
        finite = bool(np.isfinite(ours).all())
        if target.dim <= W1_DIMENSIONS:
            found["w1"] = w1(ours, theirs) if finite else math.inf
        found["mmd2"] = mmd2(ours, theirs, Gaussian(self._scale)) if finite else math.nan
        if self._expected is not None and target.mode_weights is not None:
            share = target.mode_shares(x)
            reached = share[:-1] >= REACHED * target.mode_weights.double().cpu()
            found["coverage"] = float(reached.double().mean())
            found["mass_error"] = 0.5 * float((share - self._expected).abs().sum())
        if self._has_distance:
            away = ~(target.distance(x) <= self.tolerance)  # also what is not a number is off
            found["off_manifold"] = float(away.double().mean())
        return found


def snapshot(model: Gebm) -> Gebm:
    """A copy that stays as it is while the model goes on learning."""
    return copy.deepcopy(model)


def _drawn(exponents: Tensor, u: Tensor) -> Tensor:
    """Independent draws (n,) of places with weights e^{exponents} (N,), at uniforms u (n,)."""
    cumulative = torch.softmax(exponents.double().cpu(), 0).cumsum(0)
    places = torch.searchsorted(cumulative, u.double().cpu() * cumulative[-1])
    return places.clamp(max=len(exponents) - 1).to(exponents.device)


def _intervals(batches: list[dict[str, float]]) -> dict[str, Interval]:
    return {name: _interval([batch[name] for batch in batches]) for name in batches[0]}


def _interval(values: list[float]) -> Interval:
    """The mean with its 95 % interval."""
    mean, half = student(values)
    return (mean, mean - half, mean + half) if math.isfinite(mean) else (mean, mean, mean)
