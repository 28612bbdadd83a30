"""Chains of the gallery that are under way, and how long they will yet be."""

from __future__ import annotations

import time

from gebm_studio.experiments.reel.plan import Plan

SOON = 0.5
"""Seconds of work. Chains that need no more are shown once they are at their end, and end before others begin."""
FIRST = 2
"""States of chains that take longer, at which they are shown: from then on their films fill in."""


class Begun:
    """Chains of a plan.

    Arguments:
        plan: What they are made from.
        fills_in: Whether they may be shown before their end.
    """

    def __init__(self, plan: Plan, *, fills_in: bool) -> None:
        self.plan, self.chains = plan, plan.chains()
        self._fills_in, self._spent = fills_in, 0.0

    def advance(self) -> None:
        """One step."""
        began = time.perf_counter()
        self.chains.advance()
        self._spent += time.perf_counter() - began

    @property
    def ends_soon(self) -> bool:
        """Whether they are at their end after `SOON` seconds of work, by the pace so far."""
        done, total = self.chains.done, self.chains.total
        return self.chains.complete or (done > 0 and self._spent / done * (total - done) < SOON)

    @property
    def can_be_shown(self) -> bool:
        """Whether they are at their end, or far from it with something to show."""
        fills_in = self._fills_in and len(self.chains.kept) >= FIRST and not self.ends_soon
        return self.chains.complete or fills_in
