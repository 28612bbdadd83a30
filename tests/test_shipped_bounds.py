"""F24 to F26, F29, F31 to F34: conjugates, bounds that critics climb, log Z, plans, and fits of one Gaussian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.experiments import DivergenceLab
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.values import Values
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import PHI

CPU = torch.device("cpu")
LN4 = math.log(4)


def lab_of(name: str, **changes: Any) -> DivergenceLab:
    """A shipped lab; `q__at` is `q.at`."""
    preset = presets.load(name)
    assert isinstance(preset, DivergencesPreset)
    return DivergenceLab(presets.changed(preset, {path.replace("__", "."): v for path, v in changes.items()}), CPU)


def run(lab: DivergenceLab, steps: int) -> DivergenceLab:
    """Advance by so many steps, or until all climbs have ended."""
    for _ in range(steps):
        if lab.resting:
            break
        lab.advance()
    return lab


def bound_of(lab: DivergenceLab) -> m.BoundPart:
    part = frame_of(lab, "bound").bound
    assert part is not None
    return part


def frame_of(lab: DivergenceLab, *needs: m.Part) -> m.Frame:
    return lab.frame(m.Pull(run_id=1, needs=frozenset(needs)), run_id=1, state="paused", rate=0.0, device="cpu")


def functions_of(lab: DivergenceLab) -> tuple[m.PairPart, dict[bool, np.ndarray[Any, Any]]]:
    """The pair's picture, and the function below by whether it is the tight one."""
    part = frame_of(lab, "pair").pair
    assert part is not None
    return part, {function.tight: function.values.astype(np.float64) for function in part.below}


def test_f24_tangents_and_conjugates() -> None:
    lab = lab_of("f24")
    part = frame_of(lab, "tangent").tangent
    assert part is not None and "tangent" in lab.preset.view.docks
    assert part.touches == pytest.approx(math.exp(-0.5)) and part.conjugate_there == pytest.approx(0.6065, abs=5e-5)
    for name in PHI:
        lab.set_value(m.SetValue("view.divergence", name))
        lab.set_value(m.SetValue("view.slope", -3.0 if name == "pearson" else 0.0))
        part = frame_of(lab, "tangent").tangent
        assert part is not None and part.name == name and part.error < 1e-12
        assert name != "pearson" or part.touches == -0.5
    lab.set_value(m.SetValue("view.slope", 3.0))
    without = set()
    for name in PHI:
        lab.set_value(m.SetValue("view.divergence", name))
        part = frame_of(lab, "tangent").tangent
        assert part is not None
        if part.conjugate_there == math.inf:
            without.add(name)
    assert without == {"hellinger", "jensen_shannon", "gan", "neyman", "reverse_kl", "total_variation"}


def test_f25_a_quadratic_critic_climbs_until_the_bound_touches() -> None:
    lab = lab_of("f25")
    gaps = []
    for steps in (50, 150):
        gaps.append(bound_of(run(lab, steps)).gap)
    assert gaps[0] == pytest.approx(0.025, abs=0.002) and 0 < gaps[1] < 1e-5
    part = bound_of(run(lab, 1000))
    assert lab.resting and part.exact == pytest.approx(0.28539588, abs=5e-9)
    assert abs(part.gap) < 1e-12 and (part.rows[:, 1] <= part.exact + 1e-9).all()
    _, functions = functions_of(lab)
    assert np.abs(functions[False] - functions[True]).max() < 1e-3
    # A drag keeps the critic, whose bound is then that of another pair; and it climbs on.
    lab.set_value(m.SetValue("q.at", (-1.0, 0.0)))
    dragged = bound_of(lab)
    assert dragged.gap > 0.05 and not lab.resting
    assert abs(bound_of(run(lab, 1000)).gap) < 1e-12
    line = bound_of(run(lab_of("f25", critic__size=1), 1000))
    assert line.bound == pytest.approx(0.20247934, abs=5e-9)


