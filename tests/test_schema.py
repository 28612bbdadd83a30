"""The schema as a whole: every setting says what a control, a check and a reader need."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from gebm_studio.schema import Base, Energy, Section, Setting, Target, TrainingPreset, describe, settings_of, value_at
from gebm_studio.schema.field import number
from gebm_studio.schema.target import Ring

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
    "1/s",
    "rad",
    "%",
    "rungs",
    "gradients",
    "",
)


def _section_classes() -> Iterator[tuple[str, type[Section]]]:
    for group, union in (("target", Target), ("base", Base), ("energy", Energy)):
        for member in typing.get_args(typing.get_args(union)[0]):
            yield group, member
    for group in ("objective", "training", "sampler", "view"):
        annotation = TrainingPreset.model_fields[group].annotation
        assert isinstance(annotation, type) and issubclass(annotation, Section)
        yield group, annotation


def _every_setting() -> Iterator[Setting]:
    for group, model in _section_classes():
        yield from settings_of(model, group)
    yield describe("seed", TrainingPreset.model_fields["seed"])


SETTINGS = list(_every_setting())
NUMBERS = [setting for setting in SETTINGS if setting.kind in ("int", "float")]


def _id(setting: Setting) -> str:
    return f"{setting.path}-{setting.default}"


@pytest.mark.parametrize("setting", SETTINGS, ids=_id)
def test_every_setting_explains_itself(setting: Setting) -> None:
    assert setting.label and setting.label[0] == setting.label[0].upper()
    assert len(setting.help) > 5 and setting.help.endswith(".")
    assert setting.unit in COUNTED
    assert setting.kind in ("bool", "int", "float", "text", "choice", "numbers", "sections")
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
    ("group", "model"), list(_section_classes()), ids=lambda value: getattr(value, "__name__", value)
)
def test_every_section_has_valid_defaults_and_refuses_strangers(group: str, model: type[Section]) -> None:
    section = model()
    assert model.model_validate(section.model_dump()) == section
    with pytest.raises(ValueError, match="extra_forbidden"):
        model.model_validate({"stranger": 1})


def test_a_setting_that_depends_on_another_names_a_value_that_it_can_have() -> None:
    by_path = {setting.path: setting for setting in SETTINGS}
    for setting in SETTINGS:
        if setting.when:
            sibling = by_path[f"{setting.path.rpartition('.')[0]}.{setting.when[0]}"]
            assert set(setting.when[1]) <= set(sibling.choices)


def test_kinds_are_told_apart() -> None:
    for group in ("target", "base", "energy"):
        tags = [model.model_fields["kind"].default for name, model in _section_classes() if name == group]
        assert len(set(tags)) == len(tags)
        assert describe(group, TrainingPreset.model_fields[group]).choices == tuple(tags)


def test_the_temperature_may_be_infinite_and_nothing_else() -> None:
    hot = TypeAdapter(TrainingPreset).validate_python({"title": "hot", "sampler": {"temperature": float("inf")}})
    assert hot.sampler.temperature == float("inf")
    for setting in NUMBERS:
        group, _, name = setting.path.rpartition(".")
        if setting.kind == "float" and setting.path not in UNBOUNDED and group in ("sampler", "training", "view"):
            with pytest.raises(ValueError, match="less than"):
                TrainingPreset.model_validate({"title": "t", group: {name: float("inf")}})


def test_the_json_schema_holds_every_setting_with_its_bounds() -> None:
    schema = json.loads(json.dumps(TrainingPreset.model_json_schema()))
    assert schema["properties"]["title"]["maxLength"] == 80
    ring = schema["$defs"]["Ring"]
    assert set(ring["properties"]) == set(Ring.model_fields)
    assert (ring["properties"]["modes"]["minimum"], ring["properties"]["modes"]["maximum"]) == (1, 64)
    assert ring["properties"]["std"]["scale"] == "log" and ring["additionalProperties"] is False
    for _, model in _section_classes():
        for name, described in schema["$defs"][model.__name__]["properties"].items():
            assert name == "kind" or described["description"]


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
