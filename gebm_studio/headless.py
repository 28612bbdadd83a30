"""The same engine without a window: train, measure, write everything into a folder."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gebm_studio import presets
from gebm_studio.engine import exports as writing
from gebm_studio.engine import film_files, flow_files, lab_files, orders, storage, sweep_table
from gebm_studio.engine.summary import SAMPLES_SEED, jsonable, summary
from gebm_studio.experiments import (
    Comparison,
    Diverged,
    DivergenceLab,
    Experiment,
    ParticleFlow,
    Training,
    begin,
    limit_threads,
    resolve,
)
from gebm_studio.experiments.quality.study import study_of
from gebm_studio.experiments.race import Race
from gebm_studio.files import written_aside
from gebm_studio.messages import CheckResult, Export, ExportCurves, ExportFilm, ExportFlow, ExportSamples
from gebm_studio.schema import Preset, TrainingPreset
from gebm_studio.targets import missing

SAMPLES = 1000
SAMPLER_STEPS = 300
SAVE_SECONDS = 60.0


def run(
    source: Preset | Path,
    *,
    steps: int,
    out: Path,
    device: str = "auto",
    folder: str = "",
    exports: Sequence[Export] = (),
    progress: bool = True,
) -> int:
    """Train a preset, or continue a saved run, and write the results.

    Arguments:
        source: A preset, or the path of a saved run to continue.
        steps: Base iterations to train (further ones, for a saved run).
        out: Folder of the results; made where it does not exist.
        device: `auto` or the name of a device.
        folder: Where relative file names of the preset start.
        exports: Further files to write.
        progress: Whether to show a progress bar.

    Returns:
        0 when done, 1 when the run diverged (what there is was written), 130 after Ctrl-C (likewise).

    Raises:
        PresetError: Where the preset, its data, the saved run or the device cannot be used.
        OSError: Where a result cannot be written.
    """
    limit_threads()
    out.mkdir(parents=True, exist_ok=True)
    where = resolve(device)
    if isinstance(source, Path):
        _make_ready(*storage.settings(source), progress)
    else:
        _make_ready(source, folder, progress)
    thing: Experiment = storage.load(source, where) if isinstance(source, Path) else begin(source, where, folder)
    status = _advance(thing, steps, out, progress)
    if status == 0 and isinstance(thing, Training | Comparison) and thing.preset.sweep.study != "none":
        status = _sweep(thing, out, progress)
    try:
        _write_all(thing, out, exports, progress, complete=status == 0)
    except KeyboardInterrupt:
        # Even the results were interrupted: keep at least the run itself.
        storage.save(thing, out / "run.gebm")
        return 130
    return status


def self_test(progress: bool = True) -> int:
    """Check the samplers against exact values and print one line for each number.

    Returns:
        0 where all lines hold, else 1.
    """
    from gebm_studio.experiments.selftest import Z_LIMIT, SelfTest

    limit_threads()
    test = SelfTest()
    with tqdm(total=test.total, unit="check", disable=not progress, dynamic_ncols=True, leave=False) as bar:
        for _ in test:
            bar.update(test.done - bar.n)
    print("\n".join(_table(test.results)))
    failed = len(test.failed)
    print(
        f"\n{len(test.results)} lines, {failed or 'none'} failed. A line with an error holds within {Z_LIMIT} standard "
        "errors, one without within its tolerance."
    )
    return 1 if failed else 0


def _table(results: Sequence[CheckResult]) -> list[str]:
    """The lines of a self-test, in columns."""
    rows = [("sampler", "quantity", "expected", "measured", "± error", "z", "tolerance", "ok")]
    for line in results:
        error, z = (f"{line.error:.2g}", f"{line.z:+.2f}") if line.error else ("", "")
        numbers = f"{line.expected:.6g}", f"{line.measured:.6g}", error, z, f"{line.tolerance:.2g}"
        rows.append((line.sampler, line.quantity, *numbers, "ok" if line.passed else "FAILED"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if column in (0, 1, 7) else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _make_ready(preset: Preset, folder: str, progress: bool) -> None:
    """Do what must be done before the data of a preset can be had."""
    needed = missing(preset.target, folder) if isinstance(preset, TrainingPreset) else None
    if needed is not None:
        needed.run_with_bar(shown=progress)


def _advance(thing: Experiment, steps: int, out: Path, progress: bool) -> int:
    """Advance by some iterations, or until there is nothing to do; returns an exit status."""
    first = thing.iteration
    next_save = time.monotonic() + SAVE_SECONDS
    with tqdm(total=steps, unit="it", disable=not progress, dynamic_ncols=True) as bar:
        try:
            while thing.iteration < first + steps and not thing.resting:
                thing.advance()
                for line in thing.take_notices():
                    bar.write(line)
                done = thing.iteration - first
                if done > bar.n:
                    bar.update(done - bar.n)
                    if done % 50 == 0 and isinstance(thing, Training | Comparison):
                        bar.set_postfix(kale=f"{thing.front.curves.latest().get('kale_heldout', math.nan):.3f}")
                if time.monotonic() > next_save:
                    storage.save(thing, out / "run.gebm")
                    next_save = time.monotonic() + SAVE_SECONDS
        except KeyboardInterrupt:
            bar.write("interrupted: writing what there is")
            return 130
        except Diverged as error:
            bar.write(f"diverged: {error}. Results are of the last good state, iteration {thing.iteration}.")
            return 1
    return 0


def _sweep(thing: Training | Comparison, out: Path, progress: bool) -> int:
    """Finish the sweep beside a run; returns an exit status."""
    sweep = sweep_table.sweep_of(thing.front)
    next_save = time.monotonic() + SAVE_SECONDS
    with tqdm(total=sweep.total, unit="training", desc="sweep", disable=not progress, dynamic_ncols=True) as bar:
        try:
            while not sweep.complete:
                sweep.work()
                bar.update(sweep.done - bar.n)
                if time.monotonic() > next_save:
                    storage.save(thing, out / "run.gebm")
                    next_save = time.monotonic() + SAVE_SECONDS
        except KeyboardInterrupt:
            bar.write("interrupted: writing what there is")
            return 130
    return 0


def _write_all(thing: Experiment, out: Path, wanted: Sequence[Export], progress: bool, complete: bool) -> None:
    storage.save(thing, out / "run.gebm")
    if isinstance(thing, Training | Comparison) and len(thing.front.target.shape) == 3:
        for run in thing.runs.values():
            _in_pieces(study_of(run.exhibits).measured_now(), "quality", progress)
        storage.save(thing, out / "run.gebm")  # now with what was measured
    note = {"seed": thing.preset.seed, "device": str(thing.device), "steps": thing.iteration}
    presets.save(thing.preset, out / "preset.toml", note | storage.versions())
    if isinstance(thing, DivergenceLab):
        _in_pieces(lab_files.results_in_pieces(thing, out), "values", progress)
    elif isinstance(thing, ParticleFlow):
        _in_pieces(flow_files.results_in_pieces(thing, out), "frames", progress)
    else:
        _write_training(orders.trained(thing, "results"), out, progress, complete)
    for order in wanted:
        _export(thing, order, progress)


def _in_pieces(pieces: Iterator[object], what: str, progress: bool) -> None:
    """Do work to its end, with a bar that shows that it goes on."""
    with tqdm(desc=what, unit="piece", disable=not progress, leave=False) as bar:
        for _ in pieces:
            bar.update()


def _write_training(thing: Training | Comparison, out: Path, progress: bool, complete: bool) -> None:
    writing.write_curves(out / "metrics.csv", thing)
    front = thing.front
    drawings = {label: _drawn(run, SAMPLES, SAMPLER_STEPS, progress) for label, run in thing.runs.items()}
    samples = {label: drawing.samples for label, drawing in drawings.items()}
    whole = next(samples[label] for label, run in thing.runs.items() if run is front)
    if isinstance(thing, Comparison):
        whole = whole | {f"{name}.{label}": own[name] for label, own in samples.items() for name in ("base", "gebm")}
    writing.write_npz(out / "samples.npz", whole)
    if len(front.target.shape) == 3:
        writing.write_grid(out / "grid.png", front, whole, ExportSamples(str(out / "grid.png")))
    found = {
        label: summary(run, samples[label], SAMPLER_STEPS, drawings[label].time) for label, run in thing.runs.items()
    }
    if isinstance(thing, Comparison):
        kept = {"title": thing.preset.title, "steps": thing.iteration, "seed": thing.preset.seed}
        scores = _compare(thing, out / "compare.csv", progress)
        kept |= {"runs": found, "scores": scores, "stopped": thing.stopped, "complete": complete}
        _write_json(out / "summary.json", kept)
    else:
        swept = {"sweep": sweep_table.sweep_summary(front)} if thing.preset.sweep.study != "none" else {}
        _write_json(out / "summary.json", found[""] | swept | {"complete": complete})
        if swept:
            sweep_table.write_sweep(out / "sweep.csv", front)
    if thing.preset.race.lanes and complete:
        _race(front, out / "race.csv", progress)


def _compare(comparison: Comparison, path: Path, progress: bool) -> dict[str, Any]:
    """Score all runs as they are now, write the table, and return the newest scores with their protocol."""
    _in_pieces(comparison.scored_in_pieces(), "scores", progress)
    writing.write_scores(path, comparison)
    newest = {label: {law: jsonable(row) for law, row in laws.items()} for label, laws in comparison.scores.items()}
    return newest | {"protocol": comparison.scoring.judge.protocol()}


def _race(training: Training, path: Path, progress: bool) -> None:
    """Let the race on the model as it is now spend its budget, then write its table."""
    race, budget = training.exhibits["race"], training.preset.race.budget
    with tqdm(total=budget, unit="gradient", desc="race", disable=not progress, leave=False) as bar:
        while budget and isinstance(race, Race) and not race.complete:
            race.advance()
            part = race.part()
            spent = min((lane.cost for lane in part.lanes), default=0.0) if part is not None else 0.0
            bar.update(min(int(spent), budget) - bar.n)
    for _ in writing.race_in_pieces(path, training):
        pass


def _export(thing: Experiment, order: Export, progress: bool) -> None:
    """One further file.

    Raises:
        OSError: Where it cannot be written.
        PresetError: Where the run has no such thing.
    """
    if isinstance(order, ExportSamples) and not isinstance(thing, DivergenceLab | ParticleFlow):
        training = orders.trained(thing, "samples").front
        samples = _drawn(training, order.rows * order.columns, order.steps, progress).samples
        if Path(order.path).suffix.lower() == ".npz":
            writing.write_npz(order.path, samples)
        else:
            writing.write_grid(order.path, training, samples, order)
    elif isinstance(order, ExportSamples | ExportFlow) and isinstance(thing, ParticleFlow):
        _in_pieces(flow_files.in_pieces(ExportFlow(order.path), thing), "frames", progress)
    elif isinstance(order, ExportFilm):
        _in_pieces(film_files.in_pieces(order, orders.trained(thing, "films").front), "steps and frames", progress)
    elif isinstance(order, ExportCurves) and isinstance(thing, DivergenceLab):
        _in_pieces(lab_files.values_in_pieces(order.path, thing), "values", progress)
    else:
        orders.write(order, thing, lambda _: None)


def _drawn(training: Training, count: int, steps: int, progress: bool) -> writing.Drawing:
    drawing = writing.Drawing(training, count, steps, SAMPLES_SEED)
    with tqdm(total=drawing.total, desc="sampling", disable=not progress, leave=False) as bar:
        for done in drawing:
            bar.update(done - bar.n)
    return drawing


def _write_json(path: Path, values: dict[str, Any]) -> None:
    with written_aside(path) as aside:
        aside.write_text(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
