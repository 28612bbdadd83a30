"""Negative log-likelihoods of a model with a density, and the log Z that was planted in it."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gebm_studio.models import Gebm
from gebm_studio.models.energies import Normalised, Ratio
from gebm_studio.targets import FiniteTarget, Target

COLUMNS = (
    "nll_train",
    "nll_train_stderr",
    "nll_valid",
    "nll_valid_stderr",
    "nll_test",
    "nll_test_stderr",
    "log_z_planted",
)
POINTS = 1024
"""Points of each part at most."""
DRAWS = 4096
"""Base draws behind an estimate of log Z."""
SEED = 40_961
Measured = tuple[dict[str, float], dict[str, str]]
"""Columns of the curves by name, and how each was measured."""


class Likelihood:
    """−E log q of a model's density q on training, validation and test points.

    The points, and the latents behind an estimate of log Z, are the same at every call and no generator of the run
    is used. log Z is exact where it was planted, else an estimate with its error.

    Arguments:
        model: The GEBM.
        target: Its target; of one without validation points training and held-out points alone are measured.
        base_alone: Whether the base is what learns by its density, the energy at rest.
    """

    def __init__(self, model: Gebm, target: Target, base_alone: bool) -> None:
        self._model, self._base_alone = model, base_alone and not isinstance(model.energy, Normalised)
        self._parts: dict[str, tuple[str, Tensor]] = {}
        if not model.base.has_density:
            return
        self._parts["train"] = "training", target.training_data(POINTS, SEED)[:POINTS]
        if target.validation is not None:
            self._parts["valid"] = "validation", target.validation[:POINTS]
        self._parts["test"] = "test" if isinstance(target, FiniteTarget) else "held-out", target.held_out[:POINTS]

    @torch.no_grad()
    def measure(self) -> Measured:
        """What can be had of `COLUMNS` of the model as it is now, and how; empty where it has no density."""
        columns, notes = {}, {}
        planted = _planted(self._model)
        if planted is not None:
            columns["log_z_planted"] = planted
            notes["log_z_planted"] = "log Z = −k, planted in the energy"
        if not self._parts:
            return columns, notes
        log_density, error, how = self._density(planted)
        for part, (name, x) in self._parts.items():
            values = torch.cat([log_density(piece) for piece in x.split(512)]).double()
            stderr = math.hypot(float(values.std()) / math.sqrt(len(values)), error)
            columns |= {f"nll_{part}": -float(values.mean()), f"nll_{part}_stderr": stderr}
            notes[f"nll_{part}"] = f"{len(values)} {name} points, standard error {stderr:.2g}; {how}"
        return columns, notes

    def _density(self, planted: float | None) -> tuple[Callable[[Tensor], Tensor], float, str]:
        """log of the density, the standard error of its constant, and what it is."""
        model = self._model
        if self._base_alone:
            return model.base.log_density, 0.0, "the base's own density, which is what learns"
        if isinstance(model.energy, Normalised):
            return model.energy.log_density, 0.0, "the flow's density, exact"
        if planted is not None:
            log_z, error, how = planted, 0.0, "log Z exact"
        else:
            generator = torch.Generator(model.device).manual_seed(SEED)
            log_z, error = model.log_z(DRAWS, generator)
            how = f"log Z from {DRAWS} base draws, standard error {error:.2g}"
        return lambda x: model.log_density(x, log_z), error, f"e^{{−E}} g / Z, {how}"


def _planted(model: Gebm) -> float | None:
    return -model.energy.offset if isinstance(model.energy, Normalised | Ratio) else None
