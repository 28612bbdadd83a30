"""Measurements of the images' quality as files: a table of all, or the newest as bars."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from gebm_studio.engine.quality_bars import SCALES, picture
from gebm_studio.engine.tasks import Done
from gebm_studio.experiments import Training
from gebm_studio.experiments.quality.study import QualityStudy, study_of
from gebm_studio.files import written_aside
from gebm_studio.messages import ExportQuality, Interval, Measured
from gebm_studio.presets import PresetError

COLUMNS = (
    "iteration", "score", "law", "factor", "class", "value", "low", "high", "truth", "protocol", "note",
)  # fmt: skip
_PARTS = 1000

Row = tuple[str | float, ...]


def in_pieces(order: ExportQuality, run: Training) -> Iterator[Done | None]:
    """Finish what is being measured, or measure the model where nothing is yet, then write the file, a piece at a time.

    A .csv holds every measurement, a row a number, with its 95 % interval, protocol and note; what cannot be said is
    empty. A .png shows the scores of the newest as bars.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
        PresetError: At once, for a run without images, another suffix or a scale that is not there; later, where
            nothing can be measured.
    """
    study, suffix = study_of(run.exhibits), Path(order.path).suffix.lower()
    if len(run.target.shape) != 3:
        raise PresetError(["there are no images to judge; open a preset with a target of images, such as F62"])
    if suffix not in (".csv", ".png"):
        what = suffix or "a file without suffix"
        raise PresetError([f"{order.path}: quality is written as .csv or .png, not as {what}"])
    if not SCALES[0] <= order.scale <= SCALES[1]:
        raise PresetError([f"scale must lie from {SCALES[0]} to {SCALES[1]}, got {order.scale}"])
    return _written(order, study, run.preset.title, suffix)


def _written(order: ExportQuality, study: QualityStudy, title: str, suffix: str) -> Iterator[Done | None]:
    for done in study.finish() if study.measured else study.measured_now():
        yield int(_PARTS * done), _PARTS
    if not study.measured:
        raise PresetError([study.problem or "quality could not be measured"])
    if suffix == ".csv":
        write_table(order.path, study.measured)
        return
    drawn = picture(study.measured[-1], title, order.scale)
    with written_aside(order.path) as aside:
        drawn.save(aside, format="PNG")


def write_table(path: Path | str, measured: tuple[Measured, ...]) -> None:
    """Write measurements as CSV: a header, then a row a number; what cannot be said is empty.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for one in measured:
            writer.writerows([_cell(value) for value in row] for row in rows(one))


def rows(one: Measured) -> Iterator[Row]:
    """The rows of one measurement, by `COLUMNS`."""
    notes = dict(one.notes)

    def row(score: str, found: Interval, law: str, note: str, where: Row = ("", ""), truth: str | float = "") -> Row:
        told = [notes.get(note, ""), f"{law}: {notes[law]}" if law else ""]
        return (one.iteration, score, law, *where, *found, truth, one.protocol, "; ".join(filter(None, told)))

    for law, scores in one.scores.items():
        for score, found in scores.items():
            yield row(score, found, law, score)
    for score, found in (("difference", one.difference), ("ratio", one.ratio), ("kale", one.kale)):
        yield row(score, found, "", score)
    for score, number in (("rhat", one.rhat), ("ess", one.ess), ("time", one.time)):
        yield row(score, (number, math.nan, math.nan), "gebm", score)
    yield row("copies", one.copies, "gebm", "copies")
    for factor in one.factors:
        for law, each in (("base", factor.base), ("gebm", factor.gebm)):
            yield row("variation", factor.variation[law], law, "factors", (factor.name, ""))
            for value, truth, found in zip(factor.values, factor.truth, each, strict=True):
                yield row("share", found, law, "factors", (factor.name, value), truth)
    yield row("slope", one.calibration.slope, "", "calibration")


def _cell(value: str | float) -> str:
    if isinstance(value, str | int):
        return str(value)
    return "" if math.isnan(value) else repr(float(value))
