"""Chains that take weights from the energy and calibrate it: when it is fitted, and what a checkpoint keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gebm_studio import presets
from gebm_studio.experiments import Training
from gebm_studio.experiments.chains import REFIT_EVERY
from gebm_studio.messages import SetValue
from tests.typed import training

CPU = torch.device("cpu")
SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}


def run_of(name: str = "independence", calibration: str = "isotonic", **changes: Any) -> Training:
    wanted = {"sampler.name": name, "sampler.calibration": calibration, "sampler.chains": 8, "training.warmup": 2}
    return Training(presets.changed(training("ring"), SMALL | wanted | changes), CPU)


def fits_of(run: Training, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The iterations at which the calibration is fitted from now on."""
    seen: list[int] = []
    fit = run.chains._calibrate

    def counted() -> None:
        seen.append(run.iteration)
        fit()

    monkeypatch.setattr(run.chains, "_calibrate", counted)
    return seen


def test_a_calibration_follows_the_model_every_so_many_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of()
    fits = fits_of(run, monkeypatch)
    run.train(2 * REFIT_EVERY + 5)
    assert fits == [REFIT_EVERY - 1, 2 * REFIT_EVERY - 1]


def test_a_model_that_came_to_rest_is_judged_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of("independence", "isotonic", **{"training.until": 3})
    fits = fits_of(run, monkeypatch)
    run.train(3)
    first = run.chains._calibration
    run.train(5)
    assert fits == [4]
    assert run.chains._calibration is not first


@pytest.mark.parametrize("name", ["independence", "rejection", "importance"])
def test_weights_come_from_the_calibrated_energy(name: str) -> None:
    """U at the chains is prior plus calibrated energy, while what is shown stays the model's energy."""
    run = run_of(name, "logistic", **{"training.train": "none"})
    run.train(3)
    chains, calibration = run.chains, run.chains._calibration
    assert calibration is not None
    assert chains.law == "other"
    energy = run.model.energies(chains.position)
    assert torch.allclose(chains.energies, energy, atol=1e-5)
    expected = 0.5 * chains.position.square().sum(1) + calibration(energy)
    assert torch.allclose(chains.state.potential, expected, atol=1e-4)


def test_only_samplers_that_take_weights_are_calibrated() -> None:
    run = run_of("kinetic")
    assert run.chains._calibration is None
    run.set_value(SetValue("sampler.name", "importance"))
    assert run.chains._calibration is not None
    run.set_value(SetValue("sampler.calibration", "none"))
    assert run.chains._calibration is None


def test_a_changed_temperature_keeps_the_calibration() -> None:
    run = run_of(**{"training.train": "none"})
    before = run.chains._calibration
    run.set_value(SetValue("sampler.temperature", 2.0))
    run.train(1)
    assert run.chains._calibration is before
    assert run.chains._potential.calibration is before
    assert run.chains.beta == 0.5


def test_a_checkpoint_goes_on_bit_for_bit_between_two_fits() -> None:
    straight = run_of()
    straight.train(REFIT_EVERY + 12)
    kept, counts = straight.tensors(), straight.counts()
    straight.train(REFIT_EVERY)
    again = run_of()
    again.load_tensors(kept, counts)
    again.train(REFIT_EVERY)
    ours, theirs = straight.tensors(), again.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_calibrating_changes_nothing_of_training() -> None:
    plain, calibrated = run_of(calibration="none"), run_of()
    for run in (plain, calibrated):
        run.train(REFIT_EVERY + 2)
    for name, value in plain.tensors().items():
        if name.startswith(("model.", "optimiser.", "generator.data", "generator.latent")):
            assert torch.equal(value, calibrated.tensors()[name])


def test_a_run_learns_until_it_is_told_to_rest_and_its_chains_go_on() -> None:
    """The energy takes one more warm-up, of two steps here, for the base that stays."""
    run = run_of("kinetic", "none", **{"training.until": 4, "training.energy_steps": 5})
    run.train(4)
    learned = run.schedule.energy_steps
    base = {name: value.clone() for name, value in run.model.base.state_dict().items()}
    run.train(1)
    energy = {name: value.clone() for name, value in run.model.energy.state_dict().items()}
    steps = run.chains.steps
    run.train(5)
    assert all(torch.equal(value, base[name]) for name, value in run.model.base.state_dict().items())
    assert all(torch.equal(value, energy[name]) for name, value in run.model.energy.state_dict().items())
    assert (run.schedule.base_steps, run.schedule.energy_steps - learned, run.iteration) == (4, 2, 10)
    assert run.chains.steps > steps
    run.set_value(SetValue("training.until", 12))
    run.train(4)
    assert run.schedule.base_steps == 6
