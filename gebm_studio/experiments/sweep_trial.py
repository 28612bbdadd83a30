"""One small training of a sweep, a step at a time."""

from __future__ import annotations

import torch

from gebm_studio import models
from gebm_studio.experiments.learner import Diverged, Learner
from gebm_studio.experiments.sweep_score import FAILED, SAMPLES, Score, score_of
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

ROLES = ("data", "latent", "score")
"""One random generator each; trials of one seed see the same batches whatever they train by."""


class TrialRun:
    """Base and critic without chains or curves: some critic steps, one base step, and again.

    Arguments:
        preset: The settings, of which networks, objective, training and seed count.
        target: What is learned; it is not changed.
        iterations: Base iterations, after which the base is judged.
    """

    def __init__(self, preset: TrainingPreset, target: Target, iterations: int) -> None:
        self._preset, self._target, self._iterations = preset, target, iterations
        device = target.device
        self._model = models.build(preset, target.shape, target.log_density, device)
        draws = {
            role: torch.Generator(device).manual_seed(preset.seed * len(ROLES) + place)
            for place, role in enumerate(ROLES)
        }
        self._score_noise = draws["score"]
        self._learner = Learner(self._model, target, draws["data"], draws["latent"], preset.speed)
        self._learner.configure(preset.training)
        self.iteration = 0
        self._critic_left = preset.training.energy_steps

    def step(self) -> Score | None:
        """One optimisation step; the score once there is no more to do. Divergence is a score too: a failure."""
        objective, training = self._preset.objective, self._preset.training
        try:
            if self._critic_left:
                self._learner.energy_step(objective, training)
                self._critic_left -= 1
                return None
            self._learner.base_step(objective, training)
        except Diverged:
            return FAILED
        self._critic_left = training.energy_steps
        self.iteration += 1
        return self._judged() if self.iteration >= self._iterations else None

    def _judged(self) -> Score:
        return score_of(self._model.samples(self._model.prior(SAMPLES, self._score_noise)), self._target)
