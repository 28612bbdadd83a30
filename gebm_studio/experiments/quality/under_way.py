"""A measurement that is not finished, and how a file keeps it."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gebm_studio.experiments.quality.measuring import Measuring, Result
from gebm_studio.experiments.quality.references import References
from gebm_studio.experiments.quality.stored import as_bytes, as_text
from gebm_studio.models import Gebm
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.images import Quality
from gebm_studio.schema.sampling import Sampler
from gebm_studio.targets import Target

_MODEL = "model."


@dataclass
class UnderWay:
    """A measurement under way.

    Attributes:
        key: Stands for its model and settings.
        at_rest: Whether the model rested when it began.
        measuring: What is measured, of a copy of the model.
        pieces: The work that is left.
        progress: How much is done, from 0 to 1.
    """

    key: str
    at_rest: bool
    measuring: Measuring
    pieces: Generator[float, None, Result]
    progress: float = 0.0

    @classmethod
    def of(cls, measuring: Measuring, key: str, at_rest: bool) -> UnderWay:
        """A measurement from its beginning."""
        return cls(key, at_rest, measuring, measuring.in_pieces())

    def tensors(self) -> dict[str, Tensor]:
        """The model with all settings, by name: enough to begin again and find the same."""
        measuring = self.measuring
        found = {
            "iteration": torch.tensor(measuring.iteration),
            "at_rest": torch.tensor(self.at_rest),
            "key": as_bytes(self.key),
            "quality": as_bytes(json.dumps(measuring.quality.model_dump())),
            "sampler": as_bytes(json.dumps(measuring.sampler.model_dump())),
        }
        return found | {_MODEL + name: value for name, value in measuring.model.state_dict().items()}

    @classmethod
    def restored(
        cls, tensors: Mapping[str, Tensor], model: Gebm, target: Target, preset: TrainingPreset, references: References
    ) -> UnderWay:
        """What `tensors` gave, begun again.

        Arguments:
            tensors: By name.
            model: Of the same form as the one that was measured; it is copied.
            target: What is learned.
            preset: The rest of the settings.
            references: What is measured of the data.

        Raises:
            KeyError, RuntimeError, ValueError: Where they belong to other settings.
        """
        measured = copy.deepcopy(model)
        state = {name.removeprefix(_MODEL): x for name, x in tensors.items() if name.startswith(_MODEL)}
        measured.load_state_dict(state)
        # Not by the schema's own JSON, which knows no infinite temperature.
        quality = Quality.model_validate(json.loads(as_text(tensors["quality"])))
        sampler = Sampler.model_validate(json.loads(as_text(tensors["sampler"])))
        iteration = int(tensors["iteration"])
        measuring = Measuring(measured, target, preset.target, quality, sampler, preset.seed, iteration, references)
        return cls.of(measuring, as_text(tensors["key"]), bool(tensors["at_rest"]))
