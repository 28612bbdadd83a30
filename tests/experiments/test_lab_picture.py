"""The picture of a pair: densities, points, what is below them, and a home that does not jump."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from gebm_studio.divergences import GENERATORS, evaluate
from gebm_studio.messages import PairPart, SetValue
from gebm_studio.schema.measures import PHI
from tests.experiments.lab_cases import frame, lab_of, preset_of, settled

PAIR = frozenset({"pair"})


def picture(*laws: dict[str, Any], **changes: Any) -> PairPart:
    part = settled(lab_of(preset_of(*laws, **changes)), needs=PAIR).pair
    assert part is not None
    return part


def test_densities_on_the_line() -> None:
    part = picture({"kind": "gaussian", "width": 0.5}, {"kind": "uniform", "at": (1, 0), "width": 2})
    x = part.x.astype(float)
    assert len(x) >= 512 and (np.diff(x) >= 0).all() and part.home[0] < -1.75 and part.home[1] > 2
    assert part.p.density == pytest.approx(scipy.stats.norm.pdf(x, 0, 0.5), abs=1e-5)
    assert np.trapezoid(part.q.density, x) == pytest.approx(1, abs=1e-3)
    assert part.home[3] > part.p.density.max() and part.p.width == 0.5 and not part.p.atoms and not len(part.p.points)


@pytest.mark.parametrize("name", PHI)
def test_the_area_of_the_integrand_is_the_value(name: str) -> None:
    part = picture({"kind": "gaussian"}, {"kind": "gaussian", "at": (0.5, 0), "width": 1.2},
                   view__lower="integrand", view__divergence=name)  # fmt: skip
    raw = np.trapezoid(part.below[0].values, part.x.astype(float))
    lab = lab_of(preset_of({"kind": "gaussian"}, {"kind": "gaussian", "at": (0.5, 0), "width": 1.2}))
    shown = lab.values()[name].value  # type: ignore[index]
    expected = raw if name == "gan" else GENERATORS[name].customary(float(raw))
    assert expected == pytest.approx(shown, abs=0.02 * max(1, abs(shown)))


def test_ratio_critics_and_witnesses_are_functions_of_the_laws() -> None:
    x = picture(view__lower="log_ratio").x.astype(float)
    ratio = 0.5 - x  # log N(0, 1)/N(1, 1)
    assert picture(view__lower="log_ratio").below[0].values == pytest.approx(ratio, abs=1e-4)
    tight = picture(view__lower="critics", view__divergence="hellinger").below[-1]
    expected = evaluate(GENERATORS["hellinger"].slope, np.exp(ratio))
    assert tight.tight and tight.values == pytest.approx(expected, rel=1e-3, abs=1e-4)
    smooth = scipy.stats.norm(0, math.sqrt(2)).pdf
    witness = math.sqrt(2 * math.pi) * (smooth(x) - smooth(x - 1))
    assert picture(view__lower="mmd_witness").below[0].values == pytest.approx(witness, abs=1e-5)
    h, e_h = (picture(view__lower=lower).below[0].values for lower in ("kale_critic", "kale_witness"))
    assert np.exp(h) == pytest.approx(e_h, rel=1e-4)
    critic = picture(view__lower="transport").below[0].values
    slopes, near = np.abs(np.diff(critic) / np.diff(x)), np.abs(x[1:]) < 4
    assert slopes.max() < 1.01 and slopes[near] == pytest.approx(1, abs=1e-2)


def test_atoms_are_shown_as_points() -> None:
    part = picture({"kind": "points", "points": [1, 2], "at": (0.5, 0)}, view__lower="transport")
    assert part.p.atoms and part.p.points[:, 0].tolist() == [1.5, 2.5] and not len(part.p.density)
    drawn = picture(measure__values="samples", measure__samples=50)
    assert drawn.p.points.shape == (50, 1) and not drawn.p.atoms and len(drawn.p.density)


@pytest.mark.parametrize("lower", ["log_ratio", "critics", "integrand", "mmd_witness", "kale_witness", "kale_critic"])
def test_the_plane_has_maps_and_level_lines(lower: str) -> None:
    part = picture({"kind": "toy", "name": "ring"}, {"kind": "gaussian", "at": (1, 0)}, space="plane",
                   view__lower=lower)  # fmt: skip
    assert part.map is not None and part.map.values.shape == (96, 96) and part.map.extent == part.home
    assert np.isfinite(part.map.levels).all() and part.map.levels[0] < part.map.levels[1]
    assert part.p.contour is not None and part.q.contour is not None and len(part.x) == 0
    assert part.p.points.shape == (240, 2) and part.note == ""
    left, right, bottom, top = part.p.contour.extent
    cell = (right - left) * (top - bottom) / part.p.contour.values.size
    assert float(part.p.contour.values.sum()) * cell == pytest.approx(1, abs=0.02)


def test_what_a_picture_lacks_is_said() -> None:
    assert "on the line only" in picture(space="plane", view__lower="transport").note
    rings = picture({"kind": "rings"}, space="plane", view__lower="log_ratio")
    assert rings.map is None and "P has no known density" in rings.note and rings.p.contour is None
    assert "P has no points" in picture({"kind": "points"}).note


def test_the_home_follows_a_law_without_jumps() -> None:
    lab = lab_of(preset_of(view__docks=["bars"]))
    homes = []
    for step in range(120):
        lab.set_value(SetValue("q.at", (0.1 * step, 0.0)))
        part = frame(lab, needs=PAIR).pair
        assert part is not None and part.home[0] <= -3.5 and part.home[1] >= 0.1 * step + 3.5
        homes.append(part.home)
    assert len(set(homes)) < 25
    lab.set_value(SetValue("q.at", (0.0, 0.0)))
    part = frame(lab, needs=PAIR).pair
    assert part is not None and part.home[1] < 6


def test_the_home_holds_all_places_of_a_running_law() -> None:
    lab = lab_of(preset_of(swept__low=-4.0, swept__high=4.0))
    homes = set()
    for at in np.linspace(-4, 4, 17):
        lab.set_value(SetValue("q.at", (float(at), 0.0)))
        part = frame(lab, needs=PAIR).pair
        assert part is not None
        homes.add(part.home[:2])
    assert len(homes) == 1 and next(iter(homes))[0] <= -7.5 and next(iter(homes))[1] >= 7.5


def test_a_closer_look_has_as_many_points() -> None:
    part = frame(lab_of(preset_of()), needs=PAIR, pair_extent=(-0.1, 0.1, 0.0, 1.0)).pair
    assert part is not None and len(part.x) >= 512 and part.x[0] == pytest.approx(-0.1) and part.home[1] > 3
