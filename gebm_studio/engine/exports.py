"""Results as files: sample grids, arrays, curves. Each is written aside, then put in place."""

from __future__ import annotations

import copy
import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gebm_studio.engine.image_sheet import WHITE, sheet, zoomed
from gebm_studio.experiments import Comparison, Training
from gebm_studio.experiments.draws import SampleRun
from gebm_studio.experiments.pixels import pixels
from gebm_studio.experiments.race import Race
from gebm_studio.experiments.scoring import COLUMNS as SCORE_COLUMNS
from gebm_studio.experiments.scoring import LAWS
from gebm_studio.files import written_aside
from gebm_studio.messages import ExportSamples, LaneResult, RacePart

Samples = dict[str, NDArray[Any]]
GAP = 2
"""Pixels between two images of a padded grid, before scaling."""
SCATTER = 256
"""Side of the picture of a cloud of points, before scaling."""
COLOURS = {"data": (120, 120, 120), "base": (204, 121, 167), "gebm": (0, 158, 115)}


class Drawing:
    """Samples of data, base and GEBM, (count, *shape) float32 each.

    Draws from a generator of its own and a copy of the model as it is now: the run does not change,
    and a run that goes on training meanwhile does not change the samples. Fresh chains take `steps` steps
    of the run's sampler at its temperature. Iterating yields how many of `total` steps are done,
    so a caller can show progress and stop; `samples` is whole at the end.
    """

    def __init__(self, run: Training, count: int, steps: int, seed: int) -> None:
        self._run, self._count = run, count
        self._generator = torch.Generator(run.device).manual_seed(seed)
        self._model = copy.deepcopy(run.model)
        self._chains = SampleRun(self._model, run.target, run.preset.sampler, count, steps, self._generator)
        self.total = self._chains.total
        self.samples: Samples = {}

    def __iter__(self) -> Iterator[int]:
        yield from self._chains
        run, count = self._run, self._count
        data = run.target.held_out
        if len(data) < count:
            data = torch.cat((data, run.target.sample(count - len(data), self._generator)))
        found = {
            "data": data[:count],
            "base": self._model.samples(self._model.prior(count, self._generator)),
            "gebm": self._model.samples(self._chains.position),
        }
        self.samples = {name: x.float().cpu().numpy() for name, x in found.items()}

    @property
    def time(self) -> float:
        """Overdamped time that the chains have advanced, NaN where steps have no length in time."""
        return self._chains.time

    def finished(self) -> Samples:
        """Take all steps and return the samples."""
        for _ in self:
            pass
        return self.samples


def write_npz(path: Path | str, samples: Samples) -> None:
    """Write arrays by name.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    arrays: dict[str, Any] = dict(samples)
    with written_aside(path) as aside, open(aside, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def write_grid(path: Path | str, run: Training, samples: Samples, order: ExportSamples) -> None:
    """Write a PNG: images as a grid each for data, base and GEBM, points as a picture each.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    from PIL import Image

    images = len(run.target.shape) == 3
    blocks = [
        _image_block(samples[name], order) if images else _scatter_block(run, samples[name], name)
        for name in order.which
    ]
    gap = np.full((blocks[0].shape[0], 3 * GAP if images else GAP, 3), WHITE, dtype=np.uint8)
    parts = [part for block in blocks for part in (gap, block)][1:]
    picture = zoomed(np.concatenate(parts, axis=1), order.scale)
    with written_aside(path) as aside:
        Image.fromarray(picture).save(aside, format="PNG")


def _image_block(images: NDArray[Any], order: ExportSamples) -> NDArray[np.uint8]:
    """rows × columns images as one RGB picture, white between them."""
    seen = pixels(torch.from_numpy(images[: order.rows * order.columns]))
    return sheet(seen, order.columns, GAP if order.padding else 0, rows=order.rows)


