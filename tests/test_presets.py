"""Presets as files: what is written is read back, and what is wrong is said in one line each."""

from __future__ import annotations

import math
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gebm_studio import presets
from gebm_studio.presets import PresetError
from gebm_studio.schema import KINDS, DivergencesPreset, Setting, TrainingPreset, settings_of
from tests.malformed import MALFORMED
from tests.typed import plain, training

SHIPPED = presets.listing()[0]


def _problems(text: str) -> list[str]:
    with pytest.raises(PresetError) as caught:
        presets.parse(text, "file")
    return caught.value.problems


def test_the_lanes_of_a_race_are_set_in_one_word() -> None:
    path, value = presets.assignment('race.lanes=[{name="ula", step_size=0.2}, {name="hmc"}]')
    lanes = presets.changed(training("ring"), {path: value}).race.lanes
    assert [(lane.name, lane.step_size) for lane in lanes] == [("ula", 0.2), ("hmc", 0.1)]


def test_there_are_a_hundred_malformed_presets() -> None:
    assert len(MALFORMED) == 104


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_preset_gives_one_clear_line(name: str, tmp_path: Path) -> None:
    content, said = MALFORMED[name]
    path = tmp_path / "bad.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(PresetError) as caught:
        presets.load(path)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert said in line
    assert line.isprintable() and len(line) < len(str(path)) + 300
    for jargon in ("Input should", "validation", "Tuple", "dict", "instance of", "Traceback", "pydantic"):
        assert jargon not in line


def test_all_problems_are_said_at_once() -> None:
    text = 'seed = -1\nsed = 1\n[target]\nkind = "grid"\nside = 0\n[sampler]\nfriction = "x"\nname = 3\n'
    assert _problems(text) == [
        "file: title: missing; add it",
        "file: seed: must lie from 0 to 2147483647, got -1",
        "file: target.side: must lie from 1 to 20, got 0",
        "file: sampler.name: must be one of ula, mala, random_walk, hmc, kinetic, ghmc, zero_temperature, sphere, "
        "independence, rejection, transport, dgflow, importance, tempering, got 3",
        "file: sampler.friction: must be a number from 0.0001 to 10000, got 'x'",
        "file: sed: unknown key; did you mean seed?",
    ]


def test_all_misfits_are_said_at_once() -> None:
    text = 'title = "t"\n[target]\nkind = "flower"\n[base]\nkind = "circle"\n[energy]\nkind = "conv"\n'
    assert _problems(text) == [
        "file: energy: kind conv needs a target of images, not flower; use kind mlp",
        "file: base: kind circle needs a target in the plane, flower has shape (3,)",
    ]


def test_a_long_value_is_cut() -> None:
    (line,) = _problems(f'title = "t"\n[sampler]\nfriction = "{"x" * 1000}"\n')
    assert len(line) < 160 and line.endswith("…")


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_every_shipped_preset_tells_its_story_and_survives_a_round_trip(entry: presets.Entry, tmp_path: Path) -> None:
    preset = entry.preset
    assert preset.summary and preset.look and preset.expect and preset.source
    presets.save(preset, tmp_path / "copy.toml", run={"device": "cpu", "torch": "2"})
    assert presets.load(tmp_path / "copy.toml") == preset
    assert tomllib.loads((tmp_path / "copy.toml").read_text(encoding="utf-8"))["run"]["device"] == "cpu"


def test_no_shipped_preset_is_broken_and_the_first_comes_first() -> None:
    entries, problems = presets.listing()
    assert problems == []
    assert entries[0].name == presets.FIRST
    figures = [entry.preset.figure for entry in entries if entry.preset.figure]
    assert figures == sorted(figures)


def test_a_broken_preset_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('title = "a"\n')
    (tmp_path / "b.toml").write_text("title = 3\n")
    entries, problems = presets.listing(tmp_path)
    assert [entry.name for entry in entries] == ["a"]
    assert problems == [f"{tmp_path / 'b.toml'}: title: must be text, got 3"]


