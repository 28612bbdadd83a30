"""The self-test: every sampler against numbers that theory knows exactly, runnable by anyone.

The same checks are run from the command line, from the menu and by the tests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from gebm_studio.experiments.selftest import biased_laws, exact_laws, identities, other_laws
from gebm_studio.experiments.selftest.check import KS_LIMIT, LEAST_DRAWS, Z_LIMIT, Check, Work
from gebm_studio.messages import CheckResult
from gebm_studio.samplers import SAMPLERS

__all__ = ["CHECKS", "KS_LIMIT", "LEAST_DRAWS", "Z_LIMIT", "Check", "SelfTest", "Work"]

SLICE = 0.01
"""Seconds of work between two yields, so that an engine can answer meanwhile."""

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (*exact_laws.CHECKS, *identities.CHECKS, *biased_laws.CHECKS, *other_laws.CHECKS),
        key=lambda check: list(SAMPLERS).index(check.sampler),
    )
)
"""By sampler, in the order of the registry.

All seeds are fixed, so that a line that passes passes always with the same code and library. Were they drawn
anew, right samplers would fail one of the about sixty lines of statistics, each at 4.5 standard errors or the
same level, less than once in 2,000 runs.
"""


class SelfTest:
    """One run of all checks. Iterating does a small piece of work at a time; generators are its own.

    done of total checks are finished; results are their lines, as they come.
    """

    def __init__(self, checks: tuple[Check, ...] = CHECKS) -> None:
        self._checks = checks
        self.total, self.done = len(checks), 0
        self.results: tuple[CheckResult, ...] = ()

    def __iter__(self) -> Iterator[None]:
        for check in self._checks:
            lines = yield from _sliced(check.work())
            self.results += lines
            self.done += 1
            yield

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The lines that do not hold."""
        return tuple(line for line in self.results if not line.passed)


def _sliced(work: Work) -> Work:
    """The same work with fewer stops: one each `SLICE` seconds."""
    began = time.perf_counter()
    while True:
        try:
            next(work)
        except StopIteration as end:
            lines: tuple[CheckResult, ...] = end.value
            return lines
        if time.perf_counter() - began > SLICE:
            yield
            began = time.perf_counter()
