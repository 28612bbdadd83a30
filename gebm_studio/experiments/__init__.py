"""Experiments: the running things behind presets. None knows Qt, files of results, or processes."""

from gebm_studio.experiments.device import describe, limit_threads, resolve
from gebm_studio.experiments.learner import Diverged
from gebm_studio.experiments.training import Training

__all__ = ["Diverged", "Training", "describe", "limit_threads", "resolve"]