def _values(setting: Setting) -> st.SearchStrategy[Any]:
    """Valid values of a setting, as a control could give them."""
    low, high = setting.low, setting.high
    if setting.kind == "bool":
        return st.booleans()
    if setting.kind == "choice":
        return st.sampled_from(setting.choices)
    if setting.kind == "choices":
        return st.lists(st.sampled_from(setting.choices), min_size=1, max_size=5, unique=True).map(tuple)
    if setting.kind == "numbers":
        coordinate = st.floats(allow_nan=False, allow_infinity=False)
        return st.tuples(coordinate, coordinate)
    assert low is not None
    if setting.kind == "int":
        assert high is not None
        return st.integers(int(low), int(high))
    finite = st.floats(low, high, exclude_max=setting.high_open, exclude_min=setting.low_open, allow_nan=False)
    return finite if high is not None else finite | st.just(math.inf)


FREE = [
    setting
    for group in ("objective", "training", "sampler", "view")
    for setting in settings_of(getattr(TrainingPreset(title="t"), group), group)
]
TIED = {"swept.low", "swept.high", "swept.spacing"}
"""What a curve runs between must fit together."""
LABS_AND_FLOWS = {
    kind: [
        setting
        for group, section in presets.sections(plain(kind)).items()
        for setting in settings_of(section, group)
        if setting.kind != "text" and setting.path not in TIED
    ]
    for kind in ("divergences", "particles")
}


@given(st.fixed_dictionaries({}, optional={setting.path: _values(setting) for setting in FREE}))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_any_valid_changes_survive_a_file(changes: dict[str, Any]) -> None:
    free = presets.changed(TrainingPreset(title="t"), {"base": "gaussian", "energy": "witness"})
    try:
        preset = presets.changed(free, changes)
    except PresetError as error:  # the one pair here that can exclude each other
        assert {"objective.name"} <= set(changes)
        assert [problem.split(": ")[1] for problem in error.problems] == ["training.train"]
        return
    for path, value in changes.items():
        assert presets.value_at(preset, path) == value
    assert presets.parse(presets.to_toml(preset), "file") == preset


@pytest.mark.parametrize("kind", LABS_AND_FLOWS)
@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_any_valid_changes_of_a_lab_or_of_flows_survive_a_file(kind: str, data: st.DataObject) -> None:
    free = {setting.path: _values(setting) for setting in LABS_AND_FLOWS[kind]}
    changes = data.draw(st.fixed_dictionaries({}, optional=free))
    preset = presets.changed(plain(kind), changes)
    for path, value in changes.items():
        assert presets.value_at(preset, path) == value
    assert presets.parse(presets.to_toml(preset), "file") == preset


COORDINATE = st.floats(-1e6, 1e6)
ON_THE_LINE = st.lists(COORDINATE, min_size=1, max_size=5)
IN_THE_PLANE = st.lists(st.lists(COORDINATE, min_size=2, max_size=2), min_size=1, max_size=5)


@given(IN_THE_PLANE | ON_THE_LINE, st.sampled_from(["p", "q"]))
@settings(max_examples=40, deadline=None)
def test_rows_of_a_law_survive_a_file(rows: list[Any], law: str) -> None:
    """Points and centres of components, also plain numbers on the line, which become rows of one."""
    space = "plane" if isinstance(rows[0], list) else "line"
    columns = tuple(tuple(row) if isinstance(row, list) else (row,) for row in rows)
    head = {"title": "t", "kind": "divergences", "space": space}
    for kind, name, more in (("points", "points", {}), ("mixture", "means", {"stds": [0.5] * len(rows)})):
        preset = presets.parse(tomli_w.dumps({**head, law: {"kind": kind, name: rows, **more}}), "file")
        assert presets.value_at(preset, f"{law}.{name}") == columns
        assert presets.parse(presets.to_toml(preset), "file") == preset


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_preset_or_a_line(text: str) -> None:
    try:
        presets.parse(f'title = "t"\n{text}', "file")
    except PresetError as error:
        assert error.problems
        assert all(line.isprintable() or "\\" in line for line in error.problems)
        assert all("\n" not in line for line in error.problems)


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_is_taken_or_answered(path: str, value: str) -> None:
    for kind in KINDS:
        try:
            presets.changed(plain(kind), dict([presets.assignment(f"{path}={value}")]))
        except PresetError as error:
            assert error.problems and all("\n" not in line for line in error.problems)


