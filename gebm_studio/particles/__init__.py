"""Particle flows: rules by which a cloud moves to a target."""
