"""From a preset to the running thing that it describes."""

from __future__ import annotations

import torch

from gebm_studio.experiments.comparison import Comparison
from gebm_studio.experiments.experiment import Experiment
from gebm_studio.experiments.flows import ParticleFlow
from gebm_studio.experiments.lab import DivergenceLab
from gebm_studio.experiments.training import Training
from gebm_studio.schema import DivergencesPreset, ParticlesPreset, Preset, TrainingPreset


def begin(preset: Preset, device: torch.device, folder: str = "") -> Experiment:
    """What the kind of a preset asks for; a comparison where it names runs to compare.

    Arguments:
        preset: The settings.
        device: Where to compute.
        folder: Where relative file names of the preset start.

    Raises:
        PresetError: Where data cannot be had or the parts do not fit each other.
        TypeError: For a kind of preset that is not known.
    """
    match preset:
        case DivergencesPreset():
            return DivergenceLab(preset, device, folder)
        case ParticlesPreset():
            return ParticleFlow(preset, device, folder)
        case TrainingPreset():
            return (Comparison if preset.compare.runs else Training)(preset, device, folder)
    raise TypeError(f"no experiment runs a preset of kind {preset.kind}")
