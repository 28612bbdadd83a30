"""The sweep: what it trains, how it judges, and that neither the run beside it nor a pause changes a result."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from gebm_studio import presets, targets
from gebm_studio.diagnostics import student
from gebm_studio.engine import storage
from gebm_studio.experiments import Diverged, Experiment, Training
from gebm_studio.experiments.sweep import SLICE, Sweep
from gebm_studio.experiments.sweep_plan import OPTIMISERS, STUDIED, plan_of, trial_preset
from gebm_studio.experiments.sweep_score import FAILED, data_score, score_of
from gebm_studio.experiments.sweep_trial import TrialRun
from gebm_studio.presets import PresetError
from gebm_studio.published import stability
from gebm_studio.schema import TrainingPreset

CPU = torch.device("cpu")
SMALL = {"sweep.study": "random_networks", "sweep.trials": 2, "sweep.iterations": 6, "sweep.batch": 16}


def preset(**changes: Any) -> TrainingPreset:
    small = {"base.hidden": 8, "base.depth": 1, "energy.hidden": 8, "energy.depth": 1, "training.batch": 16}
    paths = {name.replace("__", "."): value for name, value in changes.items()}
    return presets.changed(TrainingPreset(title="sweep"), {**small, "training.warmup": 0, "sampler.chains": 4, **paths})


def training(**changes: Any) -> Training:
    return Training(preset(**changes), CPU)


def sweep_in(run: Training) -> Sweep:
    found = run.exhibits["sweep"]
    assert isinstance(found, Sweep)
    return found


def finished(sweep: Sweep) -> Sweep:
    while not sweep.complete:
        sweep.work()
    return sweep


# What is trained.


def test_networks_depend_on_the_seed_and_their_number_alone() -> None:
    few, many = (plan_of(preset(sweep__study="random_networks", sweep__trials=count)) for count in (3, 9))
    assert many.trials[:6] == few.trials and many.rows[:3] == few.rows
    other = plan_of(preset(sweep__study="random_networks", sweep__trials=3, seed=1))
    assert other.rows != few.rows
    assert len({trial.seed for trial in many.trials}) == 9


def test_both_methods_train_the_same_networks_on_the_same_draws() -> None:
    made = preset(sweep__study="random_networks", sweep__trials=4)
    plan = plan_of(made)
    for first, second in zip(plan.trials[::2], plan.trials[1::2], strict=True):
        a, b = trial_preset(made, first), trial_preset(made, second)
        assert (a.base, a.energy, a.training, a.seed) == (b.base, b.energy, b.training, b.seed)
        assert (a.objective.name, b.objective.name) == ("gan", "wasserstein")
        assert b.objective.penalty == "gradient_to_one" and a.objective.penalty == "none"


def test_every_optimiser_setting_meets_every_method_with_the_same_seeds() -> None:
    made = preset(sweep__study="optimisers", sweep__seeds=2)
    plan = plan_of(made)
    assert len(plan.trials) == 2 * len(OPTIMISERS) * len(STUDIED["optimisers"])
    assert len({trial.seed for trial in plan.trials}) == 2
    for trial in plan.trials:
        settings = trial_preset(made, trial)
        rates = settings.training
        rate, beta1, beta2, steps = list(OPTIMISERS.values())[trial.row]
        assert (rates.energy_lr, rates.base_lr, rates.beta1, rates.beta2) == (rate, rate, beta1, beta2)
        assert rates.energy_steps == steps and settings.base == made.base
        normalised = plan.methods[trial.method] == "sn_gan"
        assert getattr(settings.energy, "spectral_norm") is normalised  # noqa: B009 (of one kind of energy)


def test_live_settings_of_the_run_are_none_of_a_training() -> None:
    first = preset(sweep__study="optimisers")
    other = preset(
        sweep__study="optimisers", training__energy_lr=0.1, objective__strength=7.0, sampler__temperature=3.0
    )
    for a, b in zip(plan_of(first).trials, plan_of(other).trials, strict=True):
        assert a == b and trial_preset(first, a) == trial_preset(other, b)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": "moons", "sweep.study": "random_networks"}, "sweep.study: its score needs a target that names"),
        ({"energy": "quadratic", "sweep.study": "optimisers"}, "sweep: "),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_line(changes: dict[str, Any], said: str) -> None:
    made = presets.changed(TrainingPreset(title="sweep"), changes)
    with pytest.raises(PresetError) as caught:
        Training(made, CPU)
    assert caught.value.problems[0].startswith(said) and len(caught.value.problems) == 1


def test_a_comparison_has_no_sweep() -> None:
    runs: list[dict[str, Any]] = [{"label": name, "changes": {}} for name in ("a", "b")]
    with pytest.raises(PresetError, match="a comparison has no sweep beside it"):
        presets.changed(TrainingPreset(title="x"), {"compare.runs": runs, "sweep.study": "optimisers"})


# How it is judged.


def ring() -> targets.Target:
    return targets.build(preset().target, seed=0, device=CPU)


def test_the_score_is_the_mass_that_is_delivered() -> None:
    target = ring()
    assert target.modes is not None
    assert score_of(target.modes.repeat(250, 1), target).score == pytest.approx(100)
    assert score_of(target.modes[:3].repeat(100, 1), target).score == pytest.approx(100 * 3 / 8)
    one = score_of(target.modes[:1].repeat(10, 1), target)
    assert one.score == pytest.approx(12.5) and one.quality == 100 and one.found == 0.125
    # Half of the samples are like no data, of which one is not even a number.
    astray = torch.cat((target.modes, torch.full((7, 2), 50.0), torch.full((1, 2), math.nan)))
    half = score_of(astray, target)
    assert half.score == pytest.approx(50) and half.quality == 50 and half.found == 1


def test_a_mode_without_mass_earns_nothing() -> None:
    weights = [1.0] * 4 + [0.0] * 4
    target = targets.build(preset(target__weights=weights).target, seed=0, device=CPU)
    assert target.modes is not None
    assert score_of(target.modes, target).score == pytest.approx(50)


def test_draws_of_the_data_score_what_theory_says() -> None:
    """Cores hold 1 − e^(−9/2) of a Gaussian; what draws have too much of one mode is worth nothing. Four errors."""
    share = (1 - math.exp(-4.5)) / 8
    sd = math.sqrt(share * (1 - share) / 2000)
    short = stats.norm(share, sd).expect(lambda q: min(q, 0.125))
    found = [data_score(ring(), seed) for seed in range(20)]
    assert np.mean(found) == pytest.approx(800 * short, abs=float(4 * np.std(found) / math.sqrt(20)))


def test_a_target_without_modes_has_no_score() -> None:
    moons = targets.build(presets.changed(TrainingPreset(title="x"), {"target": "moons"}).target, seed=0, device=CPU)
    with pytest.raises(ValueError, match="names its modes"):
        score_of(torch.zeros(3, 2), moons)


def test_the_interval_is_that_of_t() -> None:
    mean, half = student([1.0, 2.0, 3.0, 7.0])
    low, high = stats.t.interval(0.95, 3, loc=3.25, scale=stats.sem([1.0, 2.0, 3.0, 7.0]))
    assert mean - half == pytest.approx(low) and mean + half == pytest.approx(high)
    assert student([4.0])[0] == 4.0 and math.isnan(student([4.0])[1]) and math.isnan(student([])[0])


def test_divergence_is_a_failure_that_counts() -> None:
    wild = {"training.energy_lr": 1.0, "training.base_lr": 1.0, "objective.name": "wasserstein", "energy.depth": 4,
            "energy.hidden": 64, "objective.penalty": "none"}  # fmt: skip
    trial = TrialRun(presets.changed(preset(), wild), ring(), 200)
    result = None
    while result is None:
        result = trial.step()
    assert result == FAILED and trial.iteration < 200


# Beside a run.


def test_a_sweep_changes_nothing_of_the_run() -> None:
    alone, beside = training(), training(**{name.replace(".", "__"): value for name, value in SMALL.items()})
    for run in (alone, beside):
        run.train(25)
    kept = {name: value for name, value in beside.tensors().items() if not name.startswith("exhibit.")}
    assert kept.keys() == alone.tensors().keys() and beside.counts() == alone.counts()
    assert all(torch.equal(value, kept[name]) for name, value in alone.tensors().items())
    assert sweep_in(beside).done > 0
    assert alone.exhibits["sweep"].part() is None


def test_a_resumed_sweep_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    changes = {name.replace(".", "__"): value for name, value in SMALL.items()}
    whole = finished(sweep_in(training(**changes))).results
    run = training(**changes)
    sweep = sweep_in(run)
    while sweep.done < 1:
        sweep.work()
    for _ in range(5):
        sweep.work()
    storage.save(run, tmp_path / "run.gebm")
    again: Experiment = storage.load(tmp_path / "run.gebm", CPU)
    assert isinstance(again, Training)
    resumed = sweep_in(again.front)
    assert resumed.results == whole[:1]
    again.train(3)
    assert finished(resumed).results == whole == finished(sweep).results


def test_results_of_another_sweep_are_refused() -> None:
    sweep = sweep_in(training(**{name.replace(".", "__"): value for name, value in SMALL.items()}))
    with pytest.raises(ValueError, match="results of a sweep"):
        sweep.load_tensors({"results": torch.zeros(5, 4, dtype=torch.float64)})
    with pytest.raises(KeyError):
        sweep.load_tensors({})


def test_a_run_that_goes_back_keeps_what_the_sweep_has_found(monkeypatch: pytest.MonkeyPatch) -> None:
    run = training(**{name.replace(".", "__"): value for name, value in SMALL.items()})
    sweep = finished(sweep_in(run))

    def fail(*_: Any) -> None:
        raise Diverged("the energy's loss", math.nan, "lower the energy rate")

    monkeypatch.setattr(run.learner, "energy_step", fail)
    with pytest.raises(Diverged):
        run.advance()
    assert sweep.complete and run.iteration == 0
    run.restart_chains()
    assert sweep.complete


def test_it_takes_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece takes 1 ms: after 2 ms of the run at a share of ½ two are done, at ¾ six, and never more than a slice."""
    now = [0.0]
    sweep = sweep_in(training(**{name.replace(".", "__"): value for name, value in SMALL.items()}))
    pieces = 0

    def work() -> float:
        nonlocal pieces
        pieces += 1
        now[0] += 0.001
        return 0.001

    monkeypatch.setattr("gebm_studio.experiments.sweep.time.perf_counter", lambda: now[0])
    monkeypatch.setattr(sweep, "work", work)

    def after(gap: float) -> int:
        nonlocal pieces
        pieces = 0
        now[0] += gap
        sweep.advance()
        return pieces

    after(0.0)
    assert after(0.002) == 2
    sweep.configure(preset(sweep__share=0.75))
    assert after(0.002) == 6
    assert after(0.5) == round(SLICE / 0.001)
    assert after(60.0) == 0, "a pause of the run is no time"


