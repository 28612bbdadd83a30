"""Models: bases, energies, and the GEBM that joins them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.models import bases, energies
from gebm_studio.models.calibration import Calibration, calibrated
from gebm_studio.models.energies import Function
from gebm_studio.models.gebm import Gebm, LatentPotential, ess_fraction, log_mean_exp, tilt
from gebm_studio.models.witness import Witness
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.model import WitnessEnergy

__all__ = [
    "Calibration", "Gebm", "LatentPotential", "build", "calibrated", "ess_fraction", "log_mean_exp", "tilt",
]  # fmt: skip


def _no_data(_: int) -> Tensor:
    raise ValueError("base: it is fitted to data, and there is none")


def build(
    preset: TrainingPreset,
    shape: tuple[int, ...],
    log_target: Function,
    device: torch.device,
    draws: bases.Draws = _no_data,
) -> Gebm:
    """The GEBM of a preset with its starting weights, which depend on the seed alone.

    Arguments:
        preset: The preset.
        shape: Shape of one example of the target.
        log_target: The target's log density, needed by the exact ratio energy alone.
        device: Where the model will live.
        draws: The training data (n, *shape), needed by bases that are fitted to it.

    Raises:
        ValueError: Where the parts do not fit the shape.
    """
    # Networks draw their weights from the global generator: fork it, so that building a model
    # neither depends on what ran before nor changes what runs after.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(preset.seed)
        base = bases.build(preset.base, shape, draws)
        density = bases.Density(base)

        def log_base(x: Tensor) -> Tensor:
            if isinstance(base, bases.Circle):
                # On the circle both densities are taken with respect to the angle.
                return torch.full_like(x[:, 0], -math.log(2 * math.pi))
            return density.at_rest(x)

        energy: energies.Energy
        if isinstance(preset.energy, WitnessEnergy):
            energy = Witness(preset.energy, shape)
        else:
            energy = energies.build(preset.energy, shape, base, log_base, log_target)
        energy = _read(energy, preset)
    return Gebm(base, energy).to(device).eval()


def _read(energy: energies.Energy, preset: TrainingPreset) -> energies.Energy:
    """The energy that the objective makes of its critic.

    Networks are the critic. The energies that are what they are by definition stay so: the critic is then the one
    that is read as them.
    """
    objective = OBJECTIVES[preset.objective.name]
    reading, tight = objective.energy, objective.tight
    if reading is None:
        return energy
    if preset.energy.kind in ("ratio", "flow") and tight is not None:
        energy = energies.Read(energy, lambda exact: tight(-exact))
    return energies.Read(energy, reading)
