"""Which means the steps of convolutional networks are computed by: settled by rule on the CPU, by trial on CUDA."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch

from gebm_studio.experiments.means import Means
from gebm_studio.presets import PresetError
from gebm_studio.schema.run import Speed

FASTER = 0.97
"""Share of the time that a means must stay below to be kept: less is within a trial's own scatter."""
FIELDS = {"precision": "mixed", "channels_last": "channels_last", "compile": "compiling"}
"""The attribute of `Means` that each setting chooses."""
VALUES: dict[str, dict[str, Any]] = {
    "precision": {"full": False, "mixed": True},
    "channels_last": {"off": False, "on": True},
    "compile": {"off": "off", "on": "on", "graphs": "graphs"},
}
"""What each choice of a setting means, the plain one first."""
ON_THE_CPU = {
    "precision": ("full", "on the CPU one seed gives one result, in float32"),
    "channels_last": ("on", "on the CPU chains took 0.85 to 1.00 of the time, energy steps 0.8 to 1.2"),
    "compile": ("off", "kernels made on the spot differ, so on the CPU one seed would not give one result"),
}
"""What `auto` is there, and why."""

Clock = Callable[[Means], float]
"""Seconds of an energy step by some means; RuntimeError where it cannot be done."""


class Acceleration:
    """The choice for one model on one device.

    Arguments:
        speed: The settings.
        device: Where the steps are computed.
        convolutional: Whether any network is of kind conv; all others know one way alone.

    Attributes:
        means: What is chosen by now.

    Raises:
        PresetError: Where what is asked for cannot be had there.
    """

    def __init__(self, speed: Speed, device: torch.device, *, convolutional: bool) -> None:
        self.means = Means(device.type)
        self._reasons: dict[str, str] = {}
        self._open: list[str] = []
        asked = {name: getattr(speed, name) for name in FIELDS}
        _refuse(asked, device.type, convolutional)
        for name, choice in asked.items() if convolutional else ():
            if choice != "auto":
                self._settle(name, choice, "as set")
            elif device.type == "cpu":
                self._settle(name, *ON_THE_CPU[name])
            elif device.type == "cuda":
                self._open.append(name)
            else:
                self._settle(name, next(iter(VALUES[name])), f"nothing was measured on {device.type}")

    @property
    def undecided(self) -> bool:
        """Whether a trial has still something to settle."""
        return bool(self._open)

    def reasons(self) -> tuple[str, ...]:
        """A line for each setting that is settled: the choice and why."""
        return tuple(f"speed.{name} {reason}" for name, reason in self._reasons.items())

    def trial(self, clock: Clock) -> Iterator[None]:
        """Settle what a measurement decides, a candidate at a time; what is faster stays, and joins the next one.

        Arguments:
            clock: Measures.
        """
        if not self._open:
            return
        best = clock(self.means)
        yield
        while self._open:
            name = self._open[0]
            plain, *others = VALUES[name]
            chosen, notes = plain, [f"{plain} {1e3 * best:.3g} ms"]
            for choice in others:
                candidate = self._with(name, choice)
                try:
                    taken = clock(candidate)
                except RuntimeError as error:  # a compiler, or a kernel, that is missing
                    notes.append(f"{choice} failed ({_first_line(error)})")
                else:
                    notes.append(f"{choice} {1e3 * taken:.3g} ms")
                    if taken < FASTER * best:
                        best, chosen = taken, choice
                yield
            del self._open[0]
            self._settle(name, chosen, "an energy step took " + ", ".join(notes))

    def _with(self, name: str, choice: str) -> Means:
        changes: dict[str, Any] = {FIELDS[name]: VALUES[name][choice]}
        return replace(self.means, **changes)

    def _settle(self, name: str, choice: str, why: str) -> None:
        self.means = self._with(name, choice)
        self._reasons[name] = f"{choice}: {why}"


def _refuse(asked: dict[str, str], device: str, convolutional: bool) -> None:
    problems = []
    for name, choice in asked.items():
        if not convolutional and choice not in ("auto", next(iter(VALUES[name]))):
            problems.append(f"speed.{name}: {choice} is for networks of kind conv, and there is none; use auto")
    compiling = asked["compile"]
    if compiling == "graphs" and device != "cuda":
        problems.append(f"speed.compile: graphs are recorded on CUDA alone, the device is {device}; use off or auto")
    elif compiling in ("on", "graphs") and (missing := _missing(device)):
        problems.append(f"speed.compile: {compiling} needs {missing}, which was not found; use off or auto")
    if problems:
        raise PresetError(problems)


def _missing(device: str) -> str:
    """What compilation needs and does not find; empty where it finds all."""
    if device == "cuda" and importlib.util.find_spec("triton") is None:
        return "Triton"
    compiler = os.environ.get("CXX", "g++")
    return "" if shutil.which(compiler) else f"a C++ compiler ({compiler})"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
