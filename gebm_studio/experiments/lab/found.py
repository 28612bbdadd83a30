"""One number of the lab with how it was found."""

from __future__ import annotations

import math
from typing import NamedTuple


class Found(NamedTuple):
    """A value, an estimate of its error (0 for closed forms), how it was found, and what is to be said of it."""

    value: float
    error: float
    protocol: str
    note: str = ""


CLOSED = "closed form"
_QUADRATURE = "quadrature"


def closed(value: float, note: str = "") -> Found:
    """A value by a formula."""
    return Found(value, 0.0, CLOSED, note)


def by_quadrature(value: float, error: float, note: str = "") -> Found:
    """A value by integration."""
    return Found(value, error, f"{_QUADRATURE}, error {error:.0e}" if error > 0 else _QUADRATURE, note)


def root(found: Found) -> Found:
    """√v of a value v that is not negative up to its error."""
    value = math.sqrt(max(0.0, found.value))
    # The root is steepest below: of a value within its error of zero, the error is as large as the root itself.
    below = value - math.sqrt(max(0.0, found.value - found.error))
    return _restated(found, value, max(below, math.sqrt(max(0.0, found.value) + found.error) - value))


def half(found: Found) -> Found:
    """½v of a value v."""
    return _restated(found, found.value / 2, found.error / 2)


def _restated(found: Found, value: float, error: float) -> Found:
    """Another value with its error, found in the same way: where the protocol names an error, it is this one."""
    integrated = found.protocol.startswith(_QUADRATURE)
    return by_quadrature(value, error, found.note) if integrated else found._replace(value=value, error=error)
