"""Particle flows: clouds that flow to a target, side by side."""

from gebm_studio.experiments.flows.particle_flow import ParticleFlow

__all__ = ["ParticleFlow"]
