"""The studio as a library: the same experiments, in a notebook or a script.

Example:
    >>> import gebm_studio as gs
    >>> run = gs.experiment("ring", device="cpu", seed=0)
    >>> run.train(2)
    >>> run.sample(10, steps=5).shape
    (10, 2)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio import presets
from gebm_studio.engine import storage
from gebm_studio.experiments import Comparison, DivergenceLab, ParticleFlow, Training, begin, resolve
from gebm_studio.experiments.draws import SampleRun
from gebm_studio.schema import Preset, TrainingPreset

SAMPLE_SEED = 15485863


class Run(Training):
    """A training run with the verbs of a notebook: `train`, `sample`, `metrics`, `save`."""

    _samples: torch.Generator | None = None

    def sample(
        self,
        count: int,
        *,
        sampler: str | None = None,
        steps: int = 200,
        temperature: float | None = None,
        **settings: Any,
    ) -> NDArray[np.float32]:
        """Draws of the GEBM by fresh chains from the prior, (count, *shape).

        Arguments:
            count: Number of chains, each of which gives one draw.
            sampler: A name of the registry; None takes the preset's.
            steps: Steps of each chain.
            temperature: T = 1/β; None takes the preset's.
            settings: Other settings of the preset's `sampler` section, such as `step_size`.

        Raises:
            PresetError: Where a setting is unknown or out of range.
            ValueError: Where `count` or `steps` is not positive.
        """
        if count < 1 or steps < 1:
            raise ValueError(f"`count` and `steps` must be positive, got {count} and {steps}")
        wanted = {"name": sampler, "temperature": temperature, **settings}
        changes = {f"sampler.{name}": value for name, value in wanted.items() if value is not None}
        section = presets.changed(self.preset, changes, "sample").sampler
        if self._samples is None:
            self._samples = torch.Generator(self.device).manual_seed(self.preset.seed + SAMPLE_SEED)
        chains = SampleRun(self.model, self.target, section, count, steps, self._samples)
        for _ in chains:
            pass
        drawn: NDArray[np.float32] = self.model.samples(chains.position).float().cpu().numpy()
        return drawn

    def metrics(self) -> dict[str, float]:
        """The newest value of every curve."""
        self.settle()
        return self.curves.latest()

    def save(self, path: Path | str) -> None:
        """Write the run to a file that `load` continues.

        Raises:
            OSError: Where the file cannot be written; what stood there is kept.
        """
        storage.save(self, path)


class Runs(Comparison):
    """Runs in lockstep with the verbs of one; `runs` holds each by its label."""

    def sample(self, count: int, *, run: str = "", **wanted: Any) -> NDArray[np.float32]:
        """Draws of the GEBM of one run, by its label, of the one in front where none is named; see `Run.sample`.

        Raises:
            KeyError: Where no run has the label.
        """
        drawn: NDArray[np.float32] = (self.runs[run] if run else self.front).sample(count, **wanted)  # type: ignore[attr-defined]
        return drawn

    def metrics(self) -> dict[str, float]:
        """The newest value of every curve of every run, by names such as ``"GAN: w1_base"``."""
        self.settle()
        latest = {label: run.curves.latest() for label, run in self.runs.items()}
        return {f"{label}: {name}": value for label, found in latest.items() for name, value in found.items()}

    def judged(self) -> dict[str, dict[str, dict[str, float]]]:
        """Scores of all runs as they are now, by label, law and name; `scoring.judge.protocol()` says how."""
        for _ in self.scored_in_pieces():
            pass
        return self.scores

    def save(self, path: Path | str) -> None:
        """Write all runs to a file that `load` continues.

        Raises:
            OSError: Where the file cannot be written; what stood there is kept.
        """
        storage.save(self, path)


def _made(preset: Preset, device: torch.device, folder: str) -> Run | Runs | DivergenceLab | ParticleFlow:
    if not isinstance(preset, TrainingPreset):
        made = begin(preset, device, folder)
        if isinstance(made, DivergenceLab | ParticleFlow):
            return made
        raise TypeError(f"{type(made).__name__} is no lab and no flow")
    return Runs(preset, device, folder, Run) if preset.compare.runs else Run(preset, device, folder)


def experiment(
    preset: str | Path, *, device: str = "auto", seed: int | None = None, **changes: Any
) -> Run | Runs | DivergenceLab | ParticleFlow:
    """A new run of a preset, several in lockstep where it compares; or its divergence lab, or its particle flows.

    Arguments:
        preset: A preset's name, figure id or path.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        seed: Replaces the preset's seed.
        changes: Other settings, with a double underscore for the dot: `sampler__friction=0.5`.

    Raises:
        PresetError: With one line for each problem.
    """
    path = presets.find(preset)
    paths = {name.replace("__", "."): value for name, value in changes.items()}
    if seed is not None:
        paths["seed"] = seed
    loaded = presets.load(path)
    return _made(presets.changed(loaded, paths) if paths else loaded, resolve(device), str(path.parent))


def load(path: str | Path, *, device: str = "auto") -> Run | Runs | DivergenceLab | ParticleFlow:
    """A saved run, ready to continue.

    Raises:
        PresetError: In one line, where the file cannot be used.
    """
    return storage.load(path, resolve(device), _made)
