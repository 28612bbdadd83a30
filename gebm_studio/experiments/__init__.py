"""Experiments: the running things behind presets. None knows Qt, files of results, or processes."""

from gebm_studio.experiments.comparison import Comparison
from gebm_studio.experiments.device import describe, limit_threads, resolve
from gebm_studio.experiments.experiment import Experiment, Saved
from gebm_studio.experiments.flows import ParticleFlow
from gebm_studio.experiments.lab import DivergenceLab
from gebm_studio.experiments.learner import Diverged
from gebm_studio.experiments.start import begin
from gebm_studio.experiments.training import Training

__all__ = [
    "Comparison", "Diverged", "DivergenceLab", "Experiment", "ParticleFlow", "Saved", "Training", "begin", "describe",
    "limit_threads", "resolve",
]  # fmt: skip
