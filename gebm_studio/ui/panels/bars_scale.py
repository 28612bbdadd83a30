"""The scale that bars and curves share: it grows at once and shrinks only after a while."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gebm_studio.ui.panels.numbers import MINUS
from gebm_studio.ui.panels.table import nice_range, nice_step

KEPT = 10.0
"""Seconds for which a range that was needed is kept."""
LOW, LEAST, MOST = -4, 0, 4
"""Decimal logarithms: of the low end of a logarithmic scale, and between which its high end lies."""
FAR = 8.0
"""Values that are more than this many times as large as all but a third of the others leave the scale."""

Clock = Callable[[], float]
Range = tuple[float, float]


class Span:
    """The range that all values of the last seconds needed, so that nothing jumps under a hand that drags."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._needs: deque[tuple[float, float, float]] = deque()

    def need(self, values: Iterable[float]) -> None:
        """Make room for values; infinite ones need none."""
        finite = [value for value in values if math.isfinite(value)]
        now = self._clock()
        if finite:
            self._needs.append((now, min(finite), max(finite)))
        while len(self._needs) > 1 and now - self._needs[0][0] > KEPT:
            self._needs.popleft()

    def settle(self) -> None:
        """Keep only what was needed last."""
        while len(self._needs) > 1:
            self._needs.popleft()

    def forget(self) -> None:
        """Keep nothing."""
        self._needs.clear()

    @property
    def range(self) -> Range | None:
        """The lowest and the highest value; None before there is one."""
        if not self._needs:
            return None
        return min(low for _, low, _ in self._needs), max(high for _, _, high in self._needs)


@dataclass(frozen=True)
class Scale:
    """Where values stand between two ends; these are decimal logarithms where the scale is logarithmic."""

    low: float
    high: float
    logarithmic: bool

    def place(self, value: float) -> float:
        """The share of the way from the low to the high end; on a logarithmic scale that of the magnitude."""
        if self.logarithmic:
            if value == 0:
                return 0.0
            value = math.log10(abs(value))
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the scale, or below a logarithmic one."""
        if self.logarithmic:
            return abs(value) <= 10.0**self.high
        return self.low <= value <= self.high

    @property
    def origin(self) -> float:
        """Where bars begin: at zero, or at the low end of a logarithmic scale."""
        return 0.0 if self.logarithmic else self.place(0.0)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Round numbers along the scale, at most so many: their place and text."""
        if self.logarithmic:
            first, last = round(self.low), round(self.high)
            stride = max(1, -(-(last - first) // max(most - 1, 1)))
            decades = range(last, first - 1, -stride)
            return [((decade - first) / (last - first), _power(decade)) for decade in reversed(decades)]
        step = nice_step((self.high - self.low) / max(most - 1, 1))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [
            (self.place(k * step), f"{k * step:.6g}".replace("-", "\N{MINUS SIGN}")) for k in range(first, last + 1)
        ]


def crowd(values: Iterable[float]) -> list[float]:
    """The finite values without a few that are far larger than all others, beside which these could not be told apart.

    At most a third are left out: those above the last wide gap among the largest.
    """
    ordered = sorted((value for value in values if math.isfinite(value)), key=abs, reverse=True)
    gaps = [k for k in range(1, len(ordered) // 3 + 1) if abs(ordered[k - 1]) > FAR * abs(ordered[k]) > 0]
    return ordered[gaps[-1] :] if gaps else ordered


def scale_of(span: Range | None, logarithmic: bool) -> Scale:
    """The scale that shows a range: whole decades, or round numbers with zero among them."""
    low, high = span or (0.0, 1.0)
    if not logarithmic:
        return Scale(*nice_range(min(low, 0.0), max(high, 0.0) or 1.0), logarithmic=False)
    reach = max(abs(low), abs(high))
    top = min(max(math.ceil(math.log10(reach) - 1e-9), LEAST), MOST) if reach > 0 else LEAST
    return Scale(LOW, top, logarithmic=True)


def _power(decade: int) -> str:
    if -4 <= decade <= 4:
        return f"{10.0**decade:g}"
    return f"1e{decade}".replace("-", MINUS)
