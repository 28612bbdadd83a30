"""Every sampler of the registry, with the settings that change what it does."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor

from gebm_studio.samplers import SAMPLERS
from gebm_studio.samplers.kinetic import SCHEMES

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in SAMPLERS if name != "kinetic"},
    **{scheme: ("kinetic", {"scheme": scheme}) for scheme in SCHEMES},
    "rejection by percentile": ("rejection", {"percentile": 80.0}),
    "dgflow of js": ("dgflow", {"divergence": "js"}),
    "tempering that adapts": ("tempering", {"warmup": 5, "replicas": 3}),
}
each_sampler = pytest.mark.parametrize("case", CASES)


def made(case: str, **settings: Any) -> Any:
    """The sampler of a case; a step size fits its name where it has one."""
    name, own = CASES[case]
    names = [field.name for field in fields(SAMPLERS[name])]
    wanted = {"step_size": 0.1, "warmup": 0} | own | settings
    return SAMPLERS[name](**{key: value for key, value in wanted.items() if key in names})


def moves(case: str, dim: int = 2) -> bool:
    """Whether chains of this sampler can move on the prior alone: a sphere in one dimension is two points, and
    without an energy nothing pulls a descent.
    """
    name = CASES[case][0]
    return name not in ("zero_temperature", "transport") and not (name == "sphere" and dim == 1)


def quadratic(z: Tensor) -> Tensor:
    """The prior alone, β = 0."""
    return 0.5 * z.square().sum(1)


def bowl(z: Tensor) -> Tensor:
    """A steep well beside the origin."""
    return quadratic(z) + 2 * (z - 1).square().sum(1)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def walked(sampler: Any, potential: Any, start: Tensor, steps: int, seed: int = 0) -> list[tuple[Any, Any]]:
    """States and Infos of some steps."""
    source = generator(seed)
    state = sampler.init(start, potential, source)
    found = []
    for _ in range(steps):
        state, info = sampler.step(state, potential, source)
        found.append((state, info))
    return found
