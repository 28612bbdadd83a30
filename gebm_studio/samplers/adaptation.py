"""Step sizes that tune themselves to a target acceptance, then stand still."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch

from gebm_studio.samplers.sampler import Potential

SHRINKAGE, OFFSET, FORGETTING = 0.05, 10.0, 0.75


class DualAveraging:
    """Moves log(step size) until the mean acceptance is the target.

    While it adapts the chain is not exactly Markov: freeze `final` before draws are used.

    Arguments:
        step_size: Where to begin.
        target: The acceptance wanted, in (0, 1).

    Raises:
        ValueError: Where the target is not a probability.

    References:
        The No-U-Turn sampler (Hoffman, Gelman, 2014), arXiv 1111.4246, section 3.2.
    """

    def __init__(self, step_size: float, target: float) -> None:
        if not 0 < target < 1:
            raise ValueError(f"`target` must lie between 0 and 1, got {target}")
        self.target = target
        self.step_size = self.final = step_size
        self.count = 0
        self._anchor = math.log(10 * step_size)
        self._error = 0.0
        self._log_final = math.log(step_size)

    def update(self, acceptance: float) -> float:
        """Take the mean acceptance of a step; the step size to use next."""
        if math.isnan(acceptance):
            acceptance = 0.0
        self.count += 1
        share = 1 / (self.count + OFFSET)
        self._error += share * (self.target - acceptance - self._error)
        log_step = self._anchor - math.sqrt(self.count) / SHRINKAGE * self._error
        log_step = min(max(log_step, math.log(1e-6)), math.log(10.0))
        weight = self.count**-FORGETTING
        self._log_final += weight * (log_step - self._log_final)
        self.step_size, self.final = math.exp(log_step), math.exp(self._log_final)
        return self.step_size

    def numbers(self) -> tuple[float, ...]:
        """All that `restored` needs."""
        return (self.target, self.step_size, self.count, self._anchor, self._error, self._log_final)

    @classmethod
    def restored(cls, numbers: tuple[float, ...]) -> DualAveraging:
        """The adaptation whose `numbers` these are."""
        target, step_size, count, anchor, error, log_final = numbers
        found = cls(step_size, target)
        found.count, found._anchor, found._error, found._log_final = int(count), anchor, error, log_final
        found.final = math.exp(log_final) if count else step_size
        return found


def target_of(sampler: Any) -> float | None:
    """The acceptance that theory asks of a sampler; None for one that has no step size to tune by it."""
    target: float | None = getattr(sampler, "TARGET_ACCEPTANCE", None)
    return target


def adaptation_of(settings: Any, sampler: Any) -> DualAveraging | None:
    """The adaptation that settings ask of the sampler made from them; None where nothing is to adapt.

    A `target_acceptance` that was set for another algorithm moves nothing here.
    """
    optimum = target_of(sampler)
    if not settings.warmup or optimum is None:
        return None
    return DualAveraging(settings.step_size, settings.target_acceptance or optimum)


def warmed_up(
    sampler: Any, state: Any, potential: Potential, generator: torch.Generator, steps: int, target: float | None = None
) -> tuple[Any, Any]:
    """A sampler whose step size was adapted over some steps and is now frozen, and the state after them.

    Samplers without an acceptance to aim at only take the steps.
    """
    wanted = target if target is not None else target_of(sampler)
    adaptation = DualAveraging(sampler.step_size, wanted) if wanted is not None else None
    for _ in range(steps):
        state, info = sampler.step(state, potential, generator)
        if adaptation is not None:
            sampler = replace(sampler, step_size=adaptation.update(float(info.acceptance.mean())))
    return (replace(sampler, step_size=adaptation.final) if adaptation and steps else sampler), state
