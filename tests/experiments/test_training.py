"""A training run: deterministic, untouched by being watched, and true to its settings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import Diverged, Training
from gebm_studio.experiments.evaluation import COLUMNS
from gebm_studio.experiments.learner import Learner
from gebm_studio.experiments.negatives import Negatives
from tests.images import untrained
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}
ALL = frozenset({"data", "latent", "curves", "diagnostics", "gallery"})


def run_of(name: str = "ring", **changes: Any) -> Training:
    preset = untrained() if name == "digits" else training(name)
    small = {path: value for path, value in SMALL.items() if name == "ring"}
    return Training(presets.changed(preset, small | {k.replace("__", "."): v for k, v in changes.items()}), CPU)


def frame_of(run: Training, **pull: Any) -> m.Frame:
    return run.frame(m.Pull(**{"needs": ALL} | pull), run_id=1, state="running", rate=0.0, device="cpu")


def same(ours: Training, theirs: Training) -> bool:
    a, b = ours.tensors(), theirs.tensors()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def arrays(part: Any) -> Iterator[np.ndarray[Any, Any]]:
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            yield value
        elif dataclasses.is_dataclass(value):
            yield from arrays(value)


def test_one_seed_gives_one_result_bit_for_bit() -> None:
    first, second, other = run_of(), run_of(), run_of(seed=1)
    for run in (first, second, other):
        run.train(12)
    assert same(first, second)
    assert first.curves.since(0).tobytes() == second.curves.since(0).tobytes()
    assert not same(first, other)


@pytest.mark.parametrize("name", ["ring", "f01_circle"])
def test_watching_changes_nothing(name: str) -> None:
    watched, alone = run_of(name), run_of(name)
    for _ in range(8):
        watched.train(1)
        frame_of(watched, probe=("latent", (0.3,)), run_id=1)
        frame_of(watched, probe=("data", (0.3, 0.1)), run_id=1)
    alone.train(8)
    assert same(watched, alone)
    assert watched.curves.since(0).tobytes() == alone.curves.since(0).tobytes()


@pytest.mark.parametrize("name", ["ring", "f01_circle", "digits"])
def test_published_arrays_are_finite_and_read_only(name: str) -> None:
    run = run_of(name)
    run.train(2)
    frame = frame_of(run)
    for part in (frame.data, frame.latent, frame.diagnostics, frame.gallery):
        if part is None:
            assert name != "digits"
            continue
        for array in arrays(part):
            assert not array.flags.writeable
            if part is not frame.diagnostics:
                assert np.isfinite(array).all()


def test_an_iteration_is_some_energy_steps_and_a_base_step() -> None:
    run = run_of(training__warmup=10, training__energy_steps=3)
    run.train(1)
    assert (run.schedule.energy_steps, run.schedule.base_steps, run.chains.steps) == (10, 1, 2)
    run.train(4)
    assert (run.schedule.energy_steps, run.schedule.base_steps, run.chains.steps) == (22, 5, 10)


def test_the_warm_up_comes_back() -> None:
    run = run_of(training__warmup=10, training__energy_steps=2, training__rewarm_every=3)
    run.train(4)
    assert run.schedule.energy_steps == 10 + 2 + 2 + 10


@pytest.mark.parametrize(
    ("train", "moves"), [("both", {"base", "energy"}), ("energy", {"energy"}), ("base", {"base"}), ("none", set())]
)
def test_what_is_frozen_does_not_move(train: str, moves: set[str]) -> None:
    run = run_of(training__train=train, training__warmup=2)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train(3)
    moved = {
        name.split(".")[0]
        for name, value in run.model.state_dict().items()
        if not torch.equal(value, before[name]) and name != "log_partition"
    }
    assert moved == moves
    assert all(parameter.grad is None for parameter in run.model.parameters())


def test_training_can_be_frozen_and_thawed_live() -> None:
    run = run_of(training__warmup=2)
    run.train(2)
    run.set_value(m.SetValue("training.train", "none"))
    weights = [parameter.clone() for parameter in run.model.parameters()]
    run.train(3)
    assert all(torch.equal(old, new) for old, new in zip(weights, run.model.parameters(), strict=True))
    run.set_value(m.SetValue("training.train", "both"))
    run.train(1)
    assert not all(torch.equal(old, new) for old, new in zip(weights, run.model.parameters(), strict=True))


def test_rates_act_live() -> None:
    run = run_of(training__warmup=0)
    run.set_value(m.SetValue("training.base_lr", 0.5))
    before = [parameter.detach().clone() for parameter in run.model.base.parameters()]
    run.step(m.StepOnce("base"))
    # The first step of Adam moves every weight by its rate.
    after = [parameter.detach() for parameter in run.model.base.parameters()]
    moved = max(float((new - old).abs().max()) for old, new in zip(before, after, strict=True))
    assert moved == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("name", ["ula", "kinetic"])
def test_chains_follow_live_settings(name: str) -> None:
    run = run_of(sampler__name=name, training__train="none")
    run.train(2)
    kept = run.chains.position[:5].clone()
    run.set_value(m.SetValue("sampler.chains", 5))
    assert torch.equal(run.chains.position, kept)
    run.set_value(m.SetValue("sampler.chains", 9))
    assert torch.equal(run.chains.position[:5], kept)
    for path, value in (("sampler.name", "ula"), ("sampler.name", "kinetic"), ("sampler.scheme", "BAOAB")):
        run.set_value(m.SetValue(path, value))
        run.train(2)
        assert run.chains.position.shape == (9, 2)
    run.set_value(m.SetValue("sampler.temperature", math.inf))
    run.train(1)
    assert run.chains.beta == 0.0


def test_at_infinite_temperature_the_weights_are_equal() -> None:
    run = run_of(training__train="none", sampler__temperature=math.inf)
    data = frame_of(run).data
    assert data is not None
    assert data.log_weight == pytest.approx(np.zeros(len(data.base)), abs=1e-6)
    assert data.ess_fraction == pytest.approx(1.0)


def test_a_nan_is_seen_named_and_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(training__warmup=0)
    run.train(60)
    good = run.tensors()
    counts = run.counts()
    run = run_of(training__warmup=0)
    run.train(50)
    at_snapshot = run.tensors()
    original = Learner._move_constant

    def poisoned(self: Learner, *arguments: Any) -> None:
        original(self, *arguments)
        next(iter(self.model.energy.parameters())).data.fill_(math.nan)

    run.train(5)
    monkeypatch.setattr(Learner, "_move_constant", poisoned)
    with pytest.raises(Diverged, match="became nan; lower") as caught:
        run.train(5)
    monkeypatch.undo()
    assert "loss" in caught.value.quantity
    assert run.iteration == 50
    assert all(torch.equal(run.tensors()[name], at_snapshot[name]) for name in at_snapshot)
    run.train(10)
    assert run.counts() == counts
    assert all(torch.equal(run.tensors()[name], good[name]) for name in good), "it goes on as if nothing had been"


def test_every_measured_number_is_named_by_a_column_and_finite_or_told() -> None:
    run = run_of(training__metrics_every=1, training__truth_every=2)
    run.train(4)
    rows = run.curves.since(0)
    assert rows.shape == (5, len(COLUMNS))
    measured = {name: rows[:, index] for index, name in enumerate(COLUMNS)}
    for name in ("kale_train", "kale_heldout", "donsker_varadhan", "log_z", "log_z_stderr", "ess_fraction"):
        assert np.isfinite(measured[name]).all()
        assert name in run.evaluation.notes or name == "log_z_stderr"
    assert np.isfinite(measured["w1_gebm"]).tolist() == [True, False, True, False, True]
    assert (measured["kale_heldout"] <= measured["donsker_varadhan"] + 1e-9).all()


def test_probes_read_the_energy_itself() -> None:
    run = run_of()
    run.train(3)
    point = (0.7, -1.2)
    reading = frame_of(run, run_id=1, probe=("data", point)).reading
    assert reading is not None
    assert reading.energy == pytest.approx(run.model.energy(torch.tensor([point])).item(), abs=1e-6)
    latent = frame_of(run, run_id=1, probe=("latent", point)).reading
    assert latent is not None
    with torch.no_grad():
        x = run.model.base(torch.tensor([point]))
        assert latent.x == pytest.approx(x[0].tolist(), abs=1e-6)
        assert latent.energy == pytest.approx(run.model.energy(x).item(), abs=1e-5)
        assert latent.potential == pytest.approx(0.5 * (0.7**2 + 1.2**2) + run.model.energy(x).item(), abs=1e-5)


def test_a_map_shows_the_energy_where_it_says() -> None:
    run = run_of()
    run.train(2)
    extent = (-1.0, 3.0, -2.0, 2.0)
    data = frame_of(run, data_extent=extent).data
    assert data is not None
    assert data.map is not None
    size = len(data.map.values)
    row, column = size // 4, size // 3
    x = extent[0] + (column + 0.5) * 4 / size
    y = extent[2] + (row + 0.5) * 4 / size
    expected = run.model.energy(torch.tensor([[x, y]], dtype=torch.float32)).item()
    assert data.map.values[row, column] == pytest.approx(expected, abs=1e-4)


def test_the_density_map_of_an_exact_model_integrates_to_one() -> None:
    run = run_of("f03_definition")
    data = frame_of(run, data_extent=(-6.0, 6.0, -6.0, 6.0)).data
    assert data is not None
    assert data.map is not None
    cell = (12.0 / len(data.map.values)) ** 2
    assert data.map.values.sum() * cell == pytest.approx(1.0, abs=0.08)  # log Z by 16,384 draws: 1.5 %


def test_a_row_of_the_curves_is_never_finished_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty pieces for a row, and a row at every iteration: the run waits for them one at a time, and loses none."""
    taken = 0

    def pieces(*_: Any) -> Iterator[dict[str, float]]:
        nonlocal taken
        for _piece in range(40):
            taken += 1
            yield {}

    run = run_of(training__metrics_every=1, training__truth_every=1, training__warmup=0)
    monkeypatch.setattr(type(run.evaluation), "truth_in_pieces", pieces)
    most = 0
    while run.iteration < 3:
        before = taken
        run.advance()
        most = max(most, taken - before)
    assert most == 1
    run.settle()
    assert taken == 120 and len(run.curves) == 4


def test_a_negative_chain_that_is_lost_while_a_file_is_written_leaves_the_last_good_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_of(objective__name="persistent_chains", training__train="energy", training__warmup=0)
    good = run.tensors()
    monkeypatch.setattr(Negatives, "_walk", lost)
    run.advance()  # the walk has begun
    with pytest.raises(Diverged, match="negative"):
        run.saved()
    monkeypatch.undo()
    assert run.iteration == 0 and all(torch.equal(run.tensors()[name], good[name]) for name in good)
    assert len(run.curves) == 1


def lost(*_: Any) -> Generator[None, None, Any]:
    """A walk that fails after its first piece."""
    yield
    raise FloatingPointError("1 of 8 negative chains met a number that is not finite")


def test_a_run_that_diverges_after_it_was_taken_up_goes_back_to_where_it_was_taken_up() -> None:
    run = run_of(training__warmup=0)
    run.train(3)
    saved = run.saved()
    again = run_of(training__warmup=0)
    again.take_back(saved)
    next(iter(again.model.energy.parameters())).data.fill_(math.nan)
    with pytest.raises(Diverged):
        again.train(2)
    assert again.iteration == 3
    assert all(torch.equal(value, again.tensors()[name]) for name, value in saved.tensors.items() if name != "curves")
