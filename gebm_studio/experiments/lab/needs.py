"""What each divergence depends on, so that a change leaves alone what it does not touch."""

from __future__ import annotations

from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import PHI, Measure

_KERNEL = ("mmd", "half_mmd2")
_CRITIC = ("kale", "lipschitz_w1")


def needs_of(name: Measure, preset: DivergencesPreset) -> tuple[object, ...]:
    """All settings that a value depends on: two equal answers mean equal values."""
    measure, kernel = preset.measure, preset.kernel
    found: tuple[object, ...] = (name, preset.seed, preset.p, preset.q, measure.values)
    if name not in PHI or measure.values == "samples":
        found += (measure.samples,)
    if name == "knn_kl":
        found += (measure.neighbours,)
    if name == "sinkhorn":
        found += (measure.epsilon,)
    if name in _KERNEL:
        found += (kernel.name, kernel.scale, kernel.amplitude)
    if name in _CRITIC:
        found += (kernel,)
    if name == "kale_features":
        # The kernel's length decides how many nodes stand for a law.
        found += (preset.critic.family, preset.critic.size, kernel.name, kernel.scale)
    return found
