"""Particle flows: rules by which a cloud moves to a target.

Everywhere Q is the law of the particles and P the target, and a flow goes down a divergence of Q from P.
"""

from __future__ import annotations

from gebm_studio.particles.kale import KaleFlow
from gebm_studio.particles.langevin import LangevinFlow
from gebm_studio.particles.mmd import MmdFlow
from gebm_studio.particles.noise import Injection
from gebm_studio.particles.plane_waves import PlaneGaussian
from gebm_studio.particles.rule import Goal, Info, Rule, Score, State
from gebm_studio.particles.transport import SinkhornFlow

FLOWS: dict[str, type[MmdFlow | KaleFlow | LangevinFlow | SinkhornFlow]] = {
    "mmd": MmdFlow,
    "kale": KaleFlow,
    "langevin": LangevinFlow,
    "sinkhorn": SinkhornFlow,
}

__all__ = [
    "FLOWS",
    "Goal",
    "Info",
    "Injection",
    "KaleFlow",
    "LangevinFlow",
    "MmdFlow",
    "PlaneGaussian",
    "Rule",
    "Score",
    "SinkhornFlow",
    "State",
]