def test_another_kind_brings_its_own_defaults() -> None:
    preset = presets.changed(TrainingPreset(title="t"), {"target": "grid", "target.side": 3, "base.kind": "linear"})
    assert preset.target.kind == "grid"
    assert presets.value_at(preset, "target.side") == 3
    assert preset.base.kind == "linear"


def test_another_law_brings_its_own_defaults() -> None:
    plane = presets.changed(DivergencesPreset(title="t"), {"space": "plane", "p": "rings", "q.kind": "shape"})
    assert (plane.p.kind, plane.q.kind) == ("rings", "shape")
    assert presets.value_at(plane, "q.name") == "heart"
    moved = presets.changed(plane, {"q.at": (2.0, -1.0)})
    assert moved.q.at == (2.0, -1.0) and moved.q.kind == "shape"


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_preset_stays(kind: str) -> None:
    for other in (*KINDS, "lab", 3, None):
        with pytest.raises(PresetError) as caught:
            presets.changed(plain(kind), {"kind": other})
        assert caught.value.problems == [f"settings: kind: stays {kind}; open a preset of another kind instead"]


def test_a_file_that_names_no_kind_is_a_training_and_each_other_says_its_own() -> None:
    assert presets.parse('title = "t"', "file") == TrainingPreset(title="t")
    for kind in KINDS:
        made = presets.parse(f'title = "t"\nkind = "{kind}"', "file")
        assert made == plain(kind) and f'kind = "{kind}"' in presets.to_toml(made)


def test_only_a_training_has_variants() -> None:
    assert all(presets.variants(plain(kind)) == () for kind in KINDS)


def test_a_setting_that_may_be_absent_is_cleared_by_none() -> None:
    floored = presets.changed(TrainingPreset(title="t"), {"energy.floor": -10.0})
    assert presets.value_at(floored, "energy.floor") == -10.0
    for nothing in (None, "none"):
        assert presets.value_at(presets.changed(floored, {"energy.floor": nothing}), "energy.floor") is None


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"sampler.fricton": 1.0}, "settings: sampler.fricton: no such setting; did you mean sampler.friction"),
        ({"nothing": 1}, "settings: nothing: no such setting"),
        ({"a.b.c": 1}, "settings: a.b.c: no such setting"),
        ({"target.kind.x": 1}, "settings: target.kind.x: no such setting"),
        ({"": 1}, "settings: : no such setting"),
        ({"target": "rings"}, "settings: target.kind: must be one of ring"),
        ({"target": 3, "target.modes": 4}, "settings: target: must be a table, got 3"),
        ({"target": "moons", "target.modes": 4}, "settings: target.modes: unknown key"),
        ({"sampler": "ula"}, "settings: sampler.kind: unknown key"),
        ({"target.modes": 3, "target.weights": [1, 2]}, "settings: target.weights: 3 components need 3"),
        ({"p.at": (1.0, 0.0)}, "settings: p.at: no such setting"),
    ],
)
def test_a_bad_change_is_answered_in_one_line(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(PresetError) as caught:
        presets.changed(TrainingPreset(title="t"), changes)
    (said,) = caught.value.problems
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"sampler.friction": 1.0}, "settings: sampler.friction: no such setting"),
        ({"p.widht": 1.0}, "settings: p.widht: no such setting; did you mean p.width"),
        ({"p": "ring"}, "settings: p.kind: must be one of gaussian, uniform"),
        ({"p": "toy"}, "settings: p: kind toy has dimension 2 here and does not live on the line"),
        ({"space": "space"}, "settings: space: must be one of line, plane"),
        ({"q": "point", "swept.over": "q.width"}, "settings: swept.over: a law of kind point has no width"),
        ({"swept.low": 3.0}, "settings: swept.low: must be below high, got 3.0 and 3.0"),
        ({"q.at": (0.0,)}, "settings: q.at[1]: missing"),
        ({"q.at": (0.0, math.inf)}, "settings: q.at[1]: must be a finite number, got inf"),
    ],
)
def test_a_bad_change_of_a_lab_is_answered_in_one_line(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(PresetError) as caught:
        presets.changed(DivergencesPreset(title="t"), changes)
    (said,) = caught.value.problems
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("sampler.friction=0.5", "sampler.friction", 0.5),
        ("seed = 3", "seed", 3),
        ("target=moons", "target", "moons"),
        ("target.weights=[1, 2]", "target.weights", [1, 2]),
        ("energy.spectral_norm=true", "energy.spectral_norm", True),
        ("sampler.temperature=inf", "sampler.temperature", math.inf),
        ('title="a b"', "title", "a b"),
        ("title=a = b", "title", "a = b"),
        ("title=", "title", ""),
    ],
)
def test_an_assignment_is_read_as_toml_or_as_a_word(text: str, path: str, value: Any) -> None:
    assert presets.assignment(text) == (path, value)


