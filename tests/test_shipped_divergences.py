"""F20 to F23, F27, F28 and F30: the numbers that the labs promise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gebm_studio import presets
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.values import Values
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import PHI, Measure
from tests.experiments.lab_cases import frame, lab_of, settled

LABS = ("f20", "f21", "f22", "f23", "f27", "f28", "f30")
OF_SCREEN = (0.0119, 0.0581, 0.1637, 0.3781, 0.8069), (0.0055, 0.0250, 0.0646, 0.1322, 0.2368)


def lab(name: str, /, **changes: Any) -> DivergencesPreset:
    preset = presets.load(name)
    assert isinstance(preset, DivergencesPreset)
    return presets.changed(preset, {path.replace("__", "."): value for path, value in changes.items()})


def value(preset: DivergencesPreset, name: Measure) -> float:
    return Values(Pair(preset)).value(name).value


def curves(preset: DivergencesPreset) -> dict[str, Any]:
    swept = lab_of(preset).swept()
    return {"over": swept.over} | {str(name): values for name, values in swept.table().items()}


@pytest.mark.parametrize("name", LABS)
def test_each_lab_opens_runs_and_shows_all_its_rows(name: str) -> None:
    preset = lab(name)
    running = lab_of(preset)
    found = settled(running)
    assert found.bars is not None and {one.name for one in found.bars.values} == set(preset.view.bars)
    assert not any(math.isnan(one.value) or one.note.startswith("needs") for one in found.bars.values)
    assert found.pair is not None and found.pair.below and not found.pair.note
    assert found.swept is not None and all(not np.isnan(curve.values).any() for curve in found.swept.curves)
    for _ in range(30):
        running.advance()
    moved = frame(running, state="running")
    assert moved.swept is not None and moved.pair is not None
    if "swept" in preset.view.docks:
        assert running.iteration == 30 and moved.swept.at != found.swept.at
        assert not any(math.isnan(now) for now in moved.swept.now)


def test_f20_total_variation_is_in_both_families_and_few_are_bounded() -> None:
    preset = lab("f20")
    assert value(preset, "kl") == value(preset, "reverse_kl") == 0.5
    assert value(preset, "pearson") == pytest.approx(math.e - 1) == pytest.approx(value(preset, "neyman"))
    assert value(preset, "hellinger") == pytest.approx(0.2350, abs=5e-5)
    assert value(preset, "total_variation") == pytest.approx(0.3829, abs=5e-5)
    assert value(preset, "w1") == 1
    far = curves(preset)
    assert far["jensen_shannon"].max() < math.log(2) and far["total_variation"].max() < 1
    assert far["kl"].max() > 10 and far["w1"].max() == 5


@pytest.mark.parametrize(("shift", "mmd"), [(2.693, 1.8), (1.350, 1.1)])
def test_f21_has_the_numbers_of_the_slides(shift: float, mmd: float) -> None:
    assert round(value(lab("f21", q__at=(shift, 0.0)), "mmd"), 2) == mmd
    assert value(lab("f21", q__at=(200.0, 0.0)), "mmd") == pytest.approx(math.sqrt(8 / math.sqrt(3)))


def test_f22_each_value_is_the_quadrature_of_its_own_generator() -> None:
    preset = lab("f22")
    exact = {"kl": 0.2853959, "pearson": 0.4929263, "hellinger": 0.1742424, "jensen_shannon": 0.0801844}
    for name, digits in exact.items():
        assert value(preset, name) == pytest.approx(digits, abs=5e-8)  # type: ignore[arg-type]
    assert value(preset, "w1") == pytest.approx(0.7019917, abs=5e-8)
    for name in PHI:
        part = settled(lab_of(lab("f22", view__divergence=name)), needs=frozenset({"pair"})).pair
        assert part is not None
        area = float(np.trapezoid(part.below[0].values.astype(float), part.x.astype(float)))
        scale = 0.5 if name == "jensen_shannon" else 1.0
        if name != "neyman":  # nearly all of its area lies beyond the picture
            assert area * scale == pytest.approx(value(preset, name), abs=1e-3)
    assert value(preset, "neyman") == pytest.approx(2410.57, abs=0.01)
    assert value(preset, "gan") == pytest.approx(2 * 0.0801844 - math.log(4), abs=2e-7)


def test_f23_slid_apart_only_some_still_tell_how_far() -> None:
    found = curves(lab("f23"))
    apart = found["over"] >= 1
    assert np.isinf(found["kl"][found["over"] > 0]).all() and found["kl"][0] == 0
    assert found["jensen_shannon"][apart] == pytest.approx(math.log(2), abs=1e-12)
    assert found["total_variation"][apart] == pytest.approx(1) and found["w1"] == pytest.approx(found["over"])
    overlap = np.maximum(0, 1 - found["over"])
    assert found["total_variation"] == pytest.approx(1 - overlap)
    for name in ("mmd", "kale"):
        steps = np.diff(found[name])
        assert np.isfinite(found[name]).all() and (steps > 0).all()
        assert np.abs(np.diff(steps)).max() < 0.25 * steps.max()  # smooth, also where the overlap ends
    assert value(lab("f23"), "mmd") == pytest.approx(1.2305, abs=5e-5)
    assert value(lab("f23"), "kale") == pytest.approx(5.2421, abs=5e-5)


@pytest.mark.parametrize(("shift", "kale"), [(0.7809, 0.18), (0.6358, 0.12)])
def test_f27_has_the_numbers_of_the_slides(shift: float, kale: float) -> None:
    preset = lab("f27", q__at=(shift, 0.0))
    assert value(preset, "kale") == pytest.approx(kale, abs=2e-5)
    swapped = lab("f27", p__at=(shift, 0.0), q__at=(0.0, 0.0))
    assert value(swapped, "kale") == pytest.approx(value(preset, "kale"), abs=1e-10)
    assert value(preset, "kale") < value(preset, "kl") == pytest.approx(shift**2 / 2)


def test_f28_kale_rises_with_kl_below_the_diagonal() -> None:
    for std, kl, kale in zip((0.9, 0.8, 0.7, 0.6, 0.5), *OF_SCREEN, strict=True):
        preset = lab("f28", q__width=std)
        assert round(value(preset, "kl"), 4) == kl and round(value(preset, "kale"), 4) == kale
    found = curves(lab("f28"))
    order = np.argsort(found["kl"])
    kl, kale = found["kl"][order], found["kale"][order]
    slopes = np.diff(kale) / np.diff(kl)
    assert (kale[1:] < kl[1:]).all() and (slopes > 0).all() and (np.diff(slopes) < 0).all()
    loose = [value(lab("f28", kernel__regularisation=lam), "kale") for lam in (1.0, 0.05, 1e-3, 1e-6)]
    assert (np.diff(loose) > 0).all() and loose[-1] == pytest.approx(value(lab("f28"), "kl"), rel=5e-3)


def test_f30_kale_goes_to_zero_below_the_bound_while_kl_is_infinite() -> None:
    found = curves(lab("f30"))
    assert np.isinf(found["kl"]).all() and found["w1"] == pytest.approx(found["over"])
    assert (found["kale"] <= found["lipschitz_w1"]).all() and (np.diff(found["kale"]) > 0).all()
    # Both fall with the square of the shift.
    for name in ("kale", "lipschitz_w1"):
        rates = np.diff(np.log(found[name][:6])) / np.diff(np.log(found["over"][:6]))
        assert rates == pytest.approx(2, abs=0.02)
