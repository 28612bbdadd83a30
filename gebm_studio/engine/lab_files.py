"""What a divergence lab writes: its values and swept curves as tables."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from gebm_studio.experiments import DivergenceLab
from gebm_studio.files import written_aside
from gebm_studio.messages.divergences import Value
from gebm_studio.schema.measures import ABOUT

COLUMNS = ("name", "label", "value", "error", "protocol", "note")


def values_in_pieces(path: Path | str, lab: DivergenceLab) -> Iterator[None]:
    """Finish what is being computed, a piece at a time, and write every value and every swept curve as CSV.

    The values go to the file of that name, the curves to one beside it whose name ends in `-swept`. Infinite values
    are `inf`; those that cannot be had are `nan`, with the reason in their note.

    Raises:
        OSError: Where a file cannot be written; what stood there is kept.
    """
    target = Path(path)
    yield from _write(lab, target, target.with_name(f"{target.stem}-swept{target.suffix or '.csv'}"))


def results_in_pieces(lab: DivergenceLab, out: Path) -> Iterator[None]:
    """Write `values.csv`, `swept.csv` and `summary.json` into a folder, a piece at a time.

    Raises:
        OSError: Where a file cannot be written.
    """
    values = yield from _write(lab, out / "values.csv", out / "swept.csv")
    preset = lab.preset
    found = {
        "title": preset.title,
        "figure": preset.figure,
        "seed": preset.seed,
        "steps": lab.iteration,
        "values": {name: _row(value) for name, value in values.items()},
    }
    with written_aside(out / "summary.json") as aside:
        aside.write_text(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _write(lab: DivergenceLab, values_path: Path, swept_path: Path) -> Generator[None, None, dict[str, Value]]:
    values: dict[str, Value] = {**(yield from lab.values_in_pieces())}
    _table(values_path, COLUMNS, (_cells(value) for value in values.values()))
    yield
    swept = yield from lab.swept_in_pieces()
    curves = swept.table()
    rows = zip(swept.over.tolist(), *(curve.tolist() for curve in curves.values()), strict=True)
    _table(swept_path, (lab.preset.swept.over, *curves), ([_number(cell) for cell in row] for row in rows))
    return values


def _table(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)


def _cells(value: Value) -> list[str]:
    label = ABOUT[value.name].label
    return [value.name, label, _number(value.value), _number(value.error), value.protocol, value.note]


def _number(value: float) -> str:
    return repr(float(value))


def _row(value: Value) -> dict[str, Any]:
    """A value for JSON, which knows no infinity: `null` where it cannot be had, and "inf" as text."""
    return {
        "value": _for_json(value.value),
        "error": _for_json(value.error),
        "protocol": value.protocol,
        "note": value.note,
    }


def _for_json(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return str(value) if math.isinf(value) else value
