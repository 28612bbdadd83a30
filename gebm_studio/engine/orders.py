"""Orders to write a file: carried out at once where that is quick, else as long work."""

from __future__ import annotations

from typing import TypeVar

from gebm_studio import messages as m
from gebm_studio.engine import exports, film_files, flow_files, lab_files, quality_files, sweep_table, tasks
from gebm_studio.engine.tasks import Send, Task
from gebm_studio.experiments import Comparison, DivergenceLab, Experiment, ParticleFlow, Training
from gebm_studio.presets import PresetError, save

LONG = (
    m.ExportSamples, m.ExportRace, m.ExportCompare, m.ExportValues, m.ExportFlow, m.ExportFilm, m.ExportQuality,
)  # fmt: skip
R = TypeVar("R")


def write(order: m.Export, run: Experiment, send: Send) -> None:
    """Write what takes no time, and say so.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
        PresetError: Where the run has no such thing.
    """
    if isinstance(order, m.ExportSettings):
        save(run.preset, order.path)
        send(m.Written(order.path, "settings"))
    elif isinstance(order, m.ExportCurves):
        if isinstance(run, ParticleFlow):
            flow_files.write_curves(order.path, run)
        else:
            exports.write_curves(order.path, trained(run, "curves"))
        send(m.Written(order.path, "curves"))
    elif isinstance(order, m.ExportSweep):
        sweep_table.write_sweep(order.path, trained(run, "sweep").front)
        send(m.Written(order.path, "sweep"))
    else:
        raise TypeError(f"{type(order).__name__} takes long; make a task of it")


def task(order: m.Export, run: Experiment, send: Send) -> Task:
    """What writes a file that takes long to make; nothing is done yet.

    Raises:
        PresetError: Where the run has no such thing.
    """
    if isinstance(order, m.ExportValues):
        lab = _of_kind(run, DivergenceLab, "divergences to write; open a divergence lab, such as F28")
        return tasks.writing(order.path, lab_files.values_in_pieces(order.path, lab), "values", send)
    if isinstance(order, m.ExportFlow):
        flow = _of_kind(run, ParticleFlow, "particle flow to write; open one, such as F51")
        return tasks.writing(order.path, flow_files.in_pieces(order, flow), "flow", send)
    training = trained(run, "samples, films, race or comparison")
    if isinstance(order, m.ExportSamples):
        return tasks.writing_samples(training.front, order, send)
    if isinstance(order, m.ExportFilm):
        return tasks.writing(order.path, film_files.in_pieces(order, training.front), "film", send)
    if isinstance(order, m.ExportQuality):
        return tasks.writing(order.path, quality_files.in_pieces(order, training.front), "quality", send)
    if isinstance(order, m.ExportRace):
        if not training.preset.race.lanes:
            raise PresetError(["there is no race to write; add a sampler to it first"])
        return tasks.writing(order.path, exports.race_in_pieces(order.path, training.front), "race", send)
    comparison = _of_kind(run, Comparison, "comparison to write; open a preset that compares runs, such as F07")
    return tasks.writing(order.path, exports.scores_in_pieces(order.path, comparison), "scores", send)


def trained(run: Experiment, what: str) -> Training | Comparison:
    """The run as one that trains.

    Raises:
        PresetError: Where it trains nothing.
    """
    if not isinstance(run, Training | Comparison):
        raise PresetError([f"{run.preset.title} trains no model and has no {what}; open a preset that trains one"])
    return run


def means_of(run: Experiment) -> tuple[str, ...]:
    """How the steps of convolutional networks that learn are computed and why, a line for each settled choice."""
    if not isinstance(run, Training | Comparison) or run.front.preset.training.train == "none":
        return ()
    return run.front.learner.steps.acceleration.reasons()


def _of_kind(run: Experiment, kind: type[R], lacking: str) -> R:
    if not isinstance(run, kind):
        raise PresetError([f"there is no {lacking}"])
    return run
