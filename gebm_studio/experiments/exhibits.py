"""What runs beside the chains of a training run when its preset asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from gebm_studio.experiments.decay import Decay
from gebm_studio.experiments.quality.study import QualityStudy
from gebm_studio.experiments.race import Race
from gebm_studio.experiments.sweep import Sweep
from gebm_studio.messages import Part
from gebm_studio.models import Gebm
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target


class Exhibit(Protocol):
    """Something that samples for show. It draws from generators of its own and changes nothing of the run."""

    def advance(self) -> None:
        """One small piece of work, at the end of each iteration."""

    def configure(self, preset: TrainingPreset) -> None:
        """Take changed live settings."""

    def model_moved(self) -> None:
        """Tell that base or energy have changed."""

    def restart(self) -> None:
        """Begin again from the same seed."""

    def part(self) -> Any:
        """The part of a frame that shows it; None while there is nothing to show."""


@runtime_checkable
class Keeping(Protocol):
    """What an exhibit has besides where a file should keep what it has found."""

    def tensors(self) -> dict[str, Tensor]:
        """All that goes on, by name."""

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave.

        Raises:
            KeyError, ValueError: Where they belong to other settings.
        """


EXHIBITS: dict[Part, Callable[[Gebm, Target, TrainingPreset], Exhibit]] = {
    "race": Race,
    "decay": Decay,
    "sweep": Sweep,
    "quality": QualityStudy,
}
"""By the part of a frame that shows each. All are made with every run; one without a wish does nothing."""
BETWEEN_STEPS: tuple[Part, ...] = ("sweep",)
"""Exhibits that work after every optimisation step, not only at the end of an iteration."""
