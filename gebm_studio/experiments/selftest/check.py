"""What a check is: a small piece of sampling, and the numbers of theory that it must meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gebm_studio.messages import CheckResult
from gebm_studio.samplers import Info, Potential

Z_LIMIT = 4.5
"""Standard errors that a measured mean may lie from theory: by chance once in 150,000 comparisons."""
KS_LIMIT = 2.51
"""√n times the largest distance of an empirical distribution from its law, at the same error rate."""
LEAST_DRAWS = 2000.0
"""Effective independent draws that a statistical check must rest on; with fewer it has seen nothing and fails."""

Work = Generator[None, None, tuple[CheckResult, ...]]


@dataclass(frozen=True)
class Check:
    """One line or several of the self-test. `work` yields after each small piece and returns the lines."""

    sampler: str
    title: str
    work: Callable[[], Work]

    def finished(self) -> tuple[CheckResult, ...]:
        """Do all the work and return the lines."""
        work = self.work()
        while True:
            try:
                next(work)
            except StopIteration as end:
                results: tuple[CheckResult, ...] = end.value
                return results


def identity(sampler: str, quantity: str, expected: float, measured: float, tolerance: float) -> CheckResult:
    """A line without chance: measured must lie within the tolerance of expected (a NaN does not)."""
    passed = abs(measured - expected) <= tolerance
    return CheckResult(sampler, quantity, expected, measured, 0.0, tolerance, passed)


def estimate(sampler: str, quantity: str, expected: float, means: Tensor, variance: float) -> CheckResult:
    """A line of statistics, from the means (N,) over independent chains.

    Arguments:
        sampler: Name in the registry.
        quantity: What is measured.
        expected: What theory says.
        means: The mean of each chain.
        variance: What theory says of the variance of one independent draw. With the standard error of the mean
            it tells how many such draws the chains were worth.
    """
    values = means.double()
    measured, error = float(values.mean()), float(values.std()) / math.sqrt(len(values))
    tolerance = Z_LIMIT * error
    draws = variance / error**2 if error > 0 else 0.0
    if not draws >= LEAST_DRAWS:
        return CheckResult(
            sampler, f"{quantity} (worth {draws:.0f} draws, too few)", expected, measured, error, tolerance, False
        )
    return CheckResult(sampler, quantity, expected, measured, error, tolerance, abs(measured - expected) <= tolerance)


def distance(sampler: str, quantity: str, draws: Tensor, cdf: Callable[[Tensor], Tensor]) -> CheckResult:
    """A line that compares the whole distribution of independent draws (N,) with a law (Kolmogorov, Smirnov)."""
    count = len(draws)
    law = cdf(draws.sort().values)
    rank = torch.arange(count, dtype=law.dtype)
    gap = torch.maximum((rank + 1) / count - law, law - rank / count).max()
    return identity(sampler, quantity, 0.0, float(gap), KS_LIMIT / math.sqrt(count))


def walk(sampler: Any, potential: Potential, start: Tensor, seed: int, steps: int) -> Iterator[tuple[Any, Info]]:
    """State and Info after each step of chains that start at (N, D)."""
    generator = torch.Generator().manual_seed(seed)
    state = sampler.init(start, potential, generator)
    for _ in range(steps):
        state, info = sampler.step(state, potential, generator)
        yield state, info


def averages(
    way: Iterator[tuple[Any, Info]], burn: int, look: Callable[[Any, Info], Tensor]
) -> Generator[None, None, Tensor]:
    """Means over a walk, after its first `burn` steps, of what `look` reads off each step; yields after each."""
    total: Tensor | float = 0.0
    count = 0
    for index, (state, info) in enumerate(way):
        if index >= burn:
            total = total + look(state, info)
            count += 1
        yield
    return torch.as_tensor(total) / count


def last(way: Iterator[tuple[Any, Info]]) -> Generator[None, None, Any]:
    """The state at the end of a walk; yields after each step."""
    state: Any = None
    for state, _ in way:  # noqa: B007 (the last one is wanted)
        yield
    return state


def gaussian(seed: int, *shape: int) -> Tensor:
    """Standard normal draws of a shape, always the same for a seed, float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