@pytest.mark.parametrize("text", ["", "=", "=3", "seed", " = 3"])
def test_an_assignment_without_a_key_or_an_equals_sign_is_refused(text: str) -> None:
    with pytest.raises(PresetError, match="must be key=value"):
        presets.assignment(text)


def test_presets_are_found_by_name_figure_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for name in ("ring", "f01_circle", "f01_second"):
        (shipped / f"{name}.toml").write_text(f'title = "{name}"\n')
    monkeypatch.setattr(presets, "shipped", lambda folder: shipped)
    assert presets.find("F01").stem == "f01_circle"
    assert presets.find("f01_second").stem == "f01_second"
    assert presets.find("RING").stem == "ring"
    assert presets.find(tmp_path / "none.toml") == tmp_path / "none.toml"
    with pytest.raises(PresetError, match=r"preset 'f01_circel': no such preset or file; did you mean f01_circle"):
        presets.find("f01_circel")
    with pytest.raises(PresetError, match="is a folder"):
        presets.find(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.toml", "cannot read missing.toml: no such file or directory; check the name"),
        ("missing.gebm", "cannot read missing.gebm: no such file or directory; check the name"),
        ("~nobody-of-that-name/x.toml", "check the name"),
        ("x" * 5000, "file name too long; check the name"),
        ("", "no such preset or file"),
    ],
)
def test_a_file_that_cannot_be_found_is_said(name: str, said: str) -> None:
    with pytest.raises(PresetError) as caught:
        presets.load(name)
    (line,) = caught.value.problems
    assert said in line and len(line) < 200


def test_a_folder_named_like_a_preset_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(PresetError, match=r"is a directory; name a file, not a folder"):
        presets.load(tmp_path / "folder.toml")


def test_the_settings_of_a_saved_run_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run.gebm"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("preset.toml", presets.to_toml(TrainingPreset(title="saved", seed=7)))
    assert presets.load(path) == TrainingPreset(title="saved", seed=7)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x00" * 100])
def test_a_damaged_run_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.gebm").write_bytes(content)
    with pytest.raises(PresetError, match="not a saved run, or a damaged one"):
        presets.load(tmp_path / "run.gebm")


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_a_preset_is_described_by_its_path(kind: str) -> None:
    preset = plain(kind)
    for name, section in presets.sections(preset).items():
        for setting in settings_of(section, name):
            assert presets.describe_path(preset, setting.path) == setting
    for path in ("nothing", "sampler.nothing", "a.b", "a.b.c"):
        with pytest.raises(PresetError, match="no such setting"):
            presets.describe_path(preset, path)
    assert {"seed", "title"}.isdisjoint(presets.sections(preset))
    assert all(setting.kind in ("int", "float") for setting in presets.numeric_settings(preset))