def test_f26_a_network_learns_the_energy() -> None:
    lab = lab_of("f26")
    assert 0 < bound_of(run(lab, 100)).gap < 0.005
    part = bound_of(run(lab, 500))
    assert part.exact == pytest.approx(1.39079378, abs=5e-9) and 0 < part.gap < 2e-4
    assert (part.rows[:, 1] <= part.exact + 1e-9).all()
    pair, functions = functions_of(lab)
    assert pair.home[:2] == pytest.approx((-3, 3), abs=0.02)
    p, q = pair.p.density, pair.q.density
    # Below are the energies −h and −log p/q; where only Q has mass it is e^h, near 0, that counts.
    assert np.abs(functions[False] - functions[True])[p > 0.05 * p.max()].max() < 0.1
    assert np.abs(np.exp(-functions[False]) - np.exp(-functions[True]))[q > 0.2 * q.max()].max() < 0.1


def test_f29_kale_grows_with_the_width_of_the_class() -> None:
    lab = lab_of("f29")
    preset = lab.preset
    curves = lab.swept()
    found = frame_of(lab, "swept").swept
    assert found is not None and curves is not None
    features, kl = (curve.values for curve in found.curves)
    assert (np.diff(features) > -1e-9).all() and (features <= kl + 1e-9).all()
    assert kl == pytest.approx(0.28539588) and features[-1] > 0.2853
    for size, wanted in ((1, 0.2053), (4, 0.2372), (16, 0.2823), (64, 0.2854)):
        sized = presets.changed(preset, {"critic.size": size})
        assert Values(Pair(sized)).value("kale_features").value == pytest.approx(wanted, abs=5e-5)
        same = presets.changed(sized, {"q.at": preset.p.at, "q.width": 0.8})
        assert Values(Pair(same)).value("kale_features").value == pytest.approx(0, abs=1e-12)
    # The critic that climbs ends at the curve's point.
    assert bound_of(run(lab, 400)).bound == pytest.approx(0.2823, abs=5e-5)


def test_f29_what_draws_of_equal_laws_leave_is_noise() -> None:
    """n · KALE of 4 features is about χ² of 4 degrees of freedom, which leaves (0.3, 18.5) once in 100."""
    lab = lab_of("f29_noise_floor")
    for n in (60, 120, 240, 500, 1000, 2000, 4000):
        lab.set_value(m.SetValue("measure.samples", n))
        values = Values(lab.pair)
        assert 1 < n * values.value("kale_features").value < 8
        assert values.value("kl").value == math.inf
    lab.set_value(m.SetValue("q.at", (1.0, 0.0)))
    assert Values(lab.pair).value("kale_features").value > 0.3


def test_f31_the_discriminator_folds_onto_its_optimum() -> None:
    lab = lab_of("f31")
    assert 0 < bound_of(run(lab, 200)).gap < 0.01
    part = bound_of(run(lab, 800))
    assert part.exact == pytest.approx(-1.251725, abs=5e-7) and 0 < part.gap < 0.003
    jensen_shannon = Values(lab.pair).value("jensen_shannon").value
    assert jensen_shannon == pytest.approx(0.067285, abs=5e-7)
    assert part.exact == pytest.approx(2 * jensen_shannon - LN4, abs=1e-9)
    pair, functions = functions_of(lab)
    p, q = pair.p.density.astype(np.float64), pair.q.density.astype(np.float64)
    assert functions[True] == pytest.approx(p / (p + q), abs=1e-4)
    heavy = p + q > 0.05 * (p + q).max()
    assert np.sqrt(np.mean((functions[False] - functions[True])[heavy] ** 2)) < 0.03
    same = lab_of("f31", p__stds=(1.8, 1.8), p__means=((1.0,), (1.0,)))
    assert bound_of(same).exact == pytest.approx(-LN4, abs=1e-8)


