"""Runs in lockstep: fair, each as if alone, and none stopped by another."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import exports, storage
from gebm_studio.experiments import Comparison, Diverged, Training, begin
from gebm_studio.experiments.scoring import Scoring
from gebm_studio.presets import PresetError
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}
SMALL |= {"training.warmup": 4}
GAN = {"label": "GAN", "law": "base", "changes": {"objective.name": "gan", "energy.hidden": 8}}
KALE = {"label": "KALE", "changes": {}}
WILD = {"label": "wild", "changes": {"training.base_lr": 1.0, "training.energy_lr": 1.0, "objective.penalty": "none"}}
ALL: frozenset[Any] = frozenset({"data", "latent", "curves", "diagnostics", "compare"})


def comparison(*runs: dict[str, Any], **changes: Any) -> Comparison:
    wanted = SMALL | {"compare.runs": list(runs or (GAN, KALE))}
    wanted |= {name.replace("__", "."): value for name, value in changes.items()}
    made = begin(presets.changed(training("ring"), wanted), CPU)
    assert isinstance(made, Comparison)
    return made


def frame_of(run: Comparison, **pull: Any) -> m.Frame:
    return run.frame(m.Pull(**{"needs": ALL} | pull), run_id=1, state="running", rate=0.0, device="cpu")


def same(ours: Training, theirs: Training) -> bool:
    a, b = ours.tensors(), theirs.tensors()
    rows = repr(ours.curves.since(0).tolist()) == repr(theirs.curves.since(0).tolist())
    return rows and a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_each_run_is_what_it_would_be_alone() -> None:
    together = comparison()
    together.train(12)
    for label, alone in zip(together.runs, presets.variants(together.preset), strict=True):
        single = Training(alone, CPU)
        single.train(12)
        assert same(together.runs[label], single), label


def test_runs_take_one_iteration_each_in_turn() -> None:
    run = comparison(training__warmup=0)
    seen = []
    for _ in range(40):
        run.advance()
        seen.append(tuple(one.iteration for one in run.runs.values()))
    assert max(abs(a - b) for a, b in seen) == 1 and all(a >= b for a, b in seen)
    assert run.iteration == min(seen[-1]) > 0


def test_a_run_that_diverges_stops_alone_and_is_named() -> None:
    run = comparison(KALE, WILD, objective__name="kale")
    run.train(60)
    (line,) = run.take_notices()
    assert line.startswith("wild diverged: ") and "the others go on" in line
    assert run.take_notices() == []
    assert list(run.stopped) == ["wild"]
    assert run.runs["KALE"].iteration == run.iteration == 60
    part = frame_of(run).compare
    assert part is not None
    assert [bool(one.stopped) for one in part.runs] == [False, True]
    assert all(math.isfinite(float(value)) for value in run.runs["wild"].chains.energies)


def test_when_all_have_diverged_the_whole_has_and_a_change_lets_them_try_again() -> None:
    run = comparison({**WILD, "label": "a"}, {**WILD, "label": "b"})
    with pytest.raises(Diverged, match="all have diverged"):
        run.train(200)
    with pytest.raises(Diverged, match="no run is left"):
        run.advance()
    run.set_value(m.SetValue("objective.strength", 2.0))
    run.advance()
    assert not run.stopped


def test_a_live_setting_reaches_all_but_the_runs_that_name_it() -> None:
    named = {"label": "slow", "changes": {"training.base_lr": 1e-5}}
    run = comparison(KALE, named)
    run.set_value(m.SetValue("training.base_lr", 3e-4))
    run.set_value(m.SetValue("sampler.temperature", 2.0))
    assert [one.preset.training.base_lr for one in run.runs.values()] == [3e-4, 1e-5]
    assert [one.preset.sampler.temperature for one in run.runs.values()] == [2.0, 2.0]
    assert run.preset.training.base_lr == 3e-4
    with pytest.raises(PresetError, match="needs a restart"):
        run.set_value(m.SetValue("training.batch", 64))


def test_the_run_in_front_is_what_a_frame_shows() -> None:
    run = comparison()
    run.train(10)
    first = frame_of(run)
    assert first.front == 0 and first.preset is not None and training(first.preset).compare.runs
    assert first.curves is not None and len(first.curves.rows)
    run.set_value(m.SetValue("compare.front", 1))
    held = len(first.curves.rows)
    other = frame_of(run, run_id=1, curves_since=held, curves_front=0)
    assert other.front == 1 and other.curves is not None
    assert other.curves.since == 0 and len(other.curves.rows) == len(run.runs["KALE"].curves)
    assert other.data is not None and other.data.map is not None
    known = frame_of(run, run_id=1, curves_since=held, curves_front=1, settings_version=run.settings_version)
    assert known.curves is not None and known.curves.since == held and known.preset is None
    with pytest.raises(PresetError, match="front: must be below"):
        run.set_value(m.SetValue("compare.front", 2))


def test_watching_changes_nothing_and_shows_each_run() -> None:
    watched, alone = comparison(), comparison()
    pictures = set()
    for _ in range(30):
        watched.advance()
        alone.advance()
        part = frame_of(watched, run_id=1, compare_since=(1, 1)).compare
        assert part is not None
        pictures |= {one.label for one in part.runs if one.picture is not None}
        assert all(one.curves.since <= 1 for one in part.runs)
    assert pictures == {"GAN", "KALE"}
    for label in watched.runs:
        assert same(watched.runs[label], alone.runs[label])


@pytest.mark.parametrize("before", [3, 20])
def test_a_resumed_comparison_equals_an_uninterrupted_one(tmp_path: Path, before: int) -> None:
    run = comparison(GAN, KALE, training__truth_every=10)
    run.train(before)
    assert run.scoring.busy
    storage.save(run, tmp_path / "runs.gebm")
    resumed: Comparison = storage.load(tmp_path / "runs.gebm", CPU)
    for one in (run, resumed):
        one.train(13)
        one.scoring.settle()
    for label in run.runs:
        assert same(run.runs[label], resumed.runs[label])
    ours, theirs = (repr(one.scoring.table.since(0).tolist()) for one in (run, resumed))
    assert ours == theirs and len(run.scoring.table)


def test_a_saved_comparison_keeps_who_has_diverged_and_adapted(tmp_path: Path) -> None:
    run = comparison(KALE, WILD, sampler__name="mala", sampler__warmup=30)
    run.train(60)
    storage.save(run, tmp_path / "runs.gebm")
    resumed: Comparison = storage.load(tmp_path / "runs.gebm", CPU)
    assert resumed.stopped == run.stopped
    assert [one.preset for one in resumed.runs.values()] == [one.preset for one in run.runs.values()]


def test_curves_of_all_runs_go_into_one_file_with_their_names(tmp_path: Path) -> None:
    run = comparison()
    run.train(10)
    exports.write_curves(tmp_path / "curves.csv", run)
    header, *rows = (tmp_path / "curves.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("run,iteration,")
    assert {row.split(",")[0] for row in rows} == {"GAN", "KALE"}


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([KALE], "compare.runs: a comparison needs 2 to 4 runs, got 1; add another"),
        ([KALE, KALE], "compare.runs: labels must differ from each other, got KALE, KALE"),
        ([KALE, {"label": "x", "changes": {"target.scale": 2}}], "compare.runs[1] (x): target.scale is the same for"),
        ([KALE, {"label": "x", "changes": {"seed": 2}}], "compare.runs[1] (x): seed is the same for all runs"),
        ([KALE, {"label": "x", "changes": {"training.truth_every": 5}}], "training.truth_every is the same for all"),
        ([KALE, {"label": "x", "changes": {"objective.nmae": "gan"}}], "compare.runs[1] (x): objective.nmae: no such"),
        ([KALE, {"label": "x", "changes": {"training.base_lr": 5.0}}], "compare.runs[1] (x): training.base_lr: must"),
        ([KALE, {"label": "x", "changes": {"base": "conv"}}], "compare.runs[1] (x): base: kind conv needs a target"),
    ],
    ids=str,
)
def test_a_run_that_cannot_be_is_named_in_one_line(runs: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(PresetError) as caught:
        comparison(*runs)
    (line,) = caught.value.problems
    assert said in line


def test_kinds_change_before_what_belongs_to_them() -> None:
    changes = {"base.matrix": [[2.0, 0.0], [0.0, 2.0]], "base.kind": "linear"}
    run = comparison(KALE, {"label": "linear", "changes": changes})
    assert run.runs["linear"].preset.base.kind == "linear"
    assert run.runs["linear"].preset.base.matrix[0] == (2.0, 0.0)


def test_scores_are_never_finished_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of every iteration: the runs wait for them, a piece at a time."""
    run = comparison(training__metrics_every=1, training__truth_every=1, training__warmup=0)
    taken, original = [0], Scoring.go_on

    def counted(self: Scoring) -> None:
        taken[0] += 1
        original(self)

    monkeypatch.setattr(Scoring, "go_on", counted)
    while run.iteration < 2:
        before = taken[0]
        run.advance()
        assert taken[0] == before + 1
