"""The divergence lab: two laws in the hand, and every divergence between them."""

from gebm_studio.experiments.lab.lab import DivergenceLab

__all__ = ["DivergenceLab"]
