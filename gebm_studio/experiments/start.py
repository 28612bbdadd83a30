"""From a preset to the running thing that it describes."""

from __future__ import annotations

import torch

from gebm_studio.experiments.comparison import Comparison
from gebm_studio.experiments.experiment import Experiment
from gebm_studio.experiments.training import Training
from gebm_studio.schema import Preset


def begin(preset: Preset, device: torch.device, folder: str = "") -> Experiment:
    """A comparison where the preset names runs to compare, else one training.

    Arguments:
        preset: The settings.
        device: Where to compute.
        folder: Where relative file names of the preset start.

    Raises:
        PresetError: Where the target's data cannot be had or the parts do not fit it.
    """
    kind = Comparison if preset.compare.runs else Training
    return kind(preset, device, folder)
