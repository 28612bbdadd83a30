"""What the command line asks for, checked: every problem at once, one line each."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

from gebm_studio import presets
from gebm_studio.engine.host import Mode
from gebm_studio.messages import Export, ExportCurves, ExportFilm, ExportFlow, ExportSamples, ExportSettings
from gebm_studio.presets import PresetError
from gebm_studio.schema import Preset, TrainingPreset

Theme = Literal["system", "light", "dark"]
_SOURCES = ("data", "base", "gebm")
_MOST_STEPS = 1_000_000_000
_EXPORTS = {
    "training": (".png", ".npz", ".csv", ".toml"),
    "divergences": (".csv", ".toml"),
    "particles": (".png", ".npz", ".csv", ".toml", ".webp", ".gif"),
}
"""What each kind of experiment writes."""
_FILMS = (".webp", ".gif")
"""What a training on images writes as well."""

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True)
class Request:
    """A checked command line, for the window or for the headless runner."""

    preset: Preset
    folder: str
    saved_run: Path | None = None
    device: str = "auto"
    headless: bool = False
    steps: int = 0
    out: Path = field(default_factory=Path)
    exports: tuple[Export, ...] = ()
    engine: Mode = "process"
    screenshot: Path | None = None
    after: float = 10.0
    size: tuple[int, int] | None = None
    theme: Theme = "system"


def read(arguments: argparse.Namespace) -> Request:
    """The request that parsed arguments make.

    Raises:
        PresetError: With one line for each problem of the arguments and of the preset.
    """
    problems: list[str] = []
    check = _Check(problems)
    headless = arguments.headless is not None
    _belong_together(arguments, headless, problems)
    chosen = _chosen(arguments, check, problems)
    grid = check.pair("--grid", arguments.grid, "RxC", (8, 8), 1, 64)
    scale = check.whole("--scale", arguments.scale, 4, 1, 8)
    which = check.sources("--which", arguments.which)
    wanted = Request(
        preset=chosen.preset,
        folder=chosen.folder,
        saved_run=chosen.saved_run,
        device=check.device("--device", arguments.device),
        headless=headless,
        steps=check.whole("--steps", arguments.steps, 0, 0, _MOST_STEPS),
        out=check.folder("--out", arguments.out),
        exports=tuple(
            export
            for name in arguments.export
            if (export := check.export(name, chosen.preset, grid, scale, not arguments.no_padding, which)) is not None
        ),
        engine=check.choice("--engine", arguments.engine, cast("tuple[Mode, ...]", get_args(Mode)), "process"),
        screenshot=check.picture("--screenshot", arguments.screenshot),
        after=check.seconds("--after", arguments.after, 10.0),
        size=check.pair("--size", arguments.size, "WxH", None, 320, 16384),
        theme=check.choice("--theme", arguments.theme, cast("tuple[Theme, ...]", get_args(Theme)), "system"),
    )
    if problems:
        raise PresetError(problems)
    return wanted


def _belong_together(arguments: argparse.Namespace, headless: bool, problems: list[str]) -> None:
    """Options that need another one, or exclude it."""
    if headless:
        if arguments.preset is not None:
            problems.append(f"PRESET {arguments.preset!r}: --headless already names {arguments.headless!r}; give one")
        for option, value in (("--steps", arguments.steps), ("--out", arguments.out)):
            if value is None:
                problems.append(f"{option}: missing; --headless PRESET needs --steps N and --out DIR")
        for option in ("engine", "screenshot", "after", "size", "theme"):
            if getattr(arguments, option) is not None:
                problems.append(f"--{option}: acts on the window only; leave it out with --headless")
        return
    for option in ("steps", "out", "grid", "scale", "which"):
        if getattr(arguments, option) is not None:
            problems.append(f"--{option}: acts on a headless run only; add --headless PRESET")
    if arguments.export:
        problems.append("--export: acts on a headless run only; add --headless PRESET")
    if arguments.no_padding:
        problems.append("--no-padding: acts on a headless run only; add --headless PRESET")
    if arguments.after is not None and arguments.screenshot is None:
        problems.append("--after: says when the screenshot is taken; add --screenshot FILE")


@dataclass(frozen=True)
class _Chosen:
    preset: Preset
    folder: str
    saved_run: Path | None


def _chosen(arguments: argparse.Namespace, check: _Check, problems: list[str]) -> _Chosen:
    """The preset or the saved run, with all changes made."""
    named = arguments.preset if arguments.headless is None else arguments.headless
    name = presets.FIRST if named is None else named
    changes = check.changes(arguments.changes)
    if arguments.seed is not None:
        changes["seed"] = check.whole("--seed", arguments.seed, 0, 0, 2**31 - 1)
    try:
        path = presets.find(name)
        saved_run = path if path.suffix == presets.RUN else None
        if saved_run and changes:
            option = "--seed" if arguments.seed is not None else "--set"
            problems.append(f"{option}: a saved run keeps its settings; leave it out, or start from a preset")
            changes = {}
        preset = presets.load(path)
        preset = presets.changed(preset, changes, "--set") if changes else preset
        return _Chosen(preset, str(path.resolve().parent), saved_run.resolve() if saved_run else None)
    except PresetError as error:
        problems.extend(error.problems)
        return _Chosen(TrainingPreset(title="-"), "", None)


class _Check:
    """Turns the text of an option into its value; each problem becomes one line."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def _say(self, option: str, wanted: str, got: str) -> None:
        self._problems.append(f"{option}: must be {wanted}, got {got!r}")

    def whole(self, option: str, text: str | None, default: int, low: int, high: int) -> int:
        if text is None:
            return default
        if re.fullmatch(r"[+-]?[0-9]{1,18}", text) and low <= int(text) <= high:
            return int(text)
        self._say(option, f"a whole number from {low} to {high}", text)
        return default

    def seconds(self, option: str, text: str | None, default: float) -> float:
        try:
            value = default if text is None else float(text)
        except ValueError:
            value = math.nan
        if 0 <= value <= 86400:
            return value
        self._say(option, "a number of seconds from 0 to 86400", str(text))
        return default

    def pair(
        self, option: str, text: str | None, form: str, default: tuple[int, int] | None, low: int, high: int
    ) -> tuple[int, int] | None:
        if text is None:
            return default
        match = re.fullmatch(r"([0-9]{1,6})[x×]([0-9]{1,6})", text.lower())
        if match and all(low <= int(number) <= high for number in match.groups()):
            return int(match[1]), int(match[2])
        self._say(option, f"{form}, each from {low} to {high}", text)
        return default

    def choice(self, option: str, text: str | None, allowed: Sequence[Choice], default: Choice) -> Choice:
        if text is None:
            return default
        for value in allowed:
            if value == text:
                return value
        self._say(option, "one of " + ", ".join(allowed), text)
        return default

    def device(self, option: str, text: str | None) -> str:
        text = "auto" if text is None else text
        if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", text):
            self._say(option, "auto, cpu, cuda, cuda:N or mps", text)
        return text

    def sources(self, option: str, text: str | None) -> tuple[str, ...]:
        if text is None:
            return _SOURCES
        names = tuple(text.split(","))
        if len(set(names)) < len(names) or not set(names) <= set(_SOURCES):
            self._say(option, "some of data,base,gebm, each at most once and without spaces", text)
        return names

    def changes(self, texts: Sequence[str]) -> dict[str, object]:
        changes: dict[str, object] = {}
        for text in texts:
            try:
                path, value = presets.assignment(text)
            except PresetError as error:
                self._problems.extend(error.problems)
            else:
                changes[path] = value
        return changes

    def folder(self, option: str, text: str | None) -> Path:
        path = Path(text or ".").expanduser()
        if text == "":
            self._say(option, "the name of a folder", text)
        elif path.exists() and not path.is_dir():
            self._problems.append(f"{option}: {path} is a file; name a folder")
        elif path.is_dir() and not os.access(path, os.W_OK):
            self._problems.append(f"{option}: cannot write into {path}; choose a folder that you may write to")
        return path

    def picture(self, option: str, text: str | None) -> Path | None:
        if text is None:
            return None
        self._file(option, text, (".png",))
        return Path(text).expanduser()

    def export(
        self, text: str, preset: Preset, grid: tuple[int, int] | None, scale: int, padding: bool, which: tuple[str, ...]
    ) -> Export | None:
        images = isinstance(preset, TrainingPreset) and len(preset.target.shape or ()) == 3
        if not self._file("--export", text, _EXPORTS[preset.kind] + (_FILMS if images else ())):
            return None
        path = Path(text).expanduser()
        rows, columns = grid or (8, 8)
        match path.suffix.lower():
            case ".csv":
                return ExportCurves(str(path))
            case ".toml":
                return ExportSettings(str(path))
            case ".webp" | ".gif":
                return ExportFilm(str(path), first=-1, scale=scale) if images else ExportFlow(str(path))
        return ExportSamples(str(path), rows, columns, scale, padding, which=which)

    def _file(self, option: str, text: str, suffixes: tuple[str, ...]) -> bool:
        path = Path(text).expanduser()
        if path.suffix.lower() not in suffixes:
            self._say(option, f"a file name that ends in {' or '.join(suffixes)}", text)
        elif path.is_dir():
            self._problems.append(f"{option}: {path} is a folder; name a file")
        else:
            return True
        return False
