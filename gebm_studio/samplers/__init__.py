"""Samplers: name → frozen settings class with `init`, `step` and `refresh`.

Example:
    >>> import torch
    >>> from gebm_studio.samplers import SAMPLERS
    >>> sampler = SAMPLERS["ula"](step_size=0.1)
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

from gebm_studio.samplers.kinetic import Kinetic, KineticState
from gebm_studio.samplers.sampler import Info, Potential, value_and_gradient
from gebm_studio.samplers.ula import Ula, UlaState

__all__ = ["SAMPLERS", "Info", "Kinetic", "KineticState", "Potential", "Ula", "UlaState", "make", "value_and_gradient"]

SAMPLERS: dict[str, type[Any]] = {"ula": Ula, "kinetic": Kinetic}


def make(settings: Any) -> Any:
    """The sampler that a preset's `sampler` section describes.

    Arguments:
        settings: Anything with a `name` of the registry and attributes named as its settings.
    """
    chosen = SAMPLERS[settings.name]
    return chosen(**{field.name: getattr(settings, field.name) for field in fields(chosen)})
