"""Every objective with every penalty and model: it learns, resumes and is sampled, or one line says why not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gebm_studio import messages as m
from gebm_studio import presets, schema
from gebm_studio.divergences.gaussians import kl_normal
from gebm_studio.engine import storage
from gebm_studio.experiments import Training
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.presets import PresetError
from gebm_studio.samplers import SAMPLERS
from gebm_studio.schema.objective import BY_CHAINS, Name

CPU = torch.device("cpu")
NAMES = get_args(Name)
SMALL: dict[str, Any] = {
    "target": {"kind": "mixture", "means": [[1.0, 0.5], [-1.0, 0.0]], "stds": [0.5, 0.7]},
    "training.batch": 16, "training.warmup": 2, "training.energy_steps": 1, "training.metrics_every": 1,
    "training.truth_every": 100_000, "sampler.chains": 8, "objective.chain_steps": 3, "objective.buffer": 64,
}  # fmt: skip
BASES: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "hidden": 8, "depth": 1},
    "circle": {"kind": "circle"},
    "linear": {"kind": "linear"},
    "tall": {"kind": "linear", "matrix": [[1.0], [0.5]]},
    "gaussian": {"kind": "gaussian"},
    "flow": {"kind": "flow", "transforms": 1, "hidden": 8, "depth": 1},
}
ENERGIES: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "hidden": 8, "depth": 1},
    "residual": {"kind": "mlp", "hidden": 8, "depth": 2, "residual": True, "activation": "gelu"},
    "normalised": {"kind": "mlp", "hidden": 8, "depth": 1, "spectral_norm": True},
    "floored": {"kind": "mlp", "hidden": 8, "depth": 1, "floor": -0.1},
    "linear": {"kind": "linear", "weights": [0.1, -0.2]},
    "quadratic": {"kind": "quadratic", "precision": [[0.2, 0.0], [0.0, 0.1]]},
    "ratio": {"kind": "ratio"},
    "flow": {"kind": "flow", "transforms": 1, "hidden": 8, "depth": 1},
    "witness": {"kind": "witness", "hidden": 8, "depth": 1, "references": 16},
    "plain witness": {"kind": "witness", "features": "plain", "kernel": "imq", "references": 16},
}


def made(name: str, changes: dict[str, Any] | None = None) -> schema.TrainingPreset:
    """A small preset; base and energy by their names above, or as a table."""
    train = {"flow_likelihood": "base"} | dict.fromkeys(BY_CHAINS, "energy")
    chosen = {"objective": {"name": name}, "base": "gaussian", "energy": "witness" if name == "mmd" else "mlp",
              "training": {"train": train.get(name, "both")}} | SMALL | (changes or {})  # fmt: skip
    for part, known in (("base", BASES), ("energy", ENERGIES)):
        if isinstance(chosen[part], str):
            chosen[part] = known[chosen[part]]
    return presets.changed(schema.TrainingPreset(title="t"), chosen)


def run_of(name: str, changes: dict[str, Any] | None = None) -> Training:
    return Training(made(name, changes), CPU)


def test_every_name_of_the_menu_is_an_objective() -> None:
    assert set(NAMES) == set(OBJECTIVES)
    assert set(NAMES) == {name for _, choices in schema.objective.OBJECTIVES for name, _ in choices}


def check_samplers(run: Training) -> None:
    """Two steps of every sampler on the GEBM of this critic."""
    generator = torch.Generator().manual_seed(1)
    for name, kind in SAMPLERS.items():
        potential = run.model.potential()
        sampler = kind()
        state = sampler.init(run.model.prior(6, generator), potential, generator)
        for _ in range(2):
            state, _ = sampler.step(state, potential, generator)
        assert torch.isfinite(state.position).all(), name


@given(
    st.sampled_from(NAMES),
    st.sampled_from(get_args(schema.Objective.model_fields["penalty"].annotation)),
    st.sampled_from(list(BASES)),
    st.sampled_from(list(ENERGIES)),
    st.sampled_from(["both", "energy", "base", "none"]),
    st.sampled_from(["bound", "passing"]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_pair_learns_and_can_be_sampled_or_says_why_not(
    name: str, penalty: str, base: str, energy: str, train: str, descent: str
) -> None:
    parts = {"base": base, "energy": energy}
    changes = {"objective.penalty": penalty, "objective.descent": descent, "training.train": train}
    try:
        preset = made(name, parts | changes)
    except PresetError as error:
        assert error.problems
        for problem in error.problems:
            _, where, why = problem.split(": ", 2)
            assert where in ("objective", "energy", "training.train")
            assert "use" in why or "choose" in why, "an error says what to do"
            assert len(problem) < 250 and "\n" not in problem
        return
    check(preset)


PENALTIES_IN_TURN = ("none", "gradient", "gradient_to_one", "r1", "weight_decay", "clip")


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_every_objective_learns_and_can_be_sampled(place: int) -> None:
    """Each name once in every run of the tests, the penalties in turn; the pairs at large are drawn above."""
    check(made(NAMES[place], {"objective.penalty": PENALTIES_IN_TURN[place % 6]}))


def check(preset: schema.TrainingPreset) -> None:
    """Two iterations leave finite numbers, and every sampler takes two steps on the critic."""
    objective, trains = preset.objective, preset.training.train
    run = Training(preset, CPU)
    run.train(2)
    assert all(torch.isfinite(value).all() for value in run.tensors().values() if value.is_floating_point())
    latest = run.curves.latest()
    assert math.isfinite(latest["objective_train"]) and math.isfinite(latest["objective_heldout"])
    assert math.isfinite(latest.get("divergence", 0.0))
    if trains in ("both", "base") and run.learner.base_parameters:
        assert latest["base_gradient"] >= 0
    if objective.penalty == "clip" and run.learner.energy_parameters and trains in ("both", "energy"):
        assert max(float(p.detach().abs().max()) for p in run.learner.energy_parameters) <= objective.clip + 1e-7
    check_samplers(run)


RESUMED: list[tuple[str, dict[str, Any]]] = [
    ("persistent_chains", {}),
    ("persistent_chains", {"energy": "normalised"}),
    ("contrastive_divergence", {"objective.penalty": "weight_decay"}),
    ("flow_likelihood", {"base": "flow"}),
    ("mmd", {}),
    ("wasserstein", {"objective.penalty": "clip"}),
    ("wasserstein", {"objective.penalty": "gradient_to_one", "energy": "normalised"}),
    ("jeffrey", {"objective.penalty": "r1"}),
    ("gan", {"objective.penalty": "none", "objective.descent": "passing", "energy": "normalised"}),
    ("kl", {"base": "mlp", "training.train": "base"}),
]


@pytest.mark.parametrize(("name", "changes"), RESUMED, ids=str)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, name: str, changes: dict[str, Any]) -> None:
    """Optimiser, buffer, references, power iteration and generators come back bit for bit."""
    run = run_of(name, changes)
    run.train(3)
    storage.save(run, tmp_path / "run.gebm")
    resumed: Training = storage.load(tmp_path / "run.gebm", CPU)
    run.train(4)
    resumed.train(4)
    ours, theirs = run.tensors(), resumed.tensors()
    assert ours.keys() == theirs.keys()
    assert [key for key in ours if not torch.equal(ours[key], theirs[key])] == []
    assert repr(run.curves.since(0).tolist()) == repr(resumed.curves.since(0).tolist())
    kept = {"persistent_chains": "learner.buffer", "mmd": "model.energy.data"}
    assert name not in kept or kept[name] in ours
    if changes.get("energy") == "normalised":
        assert any("_u" in key for key in ours)


@pytest.mark.parametrize("name", ["kale", "donsker_varadhan", "contrastive_divergence", "persistent_chains"])
def test_quadratic_critics_on_gaussians_reach_kl(name: str) -> None:
    """P = N(0.5, 0.8²), G = N(0, 1): sup L(E) = KL, and maximum likelihood by chains has the same optimum."""
    run = run_of(
        name,
        {
            "target": {"kind": "mixture", "means": [[0.5]], "stds": [0.8]},
            "base": {"kind": "linear", "matrix": [[1.0]], "shift": [0.0]},
            "energy": {"kind": "quadratic", "precision": [[0.0]], "mean": [0.1]},
            "objective.penalty": "none", "objective.chain_steps": 10, "objective.chain_step_size": 0.05,
            "training.train": "energy", "training.batch": 512, "training.energy_lr": 0.02, "training.beta1": 0.9,
            "training.metrics_every": 1000, "sampler.steps": 0,
        },
    )  # fmt: skip
    run.train(150)
    run.learner.configure(run.preset.training.model_copy(update={"energy_lr": 0.002}))
    run.train(50)
    bound, error = run.evaluation.donsker_varadhan(100_000)
    assert abs(bound - kl_normal(0.5, 0.8, 0.0, 1.0)) < 0.006 + 4 * error


def test_persistent_chains_go_on_and_some_begin_anew() -> None:
    run = run_of("persistent_chains", {"objective.renewal": 0.0, "objective.buffer": 16, "objective.chain_steps": 1})
    run.train(1)
    before = run.tensors()["learner.buffer"]
    run.step(m.StepOnce("energy"))
    after = run.tensors()["learner.buffer"]
    step = run.preset.objective.chain_step_size
    assert before.shape == (16, 2)
    assert not torch.equal(before, after)
    assert float((after - before).abs().max()) < 8 * math.sqrt(2 * step), "one step from where it was"
    run.set_value(m.SetValue("objective.renewal", 1.0))
    run.step(m.StepOnce("energy"))
    renewed = run.tensors()["learner.buffer"]
    assert float((renewed - after).abs().max()) > 8 * math.sqrt(2 * step)


@pytest.mark.parametrize("name", BY_CHAINS)
def test_a_run_saved_amid_a_walk_of_its_negatives_goes_on(tmp_path: Path, name: str) -> None:
    """Steps come in pieces of five: after one piece of the next walk, all that is under way is kept."""
    run, whole = (run_of(name, {"objective.chain_steps": 17}) for _ in range(2))
    run.train(2)
    steps = run.schedule.energy_steps
    run.advance()
    assert run.schedule.energy_steps == steps, "a piece of a walk is no energy step yet"
    storage.save(run, tmp_path / "run.gebm")
    resumed: Training = storage.load(tmp_path / "run.gebm", CPU)
    for one in (run, resumed):
        one.train(2)
    whole.train(4)
    for other in (resumed, whole):
        ours, theirs = run.tensors(), other.tensors()
        assert ours.keys() == theirs.keys()
        assert [key for key in ours if not torch.equal(ours[key], theirs[key])] == []


def test_contrastive_chains_begin_at_data() -> None:
    """One tiny step from data far from the base: the negatives are still there."""
    far = {"kind": "mixture", "means": [[30.0, 0.0]], "stds": [0.1]}
    one_step = {"objective.chain_steps": 1, "objective.chain_step_size": 1e-4}
    run = run_of("contrastive_divergence", {"target": far, "base": "linear"} | one_step)
    data = run.target.sample(16, torch.Generator().manual_seed(0))
    for _ in run.learner._negatives.draw_in_pieces(run.preset.objective, data):
        pass
    assert run.learner._negatives.ready is not None
    negatives = run.learner._negatives.ready[1]
    assert float((negatives - data).abs().max()) < 0.1


def test_weight_decay_is_half_the_squared_weights_and_pulls_them_in() -> None:
    changes = {"objective.penalty": "weight_decay", "objective.strength": 1000.0, "training.energy_lr": 0.01}
    run = run_of("gan", changes)
    weights = [parameter.detach().clone() for parameter in run.learner.energy_parameters]
    run.step(m.StepOnce("energy"))
    assert run.learner.penalty == pytest.approx(0.5 * sum(float(w.square().sum()) for w in weights), rel=1e-5)
    run.train(5)
    now = sum(float(p.detach().square().sum()) for p in run.learner.energy_parameters)
    assert now < 0.9 * sum(float(w.square().sum()) for w in weights)


@pytest.mark.parametrize(
    ("name", "step"), [("flow_likelihood", "energy"), ("persistent_chains", "base"), ("contrastive_divergence", "base")]
)
def test_a_step_that_the_objective_does_not_have_is_refused_in_a_line(name: str, step: m.Step) -> None:
    run = run_of(name)
    with pytest.raises(PresetError, match=f"^objective {name} trains .*; the (base|energy) rests$"):
        run.step(m.StepOnce(step))


def test_likelihood_fits_the_base() -> None:
    """N(μ, σ²) by maximum likelihood: mean and deviation of the data."""
    run = run_of(
        "flow_likelihood",
        {
            "target": {"kind": "mixture", "means": [[2.0]], "stds": [0.5]},
            "base": {"kind": "linear", "matrix": [[1.0]], "shift": [0.0]},
            "energy": {"kind": "linear", "weights": [0.0]},
            "training.batch": 1024, "training.base_lr": 0.05, "training.beta1": 0.9, "training.metrics_every": 1000,
            "sampler.steps": 0,
        },
    )  # fmt: skip
    run.train(150)
    run.learner.configure(run.preset.training.model_copy(update={"base_lr": 0.005}))
    run.train(50)
    base = dict(run.model.base.named_parameters())
    assert float(base["shift"].detach()) == pytest.approx(2.0, abs=0.02)
    assert abs(float(base["matrix"].detach())) == pytest.approx(0.5, abs=0.02)


def test_an_exact_energy_stays_exact_under_every_reading() -> None:
    """E = log g − log p whichever objective trains the base: the critic is the tight one."""
    x = torch.linspace(-1, 1, 20).reshape(10, 2)
    plain = run_of("kale", {"base": "linear", "energy": "ratio", "training.train": "base"}).model
    for name in ("kl", "pearson", "neyman", "hellinger", "jeffrey", "least_squares"):
        other = run_of(name, {"base": "linear", "energy": "ratio", "training.train": "base"}).model
        small = plain.energy(x) < 4
        assert torch.allclose(other.energy(x)[small], plain.energy(x)[small], atol=1e-4), name
        tight = OBJECTIVES[name].tight
        assert tight is not None
        assert torch.allclose(other.critic(x), tight(-plain.energy(x)), rtol=1e-4, atol=1e-5)


def test_a_penalty_that_was_switched_off_is_no_longer_told() -> None:
    run = run_of("wasserstein", {"objective.penalty": "gradient"})
    run.train(1)
    assert run.learner.penalty >= 0
    run.set_value(m.SetValue("objective.penalty", "clip"))
    run.train(1)
    assert math.isnan(run.learner.penalty)
