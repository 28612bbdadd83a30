"""How a measurement of images was made, in one line, and what follows: which two may be compared."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gebm_studio.messages.images import Measured
from gebm_studio.messages.study import Interval

_BETWEEN, _OF = "; ", ": "


def protocol_of(facts: Mapping[str, str]) -> str:
    """Facts by name as one line, such as "n: 1000; features: PCA-16 of pixels; sampler: …; target: …".

    Raises:
        ValueError: For a name or a fact that the line could not be read back with.
    """
    if any(_OF in name or _BETWEEN in name + fact for name, fact in facts.items()):
        raise ValueError(f"no name may hold {_OF!r} and nothing {_BETWEEN!r}, got {dict(facts)}")
    return _BETWEEN.join(f"{name}{_OF}{fact}" for name, fact in facts.items())


def facts_of(protocol: str) -> dict[str, str]:
    """The facts that `protocol_of` made a line of."""
    found = {}
    for fact in protocol.split(_BETWEEN):
        name, _, value = fact.partition(_OF)
        found[name] = value
    return found


def differing(first: Measured, second: Measured) -> tuple[str, ...]:
    """The names of the facts in which two protocols differ; scores may be compared where there are none."""
    one, other = facts_of(first.protocol), facts_of(second.protocol)
    return tuple(name for name in {**one, **other} if one.get(name) != other.get(name))


def compare(first: Measured, second: Measured) -> dict[str, dict[str, Interval]]:
    """Scores of `first` minus those of `second`, by law and name.

    Intervals are those of independent measurements. Both met the same held-out images, so that they are rather too
    wide than too narrow.

    Raises:
        ValueError: Where the protocols differ, naming in what.
    """
    names = differing(first, second)
    if names:
        one, other = facts_of(first.protocol), facts_of(second.protocol)
        said = ", ".join(f"{name} ({one.get(name, 'not told')} and {other.get(name, 'not told')})" for name in names)
        raise ValueError(f"these measurements differ in {said}; compare scores of one protocol only")
    return {
        law: {name: _minus(value, second.scores[law][name]) for name, value in scores.items()}
        for law, scores in first.scores.items()
    }


def _minus(first: Interval, second: Interval) -> Interval:
    """A difference whose ends are as far away as those of two independent values together."""
    value = first[0] - second[0]
    below = math.hypot(first[0] - first[1], second[2] - second[0])
    above = math.hypot(first[2] - first[0], second[0] - second[1])
    return value, value - below, value + above
