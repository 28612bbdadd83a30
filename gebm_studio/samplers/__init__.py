"""Samplers: name → frozen settings class with `init`, `step` and `refresh`.

Example:
    >>> import torch
    >>> from gebm_studio.samplers import SAMPLERS
    >>> sampler = SAMPLERS["mala"](step_size=0.1)
    >>> generator = torch.Generator().manual_seed(0)
    >>> potential = lambda z: 0.5 * z.square().sum(1)
    >>> state = sampler.init(torch.zeros(4, 2), potential, generator)
    >>> state, info = sampler.step(state, potential, generator)
    >>> state.position.shape
    torch.Size([4, 2])
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from gebm_studio.samplers.adaptation import DualAveraging, adaptation_of, target_of, warmed_up
from gebm_studio.samplers.dgflow import Dgflow
from gebm_studio.samplers.ghmc import Ghmc
from gebm_studio.samplers.hmc import Hmc
from gebm_studio.samplers.importance import Importance
from gebm_studio.samplers.independence import Independence
from gebm_studio.samplers.kinetic import Kinetic
from gebm_studio.samplers.mala import Mala
from gebm_studio.samplers.random_walk import RandomWalk
from gebm_studio.samplers.rejection import Rejection
from gebm_studio.samplers.sampler import Info, Law, Potential, value_and_gradient, value_at
from gebm_studio.samplers.shared_noise import SharedNoise
from gebm_studio.samplers.sphere import Sphere
from gebm_studio.samplers.tempering import Tempering, TemperingState
from gebm_studio.samplers.transport import Transport
from gebm_studio.samplers.ula import Ula
from gebm_studio.samplers.zero_temperature import ZeroTemperature

__all__ = [
    "SAMPLERS", "DualAveraging", "Info", "Law", "Potential", "SharedNoise", "TemperingState",
    "adaptation_of", "make", "target_of", "value_and_gradient", "value_at", "warmed_up",
]  # fmt: skip

SAMPLERS: dict[str, type[Any]] = {
    "ula": Ula,
    "mala": Mala,
    "random_walk": RandomWalk,
    "hmc": Hmc,
    "kinetic": Kinetic,
    "ghmc": Ghmc,
    "zero_temperature": ZeroTemperature,
    "sphere": Sphere,
    "independence": Independence,
    "rejection": Rejection,
    "transport": Transport,
    "dgflow": Dgflow,
    "importance": Importance,
    "tempering": Tempering,
}


def make(settings: Any) -> Any:
    """The sampler that a preset's `sampler` section, or a lane of its race, describes.

    Arguments:
        settings: Anything with a `name` of the registry and attributes named as its settings.
    """
    chosen = SAMPLERS[settings.name]
    return chosen(**{field.name: getattr(settings, field.name) for field in fields(chosen)})
