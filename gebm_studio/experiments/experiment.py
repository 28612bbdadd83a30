"""What every running thing offers to the engine, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from gebm_studio.messages import Frame, Pull, SetValue, State, StepOnce
from gebm_studio.schema import Preset


@dataclass(frozen=True)
class Saved:
    """All that goes on bit for bit: tensors by name, and facts that JSON can hold."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin so, by the rest of their names."""
        return {name.removeprefix(prefix): x for name, x in self.tensors.items() if name.startswith(prefix)}


class Experiment(Protocol):
    """One training, several in lockstep, a divergence lab, or particle flows.

    Attributes:
        device: Where it computes.
        folder: Where relative file names of the preset start.
    """

    @property
    def preset(self) -> Preset:
        """The settings as a person set them."""

    device: torch.device
    folder: str

    @property
    def iteration(self) -> int:
        """How many iterations are done: of a training, base iterations; else steps."""

    @property
    def resting(self) -> bool:
        """Whether nothing is to be done until a person changes something."""

    def advance(self) -> None:
        """One small piece of work.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """

    def step(self, command: StepOnce) -> None:
        """Take single steps of one kind.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """

    def settle(self) -> None:
        """Finish what has begun: the row of the curves, and negatives of an energy step.

        Raises:
            Diverged: After the last good state was restored, naming the quantity.
        """

    def set_value(self, command: SetValue) -> None:
        """Change one live setting.

        Raises:
            PresetError: Where there is no such setting, the value is out of range, or it needs a restart.
        """

    def restart_chains(self) -> None:
        """Begin all that moves again from where it began: chains from the prior, particles from their source."""

    def frame(self, pull: Pull, *, run_id: int, state: State, rate: float, device: str) -> Frame:
        """The answer to a pull: only the parts that it names are computed."""

    def take_notices(self) -> list[str]:
        """What a person should know that happened since the last call, a line each."""

    def saved(self) -> Saved:
        """What a file keeps; `take_back` goes on from there bit for bit.

        Raises:
            Diverged: As `settle`.
        """

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """
