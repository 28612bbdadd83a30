"""The study of a run's images: measures them when the model rests, at times while it learns, and when told to."""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from gebm_studio.experiments.quality.measuring import Measuring, Result
from gebm_studio.experiments.quality.references import References
from gebm_studio.experiments.quality.stored import as_bytes, as_text, from_text, to_text
from gebm_studio.experiments.quality.under_way import UnderWay
from gebm_studio.messages import Bytes, Measured, Part, QualityPart, frozen
from gebm_studio.models import Gebm
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import Target

KEPT = 100
"""Measurements that are kept; older ones are dropped."""
SLICE, SLICE_ALONE = 0.012, 0.02
"""Seconds of work at once, beside a run that goes on and beside one that stands still."""
SHARE_AT_REST, SHARE_LEARNING = 0.7, 0.1
"""Share of the time that measuring may take beside chains that move, and beside a model that learns."""
SETTLED = 1.0
"""Seconds for which settings stay as they are before they are measured by."""
_ELSEWHERE = {"chains", "steps"}
"""Settings of the sampler that the fresh chains do not have."""
_UNDER_WAY = "under_way."


class Progressing(Protocol):
    """Where a run is."""

    @property
    def iteration(self) -> int:
        """How many iterations are done."""

    @property
    def learned(self) -> int:
        """The iteration that the model's last step belongs to, which may be under way."""

    def learns(self, part: str) -> bool:
        """Whether `energy` or `base` learns now."""


class QualityStudy:
    """Measures images of base and GEBM on copies of the model; nothing of the run changes.

    What a measurement finds depends on the model, the settings, the seed and the iteration alone; of a model that
    rests that is the last one that changed it, however long its chains have moved since. A target without images is
    never measured.
    """

    def __init__(self, model: Gebm, target: Target, preset: TrainingPreset) -> None:
        self._model, self._target, self._preset = model, target, preset
        self._images = len(target.shape) == 3
        self._references = References(target)
        self._where: Progressing | None = None
        self._measured: list[Measured] = []
        self._text: Tensor | None = None
        self._nearest, self._train = _nothing(), _nothing()
        self._key = self._problem = ""
        self._under_way: UnderWay | None = None
        self._changed_at = -SETTLED
        self._due = 0.0
        self._current: str | None = None
        self._version = 0
        self._shown: tuple[object, ...] = ()

    # What a run tells.

    def follow(self, where: Progressing) -> None:
        """Ask `where` from now on which iteration it is and whether the model learns."""
        self._where = where

    def configure(self, preset: TrainingPreset) -> None:
        """Take changed settings; at rest what is under way by others ends, and is measured again a little later."""
        old, self._preset = self._preset, preset
        if _settings(preset) == _settings(old):
            return
        self._current = None
        self._changed_at = time.monotonic()
        self._problem = ""
        if self._under_way is not None and self._under_way.at_rest:
            self._under_way = None

    def model_moved(self) -> None:
        """Tell that base or energy have changed."""
        self._current, self._problem = None, ""

    def restart(self) -> None:
        """Nothing: every measurement has fresh chains."""

    def iteration_done(self) -> None:
        """Begin what is due at the end of an iteration."""
        every = self._preset.quality.every
        due = bool(every) and self._iteration % every == 0 and not self.rests
        if self._images and self._under_way is None and (due or self._due_at_rest()):
            self._begin()

    # Work.

    def advance(self) -> None:
        """Some of the work that is under way, beside a run that goes on."""
        now = time.perf_counter()
        if self._under_way is not None and now >= self._due:
            self._go_on(SLICE)
            self._due = now + (time.perf_counter() - now) / (SHARE_AT_REST if self.rests else SHARE_LEARNING)

    def work(self) -> None:
        """Some of the work that is under way or due, beside a run that stands still."""
        if self._due_at_rest():
            self._begin()
        self._go_on(SLICE_ALONE)

    def _go_on(self, seconds: float) -> None:
        deadline = time.perf_counter() + seconds
        while self._under_way is not None and time.perf_counter() < deadline:
            self._piece(self._under_way)

    def measure(self) -> None:
        """Measure the model as it is now, in place of what is under way.

        Raises:
            PresetError: Where there are no images.
        """
        if not self._images:
            raise PresetError(["quality is measured of images; open a preset with a target of images, such as F62"])
        self._begin()

    def finish(self) -> Iterator[float]:
        """Finish what is under way, a piece at a time, yielding how far it is."""
        while self._under_way is not None:
            self._piece(self._under_way)
            yield 1.0 if self._under_way is None else self._under_way.progress

    def measured_now(self) -> Iterator[float]:
        """Measure the model as it is, unless that is done or under way already, and finish it, a piece at a time."""
        if not self._images:
            return
        key = self._key_now()
        under_way = "" if self._under_way is None else self._under_way.key
        if key != under_way and not (self._measured and self._key == key):
            self._begin()
        yield from self.finish()

    @property
    def pending(self) -> bool:
        """Whether something is under way, or will be once settings have settled."""
        return self._images and (self._under_way is not None or self._wanted())

    @property
    def rests(self) -> bool:
        """Whether neither base nor energy learns."""
        return self._where is None or not (self._where.learns("energy") or self._where.learns("base"))

    @property
    def measured(self) -> tuple[Measured, ...]:
        """The measurements so far, oldest first."""
        return tuple(self._measured)

    @property
    def problem(self) -> str:
        """Why the last measurement could not be made, empty where it could."""
        return self._problem

    @property
    def _iteration(self) -> int:
        return 0 if self._where is None else self._where.iteration

    @property
    def _model_iteration(self) -> int:
        return 0 if self._where is None else min(self._where.learned, self._where.iteration)

    def _wanted(self) -> bool:
        """Whether the model rests and is not measured by these settings."""
        return self._images and self.rests and not self._problem and self._key_now() != self._key

    def _due_at_rest(self) -> bool:
        settled = time.monotonic() - self._changed_at >= SETTLED
        return self._under_way is None and settled and self._wanted()

    def _begin(self) -> None:
        preset, self._problem = self._preset, ""
        measuring = Measuring(
            copy.deepcopy(self._model), self._target, preset.target, preset.quality, preset.sampler, preset.seed,
            self._model_iteration, self._references,
        )  # fmt: skip
        self._under_way = UnderWay.of(measuring, self._key_now(), self.rests)

    def _piece(self, under_way: UnderWay) -> None:
        try:
            under_way.progress = next(under_way.pieces)
        except StopIteration as end:
            self._take(end.value, under_way.key)
        except (PresetError, ValueError) as error:
            self._problem, self._under_way = f"quality cannot be measured: {error}", None

    def _take(self, result: Result, key: str) -> None:
        newest = result.measured
        made = newest.iteration, newest.protocol  # what was made alike before is the same again
        others = [one for one in self._measured if (one.iteration, one.protocol) != made]
        self._measured, self._text = [*others, newest][-KEPT:], None
        self._nearest, self._train = result.nearest, result.train
        self._key, self._under_way = key, None

    def _key_now(self) -> str:
        """What stands for the model with the settings that are measured by; computed anew once either has changed."""
        if self._current is None:
            digest = hashlib.blake2b(_settings(self._preset).encode(), digest_size=16)
            for name, value in self._model.state_dict().items():
                digest.update(name.encode())
                digest.update(value.detach().cpu().contiguous().numpy().tobytes())
            self._current = digest.hexdigest()
        return self._current

    # What a person sees.

    def part(self) -> QualityPart | None:
        """The part of a frame; None without images."""
        if not self._images:
            return None
        progress = 0.0 if self._under_way is None else self._under_way.progress
        note = self._note()
        shown = (tuple(map(id, self._measured)), round(100 * progress), self._under_way is None, note)
        if shown != self._shown:
            self._shown, self._version = shown, self._version + 1
        return QualityPart(tuple(self._measured), progress, self._nearest, self._train, note, self._version)

    def _note(self) -> str:
        if self._problem:
            return self._problem
        if self._under_way is not None:
            return ""
        if not self.rests and not self._measured:
            every = self._preset.quality.every
            when = f"at iteration {every * (self._iteration // every + 1)}" if every else "once it rests"
            return f"the model is still learning; its images are measured {when}, or when you ask for it"
        return ""

    # What a file keeps.

    def tensors(self) -> dict[str, Tensor]:
        """What was measured, and the model with the settings of what is under way."""
        found: dict[str, Tensor] = {}
        if self._measured:
            self._text = as_bytes(to_text(self._measured)) if self._text is None else self._text
            found["measured"] = self._text
            found["key"] = as_bytes(self._key)
            found["nearest"], found["train"] = (torch.from_numpy(x.copy()) for x in (self._nearest, self._train))
        if self._under_way is not None:
            found |= {_UNDER_WAY + name: value for name, value in self._under_way.tensors().items()}
        return found

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave; what was under way begins again and finds the same.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where they belong to other settings.
        """
        self._measured, self._text, self._under_way, self._current = [], None, None, None
        if "measured" in tensors:
            self._measured, self._key = from_text(as_text(tensors["measured"])), as_text(tensors["key"])
            self._nearest, self._train = (frozen(tensors[name].cpu().numpy()) for name in ("nearest", "train"))
        under_way = {name.removeprefix(_UNDER_WAY): x for name, x in tensors.items() if name.startswith(_UNDER_WAY)}
        if under_way:
            about = self._model, self._target, self._preset, self._references
            self._under_way = UnderWay.restored(under_way, *about)


def study_of(exhibits: Mapping[Part, Any]) -> QualityStudy:
    """The study among what runs beside a training."""
    found = exhibits["quality"]
    if not isinstance(found, QualityStudy):
        raise TypeError(f"the exhibit of quality is a {type(found).__name__}")
    return found


def _settings(preset: TrainingPreset) -> str:
    """All settings that a measurement at rest depends on, as text."""
    quality = preset.quality.model_dump_json(exclude={"every"})
    return f"{preset.seed} {quality} {preset.sampler.model_dump_json(exclude=_ELSEWHERE)}"


def _nothing() -> Bytes:
    empty: Bytes = frozen(np.zeros((0, 1, 1), dtype=np.uint8))
    return empty
