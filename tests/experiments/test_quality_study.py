"""When images are measured beside a run, what a window is told, and what a file keeps."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import storage
from gebm_studio.experiments import Training
from gebm_studio.experiments.quality import study
from gebm_studio.experiments.quality.stored import to_text
from gebm_studio.experiments.quality.study import QualityStudy, study_of
from gebm_studio.messages import Frame, Pull, QualityPart, SetValue, StepOnce
from gebm_studio.presets import PresetError
from tests.images import untrained
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {
    "base.hidden": 8, "energy.hidden": 8, "training.batch": 16, "training.warmup": 2, "training.energy_steps": 1,
    "training.truth_every": 1000, "sampler.chains": 2, "quality.draws": 100, "quality.steps": 4,
}  # fmt: skip
WANTED = frozenset[m.Part]({"quality"})


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings settle at once, so that no test waits."""
    monkeypatch.setattr(study, "SETTLED", 0.0)


def run_of(**changes: Any) -> Training:
    changed = {path.replace("__", "."): value for path, value in changes.items()}
    return Training(presets.changed(untrained(), SMALL | changed), CPU)


def study_in(run: Training) -> QualityStudy:
    return study_of(run.exhibits)


def finished(run: Training) -> QualityStudy:
    found = study_in(run)
    for _ in found.finish():
        pass
    return found


def frame_of(run: Training, state: m.State = "paused", version: int = -1, known: bool = True) -> Frame:
    pull = Pull(run_id=1 if known else 0, needs=WANTED, quality_version=version)
    return run.frame(pull, run_id=1, state=state, rate=0.0, device="cpu")


def part_of(frame: Frame) -> QualityPart:
    assert frame.quality is not None
    return frame.quality


def looked_at(run: Training) -> QualityPart:
    """The part after a window has looked at a paused run for as long as it needs."""
    for _ in range(2000):
        frame = frame_of(run)
        if frame.rests:
            return part_of(frame)
    raise AssertionError("the measurement did not end")


def iterations(run: Training) -> list[int]:
    return [one.iteration for one in study_in(run).measured]


def test_a_model_at_rest_is_measured_while_someone_looks_at_a_paused_run() -> None:
    run = run_of(training__train="none")
    before = run.tensors()
    first = frame_of(run)
    assert not first.rests and part_of(first).measured == ()
    part = looked_at(run)
    assert iterations(run) == [0] and part.progress == 0 and part.note == ""
    assert len(part.nearest) == len(part.train) > 0
    run_tensors = {name: x for name, x in run.tensors().items() if not name.startswith("exhibit.quality")}
    assert all(torch.equal(x, before[name]) for name, x in run_tensors.items())
    assert frame_of(run).rests and iterations(run) == [0], "nothing is measured twice"


def test_nobody_looks_and_a_paused_run_does_nothing() -> None:
    run = run_of(training__train="none")
    frame = run.frame(Pull(run_id=1), run_id=1, state="paused", rate=0.0, device="cpu")
    assert frame.rests and frame.quality is None and not study_in(run).measured


def test_a_window_that_holds_the_newest_is_sent_nothing() -> None:
    run = run_of(training__train="none")
    part = looked_at(run)
    assert frame_of(run, version=part.version).quality is None
    assert frame_of(run, version=part.version, known=False).quality is not None
    assert frame_of(run, version=part.version - 1).quality is not None
    study_in(run).measure()
    assert part_of(frame_of(run, version=part.version)).version > part.version


def test_a_running_model_at_rest_is_measured_once() -> None:
    run = run_of(training__train="none")
    for _ in range(3000):
        run.advance()
        if study_in(run).measured and not study_in(run).pending:
            break
    assert iterations(run) == [0]
    for _ in range(20):
        run.advance()
    assert iterations(run) == [0] and not study_in(run).pending


def test_a_model_at_rest_is_measured_alike_however_long_its_chains_have_moved(tmp_path: Path) -> None:
    """A measurement is of a model: when someone asks for it changes nothing, nor does a file in between."""
    learned = {"training__until": 3, "training__energy_only": 2}
    at_once, later = run_of(**learned), run_of(**learned)
    for run, iterations_more in ((at_once, 0), (later, 9)):
        while not study_in(run).rests:
            run.advance()
        run.adopt(presets.changed(run.preset, {"quality.neighbours": 4}))
        for _ in range(iterations_more):
            run.schedule.iteration_done()
    storage.save(later, tmp_path / "later.gebm")
    found = []
    for run in (at_once, later, storage.load(tmp_path / "later.gebm", CPU)):
        assert isinstance(run, Training)
        study_in(run).measure()
        found.append(to_text(finished(run).measured[-1:]))
    assert later.iteration == at_once.iteration + 9
    assert found[0] == found[1] == found[2]
    assert iterations(at_once)[-1] == at_once.iteration


def test_a_learning_model_says_why_there_is_nothing() -> None:
    run = run_of()
    run.train(2)
    frame = frame_of(run)
    assert frame.rests and not part_of(frame).measured
    assert part_of(frame).note.startswith("the model is still learning; its images are measured once it rests, or when")
    run.adopt(presets.changed(run.preset, {"quality.every": 5}))
    assert "measured at iteration 5, or" in part_of(frame_of(run)).note


