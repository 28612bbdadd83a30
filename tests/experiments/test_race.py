"""The race: equal starts, seeds and cost; exact truth; numbers that are right or are not said."""

from __future__ import annotations

import csv
import math
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import presets
from gebm_studio.divergences.pieces import finished as whole
from gebm_studio.engine.exports import RACE, race_in_pieces
from gebm_studio.experiments import Training, effective, race, trace, truth
from gebm_studio.experiments.lanes import label
from gebm_studio.experiments.race import Race
from gebm_studio.messages import LaneResult, Pull, RacePart, SetValue, StepOnce
from gebm_studio.samplers import SAMPLERS
from gebm_studio.schema import Lane
from gebm_studio.schema.sampling import TITLES
from tests.images import untrained
from tests.typed import training

CPU = torch.device("cpu")
GAUSSIAN = {
    "target": {"kind": "moons"},
    "base": {"kind": "linear", "matrix": [[0.9, 0.2], [0.0, 0.6]], "shift": [0.5, 0.25]},
    "energy": {"kind": "quadratic", "precision": [[2.0, 0.3], [0.3, 1.0]], "mean": [0.2, -0.4]},
    "training.train": "none",
    "training.metrics_every": 1000,
    "training.truth_every": 1000,
    "sampler.chains": 1,
    "sampler.steps": 0,
}
ULA: dict[str, Any] = {"name": "ula", "step_size": 0.1}
MALA: dict[str, Any] = {"name": "mala", "step_size": 0.1}
HMC: dict[str, Any] = {"name": "hmc", "step_size": 0.3, "leapfrog_steps": 5}


@pytest.fixture(autouse=True)
def loaded() -> None:
    """The library of effective sizes is there at once, so that nothing depends on when it is loaded."""
    effective.ess_bulk(np.random.default_rng(0).standard_normal((2, 50)))
    assert effective.ready()


def run_of(lanes: list[dict[str, Any]], **changes: Any) -> Training:
    changes = {path.replace("__", "."): value for path, value in changes.items()}
    return Training(presets.changed(training("ring"), {**GAUSSIAN, "race.lanes": lanes, **changes}), CPU)


def race_of(run: Training) -> Race:
    found = run.exhibits["race"]
    assert isinstance(found, Race)
    return found


def part_of(run: Training) -> RacePart:
    part = race_of(run).part()
    assert part is not None
    return part


def finished(run: Training, seconds: float = 60.0) -> RacePart:
    deadline = time.monotonic() + seconds
    while not race_of(run).complete:
        race_of(run).advance()
        assert time.monotonic() < deadline, "the race does not end"
    return part_of(run)


def by_label(part: RacePart) -> dict[str, LaneResult]:
    return {lane.label: lane for lane in part.lanes}


def test_without_lanes_there_is_nothing() -> None:
    run = run_of([])
    run.train(2)
    frame = run.frame(Pull(needs=frozenset({"race"})), run_id=1, state="running", rate=0.0, device="cpu")
    assert frame.race is None


def test_all_lanes_spend_the_same_and_stop_at_the_budget() -> None:
    lanes = [ULA, HMC, {"name": "random_walk", "step_size": 0.3}, {"name": "tempering", "replicas": 4}]
    part = finished(run_of(lanes, race__budget=60, race__chains=8))
    for lane, step in zip(part.lanes, (1, 8, 0.5, 4), strict=True):
        assert 60 <= lane.cost < 60 + step
    assert [part.lanes[0].steps, part.lanes[2].steps] == [60, 120]


def test_a_lane_alone_and_among_others_is_the_same_bit_for_bit() -> None:
    alone = finished(run_of([MALA], race__budget=80, race__chains=16))
    among = finished(run_of([ULA, HMC, MALA, MALA], race__budget=80, race__chains=16))
    for place in (2, 3):
        assert np.array_equal(alone.lanes[0].latents, among.lanes[place].latents)
        assert alone.lanes[0].energy == among.lanes[place].energy


