"""What a divergence lab and particle flows share: settings that act at once, steps, and frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import torch

from gebm_studio.experiments.experiment import Saved
from gebm_studio.messages import Frame, Pull, SetValue, State, StepOnce
from gebm_studio.presets import PresetError, changed, describe_path
from gebm_studio.schema import Preset

P = TypeVar("P", bound=Preset)


class Stepwise(ABC, Generic[P]):
    """An experiment that goes on step by step and trains no model.

    Attributes:
        preset: The settings, live changes in it.
        device: Where it computes.
        folder: Where relative file names of the preset start.
        settings_version: How often a setting has changed.
    """

    def __init__(self, preset: P, device: torch.device, folder: str = "") -> None:
        self.preset, self.device, self.folder = preset, device, folder
        self.settings_version = 0
        self._notices: list[str] = []

    @property
    @abstractmethod
    def iteration(self) -> int:
        """How many steps are done."""

    @property
    @abstractmethod
    def resting(self) -> bool:
        """Whether nothing is to be done until a person changes something."""

    @property
    def pending(self) -> bool:
        """Whether something that is looked at is still to be computed, which goes on at rest too."""
        return False

    @abstractmethod
    def advance(self) -> None:
        """One small piece of work.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """

    @abstractmethod
    def adopt(self, old: P) -> None:
        """Take up `self.preset`, which differs from the one before in live settings."""

    @abstractmethod
    def parts(self, pull: Pull, *, known: bool, running: bool) -> dict[str, Any]:
        """The parts of a frame that a pull names, by their names in `Frame`.

        Arguments:
            pull: What the window asks for.
            known: Whether what it says that it holds is of this run.
            running: Whether `advance` is being called; at rest, work that is left may go on here for a moment.
        """

    @abstractmethod
    def restart_chains(self) -> None:
        """Begin all that moves again from where it began."""

    @abstractmethod
    def saved(self) -> Saved:
        """What a file keeps; `take_back` goes on from there bit for bit."""

    @abstractmethod
    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """

    def step(self, command: StepOnce) -> None:
        """Take single steps.

        Raises:
            PresetError: For steps of a part that only a training has.
            Diverged: As `advance`.
        """
        if command.what != "iteration":
            raise PresetError([f"step: only a training has a step of its {command.what}; take one of the whole"])
        goal = self.iteration + command.count
        while self.iteration < goal and not self.resting:
            self.advance()

    def settle(self) -> None:
        """Finish what has begun: nothing, every piece of work is whole."""

    def set_value(self, command: SetValue) -> None:
        """Change one live setting.

        Raises:
            PresetError: Where there is no such setting, the value is out of range, or it needs a restart.
        """
        if not describe_path(self.preset, command.path).live:
            raise PresetError([f"{command.path}: needs a restart; apply it with reset"])
        self.put(changed(self.preset, {command.path: command.value}))

    def put(self, preset: P) -> None:
        """Take settings that differ in live ones alone."""
        old, self.preset = self.preset, preset
        self.settings_version += 1
        self.adopt(old)

    def frame(self, pull: Pull, *, run_id: int, state: State, rate: float, device: str) -> Frame:
        """The answer to a pull: only the parts that it names are computed."""
        known = pull.run_id == run_id
        parts = self.parts(pull, known=known, running=state == "running")
        return Frame(
            run_id=run_id,
            asked_run_id=pull.run_id,
            state=state,
            iteration=self.iteration,
            energy_steps=0,
            base_steps=0,
            sampler_steps=0,
            rate=rate,
            device=device,
            settings_version=self.settings_version,
            overflows=0,
            preset=None if known and pull.settings_version == self.settings_version else self.preset,
            rests=self.resting if state == "running" else not self.pending,
            **parts,
        )

    def take_notices(self) -> list[str]:
        """What a person should know that happened since the last call, a line each."""
        notices, self._notices = self._notices, []
        return notices