def test_a_learning_model_is_measured_at_times_one_after_another() -> None:
    run = run_of(quality__every=3)
    run.train(4)
    found = finished(run)
    assert iterations(run) == [3]
    while run.iteration < 12:
        run.train(1)
        finished(run)
    assert iterations(run) == [3, 6, 9, 12]
    alone = run_of()
    alone.train(9)
    study_in(alone).measure()
    assert to_text(finished(alone).measured[-1:]) == to_text(found.measured[2:3]), "the run is the same without"


def test_it_is_measured_when_learning_ends() -> None:
    run = run_of(training__until=3, training__energy_only=2)
    run.train(3)
    assert not study_in(run).rests, "the energy goes on alone"
    run.train(6)
    finished(run)
    assert len(iterations(run)) == 1 and 4 <= iterations(run)[0] <= 6
    assert study_in(run).rests


def test_changed_settings_at_rest_cancel_and_measure_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(training__train="none")
    looked_at(run)
    monkeypatch.setattr(study, "SETTLED", 0.2)
    run.set_value(SetValue("sampler.step_size", 0.2))
    frame = frame_of(run)
    assert not frame.rests and part_of(frame).progress == 0, "it waits for the setting to settle"
    time.sleep(0.25)
    while not part_of(frame_of(run)).progress:
        pass
    run.set_value(SetValue("quality.neighbours", 5))
    assert part_of(frame_of(run)).progress == 0, "what was under way has ended"
    time.sleep(0.25)
    part = looked_at(run)
    assert len(part.measured) == 2
    assert "h=0.2" in part.measured[1].protocol and "k: 5" in part.measured[1].protocol
    for path, value in (("sampler.chains", 3), ("sampler.steps", 1), ("quality.every", 7), ("view.trail", 2)):
        run.set_value(SetValue(path, value))
    assert frame_of(run).rests, "none of these is measured by"


def test_the_same_measurement_again_takes_the_place_of_the_first() -> None:
    run = run_of()
    run.train(1)
    for _ in range(2):
        study_in(run).measure()
        finished(run)
    assert iterations(run) == [1]
    run.step(StepOnce("iteration", 1))
    study_in(run).measure()
    finished(run)
    assert iterations(run) == [1, 2]


def test_old_measurements_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "KEPT", 2)
    run = run_of(quality__every=1)
    for _ in range(3):
        run.train(1)
        finished(run)
    assert iterations(run) == [2, 3]


def test_a_step_at_rest_makes_another_model() -> None:
    run = run_of(training__train="none")
    looked_at(run)
    run.step(StepOnce("energy", 1))
    assert len(looked_at(run).measured) == 1, "of the same iteration, and newer"
    key = study_in(run)._key
    run.step(StepOnce("energy", 1))
    looked_at(run)
    assert study_in(run)._key != key


def test_what_was_measured_is_kept_and_what_was_under_way_goes_on(tmp_path: Path) -> None:
    run = run_of(quality__every=2, sampler__temperature=math.inf)
    run.train(2)
    finished(run)
    run.train(2)
    work = study_in(run).finish()
    for _ in range(5):
        next(work)
    storage.save(run, tmp_path / "run.gebm")
    again: Any = storage.load(tmp_path / "run.gebm", CPU)
    assert isinstance(again, Training)
    assert to_text(study_in(again).measured) == to_text(study_in(run).measured)
    run.train(1)
    again.train(3)
    assert to_text(finished(again).measured) == to_text(finished(run).measured)
    assert iterations(again) == [2, 4]
    one, other = (study_in(each).part() for each in (run, again))
    assert one is not None and other is not None
    assert np.array_equal(one.nearest, other.nearest) and np.array_equal(one.train, other.train)


def test_a_resumed_run_at_rest_is_not_measured_again(tmp_path: Path) -> None:
    run = run_of(training__train="none")
    looked_at(run)
    storage.save(run, tmp_path / "run.gebm")
    again: Any = storage.load(tmp_path / "run.gebm", CPU)
    assert isinstance(again, Training)
    frame = frame_of(again)
    assert frame.rests and to_text(part_of(frame).measured) == to_text(study_in(run).measured)


def test_what_cannot_be_measured_says_why() -> None:
    run = run_of(training__train="none", sampler__name="independence", sampler__calibration="logistic")
    with torch.no_grad():
        next(iter(run.model.energy.parameters())).fill_(float("nan"))
    study_in(run).model_moved()
    part = looked_at(run)
    assert part.note.startswith("quality cannot be measured: calibration needs two finite energies")
    assert not part.measured and frame_of(run).rests
    assert study_in(run).problem == part.note
    run.set_value(SetValue("sampler.calibration", "none"))
    assert looked_at(run).measured, "another setting, another try"


def test_points_have_no_quality() -> None:
    run = Training(presets.changed(training("ring"), {"training.train": "none"}), CPU)
    frame = frame_of(run)
    assert frame.quality is None and frame.rests
    assert not [name for name in run.tensors() if name.startswith("exhibit.quality")]
    assert not list(study_in(run).measured_now())
    with pytest.raises(PresetError, match="quality is measured of images; open a preset with a target of images"):
        study_in(run).measure()


def test_a_piece_of_work_is_short() -> None:
    """Twelve milliseconds are aimed at; the median leaves a margin for a busy machine."""
    run = run_of(training__train="none", quality__draws=1000, quality__steps=50)
    times = []
    for _ in range(60):
        began = time.perf_counter()
        frame_of(run)
        times.append(time.perf_counter() - began)
    assert sorted(times)[30] < 0.04