def test_f32_the_gap_to_log_z_is_kl() -> None:
    lab = lab_of("f32")
    for _ in range(40):
        part = bound_of(run(lab, 5))
        assert part.exact == pytest.approx(0.5 * math.log(2 * math.pi), abs=1e-9)
        assert part.bound + part.gap == pytest.approx(part.exact, abs=1e-8)
    part = bound_of(run(lab, 4000))
    assert lab.resting and part.critic.startswith("q = N(1.578, 1.631²)")
    assert part.gap == pytest.approx(0.2482, abs=5e-5)
    pair = frame_of(lab, "pair").pair
    assert pair is not None and [fit.label for fit in pair.fits] == ["q"]
    narrow = lab_of("f32", q__at=(-1.0, 0.0), q__width=0.25)
    part = bound_of(run(narrow, 4000))
    assert part.critic.startswith("q = N(-0.955, 0.3169²)") and part.gap == pytest.approx(0.9901, abs=5e-5)


def test_f33_the_plan_costs_what_the_critic_gains() -> None:
    lab = lab_of("f33")
    assert "plan" in lab.preset.view.docks and lab.preset.view.lower == "transport"
    part = frame_of(lab, "plan").plan
    assert part is not None and len(part.plan) == 200
    assert part.cost == pytest.approx(0.81428264, abs=5e-9) and part.gain == pytest.approx(part.cost, abs=1e-8)
    assert Values(lab.pair).value("w1").value == pytest.approx(part.cost, abs=1e-8)
    lab.set_value(m.SetValue("q.width", 0.0))
    point = frame_of(lab, "plan").plan
    assert point is not None and (point.plan[:, 1] == 0).all()
    assert point.gain == pytest.approx(point.cost, abs=1e-8)
    lab.set_value(m.SetValue("measure.values", "samples"))
    drawn = frame_of(lab, "plan").plan
    assert drawn is not None and "exact" in drawn.note and drawn.gain == pytest.approx(drawn.cost, abs=1e-12)


F34 = {
    "kl": (0.28305, 1.0100, 1.8307), "reverse_kl": (0.24821, 1.5781, 1.6312),
    "jensen_shannon": (0.06404, 1.3068, 1.7540), "jeffrey": (0.57081, 1.3216, 1.7029),
    "pearson": (0.64578, 0.5737, 1.9273),
}  # fmt: skip
PUBLISHED = {"kl": 0.2831, "reverse_kl": 0.2480, "jensen_shannon": 0.1280, "jeffrey": 0.5705, "pearson": 0.6457}


def test_f34_each_gaussian_descends_to_its_best() -> None:
    lab = run(lab_of("f34_five_divergences"), 600)
    rows = bound_of(lab).fits
    assert [row.name for row in rows] == list(F34)
    for row in rows:
        assert (row.best_value, row.best_mean, row.best_std) == pytest.approx(F34[row.name], abs=6e-5)
        assert (row.value, row.mean, row.std) == pytest.approx((row.best_value, row.best_mean, row.best_std), abs=1e-4)
        raw = row.best_value * (2 if row.name == "jensen_shannon" else 1)
        assert raw == pytest.approx(PUBLISHED[row.name], abs=3.5e-4)
    pair = frame_of(lab, "pair").pair
    assert pair is not None and len(pair.fits) == 5


def test_f34_the_lab_and_the_training_speak_of_one_mixture() -> None:
    lab, training = presets.load("f34_five_divergences"), presets.load("f34_fit")
    assert isinstance(lab, DivergencesPreset) and "f34_fit" in lab.look and "f34_five_divergences" in training.look
    ours, theirs = lab.p.model_dump(), training.model_dump()["target"]
    assert {name: ours[name] for name in ("means", "stds", "weights")} == {
        name: tuple(map(tuple, theirs[name])) if name == "means" else tuple(theirs[name])
        for name in ("means", "stds", "weights")
    }
