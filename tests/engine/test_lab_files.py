"""The tables that a divergence lab writes."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from gebm_studio.engine.lab_files import COLUMNS, results_in_pieces, values_in_pieces
from gebm_studio.schema.measures import ABOUT
from tests.experiments.lab_cases import lab_of, preset_of


def rows_of(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_every_value_and_every_curve_is_written(tmp_path: Path) -> None:
    preset = preset_of({"kind": "uniform"}, {"kind": "uniform", "at": (2, 0)}, swept__points=5,
                       swept__low=0.0, swept__high=4.0, swept__curves=["kl", "w1"])  # fmt: skip
    pieces = sum(1 for _ in values_in_pieces(str(tmp_path / "lab.csv"), lab_of(preset)))
    assert pieces > len(ABOUT)
    header, *rows = rows_of(tmp_path / "lab.csv")
    assert tuple(header) == COLUMNS and [row[0] for row in rows] == list(ABOUT)
    found = {row[0]: row for row in rows}
    assert found["kl"][2] == "inf" and found["kl"][4] == "closed form"
    assert float(found["jensen_shannon"][2]) == pytest.approx(math.log(2)) and float(found["w1"][2]) == 2
    assert float(found["kale"][3]) > 0 and "nodes" in found["kale"][4]
    header, *rows = rows_of(tmp_path / "lab-swept.csv")
    assert header == ["q.at", "kl", "w1"]
    assert [row[1] for row in rows] == ["0.0", "inf", "inf", "inf", "inf"]
    assert [float(row[0]) for row in rows] == pytest.approx([float(row[2]) for row in rows])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab-swept.csv", "lab.csv"]


def test_a_run_without_a_window_leaves_tables_and_a_summary(tmp_path: Path) -> None:
    lab = lab_of(preset_of({"kind": "points"}, swept__points=5, swept__curves=["kl"]))
    for _ in results_in_pieces(lab, tmp_path):
        pass
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["values"]["kl"]["value"] is None and "no points" in summary["values"]["kl"]["note"]
    assert summary["steps"] == 0 and set(summary["values"]) == set(ABOUT)
    assert rows_of(tmp_path / "values.csv")[1][2] == "nan" and len(rows_of(tmp_path / "swept.csv")) == 6


def test_an_order_given_up_half_way_leaves_what_stood_there(tmp_path: Path) -> None:
    (tmp_path / "lab.csv").write_text("before")
    pieces = values_in_pieces(tmp_path / "lab.csv", lab_of(preset_of()))
    next(pieces)
    assert (tmp_path / "lab.csv").read_text() == "before"
    with pytest.raises(OSError, match=r"lab\.csv"):
        for _ in values_in_pieces(tmp_path / "lab.csv" / "deeper.csv", lab_of(preset_of())):
            pass
