"""One sampler of the race: its chains, what they did, and what can be said of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio import samplers, schema
from gebm_studio.experiments.trace import TRACED, Trace
from gebm_studio.experiments.truth import CELLS, LINE
from gebm_studio.messages import FARTHEST, Extent, Floats
from gebm_studio.models import Gebm, calibrated
from gebm_studio.schema.sampling import symbols, title
from gebm_studio.targets import Target

DESCENTS = ("zero_temperature", "transport")
"""Samplers without noise: where they end matters, not how they went."""


class LaneRun:
    """Chains of one algorithm on ν_β, from given starts and with a generator of their own.

    `steps` and `cost` (in gradient evaluations a chain) count from the start, or from when the model last moved;
    `total` is the cost since the start. `warmed` are the counted steps during which the step size moved.

    Arguments:
        lane: The algorithm with its settings.
        model, target: What is sampled, and what it is a model of.
        start: Where the chains begin, (N, d).
        seed: The seed of the lane's generator, the same for all lanes.
        beta: β.
    """

    def __init__(self, lane: schema.Lane, model: Gebm, target: Target, start: Tensor, seed: int, beta: float) -> None:
        self.lane = lane
        self._model, self._target, self._start = model, target, start
        self._seed = seed
        self._potential = model.potential(beta)
        self.restart()

    def restart(self) -> None:
        """Begin again from the same starts and the same seed."""
        lane = self.lane
        self._potential.forget()
        self._generator = torch.Generator(self._model.device).manual_seed(self._seed)
        self.sampler = samplers.make(lane)
        self._adaptation = samplers.adaptation_of(lane, self.sampler)
        self._calibrate()
        self._stale = self._again = False
        self.total = 0.0
        self.state: Any = self.sampler.init(self._start, self._potential, self._generator)
        self.forget()
        self.look()

    def forget(self) -> None:
        """Drop what was counted and measured; the chains stay where they are."""
        self.steps, self.cost, self.nonfinite = 0, 0.0, 0
        self.warmed = 0
        self.trace = Trace(len(self._start))
        self._accepted, self._judged = 0.0, 0

    def model_moved(self) -> None:
        """Tell that the model is another one: what was measured is void, what is cached is computed again."""
        self._stale = True
        self.forget()

    def model_rests(self) -> None:
        """Tell that the model stays as it is: with the next step the chains begin again."""
        self._again = True
        self.forget()

    def _calibrate(self) -> None:
        self.problem = ""
        self._potential.calibration = None
        try:
            self._potential.calibration = calibrated(self.lane.calibrated, self._model, self._target.held_out)
        except ValueError as error:
            self.problem = f"{label(self.lane)} is not calibrated: {error}"

    @property
    def step_size(self) -> float:
        """The step size as used now, NaN where there is none."""
        return float(getattr(self.sampler, "step_size", math.nan))

    @property
    def law(self) -> str:
        """Whether the chains have the law ν_β: exact, biased or other."""
        if self._potential.calibration is not None:
            return "other"
        return str(self.sampler.LAW)

    @property
    def adapting(self) -> bool:
        """Whether the step size still moves."""
        return self._adaptation is not None

    @property
    def diverged(self) -> int:
        """How many chains have left every reasonable region."""
        return int(self._far.sum())

    def step(self) -> None:
        """One step of all chains."""
        if self._again:
            self.restart()
        if self._stale:
            self._potential.forget()
            self.state = self.sampler.refresh(self.state, self._potential)
            self._stale = False
        self.state, info = self.sampler.step(self.state, self._potential, self._generator)
        self.steps += 1
        self.cost += info.cost
        self.total += info.cost
        self.nonfinite += int(info.nonfinite.sum())
        acceptance = float(info.acceptance.mean())
        self._accepted += acceptance
        self._judged += 1
        if self._adaptation is not None:
            self._adapt(self._adaptation, acceptance)
            self.warmed = self.steps
        if self.steps % self.trace.stride == 0:
            self.look()
            width = min(self._model.base.latent_dim, 2)
            self.trace.add(self.energies, self.plane[:, :width], self.cost, self._accepted / self._judged)
            self._accepted, self._judged = 0.0, 0

    def _adapt(self, adaptation: samplers.DualAveraging, acceptance: float) -> None:
        step_size = adaptation.update(acceptance)
        if adaptation.count >= self.lane.warmup:
            step_size, self._adaptation = adaptation.final, None
        self.sampler = replace(self.sampler, step_size=step_size)

    def look(self) -> None:
        """Note where the chains are: z on the plane (N, 2), E(G(z)) (N,), G(z) of the first chains."""
        position: Tensor = self.state.position
        x, energy = self._potential.look(position)
        self.energies: Floats = energy.float().cpu().numpy().copy()
        self.plane = on_plane(position)
        spread: NDArray[np.bool_] = (0.5 * position.square().mean(1) > FARTHEST).cpu().numpy()
        self._far = ~(np.abs(self.energies) <= FARTHEST) | spread
        self.samples = x[:TRACED].detach()

    def density(self, home: Extent) -> Floats:
        """Where the chains were after their burn-in, in mass per unit area (or length), as `truth.Truth.density`."""
        z = self.trace.plane(self.burn_in)
        left, right, bottom, top = home
        flat = z.shape[1] == 1
        shape, cell = ((1, LINE), (right - left) / LINE) if flat else ((CELLS, CELLS), (right - left) ** 2 / CELLS**2)
        column = np.floor((z[:, 0] - left) / (right - left) * shape[1])
        row = np.zeros_like(column) if flat else np.floor((z[:, 1] - bottom) / (top - bottom) * shape[0])
        inside = (column >= 0) & (column < shape[1]) & (row >= 0) & (row < shape[0])
        places = (row[inside] * shape[1] + column[inside]).astype(np.int64)
        counts = np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)
        share: Floats = (counts / (max(len(z), 1) * cell)).astype(np.float32)
        return share

    @property
    def burn_in(self) -> int:
        """Steps that are dropped: the first half, and all during which the step size moved."""
        return max(self.steps // 2, self.warmed)

    def latents(self, most: int) -> Tensor:
        """At most so many latents (n, d) of the lane's law: of the used draws where they are kept whole, else now."""
        d = self._model.base.latent_dim
        if d > 2 or self.lane.name in DESCENTS:
            position: Tensor = self.state.position[:most].detach()
            return position
        z: NDArray[Any] = self.trace.plane(self.burn_in)
        # Not every so many rows: the rows go round the chains, and only a few chains would be met.
        chosen = np.random.default_rng(0).permutation(len(z))[:most]
        return torch.from_numpy(z[chosen]).to(self._model.device)


def on_plane(z: Tensor) -> Floats:
    """The first two coordinates (N, 2) of latents (N, d), the second zero in one dimension."""
    flat = z[:, :2].detach().float().cpu()
    points: Floats = torch.nn.functional.pad(flat, (0, 2 - flat.shape[1])).numpy().copy()
    return points


def label(lane: schema.Lane) -> str:
    """A lane in a few words, such as "kinetic ABOBA h=0.1 κ=1"."""
    values = [f"{symbol}={getattr(lane, name):g}" for name, symbol in symbols(lane).items()]
    return " ".join([title(lane), *values])
