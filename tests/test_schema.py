"""The schema as a whole: every setting says what a control, a check and a reader need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import TypeAdapter

from gebm_studio import presets
from gebm_studio.schema import (
    KINDS,
    DivergencesPreset,
    ParticlesPreset,
    Preset,
    Section,
    Setting,
    TrainingPreset,
    Variant,
    describe,
    json_schema,
    settings_of,
    value_at,
)
from gebm_studio.schema.divergences import Moved
from gebm_studio.schema.field import number
from gebm_studio.schema.measures import ABOUT, PHI, Family, Measure
from gebm_studio.schema.particles import MEASURES, RULES, FlowMeasure, Rule
from tests.registry import section_classes
from tests.typed import plain

UNBOUNDED = {"sampler.temperature"}
"""Infinity is a temperature: β = 0 is the base."""

# A rate, a ratio or a pure number has no unit; whatever counts or lasts has one.
COUNTED = (
    "steps",
    "chains",
    "networks",
    "points",
    "iterations",
    "frames",
    "units",
    "channels",
    "layers",
    "images",
    "s",
    "1/s",
    "rad",
    "%",
    "rungs",
    "gradients",
    "",
)


CLASSES = {model: group for kind in KINDS for group, model in section_classes(kind)}
"""Every class of a section, with a group that it stands for."""
UNTOLD = {Variant}
"""What is written in files only and has no control: its fields need no bounds."""


def _every_setting() -> Iterator[Setting]:
    for model, group in CLASSES.items():
        if model not in UNTOLD:
            yield from settings_of(model, group)
    yield describe("seed", Preset.model_fields["seed"])
    yield describe("space", DivergencesPreset.model_fields["space"])
    yield describe("others", ParticlesPreset.model_fields["others"])


SETTINGS = list(_every_setting())
NUMBERS = [setting for setting in SETTINGS if setting.kind in ("int", "float")]


def _id(setting: Setting) -> str:
    return f"{setting.path}-{setting.default}"


@pytest.mark.parametrize("setting", SETTINGS, ids=_id)
def test_every_setting_explains_itself(setting: Setting) -> None:
    assert setting.label and setting.label[0] == setting.label[0].upper()
    assert len(setting.help) > 5 and setting.help.endswith(".")
    assert setting.unit in COUNTED
    assert setting.kind in ("bool", "int", "float", "text", "choice", "choices", "numbers", "sections")
    assert setting.scale in ("linear", "log")


@pytest.mark.parametrize("setting", NUMBERS, ids=_id)
def test_every_number_has_bounds_that_hold_its_default_and_its_slider(setting: Setting) -> None:
    assert setting.low is not None
    if setting.path in UNBOUNDED:
        assert setting.high is None and setting.slider is not None
        return
    assert setting.high is not None and setting.low < setting.high
    if setting.default is not None:
        assert setting.low <= setting.default <= setting.high
    low, high = setting.slider or (setting.low, setting.high)
    assert setting.low <= low < high <= setting.high
    if setting.scale == "log":
        assert low > 0


@pytest.mark.parametrize("setting", NUMBERS, ids=_id)
def test_a_range_is_told_in_words(setting: Setting) -> None:
    text = setting.range_text()
    assert setting.low is not None
    assert number(setting.low) in text and "None" not in text
    assert "e+" not in text


@pytest.mark.parametrize(
    "model", [model for model in CLASSES if model not in UNTOLD], ids=lambda model: f"{CLASSES[model]}-{model.__name__}"
)
def test_every_section_has_valid_defaults_and_refuses_strangers(model: type[Section]) -> None:
    section = model()
    assert model.model_validate(section.model_dump()) == section
    with pytest.raises(ValueError, match="extra_forbidden"):
        model.model_validate({"stranger": 1})


def test_a_setting_that_depends_on_another_names_a_value_that_it_can_have() -> None:
    for model in CLASSES:
        by_path = {setting.path: setting for setting in settings_of(model)}
        for setting in by_path.values():
            if setting.when:
                assert set(setting.when[1]) <= set(by_path[setting.when[0]].choices)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_told_apart(kind: str) -> None:
    assert KINDS[kind].model_fields["kind"].default == kind
    for group, field in KINDS[kind].model_fields.items():
        models = [model for name, model in section_classes(kind) if name == group and "kind" in model.model_fields]
        tags = [model.model_fields["kind"].default for model in models]
        assert len(set(tags)) == len(tags)
        if tags:
            assert describe(group, field).choices == tuple(tags)


def test_the_temperature_may_be_infinite_and_nothing_else() -> None:
    hot = TypeAdapter(TrainingPreset).validate_python({"title": "hot", "sampler": {"temperature": float("inf")}})
    assert hot.sampler.temperature == float("inf")
    for kind, preset in KINDS.items():
        for group, section in presets.sections(plain(kind)).items():
            for setting in settings_of(section, group):
                if setting.kind == "float" and setting.path not in UNBOUNDED:
                    name, tag = setting.path.partition(".")[2], getattr(section, "kind", None)
                    table = {name: float("inf")} | ({} if tag is None else {"kind": tag})
                    with pytest.raises(ValueError, match=r"less than|finite"):
                        preset.model_validate({"title": "t", group: table})


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_schema_holds_every_setting_with_its_bounds(kind: str) -> None:
    schema = json.loads(json.dumps(KINDS[kind].model_json_schema()))
    assert schema["properties"]["title"]["maxLength"] == 80
    for _, model in section_classes(kind):
        properties = schema["$defs"][model.__name__]["properties"]
        assert set(properties) == set(model.model_fields)
        assert schema["$defs"][model.__name__]["additionalProperties"] is False
        for name, described in properties.items():
            assert name == "kind" or described["description"]


def test_bounds_and_scales_stand_in_the_json_schema() -> None:
    schema = json_schema()
    ring, rings = schema["$defs"]["Ring"]["properties"], schema["$defs"]["Rings"]["properties"]
    assert (ring["modes"]["minimum"], ring["modes"]["maximum"]) == (1, 64)
    assert ring["std"]["scale"] == "log"
    assert (rings["rings"]["minimum"], rings["rings"]["maximum"], rings["at"]["live"]) == (1, 9, True)
    curves = schema["$defs"]["Swept"]["properties"]["curves"]
    assert (curves["minItems"], curves["maxItems"], set(curves["items"]["enum"])) == (1, 12, set(ABOUT))


def test_every_measure_is_told_of_once() -> None:
    assert tuple(ABOUT) == get_args(Measure)
    assert len({about.label for about in ABOUT.values()}) == len(ABOUT)
    assert all(about.formula and about.family in get_args(Family) for about in ABOUT.values())
    assert set(PHI) == {name for name, about in ABOUT.items() if about.family in ("phi", "both")}
    assert set(RULES) == set(get_args(Rule)) and set(MEASURES) == set(get_args(FlowMeasure))


@pytest.mark.parametrize("over", get_args(Moved))
def test_whatever_is_swept_is_a_live_setting(over: str) -> None:
    group, _, name = over.partition(".")
    setting = describe(name, type(getattr(plain("divergences"), group)).model_fields[name], group)
    assert setting.live and setting.kind in ("numbers", "int", "float")


def test_a_value_is_found_by_its_path() -> None:
    preset = TrainingPreset(title="t")
    assert value_at(preset, "target.modes") == 8
    assert value_at(preset, "seed") == 0
    for path in ("target.nothing", "nothing", "seed.deeper", ""):
        with pytest.raises(KeyError):
            value_at(preset, path)


@pytest.mark.parametrize(
    ("value", "text"), [(1e-7, "1e-7"), (0.15, "0.15"), (2**31 - 1, "2147483647"), (1e20, "1e20"), (-10.0, "-10")]
)
def test_numbers_are_written_as_a_person_writes_them(value: float, text: str) -> None:
    assert number(value) == text
