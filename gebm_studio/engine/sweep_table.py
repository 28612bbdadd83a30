"""The table of a sweep as a file, and in the summary of a run."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from gebm_studio.experiments import Training
from gebm_studio.experiments.sweep import Sweep
from gebm_studio.files import written_aside
from gebm_studio.presets import PresetError
from gebm_studio.published import stability, stability_certainty

COLUMNS = ("row", "name", "repeat", "method", "score", "quality", "modes_found", "diverged", "seed")


def sweep_of(run: Training) -> Sweep:
    """The sweep of a run.

    Raises:
        PresetError: Where the run has none.
    """
    sweep = run.exhibits["sweep"]
    if not isinstance(sweep, Sweep):
        raise TypeError(f"the exhibit of the sweep is a {type(sweep).__name__}")
    if not sweep.total:
        raise PresetError(["there is no sweep to write; set sweep.study to random_networks or optimisers"])
    return sweep


def write_sweep(path: Path | str, run: Training) -> None:
    """Write the trainings of a sweep that have ended as CSV, a row each.

    The last columns are the settings that made it, by their dotted paths: with them as `--set` and its seed a preset
    trains the same networks.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
        PresetError: Where the run has no sweep.
    """
    sweep = sweep_of(run)
    plan = sweep.plan
    paths = sorted({path for trial in plan.trials for path in trial.changes})
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*COLUMNS, *paths])
        for trial, result in zip(plan.trials, sweep.results, strict=False):
            found = (result.score, result.quality, result.found, int(result.diverged), trial.seed)
            label = plan.labels[trial.method]
            settings = [_plain(trial.changes.get(name, "")) for name in paths]
            writer.writerow([trial.row + 1, plan.rows[trial.row], trial.repeat + 1, label, *found, *settings])


def sweep_summary(run: Training) -> dict[str, Any]:
    """The table of a sweep for `summary.json`: counts by threshold or means by setting, with n and protocol.

    Raises:
        PresetError: Where the run has no sweep.
    """
    sweep = sweep_of(run)
    part = sweep.part()
    if part is None:
        raise TypeError("a sweep with trainings shows nothing")
    found: dict[str, Any] = {
        "study": part.study,
        "methods": list(part.methods),
        "trainings_done": part.done,
        "trainings": part.total,
        "diverged": {name: int(part.diverged[..., place].sum()) for place, name in enumerate(part.methods)},
        "data_score": part.data_score,
        "protocol": part.protocol,
    }
    if part.study == "random_networks":
        thresholds = run.preset.sweep.thresholds
        found["networks_tried"] = part.tried
        found["counts"] = [{"min_score": least, **part.counts(least)._asdict()} for least in thresholds]
        found["published"] = [row._asdict() for row in stability()]
        found["published_certainty"] = stability_certainty()
    else:
        found["scores"] = {
            row: {name: _mean(part.means[place, column]) for column, name in enumerate(part.methods)}
            for place, row in enumerate(part.rows)
        }
        found["interval"] = f"mean and half width of its 95 % t-interval over {run.preset.sweep.seeds} seeds"
    return found


def _plain(value: Any) -> Any:
    """A setting as the command line takes it."""
    return str(value).lower() if isinstance(value, bool) else value


def _mean(numbers: Any) -> list[float | None]:
    return [None if math.isnan(number) else float(number) for number in numbers]
