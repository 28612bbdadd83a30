"""Orders to write a file: carried out at once where that is quick, else as long work."""

from __future__ import annotations

from gebm_studio import messages as m
from gebm_studio.engine import exports, sweep_table, tasks
from gebm_studio.engine.tasks import Send, Task
from gebm_studio.experiments import Comparison, Experiment
from gebm_studio.presets import PresetError, save

LONG = (m.ExportSamples, m.ExportRace, m.ExportCompare)


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
        exports.write_curves(order.path, run)
        send(m.Written(order.path, "curves"))
    else:
        sweep_table.write_sweep(order.path, run.front)
        send(m.Written(order.path, "sweep"))


def task(order: m.Export, run: Experiment, send: Send) -> Task:
    """What writes a file that takes long to make; nothing is done yet.

    Raises:
        PresetError: Where the run has no such thing.
    """
    if isinstance(order, m.ExportSamples):
        return tasks.writing_samples(run.front, order, send)
    if isinstance(order, m.ExportRace):
        if not run.preset.race.lanes:
            raise PresetError(["there is no race to write; add a sampler to it first"])
        return tasks.writing_race(run.front, order.path, send)
    if not isinstance(run, Comparison):
        raise PresetError(["there is no comparison to write; open a preset that compares runs, such as F07"])
    return tasks.writing_scores(run, order.path, send)
