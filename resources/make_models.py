"""Train the models that ship, and the table behind them: `python resources/make_models.py digits|sprites [SEEDS]`.

Each seed trains the recipe's preset from fresh weights and measures its images at β = 1. The first seed's model is
written to `resources/models/`; the table, with paired intervals over seeds, to `resources/models/NAME.json`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gebm_studio import presets
from gebm_studio.diagnostics import student
from gebm_studio.engine.storage import versions
from gebm_studio.experiments import Training
from gebm_studio.experiments.quality.study import study_of
from gebm_studio.files import written_aside
from gebm_studio.messages import Measured
from gebm_studio.models import pretrained
from gebm_studio.schema import TrainingPreset

SEEDS = (0, 1, 2, 3, 4)
JUDGED = {"digits": (2000, 1200), "sprites": (1000, 120)}
"""Images of each law, and steps of the chains, behind a row of the table."""


def main(name: str, seeds: Sequence[int]) -> None:
    """Train, measure and write."""
    entry = presets.find(f"f62_{name}_recipe")
    preset = presets.load(entry)
    if not isinstance(preset, TrainingPreset):
        raise TypeError(f"{entry} trains nothing")
    draws, steps = JUDGED[name]
    judged = {"quality.draws": draws, "quality.steps": steps, "quality.every": 0}
    rows: list[dict[str, Any]] = []
    protocol, notes = "", dict[str, str]()
    for seed in seeds:
        began = time.process_time()
        run = trained(presets.changed(preset, judged | {"seed": seed}))
        learned = time.process_time() - began
        measured = measured_of(run)
        rows.append(row_of(seed, measured) | {"training_cpu_seconds": round(learned, 1)})
        sys.stdout.write(json.dumps(rows[-1]) + "\n")
        sys.stdout.flush()
        if seed == seeds[0]:
            facts = {"made": f"preset {entry.stem}, seed {seed}", "versions": json.dumps(versions())}
            pretrained.write(pretrained.path_of(name), run.model, run.preset, facts)
            protocol, notes = measured.protocol, dict(measured.notes)
    table = {"preset": entry.stem, "protocol": protocol, "notes": notes, "seeds": rows, "over_seeds": over(rows)}
    with written_aside(pretrained.path_of(name).with_suffix(".json")) as aside:
        aside.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(table["over_seeds"], indent=1) + "\n")


def trained(preset: TrainingPreset) -> Training:
    """A run of a preset up to where base and energy rest."""
    torch.set_num_threads(1)
    run = Training(preset, torch.device("cpu"))
    while run.schedule.learns("base") or run.schedule.learns("energy"):
        run.advance()
    run.settle()
    return run


def measured_of(run: Training) -> Measured:
    """Its images, measured now."""
    study = study_of(run.exhibits)
    for _ in study.measured_now():
        pass
    return study.measured[-1]


def row_of(seed: int, measured: Measured) -> dict[str, Any]:
    """What the table says of a seed."""
    row: dict[str, Any] = {"seed": seed}
    for law, scores in measured.scores.items():
        row |= {f"{name}_{law}": round(value[0], 5) for name, value in scores.items()}
    for factor in measured.factors:
        row |= {f"tv_{factor.name}_{law}": round(value[0], 5) for law, value in factor.variation.items()}
    row |= {"difference": [round(value, 4) for value in measured.difference]}
    row |= {"kale": round(measured.kale[0], 4), "slope": round(measured.calibration.slope[0], 3)}
    return row | {"rhat": round(measured.rhat, 4), "ess": round(measured.ess, 1), "time": round(measured.time, 3)}


def over(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """GEBM less base of every score, its mean over seeds with the 95 % interval of Student's t, paired."""
    found: dict[str, Any] = {"n": len(rows)}
    for name in [key.removesuffix("_gebm") for key in rows[0] if key.endswith("_gebm")]:
        mean, half = student([row[f"{name}_gebm"] - row[f"{name}_base"] for row in rows])
        found[name] = [round(value, 5) for value in (mean, mean - half, mean + half)]
    return found


if __name__ == "__main__":
    main(sys.argv[1], [int(seed) for seed in sys.argv[2].split(",")] if len(sys.argv) > 2 else SEEDS)
