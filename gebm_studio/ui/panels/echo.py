"""What a hand has set, shown at once, until the engine's pictures show it too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PATIENCE = 2.0
"""Seconds after which a wish that no picture ever showed is given up: the engine moves the law itself, or refused."""

Shown = tuple[float, ...]


@dataclass
class _Wish:
    """A value for a setting and how pictures show it; since when the hand has let it go, None while it holds it."""

    value: Any
    shown: Shown
    since: float | None = None


class Echo:
    """Wishes by the path of their setting.

    While the hand holds a wish, nothing takes it away: a frame that is still on its way shows an older value. Once it
    is let go it stands until a frame shows it, the settings say something else, or patience is at an end.
    """

    def __init__(self) -> None:
        self._wishes: dict[str, _Wish] = {}

    @property
    def held(self) -> bool:
        """Whether the hand holds anything."""
        return any(wish.since is None for wish in self._wishes.values())

    def hold(self, path: str, value: Any, shown: Shown) -> None:
        """The hand wishes a value, which pictures show as some numbers."""
        self._wishes[path] = _Wish(value, shown)

    def release(self) -> None:
        """The hand lets go of all that it holds."""
        for wish in self._wishes.values():
            wish.since = time.monotonic() if wish.since is None else wish.since

    def __contains__(self, path: str) -> bool:
        """Whether a setting has a wish."""
        return path in self._wishes

    def shown(self, path: str, otherwise: Shown) -> Shown:
        """What to show in place of what the newest frame says."""
        return self._wishes[path].shown if path in self._wishes else otherwise

    def value(self, path: str, otherwise: Any) -> Any:
        """The value that is wished in place of the one in force."""
        return self._wishes[path].value if path in self._wishes else otherwise

    def meet_settings(self, values: Mapping[str, Any]) -> None:
        """Give up what was let go and has another value in the settings in force: an undo, a refusal."""
        self._keep(lambda path, wish: path not in values or values[path] == wish.value)

    def meet_frame(self, shown: Mapping[str, Shown]) -> bool:
        """Give up what was let go and is shown by a frame now, or was let go too long ago; whether anything was."""
        before = len(self._wishes)
        late = time.monotonic() - PATIENCE
        self._keep(
            lambda path, wish: (wish.since is None or wish.since > late) and not _alike(shown.get(path, ()), wish.shown)
        )
        return len(self._wishes) < before

    def forget(self) -> None:
        """Forget all wishes, held or not."""
        self._wishes.clear()

    def _keep(self, good: Callable[[str, _Wish], bool]) -> None:
        self._wishes = {path: wish for path, wish in self._wishes.items() if wish.since is None or good(path, wish)}


def _alike(first: Shown, second: Shown) -> bool:
    """Whether two rows of numbers agree as far as a float32 tells."""
    return len(first) == len(second) and all(
        math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6) or (math.isnan(a) and math.isnan(b))
        for a, b in zip(first, second, strict=True)
    )