# What is shown.


def test_the_part_tells_what_is_done() -> None:
    sweep = sweep_in(training(**{name.replace(".", "__"): value for name, value in SMALL.items()}))
    before = sweep.part()
    assert before is not None and before.done == 0 and before.total == 4 and before.tried == 0
    assert before.going == "network 1 of 2, GAN" and math.isnan(before.rest)
    assert before.counts(0.0) == (0, 0, 0, 0)
    while sweep.done < 3:
        sweep.work()
    some = sweep.part()
    assert some is not None and some.tried == 1 and some.going == "network 2 of 2, WGAN-GP" and some.rest > 0
    assert sum(some.counts(50.0)) == 1
    done = finished(sweep).part()
    assert done is not None and done.tried == 2 and not done.going and done.rest == 0
    for threshold in (0.0, 10.0, 100.0):
        assert sum(done.counts(threshold)) == 2
    assert done.counts(0.0).both == 2
    assert not done.scores.flags.writeable


def test_counts_are_of_networks_by_both_methods() -> None:
    part = sweep_in(training(**{name.replace(".", "__"): value for name, value in SMALL.items()})).part()
    assert part is not None
    from dataclasses import replace

    scores = np.array([[80.0, 10.0], [10.0, 80.0], [90.0, 60.0], [1.0, 2.0], [70.0, math.nan]])[:, None, :]
    many = replace(part, scores=scores)
    assert many.counts(60.0) == (1, 1, 1, 1) and many.counts(85.0) == (1, 0, 0, 3)
    assert many.tried == 4


def test_published_counts_sum_to_200() -> None:
    assert [sum(row[1:]) for row in stability()] == [200] * 5
    assert [row.min_score for row in stability()] == [1, 3, 5, 7, 9]
