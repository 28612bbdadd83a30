"""How long an energy step takes by some means, on a copy of the model that nobody sees."""

from __future__ import annotations

import copy
import time

import torch

from gebm_studio import schema
from gebm_studio.experiments.climb import Climber
from gebm_studio.experiments.descent import Descender
from gebm_studio.experiments.means import Means
from gebm_studio.models import Gebm

SEED = 4099
WARM, TIMED, ROUNDS = 3, 5, 4
"""Steps before the clock runs, steps between two looks at it, and looks; the shortest counts."""


class Stopwatch:
    """Measures an energy step: the base's samples and the critic's ascent, penalty and all.

    Noise stands in for data; draws are its own, so that a run is the same with and without a measurement.

    Arguments:
        model: The GEBM, which is copied.
        shape: Of one example.
        objective: Names objective and penalty.
        batch: Examples in a step.
    """

    def __init__(self, model: Gebm, shape: tuple[int, ...], objective: schema.Objective, batch: int) -> None:
        self._model, self._objective, self._device = model, objective, model.device
        generator = torch.Generator().manual_seed(SEED)
        self._data = torch.rand(batch, *shape, generator=generator).mul(2).sub(1).to(self._device)
        self._z = torch.randn(batch, model.base.latent_dim, generator=generator).to(self._device)

    def __call__(self, means: Means) -> float:
        """Seconds of an energy step.

        Raises:
            RuntimeError: Where it cannot be computed so.
        """
        model = copy.deepcopy(self._model)
        means.lay_out(model)
        parameters = list(model.energy.parameters())
        climber = Climber(model.critic, parameters, means)
        descender = Descender(model.base, model.critic, [], means)
        generator = torch.Generator(self._device).manual_seed(SEED)
        times = []
        for turn in range(-1, ROUNDS):
            began = self._now()
            for _ in range(WARM if turn < 0 else TIMED):
                climber.climb(self._objective, self._data, descender.samples(self._z), model.log_partition, generator)
            if turn >= 0:
                times.append((self._now() - began) / TIMED)
        return min(times)

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()