def test_lanes_begin_together_and_a_frame_can_cross_the_pipe() -> None:
    part = part_of(run_of([ULA, HMC], race__chains=100))
    assert np.array_equal(part.lanes[0].latents, part.lanes[1].latents)
    assert part.lanes[0].latents.shape == (trace.TRACED, 2)
    assert not part.lanes[0].latents.flags.writeable
    assert len(pickle.dumps(part)) < 100_000


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
def test_the_closed_form_and_quadrature_and_weights_agree(beta: float) -> None:
    """Errors: quadrature says its own; weighted draws have a standard error, of which five are allowed."""
    model = run_of([]).model
    exact = whole(truth.truth_in_pieces(model, beta, torch.Generator().manual_seed(0)))
    energies = truth.Energies(model)
    generator = torch.Generator().manual_seed(1)
    quadrature = whole(truth._by_quadrature(model, beta, energies, generator))
    weighted = whole(truth._by_weights(model, beta, energies, generator))
    assert exact.note.startswith("exact") and exact.error == 0
    assert quadrature.energy == pytest.approx(exact.energy, abs=max(10 * quadrature.error, 1e-5))
    assert 0 < weighted.error < 0.1
    assert abs(weighted.energy - exact.energy) < 5 * weighted.error
    for found in (exact, quadrature, weighted):
        left, right, bottom, top = found.home
        mass = found.density.sum() * (right - left) * (top - bottom) / truth.CELLS**2
        assert mass == pytest.approx(1, abs=0.05)
        assert found.draws.shape == (truth.DRAWN, 2)


def test_draws_of_the_truth_have_its_law() -> None:
    """Mean and covariance of 64 draws: each entry is standard normal with its error; five of those."""
    run = run_of([])
    model = run.model
    matrix, mean = torch.tensor([[0.9, 0.2], [0.0, 0.6]]), torch.tensor([0.2, -0.4])
    precision = torch.tensor([[2.0, 0.3], [0.3, 1.0]])
    covariance = torch.linalg.inv(torch.eye(2) + matrix.T @ precision @ matrix)
    centre = covariance @ matrix.T @ precision @ (mean - torch.tensor([0.5, 0.25]))
    for make in (truth._by_quadrature, truth._by_weights):
        found = whole(make(model, 1.0, truth.Energies(model), torch.Generator().manual_seed(3)))
        white = torch.linalg.solve(torch.linalg.cholesky(covariance), (found.draws - centre).T)
        assert white.mean(1).abs().max() < 5 / math.sqrt(truth.DRAWN)
        assert (torch.cov(white) - torch.eye(2)).abs().max() < 5 * math.sqrt(2 / truth.DRAWN)


def test_the_truth_of_f11_is_minus_the_divergence() -> None:
    """E = log g − log p, so that E_Q E = −KL(P‖G), which the curves have by another quadrature, in data space."""
    run = Training(training("f11"), CPU)
    found = whole(truth.truth_in_pieces(run.model, 1.0, torch.Generator().manual_seed(0)))
    assert found.energy == pytest.approx(-run.curves.latest()["kl_base"], abs=1e-5)


def test_a_law_that_is_not_there_is_not_named() -> None:
    run = run_of([ULA], energy={"kind": "quadratic", "precision": [[-4.0, 0.0], [0.0, 1.0]], "mean": [0.0, 0.0]})
    found = whole(truth.truth_in_pieces(run.model, 1.0, torch.Generator().manual_seed(0)))
    assert math.isnan(found.energy) and not found.density.size and "no such law" in found.note
    few = whole(truth._by_weights(run.model, 30.0, truth.Energies(run.model), torch.Generator().manual_seed(0)))
    assert math.isnan(few.energy) and "too few" in few.note


def test_exact_samplers_are_unbiased_and_ula_is_not() -> None:
    """256 chains: errors of about .01; four of them are passed once in 16000. On ω² = λ each ULA coordinate has
    the variance 1/(λ(1 − δλ/2)), from which its mean energy follows."""
    lanes = [{"name": "ula", "step_size": 0.4}, {"name": "mala", "step_size": 0.4}, HMC, {"name": "independence"}]
    run = run_of(lanes, race__chains=256, race__budget=300)
    part = finished(run)
    found = by_label(part)
    for exact in ("MALA δ=0.4", "HMC h=0.3", "independence MH"):
        lane = found[exact]
        assert lane.law == "exact" and lane.error < 0.03
        assert abs(lane.bias) < 4 * lane.error, exact
        assert lane.ess > 500 and lane.rhat < 1.1
    ula = found["ULA δ=0.4"]
    matrix, precision = np.array([[0.9, 0.2], [0.0, 0.6]]), np.array([[2.0, 0.3], [0.3, 1.0]])
    curvature, axes = np.linalg.eigh(np.eye(2) + matrix.T @ precision @ matrix)
    widening = axes @ np.diag(1 / (curvature * (1 - 0.2 * curvature)) - 1 / curvature) @ axes.T
    expected = 0.5 * np.trace(matrix.T @ precision @ matrix @ widening)
    assert ula.law == "biased"
    assert ula.bias == pytest.approx(expected, abs=4 * ula.error)
    assert expected > 10 * ula.error  # else the test could not fail