def _scatter_block(run: Training, points: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Points on the plane of view as one RGB picture."""
    x = run.views.plane(torch.from_numpy(points).to(run.device))
    left, right, bottom, top = run.target.home
    column = ((x[:, 0] - left) / (right - left) * SCATTER).astype(int)
    row = ((top - x[:, 1]) / (top - bottom) * SCATTER).astype(int)
    sheet = np.full((SCATTER, SCATTER, 3), 255, dtype=np.uint8)
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        inside = (row + down >= 0) & (row + down < SCATTER) & (column + across >= 0) & (column + across < SCATTER)
        sheet[row[inside] + down, column[inside] + across] = COLOURS[name]
    return sheet


def write_curves(path: Path | str, run: Training | Comparison) -> None:
    """Write all curves as CSV: a header, then a row for each measurement; not measured is empty.

    Of several runs side by side the first column says whose row it is.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    run.settle()
    several = len(run.runs) > 1
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*["run"] * several, *run.front.curves.columns])
        for label, training in run.runs.items():
            for row in training.curves.since(0):
                writer.writerow([*[label] * several, *(_cell(float(value)) for value in row)])


def scores_in_pieces(path: Path | str, run: Comparison) -> Iterator[None]:
    """Finish what a comparison is scoring now, a piece at a time, and write all of its scores by `write_scores`."""
    under_way = run.scoring.under_way
    while run.scoring.busy and run.scoring.under_way == under_way:
        run.scoring.go_on()
        yield
    write_scores(path, run)


def write_scores(path: Path | str, run: Comparison) -> None:
    """Write the score table as CSV: a header, then a row for each iteration, run and law; not measured is empty.

    The last row is what the data score against themselves. `summary.json` of a headless run holds the protocol.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    labels = list(run.runs)
    names = [name for name in SCORE_COLUMNS if name not in ("iteration", "run", "law")]
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["run", "law", "iteration", *names])
        for row in run.scoring.table.since(0):
            values = dict(zip(SCORE_COLUMNS, map(float, row), strict=True))
            whose = labels[int(values["run"])], LAWS[int(values["law"])], str(int(values["iteration"]))
            writer.writerow([*whose, *(_cell(values[name]) for name in names)])
        floor = {
            f"{name}{end}": value
            for name, interval in run.scoring.floor.items()
            for end, value in zip(("", "_low", "_high"), interval, strict=True)
        }
        writer.writerow(["data", "data", "", *(_cell(floor.get(name, math.nan)) for name in names)])


RACE = (
    "sampler", "law", "steps", "cost", "step_size", "acceptance", "nonfinite", "diverged", "energy", "error",
    "exact_energy", "exact_error", "bias", "ess", "ess_per_gradient", "rhat", "astray", "base_astray",
    "score", "score_low", "score_high", "truth", "scoring",
)  # fmt: skip


def race_in_pieces(path: Path | str, run: Training) -> Iterator[None]:
    """Measure all lanes of the race as they are now, a piece at a time, and write them by `write_race`."""
    race = run.exhibits["race"]
    if not isinstance(race, Race):
        raise TypeError(f"the exhibit of the race is a {type(race).__name__}")
    yield from race.settle()
    part = race.part()
    if part is not None:
        write_race(path, part)


def write_race(path: Path | str, part: RacePart) -> None:
    """Write the table of a race as CSV: a header, then a row a sampler; what cannot be said is empty.

    Columns are the fields of `messages.LaneResult`; `truth` says how the exact energy was found, `scoring`
    how images are scored.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(RACE)
        for lane in part.lanes:
            writer.writerow([_cell(value) for value in _race_row(lane, part)])


def _race_row(lane: LaneResult, part: RacePart) -> tuple[str | float, ...]:
    return (
        lane.label, lane.law, lane.steps, lane.cost, lane.step_size, lane.acceptance, lane.nonfinite, lane.diverged,
        lane.energy, lane.error, part.exact_energy, part.exact_error, lane.bias, lane.ess, lane.ess_per_gradient,
        lane.rhat, lane.astray, part.base_astray, *lane.score, part.truth, part.scoring,
    )  # fmt: skip


def _cell(value: str | float) -> str:
    if isinstance(value, str | int):
        return str(value)
    return "" if math.isnan(value) else repr(float(value))
