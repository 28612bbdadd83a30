"""Tangents of generators: exact contact, exact intercepts, and back from all of them to φ."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gebm_studio.divergences import GENERATORS, evaluate, numeric_conjugate
from gebm_studio.experiments.lab.tangent import tangent_part
from gebm_studio.messages import TangentPart
from gebm_studio.schema.measures import PHI, Phi
from tests.experiments.lab_cases import preset_of


def part_of(name: Phi, slope: float) -> TangentPart:
    return tangent_part(preset_of(view__divergence=name, view__slope=slope), 1)


@pytest.mark.parametrize("name", PHI)
def test_the_curves_are_the_table_and_come_back_by_search(name: Phi) -> None:
    part, generator = part_of(name, 0.1), GENERATORS[name]
    assert part.generator == pytest.approx(evaluate(generator.f, part.u), abs=1e-5)
    assert part.error < 1e-12
    assert np.isfinite(part.conjugate).all()
    inside = slice(1, -1)  # at an end of the domain a search sees only rounding
    assert part.conjugate[inside] == pytest.approx(numeric_conjugate(generator, part.t[inside]), abs=1e-5)
    low, high = part.domain
    assert low <= part.t[0] < part.t[-1] <= high
    # What a picture can hold, and the left of zero only where the supremum is over the whole line.
    assert np.abs(part.generator).max() <= 16 and np.abs(part.conjugate).max() <= 6
    assert (part.u[0] < 0) == (generator.lowest == -math.inf)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PHI), st.floats(-4, 4))
def test_a_tangent_touches_and_stays_below(name: Phi, slope: float) -> None:
    part, generator = part_of(name, slope), GENERATORS[name]
    low, high = part.domain
    if not low <= slope <= high:
        assert math.isnan(part.touches) and part.conjugate_there == math.inf
        return
    assume(low < slope < high - 1e-3)
    # The intercept −φ*(v) is that of the line of slope v through the point where it touches.
    intercept = part.value_there - slope * part.touches
    assert -part.conjugate_there == pytest.approx(intercept, rel=1e-9, abs=1e-9)
    line = slope * part.u.astype(float) - part.conjugate_there
    assert (evaluate(generator.f, part.u) >= line - 1e-9 * (1 + np.abs(line))).all()


def test_the_ends_of_a_domain() -> None:
    """At the end of Neyman's domain φ* is still finite though no u is touched; at that of reverse KL it is ∞."""
    neyman, reverse = part_of("neyman", 1.0), part_of("reverse_kl", 0.0)
    assert neyman.conjugate_there == 2 and math.isnan(neyman.touches)
    assert reverse.conjugate_there == math.inf and math.isnan(reverse.value_there)
    kink = part_of("total_variation", 0.5)
    assert (kink.touches, kink.value_there, kink.conjugate_there) == (1, 0, 0.5)


def test_just_before_the_end_of_a_domain_the_touching_point_is_out_of_reach() -> None:
    part = part_of("gan", -1e-200)
    assert math.isnan(part.touches) and math.isnan(part.value_there)


def test_far_slopes_are_numbers() -> None:
    part = part_of("kl", 50.0)
    assert part.touches == pytest.approx(math.exp(49)) and math.isfinite(part.value_there)
    assert part_of("jeffrey", -50.0).conjugate_there == pytest.approx(
        float(numeric_conjugate(GENERATORS["jeffrey"], -50.0)), rel=1e-9
    )
