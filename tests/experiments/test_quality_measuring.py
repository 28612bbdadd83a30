"""One measurement of a model's images: right numbers, the same however it is cut, and nothing of the run changed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import presets
from gebm_studio.diagnostics import frechet_distance, kernel_distance
from gebm_studio.divergences.pieces import finished
from gebm_studio.experiments import Training
from gebm_studio.experiments.quality import fresh, measuring
from gebm_studio.experiments.quality.fresh import FreshChains
from gebm_studio.experiments.quality.measuring import Measuring, Result
from gebm_studio.experiments.quality.references import References
from gebm_studio.experiments.quality.spaces import spaces_of
from gebm_studio.experiments.quality.stored import from_text, to_text
from gebm_studio.messages import Interval
from gebm_studio.messages.protocols import compare, facts_of, protocol_of
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from tests.images import untrained

CPU = torch.device("cpu")
SMALL = {
    "base.hidden": 16, "energy.hidden": 16, "training.train": "none", "training.batch": 32,
    "training.truth_every": 1000, "sampler.chains": 2, "quality.draws": 120, "quality.steps": 40,
}  # fmt: skip


def preset_of(**changes: Any) -> TrainingPreset:
    changed = presets.changed(untrained(), SMALL | {path.replace("__", "."): x for path, x in changes.items()})
    assert isinstance(changed, TrainingPreset)
    return changed


def measuring_of(run: Training, iteration: int = 0) -> Measuring:
    preset = run.preset
    return Measuring(
        run.model, run.target, preset.target, preset.quality, preset.sampler, preset.seed, iteration,
        References(run.target),
    )  # fmt: skip


def result_of(run: Training, iteration: int = 0) -> Result:
    return finished(measuring_of(run, iteration).in_pieces())


def same(first: Result, second: Result) -> bool:
    return (
        to_text([first.measured]) == to_text([second.measured])
        and np.array_equal(first.nearest, second.nearest)
        and np.array_equal(first.train, second.train)
    )


@pytest.fixture(scope="module")
def run() -> Training:
    return Training(preset_of(), CPU)


@pytest.fixture(scope="module")
def result(run: Training) -> Result:
    return result_of(run)


def test_scores_are_those_of_the_draws(run: Training, result: Result) -> None:
    """Draws of base and GEBM made anew, and judged by the plain functions."""
    one, judged = measuring_of(run), result.measured
    space = spaces_of(run.target).of("classifier")
    z = run.model.prior(120, one._generator(0))
    chains = FreshChains(run.model, run.target, run.preset.sampler, z, 40, one._seeds(1))
    for _ in chains:
        pass
    real = space(run.target.held_out)
    for law, latents in (("base", z), ("gebm", chains.position)):
        x = space(run.model.samples(latents))
        assert judged.scores[law]["frechet"][0] == pytest.approx(frechet_distance(real, x), rel=1e-6)
        assert judged.scores[law]["kernel"][0] == pytest.approx(kernel_distance(real, x), rel=1e-6)
    assert judged.difference[0] == pytest.approx(
        judged.scores["gebm"]["frechet"][0] - judged.scores["base"]["frechet"][0], rel=1e-9
    )
    data = run.target.held_out
    energies, c = run.model.energies(z).double(), float(run.model.log_partition)
    with torch.no_grad():
        kale = 1 - float(run.model.energy(data).double().mean()) - c - float((-energies - c).exp().mean())
    assert judged.kale[0] == pytest.approx(kale, abs=1e-6)
    assert judged.time == pytest.approx(chains.time) and judged.ess == chains.mixing()[1]


def test_everything_has_an_interval_and_a_note(result: Result) -> None:
    found = result.measured
    intervals: list[Interval] = [x for scores in found.scores.values() for x in scores.values()]
    intervals += [found.difference, found.ratio, found.kale, found.copies]
    for factor in found.factors:
        intervals += [*factor.base, *factor.gebm, *factor.variation.values()]
        assert sum(share for share, _, _ in factor.base) == pytest.approx(1)
        assert factor.exact and sum(factor.truth) == pytest.approx(1)
    assert all(low <= value <= high for value, low, high in intervals)
    assert [factor.name for factor in found.factors] == ["digit"]
    wanted = {"base", "gebm", "data", *found.scores["base"], "difference", "ratio", "kale", "rhat", "ess", "time"}
    assert wanted | {"copies", "factors", "calibration"} == {name for name, _ in found.notes}
    assert facts_of(found.protocol)["n"] == "120" and "k: 3" in found.protocol
    assert found.scores["data"]["frechet"][0] < found.scores["base"]["frechet"][0]
    assert found.scores["data"]["precision"][0] > 0.7, "training images look real"
    assert result.nearest.shape == result.train.shape == (measuring.SHOWN, 8, 8)
    assert result.nearest.dtype == np.uint8


def test_progress_never_falls_and_ends_below_one(run: Training) -> None:
    seen = list(measuring_of(run).in_pieces())
    assert all(before <= after for before, after in zip(seen, seen[1:], strict=False))
    assert seen[0] == 0 and 0.95 < seen[-1] < 1


def test_the_same_seed_and_iteration_give_the_same_numbers(run: Training, result: Result) -> None:
    before = run.tensors()
    assert same(result_of(run), result)
    assert not same(result_of(run, 7), result), "another iteration has other draws"
    after = run.tensors()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_how_pieces_are_taken_changes_nothing(run: Training, result: Result) -> None:
    """Two measurements that take turns, beside a run that goes on."""
    other = Training(preset_of(), CPU)
    one, two = measuring_of(other).in_pieces(), measuring_of(other, 7).in_pieces()
    found: dict[int, Result] = {}
    while len(found) < 2:
        for index, pieces in enumerate((one, two)):
            try:
                next(pieces)
            except StopIteration as end:
                found[index] = end.value
        other.chains.advance(1)
    assert same(found[0], result)
    assert same(found[1], result_of(run, 7))


def test_chains_are_those_of_the_law() -> None:
    """At β = 0 every exact sampler leaves the prior as it is: four standard errors of means and variances."""
    run = Training(preset_of(sampler__name="mala", sampler__temperature=math.inf, sampler__step_size=0.5), CPU)
    starts = run.model.prior(600, torch.Generator().manual_seed(1))
    chains = FreshChains(run.model, run.target, run.preset.sampler, starts, 30, (1, 2))
    assert torch.equal(chains.position, starts)
    shares = list(chains)
    assert shares[-1] == 1 and len(shares) > 30 * len(starts) // fresh.group_size(run.target, CPU)
    z = chains.position
    assert z.shape == starts.shape and not torch.equal(z, starts)
    assert float(z.mean().abs()) < 4 / math.sqrt(z.numel())
    assert abs(float(z.var()) - 1) < 4 * math.sqrt(2 / z.numel())
    assert chains.noted.shape == (fresh.WATCHED, 15)
    rhat, ess = chains.mixing()
    assert 0.9 < rhat < 1.3 and ess > 0


def test_the_step_size_adapts_over_the_first_half_alone() -> None:
    run = Training(preset_of(sampler__name="mala", sampler__warmup=1000, sampler__step_size=1e-4), CPU)
    chains = FreshChains(run.model, run.target, run.preset.sampler, run.model.prior(40, torch.Generator()), 30, (1,))
    sizes = []
    for _ in chains:
        sizes.append(chains._sampler.step_size)
    assert sizes[-1] == sizes[len(sizes) // 2 + 3] != 1e-4


def test_descents_have_no_mixing() -> None:
    run = Training(preset_of(sampler__name="zero_temperature"), CPU)
    chains = FreshChains(run.model, run.target, run.preset.sampler, run.model.prior(40, torch.Generator()), 30, (1,))
    for _ in chains:
        pass
    assert all(map(math.isnan, chains.mixing()))


def test_sprites_have_factors_of_exact_mass_and_colours() -> None:
    preset = preset_of(target={"kind": "sprites", "held_out": 150}, quality__draws=100, quality__steps=2)
    judged = result_of(Training(preset, CPU))
    factors = {factor.name: factor for factor in judged.measured.factors}
    assert set(factors) == {"shape", "size", "colour"}
    assert factors["shape"].truth == pytest.approx((0.45, 0.3, 0.17, 0.08)) and factors["shape"].exact
    assert judged.nearest.shape == (measuring.SHOWN, 32, 32, 3)
    assert "sprites classifier" in judged.measured.protocol
    note = dict(judged.measured.notes)
    assert "exact masses" in note["factors"] and "gradient flow" in note["time"]


def test_images_that_are_not_finite_have_no_scores() -> None:
    run = Training(preset_of(), CPU)
    with torch.no_grad():
        next(iter(run.model.base.parameters())).fill_(math.nan)
    found = result_of(run).measured
    for law in ("base", "gebm"):
        assert all(math.isnan(value) for interval in found.scores[law].values() for value in interval)
        assert "120 images are not finite" in dict(found.notes)[law]
    assert all(map(math.isnan, (*found.difference, *found.ratio, *found.kale, *found.copies)))
    assert found.scores["data"]["precision"][0] > 0.7
    assert len(found.calibration.predicted) == 0


def test_other_features_are_said() -> None:
    run = Training(preset_of(quality__features="pixels"), CPU)
    found = result_of(run).measured
    assert "PCA-16 of pixels" in found.protocol and found.factors, "the classifier still tells classes"
    assert "PCA-16 of pixels" in run.evaluation.notes["fd_base"]


def test_measurements_are_kept_number_for_number(result: Result) -> None:
    text = to_text([result.measured, result.measured])
    again = from_text(text)
    assert to_text(again) == text and len(again) == 2
    assert again[0].scores == result.measured.scores and again[0].notes == result.measured.notes
    assert np.array_equal(again[0].calibration.found, result.measured.calibration.found)
    for wrong in ('{"a": 1}', "[{}]", "no"):
        with pytest.raises((KeyError, TypeError, ValueError)):
            from_text(wrong)


def test_measurements_of_one_protocol_are_compared(run: Training, result: Result) -> None:
    other = result_of(run, 7).measured
    found = compare(result.measured, other)
    value, low, high = found["gebm"]["frechet"]
    first, second = result.measured.scores["gebm"]["frechet"], other.scores["gebm"]["frechet"]
    assert value == first[0] - second[0] and low < value < high
    assert high - low < (first[2] - first[1]) + (second[2] - second[1])


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"quality__draws": 130}, r"n \(120 and 130\)"),
        ({"quality__features": "pixels"}, r"features \(digits classifier .* and PCA-16 of pixels\)"),
        ({"quality__steps": 41}, "sampler .* 40 steps .* 41 steps"),
        ({"sampler__temperature": 2.0}, "sampler .* T = 1, .* T = 2,"),
        ({"sampler__velocity": "zero"}, "sampler .* velocity=zero"),
        ({"target__held_out": 200}, "target .* 360 held-out .* 200 held-out"),
    ],
)
def test_measurements_of_other_protocols_are_not(result: Result, change: dict[str, Any], fact: str) -> None:
    other = result_of(Training(preset_of(**change), CPU)).measured
    with pytest.raises(ValueError, match=f"these measurements differ in {fact}.*compare scores of one protocol only"):
        compare(result.measured, other)


def test_a_protocol_can_be_read_back() -> None:
    facts = {"n": "10", "features": "a, b"}
    assert facts_of(protocol_of(facts)) == facts
    for wrong in ({"a: b": "c"}, {"a": "b; c"}):
        with pytest.raises(ValueError, match="no name may hold"):
            protocol_of(wrong)


def test_features_that_are_not_there_are_refused_and_nothing_changes() -> None:
    with pytest.raises(PresetError, match=r"quality\.features: classifier is for digits and sprites"):
        Training(preset_of(target={"kind": "patches", "held_out": 100}, quality__features="classifier"), CPU)
    run = Training(preset_of(target={"kind": "patches", "held_out": 100}), CPU)
    before = run.preset
    with pytest.raises(PresetError, match=r"quality\.features"):
        run.adopt(presets.changed(run.preset, {"quality.features": "classifier"}))
    assert run.preset == before and "PCA-16" in run.evaluation.features
