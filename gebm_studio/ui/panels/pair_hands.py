"""What the hand does to two laws: shown at once, told to the engine at the rate of frames."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from gebm_studio.messages import LawShown, PairPart
from gebm_studio.presets import describe_path
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.law import Drawing
from gebm_studio.ui.panels.echo import Echo, Shown
from gebm_studio.ui.panels.handles import NAMES, Grip, Name, Stand
from gebm_studio.ui.panels.panel import Throttle
from gebm_studio.ui.panels.sketch import Sketch, decimals, placed, unplaced

BEAT, STROKE_BEAT = 33, 120
"""Milliseconds between two values of one drag, as between frames; and of one stroke, which sends all points anew."""
SPACING, ERASER = 7.0, 12.0
"""Pixels between the points of a stroke, and the reach of the eraser."""
FARTHEST = 1e6
"""A law is dragged no farther than this."""


class Hands(QObject):
    """The laws as the hand wishes them, over those of the newest frame.

    Signals:
        sent: A setting's path and its new value.
    """

    sent = Signal(str, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._preset: DivergencesPreset | None = None
        self._part: PairPart | None = None
        self._echo = Echo()
        self._unsent: dict[str, object] = {}
        self._sending = Throttle(BEAT, self._send, self)
        self._sending_points = Throttle(STROKE_BEAT, self._send, self)
        self._sketches: dict[Name, Sketch] = {}

    @property
    def holding(self) -> bool:
        """Whether the hand holds anything."""
        return self._echo.held

    def follow(self, preset: DivergencesPreset) -> None:
        """Take over the settings in force."""
        self._preset = preset
        self._echo.meet_settings({f"{name}.{key}": value for name in NAMES for key, value in getattr(preset, name)})

    def meet(self, part: PairPart) -> bool:
        """Take a frame's part; whether a wish came to its end with it."""
        self._part = part
        return self._echo.meet_frame(self._shown(part))

    def forget(self) -> None:
        """Forget what the hand held, and the last run."""
        self._stop_sending()
        self._part = None
        self._echo.forget()
        self._unsent.clear()
        self._sketches.clear()

    def setting(self, name: Name, key: str) -> Any:
        """A setting of a law as the hand wishes it, else as it is in force; None where it has none."""
        return self._echo.value(f"{name}.{key}", getattr(getattr(self._preset, name, None), key, None))

    def stand(self, name: Name, turned: bool) -> Stand | None:
        """Where the handles of a law belong; `turned`: with the one of its angle, where it has one."""
        if self._part is None:
            return None
        shown = self._shown(self._part)
        x, y = self._echo.shown(f"{name}.at", shown[f"{name}.at"])
        (width,) = self._echo.shown(f"{name}.width", shown[f"{name}.width"])
        (angle,) = self._echo.shown(f"{name}.angle", shown[f"{name}.angle"])
        return Stand(x, y, width * self._reach(name), angle if turned else math.nan)

    def drawn(self, part: PairPart) -> PairPart:
        """The part with the points that a frame does not show yet."""
        new = {
            name: replace(getattr(part, name), points=sketch.points, atoms=True)
            for name, sketch in self._sketches.items()
            if f"{name}.points" in self._echo
        }
        return replace(part, **new) if new else part

    def drag(self, name: Name, grip: Grip, to: Any, pixel: float) -> None:
        """Move a handle: to (x, y), a length, or radians, on a picture whose pixel has a size."""
        if self._preset is None:
            return
        path, digits = f"{name}.{grip}", decimals(pixel)
        if grip == "at":
            value: Any = tuple(round(min(max(float(one), -FARTHEST), FARTHEST), digits) for one in to)
            shown: Shown = value
        else:
            unit = self._reach(name) if grip == "width" else 1.0
            setting = describe_path(self._preset, path)
            low, high = setting.low or 0.0, setting.high or math.inf
            value = min(max(round(to / unit, digits if grip == "width" else 4), low), high)
            shown = (value,)
        self._wish(path, value, shown)

    def brush(self, name: Name, at: tuple[float, float], erases: bool, pixel: float) -> str:
        """Draw points of a law, or rub them out; why it cannot be, in words, or nothing."""
        law = getattr(self._preset, name)
        if not isinstance(law, Drawing) or self._preset is None:
            return ""
        if law.width <= 0:
            return f"{name.upper()} has width 0, which makes one of all its points: widen it before drawing."
        path = f"{name}.points"
        sketch = self._sketches[name] if path in self._echo else self._begin(name, law, self._preset.dimension)
        changed = sketch.erase(at, ERASER * pixel) if erases else sketch.draw(at, SPACING * pixel)
        if changed:
            value = unplaced(sketch.points, law.at, law.width, pixel)
            self._wish(path, value, (float(len(value)),))
        return ""

    def clear_points(self, name: Name) -> None:
        """Take all points of a law away."""
        if self._preset is not None and isinstance(getattr(self._preset, name), Drawing):
            self._sketches[name] = Sketch(np.empty((0, self._preset.dimension)))
            self._wish(f"{name}.points", (), (0.0,))
            self.drop()

    def count(self, name: Name) -> int:
        """How many points of a law there are."""
        return len(self.setting(name, "points") or ())

    def drop(self) -> None:
        """Let go: the engine hears the last value at once."""
        if self._unsent:
            self._send()
        self._stop_sending()
        self._echo.release()
        for sketch in self._sketches.values():
            sketch.end()

    def _reach(self, name: Name) -> float:
        """How far from the place of a law the handles of a width of one are: a uniform law's at its ends."""
        return 0.5 if getattr(getattr(self._preset, name, None), "kind", "") == "uniform" else 1.0

    def _begin(self, name: Name, law: Drawing, dimension: int) -> Sketch:
        points = np.array(law.points, dtype=np.float64).reshape(-1, dimension)
        self._sketches[name] = Sketch(placed(points, law.at, law.width))
        return self._sketches[name]

    def _wish(self, path: str, value: object, shown: Shown) -> None:
        name, _, key = path.partition(".")
        if value != self._echo.value(path, getattr(getattr(self._preset, name), key)):
            self._echo.hold(path, value, shown)
            self._unsent[path] = value
            (self._sending_points if key == "points" else self._sending).request()

    def _stop_sending(self) -> None:
        self._sending.stop()
        self._sending_points.stop()

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, {}
        for path, value in unsent.items():
            self.sent.emit(path, value)

    def _shown(self, part: PairPart) -> dict[str, Shown]:
        """What a frame shows of the settings that the hand changes."""
        shown: dict[str, Shown] = {}
        for name in NAMES:
            law: LawShown = getattr(part, name)
            shown[f"{name}.at"], shown[f"{name}.width"] = law.at, (law.width,)
            shown[f"{name}.angle"] = (getattr(getattr(self._preset, name, None), "angle", math.nan),)
            shown[f"{name}.points"] = (float(len(law.points)),)
        return shown
