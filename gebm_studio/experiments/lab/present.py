"""The values of the pair as it is now: quick ones at once, slow ones when there is time, old ones meanwhile."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from gebm_studio.experiments.lab.later import Later, Pieces
from gebm_studio.experiments.lab.needs import needs_of
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.values import Values
from gebm_studio.messages.divergences import Value
from gebm_studio.schema.measures import Measure

Needs = tuple[object, ...]


class Present:
    """Each divergence with the settings it was found under.

    Attributes:
        changes: How often a value has changed.
    """

    def __init__(self, pair: Pair) -> None:
        self.changes = 0
        self._last: dict[Measure, tuple[Needs, Value]] = {}
        self._later: Later[None] = Later()
        self.take(pair)

    def take(self, pair: Pair, *, drop: bool = True) -> None:
        """Speak of another pair from now on.

        Arguments:
            pair: The pair.
            drop: Whether slow work under way is given up, as it should be where a hand changes the pair; where the
                pair runs along by itself it comes to its end, or none ever would.
        """
        self._values = Values(pair)
        self._needs: dict[Measure, Needs] = {}
        if drop:
            self._later = Later()

    def quick(self, names: Iterable[Measure]) -> None:
        """Find all those that take no longer than a frame may."""
        for name in names:
            if not self.is_fresh(name) and not self._values.is_slow(name):
                self._store(self._needs_of(name), self._values.value(name))

    def value(self, name: Measure) -> Value:
        """The newest value, `fresh` where it is of the pair as it is now."""
        if name not in self._last:
            return Value(name, math.nan, math.nan, "", "is being computed", fresh=False)
        needs, value = self._last[name]
        return value if needs == self._needs_of(name) else replace(value, fresh=False)

    def is_fresh(self, name: Measure) -> bool:
        """Whether a value is of the pair as it is now."""
        return name in self._last and self._last[name][0] == self._needs_of(name)

    def pending(self, names: Iterable[Measure]) -> bool:
        """Whether a value that takes long is still to be found."""
        return self._later.pending or any(self._values.is_slow(name) for name in names if not self.is_fresh(name))

    def work(self, names: tuple[Measure, ...], seconds: float) -> None:
        """Go on with those that are not fresh, for so long."""
        if not self._later.pending:
            self._later.want(None, self._find(names))
        self._later.work(seconds)

    def _find(self, names: tuple[Measure, ...]) -> Pieces[None]:
        for name in names:
            if not self.is_fresh(name) and self._values.is_slow(name):
                needs, values = self._needs_of(name), self._values
                self._store(needs, (yield from values.in_pieces(name)))
                yield

    def _store(self, needs: Needs, value: Value) -> None:
        self._last[value.name] = (needs, value)
        self.changes += 1

    def _needs_of(self, name: Measure) -> Needs:
        if name not in self._needs:
            self._needs[name] = needs_of(name, self._values.pair.preset)
        return self._needs[name]