def test_one_changed_lane_begins_again_and_the_others_go_on() -> None:
    run = run_of([ULA, MALA], race__budget=40, race__chains=8)
    finished(run)
    run.set_value(SetValue("race.lanes", [ULA, {**MALA, "step_size": 0.2}, HMC]))
    part = part_of(run)
    assert [lane.steps for lane in part.lanes] == [40, 0, 0]
    run.set_value(SetValue("race.lanes", [HMC, ULA]))
    assert [lane.steps for lane in part_of(run).lanes] == [0, 40]
    run.set_value(SetValue("race.budget", 60))
    assert [lane.steps for lane in part_of(run).lanes] == [0, 40]
    finished(run)
    run.set_value(SetValue("sampler.temperature", 0.5))
    part = part_of(run)
    assert [lane.steps for lane in part.lanes] == [0, 0] and math.isnan(part.exact_energy)
    finished(run)
    run.set_value(SetValue("race.chains", 12))
    part = part_of(run)
    assert [lane.latents.shape for lane in part.lanes] == [(12, 2), (12, 2)]
    assert part.exact_energy == part.exact_energy or part.note  # the truth depends on β alone


def test_a_restart_gives_the_same_again() -> None:
    run = run_of([MALA], race__budget=50, race__chains=8)
    first = finished(run).lanes[0]
    run.restart_chains()
    assert part_of(run).lanes[0].steps == 0
    assert np.array_equal(finished(run).lanes[0].latents, first.latents)


def test_beside_a_model_that_learns_nothing_is_counted_until_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "SLICE_LEARNING", 0.0)
    preset = presets.changed(training("ring"), {"training.warmup": 0, "race.lanes": [ULA, MALA], "race.budget": 30})
    run = Training(preset, CPU)
    run.train(5)
    part = part_of(run)
    assert "still learning" in part.note
    assert all(math.isnan(lane.energy) and lane.steps <= 1 for lane in part.lanes)
    assert min(entry.run.total for entry in race_of(run)._entries) > 0  # all follow, by turns
    run.step(StepOnce("sampler", 1))
    finished(run)
    part = part_of(run)
    assert part.note == "" and all(lane.steps == 30 for lane in part.lanes)
    assert math.isfinite(part.exact_energy)


def test_adaptation_costs_and_is_dropped_from_what_is_measured() -> None:
    run = run_of([{"name": "mala", "step_size": 0.001, "warmup": 60}], race__budget=100, race__chains=64)
    while (entry := race_of(run)._entries[0]).run.steps < 30:
        race_of(run).advance()
    assert "adapting its step size: MALA" in part_of(run).note
    lane = finished(run).lanes[0]
    assert (lane.steps, entry.run.burn_in) == (100, 60)
    assert lane.step_size > 0.1 and lane.acceptance == pytest.approx(0.574, abs=0.15)


def test_a_target_acceptance_of_another_algorithm_moves_no_step_size() -> None:
    (lane,) = finished(run_of([{**ULA, "warmup": 20, "target_acceptance": 0.5}], race__budget=40)).lanes
    assert lane.step_size == ULA["step_size"]


@pytest.mark.parametrize("name", ["ring", "f01"])
def test_chains_that_fly_off_show_no_numbers(name: str) -> None:
    """Also where the energy is bounded, as on the circle, and only the latents grow."""
    wild = {"race.lanes": [{"name": "ula", "step_size": 9.0}], "race.budget": 60, "race.chains": 8}
    changes = {**GAUSSIAN, **wild} if name == "ring" else wild
    lane = finished(Training(presets.changed(training(name), changes), CPU)).lanes[0]
    assert lane.diverged == 8
    for value in (lane.energy, lane.error, lane.bias, lane.ess, lane.rhat, lane.astray):
        assert math.isnan(value)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("f01", {}),
        ("f01", {"race.chains": 1}),
        ("f11", {"sampler.temperature": math.inf}),
        ("f11", {"sampler.temperature": 0.01}),
        ("ring", {"training.train": "none", "base.latent_dim": 512, "base.hidden": 8, "energy.hidden": 8}),
    ],
)
def test_hard_cases_have_a_defined_result(name: str, changes: dict[str, Any]) -> None:
    """A line, one chain, the prior itself, a cold law, 512 dimensions: every sampler of the registry says something."""
    lanes = [{"name": algorithm} for algorithm in SAMPLERS][:12]
    settings = {"race.lanes": lanes, "race.chains": 8, "race.budget": 45, **changes}
    run = Training(presets.changed(training(name), settings), CPU)
    part = finished(run)
    assert len(part.lanes) == 12 and part.truth
    for lane in part.lanes:
        assert np.isfinite(lane.latents).all()
        assert not lane.error <= 0  # an error bar of nothing would make any bias sure
        assert math.isnan(lane.energy) == math.isnan(lane.error)
        assert math.isnan(lane.rhat) or changes.get("race.chains") != 1


