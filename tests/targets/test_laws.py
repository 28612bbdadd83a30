"""Laws that can be dragged: densities, draws that move with them, and what each knows of itself exactly."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import TypeAdapter

from gebm_studio.divergences import integrate, integrate_plane
from gebm_studio.presets import PresetError
from gebm_studio.schema import law as schema
from gebm_studio.targets.laws import Law, place

SECTION: TypeAdapter[schema.AnyLaw] = TypeAdapter(schema.AnyLaw)
LINE: list[dict[str, Any]] = [
    {"kind": "gaussian", "at": (0.3, 0), "width": 0.8},
    {"kind": "uniform", "at": (-1, 0), "width": 2.5},
    {"kind": "mixture", "means": [-1, 2], "stds": [0.3, 0.7], "weights": [1, 3], "at": (0.5, 0), "width": 0.5},
]
PLANE: list[dict[str, Any]] = [
    {"kind": "gaussian", "at": (0.3, -1), "width": 0.8, "aspect": 0.4, "angle": 0.7},
    {"kind": "uniform", "at": (-1, 0.5), "width": 2.5, "aspect": 0.3},
    {"kind": "mixture", "means": [[-1, 0], [2, 1]], "stds": [0.3, 0.7], "weights": [1, 3], "width": 0.5},
    {"kind": "toy", "name": "ring", "width": 0.5, "at": (1, 1)},
    {"kind": "toy", "name": "moons", "width": 2},
    {"kind": "toy", "name": "checkerboard", "width": 0.5},
]
WITHOUT: list[dict[str, Any]] = [
    {"kind": "toy", "name": "pinwheel"}, {"kind": "rings"}, {"kind": "point"}, {"kind": "points", "points": [[0, 1]]},
]  # fmt: skip
SHAPES = ["heart", "star", "crescent", "spiral", "cross"]


def law(table: dict[str, Any], dimension: int, folder: str = "", seed: int = 3) -> Law:
    return place(SECTION.validate_python(table), dimension, seed=seed, folder=folder)


def density(found: Law, x: Any) -> Any:
    return np.exp(found.log_density(x.reshape(len(x), found.dimension)))


@pytest.mark.parametrize("table", LINE)
def test_on_the_line_density_distribution_function_and_quantiles_agree(table: dict[str, Any]) -> None:
    found = law(table, 1)
    low, high = float(found.breaks[0]), float(found.breaks[-1])
    edges = np.unique([low - 1, *found.breaks, high + 1])
    assert integrate(lambda x: density(found, x), edges).value == pytest.approx(1, abs=1e-10)
    for end in np.linspace(low, high, 7)[1:-1]:
        part = integrate(lambda x: density(found, x), np.unique([*edges[edges < end], end])).value
        assert part == pytest.approx(float(found.cdf(np.array([end]))[0]), abs=1e-9)
    u = np.array([1e-12, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-9])
    assert found.cdf(found.quantile(u)) == pytest.approx(u, rel=1e-9)
    assert scipy.stats.kstest(found.sample(2000)[:, 0], found.cdf).pvalue > 1e-4


@pytest.mark.parametrize("table", PLANE)
def test_in_the_plane_densities_have_mass_one_and_draws_follow_them(table: dict[str, Any]) -> None:
    found = law(table, 2)
    low, high = found.home
    pad = 0.5 * (high - low)
    x, y = (np.linspace(a, b, 13) for a, b in zip(low - pad, high + pad, strict=True))
    edges = (np.unique([*axis, a, b]) for axis, a, b in zip((x, y), low, high, strict=True))
    mass = integrate_plane(lambda at: density(found, at), *edges, tolerance=1e-3)
    assert mass.value == pytest.approx(1, abs=0.01)
    # The mean of any bounded function under draws and density: here of whether a point lies left of the middle.
    middle = float(found.home[0][0] + found.home[1][0]) / 2
    cells = (np.unique([*axis, middle]) if k == 0 else axis for k, axis in enumerate((x, y)))
    left = integrate_plane(lambda at: density(found, at) * (at[:, 0] < middle), *cells, tolerance=1e-3)
    share = float((found.sample(4000)[:, 0] < middle).mean())
    assert share == pytest.approx(float(left.value), abs=0.04)  # five standard errors


@pytest.mark.parametrize("table", [*PLANE, {"kind": "shape"}, {"kind": "toy", "name": "pinwheel"}])
def test_draws_move_with_the_law_and_a_longer_draw_begins_like_a_shorter_one(table: dict[str, Any]) -> None:
    found = law(table, 2)
    first = found.sample(100)
    assert (found.sample(1500)[:100] == first).all()
    assert (law(table, 2).sample(100) == first).all() and (law(table, 2, seed=4).sample(100) != first).any()
    there = found.at + np.array([1.0, 2.0])
    moved = found.moved(at=there, width=2 * found.width)
    assert moved.sample(100) == pytest.approx(there + 2 * (first - found.at))
    assert (first >= found.home[0] - 4 * (found.home[1] - found.home[0])).all()


@given(width=st.floats(0.05, 20), shift=st.floats(-5, 5))
@settings(max_examples=20, deadline=None)
def test_what_is_known_of_a_law_moves_with_it(width: float, shift: float) -> None:
    x = np.linspace(-4, 4, 9)[:, None]
    for table in LINE:
        found = law(table | {"at": (shift, 0), "width": width}, 1)
        base = law(table | {"at": (0, 0), "width": 1}, 1)
        assert found.log_density(shift + width * x) == pytest.approx(base.log_density(x) - math.log(width), abs=1e-9)
        if found.mixture is not None:
            means, stds, weights = found.mixture
            expected = scipy.stats.norm.pdf(x, means[:, 0], stds) @ weights
            assert density(found, x) == pytest.approx(expected, rel=1e-7, abs=1e-300)
        if found.gaussian is not None:
            assert found.gaussian[0] == pytest.approx([shift]) and found.gaussian[1][0] == pytest.approx([width**2])
        if found.uniform is not None:
            assert np.ravel(found.uniform) == pytest.approx([shift - width / 2, shift + width / 2])


def test_tails_tell_how_a_density_fades() -> None:
    tails = law(LINE[0] | {"at": (3, 0), "width": 2}, 1).tails
    assert tails is not None
    for tail, sign in zip(tails, (-1, 1), strict=True):
        s = np.array([50.0, 60.0])
        logs = law(LINE[0] | {"at": (3, 0), "width": 2}, 1).log_density((sign * s)[:, None])
        assert np.diff(logs) == pytest.approx(np.diff(-tail.square * s**2 + tail.linear * s))
    uniform = law(LINE[1], 1).tails
    assert uniform is not None and math.isinf(uniform.left.square)


@pytest.mark.parametrize("table", [*LINE, {"kind": "points", "points": [1, 2, 5]}])
def test_a_law_of_no_width_is_one_point(table: dict[str, Any]) -> None:
    found = law(table | {"at": (0.5, 0), "width": 0}, 1)
    assert found.is_point and not found.has_density and found.tails is None
    assert found.atoms is not None and found.atoms.points.tolist() == [[0.5]]
    assert found.sample(4).tolist() == [[0.5]] * 4
    assert found.cdf(np.array([0.4, 0.5])).tolist() == [0, 1] and found.quantile(np.array([0.3])).tolist() == [0.5]
    with pytest.raises(NotImplementedError, match="has_density"):
        found.log_density(np.zeros((1, 1)))


@pytest.mark.parametrize("table", WITHOUT)
def test_what_has_no_density_says_so(table: dict[str, Any]) -> None:
    found = law(table, 2)
    assert not found.has_density and found.sample(7).shape == (7, 2) and np.isfinite(found.sample(7)).all()
    with pytest.raises(NotImplementedError):
        found.log_density(np.zeros((1, 2)))


def test_atoms_are_drawn_once_each_before_any_is_drawn_twice() -> None:
    found = law({"kind": "points", "points": [1, 2, 5, 5, 9], "at": (1, 0), "width": 2}, 1)
    assert sorted(found.sample(5)[:, 0]) == [3, 5, 11, 11, 19] and sorted(found.sample(10)[5:, 0]) == [3, 5, 11, 11, 19]
    assert found.cdf(np.array([2.9, 3, 11, 18.9, 19])) == pytest.approx([0, 0.2, 0.8, 0.8, 1])
    assert found.quantile(np.array([0, 0.2, 0.3, 0.8, 1])).tolist() == [3, 3, 5, 11, 19]
    empty = law({"kind": "points"}, 1)
    assert empty.is_empty and empty.sample(3).shape == (0, 1)


@given(count=st.integers(1, 60), rings=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_rings_share_their_points_evenly(count: int, rings: int) -> None:
    points = law({"kind": "rings", "rings": rings, "radius": 0.3, "gap": 0.5}, 2).sample(count)
    centres = (np.arange(rings) - (rings - 1) / 2) * (2 + 0.5) * 0.3
    away = np.abs(np.hypot(points[:, :1] - centres, points[:, 1:]) - 0.3)
    assert len(points) == count and away.min(axis=1).max() < 1e-12
    shares = np.bincount(away.argmin(axis=1), minlength=rings)
    assert shares.max() - shares.min() <= 1


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_even_mass_on_its_cells(name: str) -> None:
    found = law({"kind": "shape", "name": name, "width": 2, "at": (1, 0)}, 2)
    points = found.sample(2000)
    logs = found.log_density(points)
    assert np.ptp(logs) == 0 and np.isneginf(found.log_density(np.array([[5.0, 5.0]]))).all()
    box = np.prod(found.home[1] - found.home[0])
    assert 0.1 * box < math.exp(-logs[0]) < 0.8 * box
    low, high = found.home
    inside = np.random.default_rng(0).uniform(low, high, size=(20000, 2))
    share = np.isfinite(found.log_density(inside)).mean()
    assert share * box == pytest.approx(math.exp(-logs[0]), rel=0.05)


def test_dark_pixels_carry_the_mass_of_a_picture(tmp_path: Path) -> None:
    picture = np.full((20, 40), 255, dtype=np.uint8)
    picture[:10, :20] = 0  # top left
    Image.fromarray(picture).save(tmp_path / "dark.png")
    points = law({"kind": "shape", "name": "picture", "path": "dark.png"}, 2, str(tmp_path)).sample(500)
    assert (points[:, 0] <= 0).all() and (points[:, 1] >= 0).all()
    assert points.min() >= -1 and points[:, 1].max() <= 0.5


def test_a_picture_that_cannot_serve_is_told(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "white.png").read_bytes()[:60])
    says = {
        "white.png": "darker",
        "clear.png": "darker",
        "text.png": "not a picture",
        "cut.png": "cut.png",
        "none.png": "no",
    }
    for name, why in says.items():
        with pytest.raises(PresetError, match=why) as refused:
            law({"kind": "shape", "name": "picture", "path": name}, 2, str(tmp_path))
        assert len(refused.value.problems) == 1 and name in refused.value.problems[0]


@pytest.mark.parametrize(
    ("text", "dimension", "why"),
    [
        ("1,2\n3,nan\n", 2, "point 2, column 2: nan is not a finite number"),
        ("1,2\n3,x\n", 2, "line 2, column 2: 'x' is not a number"),
        ("1\n2\n", 2, "one column, but the law lives in the plane"),
        ("1,2\n3,4\n", 1, "two columns, but the law lives on the line"),
        ("1,2,3\n", 2, "3 columns"),
        ("", 1, "empty"),
    ],
)
def test_a_file_that_cannot_serve_is_told(tmp_path: Path, text: str, dimension: int, why: str) -> None:
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(PresetError, match=why):
        law({"kind": "file", "path": "points.csv"}, dimension, str(tmp_path))


def test_a_file_of_points_is_a_finite_law(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("2.5\n")
    assert law({"kind": "file", "path": "one.csv"}, 1, str(tmp_path)).is_point
    (tmp_path / "points.csv").write_text("x,y\n1,2\n3,6\n")
    found = law({"kind": "file", "path": "points.csv", "standardise": True, "width": 3}, 2, str(tmp_path))
    assert found.atoms is not None and found.atoms.points.tolist() == [[-3, -3], [3, 3]]
    with pytest.raises(PresetError, match="path: empty"):
        law({"kind": "file"}, 2)
    with pytest.raises(PresetError, match="does not live in 1 dimensions"):
        law({"kind": "rings"}, 1)