def test_a_race_without_end_stays_small() -> None:
    kept = trace.Trace(80)
    for step in range(1, 20 * trace.DRAWS + 1):
        if step % kept.stride == 0:
            row = np.full(80, step, dtype=np.float32)
            kept.add(row, np.stack((row, -row), 1), float(step), 0.5)
    assert len(kept) < trace.DRAWS
    half = 10 * trace.DRAWS
    used = kept.energies(half)
    assert used.shape[0] == trace.TRACED
    assert half < used[0, 0] <= half + kept.stride and used[0, -1] == 20 * trace.DRAWS
    assert np.array_equal(np.diff(used[0]), np.full(used.shape[1] - 1, kept.stride))
    mean, cost, acceptance = kept.means(half)
    assert half - kept.stride <= cost <= half + kept.stride and acceptance == 0.5
    assert mean == pytest.approx(used.mean())


def test_a_piece_of_work_is_short() -> None:
    """Eight milliseconds are aimed at; the median leaves a margin for a busy machine."""
    run = Training(training("f11"), CPU)
    times = []
    for _ in range(60):
        began = time.perf_counter()
        race_of(run).advance()
        times.append(time.perf_counter() - began)
    assert sorted(times)[30] < 0.025
    began = time.perf_counter()
    for _ in range(20):
        part_of(run)
    assert (time.perf_counter() - began) / 20 < 0.01


def test_images_are_scored_against_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """At β = 0 the law is the base's: the ratio is 100 up to chance, which the interval knows.

    Four of its half widths are missed with a probability below 1e-4.
    """
    preset = presets.changed(
        untrained(),
        {"training.train": "none", "sampler.temperature": math.inf, "race.budget": 30, "race.chains": 128,
         "race.lanes": [{"name": "kinetic", "step_size": 0.5, "friction": 2.0}]},
    )  # fmt: skip
    part = finished(Training(preset, CPU))
    lane = part.lanes[0]
    value, low, high = lane.score
    assert low < value < high and abs(value - 100) < 2 * (high - low)
    assert "digits classifier" in part.scoring and "n = 128" in part.scoring
    assert lane.images.shape == (race.TILES, 8, 8) and lane.images.dtype == np.uint8
    assert math.isnan(lane.astray)


def test_the_table_is_written_with_all_that_is_known(tmp_path: Path) -> None:
    run = run_of([ULA, HMC], race__budget=80, race__chains=32)
    finished(run)
    for _ in race_in_pieces(tmp_path / "race.csv", run):
        pass
    with open(tmp_path / "race.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == RACE
    assert [row["sampler"] for row in rows] == ["ULA δ=0.1", "HMC h=0.3"]
    part = part_of(run)
    assert float(rows[0]["energy"]) == part.lanes[0].energy
    assert rows[0]["acceptance"] == "" and rows[0]["score"] == ""
    assert rows[0]["truth"].startswith("exact")


def test_every_algorithm_has_a_title() -> None:
    assert list(TITLES) == list(SAMPLERS)
    assert label(Lane(name="kinetic")) == "kinetic ABOBA h=0.1 κ=1"
    assert label(Lane(name="importance")) == "importance"


def test_lanes_on_colour_images_show_colour() -> None:
    sprites = training("ring").model_dump() | {"target": {"kind": "sprites", "held_out": 100}}
    small = {
        "base": {"kind": "mlp", "latent_dim": 2, "hidden": 8, "depth": 1},
        "energy": {"kind": "mlp", "hidden": 8, "depth": 1},
        "race.lanes": [ULA],
        "race.chains": 16,
    }
    run = Training(presets.changed(training("ring").model_validate(sprites), small), CPU)
    race_of(run).advance()
    (lane,) = part_of(run).lanes
    assert lane.images.shape == (race.TILES, 32, 32, 3) and lane.images.dtype == np.uint8
