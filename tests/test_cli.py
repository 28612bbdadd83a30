"""The command line: what it prints, what it refuses, and what it hands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gebm_studio import cli, display, presets
from gebm_studio.messages import ExportCurves, ExportFilm, ExportSamples, ExportSettings
from gebm_studio.schema import KINDS
from tests.malformed import MALFORMED

ROOT = Path(__file__).parents[1]


class Answer:
    """What one start of the program gave."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        self.problems = [line.removeprefix("gebm-studio: ") for line in err.splitlines()]


Start = Callable[..., Answer]


@pytest.fixture
def start(capsys: pytest.CaptureFixture[str]) -> Start:
    def run(*arguments: str | Path) -> Answer:
        status = cli.main([str(argument) for argument in arguments])
        return Answer(status, *capsys.readouterr())

    return run


class Recorder(types.ModuleType):
    """Stands in for the window or the headless runner, and keeps what it was given."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.outcome: BaseException | int = 0

    def run(self, *positional: Any, **named: Any) -> int:
        self.calls.append((positional, named))
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    start = run

    @property
    def call(self) -> tuple[Any, dict[str, Any]]:
        ((positional, named),) = self.calls
        return positional[0], named


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    import gebm_studio

    recorder = Recorder("gebm_studio.headless")
    monkeypatch.setitem(sys.modules, "gebm_studio.headless", recorder)
    monkeypatch.setattr(gebm_studio, "headless", recorder, raising=False)
    return recorder


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    import gebm_studio.ui

    recorder = Recorder("gebm_studio.ui.app")
    monkeypatch.setitem(sys.modules, "gebm_studio.ui.app", recorder)
    monkeypatch.setattr(gebm_studio.ui, "app", recorder, raising=False)
    return recorder


def _started(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it."""
    plain = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=plain | environment,
    )  # fmt: skip


# Things to print.


def test_the_list_has_one_line_for_each_preset(start: Start) -> None:
    answer = start("--list")
    entries, _ = presets.listing()
    lines = answer.out.splitlines()
    assert (answer.status, answer.err) == (0, "")
    assert [line.split()[0] for line in lines] == [entry.name for entry in entries]
    for line, entry in zip(lines, entries, strict=True):
        assert entry.preset.source in line and line.endswith(entry.preset.summary)


def test_the_schema_is_json(start: Start) -> None:
    answer = start("--schema")
    schema = json.loads(answer.out)
    assert answer.status == 0
    assert set(schema["discriminator"]["mapping"]) == set(KINDS)
    for kind, preset in KINDS.items():
        assert set(schema["$defs"][preset.__name__]["properties"]) == set(preset.model_fields)
        assert schema["$defs"][preset.__name__]["properties"]["kind"]["const"] == kind


def test_the_version_names_the_main_parts(start: Start) -> None:
    answer = start("--version")
    assert answer.status == 0
    assert answer.out.startswith("GEBM Studio ") and "torch" in answer.out and "PySide6" in answer.out


def test_help_tells_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for word in ("--headless", "--set", "Exit status", "130"):
        assert word in text


# What is handed on.


def test_the_window_opens_on_the_first_preset(start: Start, window: Recorder) -> None:
    assert start().status == 0
    preset, options = window.call
    assert preset == presets.load(presets.FIRST)
    assert options == {
        "folder": str(presets.find(presets.FIRST).parent),
        "device": "auto",
        "engine": "process",
        "screenshot": None,
        "after": 10.0,
        "restore": None,
        "size": None,
        "theme": "system",
        "settings_folder": None,
    }


def test_the_window_takes_its_options(start: Start, window: Recorder, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    answer = start(
        "ring", "--seed", "5", "--device", "cuda:1", "--set", "sampler.friction=0.5", "target.modes=3", "--set",
        "target.weights=[]", "--engine", "thread", "--screenshot", picture, "--after", "2.5", "--size", "1600x1000",
        "--theme", "dark",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    preset, options = window.call
    assert (preset.seed, preset.sampler.friction, preset.target.modes) == (5, 0.5, 3)
    assert (options["device"], options["engine"], options["theme"]) == ("cuda:1", "thread", "dark")
    assert (options["screenshot"], options["after"], options["size"]) == (picture, 2.5, (1600, 1000))


def test_a_headless_run_takes_its_options(start: Start, runner: Recorder, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    answer = start(
        "--headless", "ring", "--steps", "20", "--out", out, "--seed", "1", "--set", "sampler.name=ula",
        "--export", "a.png", "--export", "b.npz", "--export", "c.csv", "--export", "d.toml",
        "--grid", "4x6", "--scale", "2", "--no-padding", "--which", "base,gebm",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    preset, options = runner.call
    assert (preset.seed, preset.sampler.name) == (1, "ula")
    assert out.is_dir()
    assert (options["steps"], options["out"], options["device"]) == (20, out, "auto")
    assert options["exports"] == (
        ExportSamples("a.png", 4, 6, 2, False, which=("base", "gebm")),
        ExportSamples("b.npz", 4, 6, 2, False, which=("base", "gebm")),
        ExportCurves("c.csv"),
        ExportSettings("d.toml"),
    )


def test_images_are_exported_as_they_move(start: Start, runner: Recorder, tmp_path: Path) -> None:
    arguments = ["--headless", "f62", "--steps", "1", "--out", tmp_path / "out", "--export", "a.webp", "--scale", "2"]
    assert start(*arguments).status == 0
    assert runner.call[1]["exports"] == (ExportFilm("a.webp", first=-1, scale=2),)


def test_files_start_at_the_folder_of_the_preset(start: Start, runner: Recorder, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = "m"\n[target]\nkind = "file"\npath = "points.csv"\n')
    assert start("--headless", tmp_path / "mine.toml", "--steps", "1", "--out", tmp_path / "out").status == 0
    assert runner.call[1]["folder"] == str(tmp_path)


def _saved_run(folder: Path) -> Path:
    import zipfile

    path = folder / "run.gebm"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("preset.toml", 'title = "saved"\nseed = 9\n')
    return path


def test_a_saved_run_goes_on(start: Start, runner: Recorder, window: Recorder, tmp_path: Path) -> None:
    path = _saved_run(tmp_path)
    assert start("--headless", path, "--steps", "5", "--out", tmp_path / "out").status == 0
    assert runner.call[0] == path
    assert start(path).status == 0
    preset, options = window.call
    assert (preset.title, preset.seed, options["restore"]) == ("saved", 9, path)


def test_a_saved_run_keeps_its_settings(start: Start, tmp_path: Path) -> None:
    path = _saved_run(tmp_path)
    for change in (["--seed", "1"], ["--set", "sampler.friction=1.0"]):
        answer = start(path, *change)
        assert answer.status == 2
        assert answer.problems == [f"{change[0]}: a saved run keeps its settings; leave it out, or start from a preset"]


@pytest.mark.parametrize("status", [0, 1, 130])
def test_the_status_of_a_run_is_the_status_of_the_program(
    start: Start, runner: Recorder, tmp_path: Path, status: int
) -> None:
    runner.outcome = status
    answer = start("--headless", "ring", "--steps", "1", "--out", tmp_path)
    assert answer.status == status
    assert answer.out == f"results in {tmp_path}" + ("\n" if status == 0 else ", as far as the run came\n")


# Bad input.


def test_an_export_that_cannot_be_written_is_told_before_the_run(
    start: Start, runner: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    for extra in (["--export", tmp_path / "file" / "grid.png"], ["--out", tmp_path / "file" / "out"]):
        answer = start("--headless", "ring", "--steps", "1", "--out", tmp_path / "out", *extra)
        assert answer.status == 2
        (line,) = answer.problems
        assert line.startswith(f"{extra[0]}: cannot write {extra[1]}: ") and "is a file, not a folder" in line
    assert not runner.calls


@pytest.mark.parametrize("name", MALFORMED)
def test_fifty_malformed_presets_give_fifty_lines_and_status_2(name: str, start: Start, tmp_path: Path) -> None:
    content, said = MALFORMED[name]
    path = tmp_path / "bad.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    answer = start("--headless", path, "--steps", "1", "--out", tmp_path / "out")
    assert (answer.status, answer.out) == (2, "")
    (line,) = answer.problems
    assert line.startswith(f"{path}: ") and said in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["unknown key", "binary", "too few weights"])
def test_a_process_says_the_same(name: str, tmp_path: Path) -> None:
    content, said = MALFORMED[name]
    (tmp_path / "bad.toml").write_bytes(content.encode() if isinstance(content, str) else content)
    result = _started(tmp_path / "bad.toml", PYTHONIOENCODING="utf-8")
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr and result.stderr.count("\n") == 1


HEADLESS = ("--headless", "ring", "--steps", "1", "--out", "out")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--wrong"], "unrecognized arguments: --wrong; see --help"),
        (["ring", "moons"], "unrecognized arguments: moons; see --help"),
        (["--seed"], "argument --seed: expected one argument; see --help"),
        (["rng"], "preset 'rng': no such preset or file; did you mean ring?"),
        (["--seed", "-1"], "--seed: must be a whole number from 0 to 2147483647, got '-1'"),
        (["--seed", "1.5"], "--seed: must be a whole number from 0 to 2147483647, got '1.5'"),
        (["--device", "tpu"], "--device: must be auto, cpu, cuda, cuda:N or mps, got 'tpu'"),
        (["--engine", "cloud"], "--engine: must be one of process, thread, got 'cloud'"),
        (["--theme", "pink"], "--theme: must be one of system, light, dark, got 'pink'"),
        (["--size", "big"], "--size: must be WxH, each from 320 to 16384, got 'big'"),
        (["--size", "10x10"], "--size: must be WxH, each from 320 to 16384, got '10x10'"),
        (["--screenshot", "a.bmp"], "--screenshot: must be a file name that ends in .png, got 'a.bmp'"),
        (
            ["--screenshot", "a.png", "--after", "soon"],
            "--after: must be a number of seconds from 0 to 86400, got 'soon'",
        ),
        (
            ["--screenshot", "a.png", "--after", "nan"],
            "--after: must be a number of seconds from 0 to 86400, got 'nan'",
        ),
        (["--after", "3"], "--after: says when the screenshot is taken; add --screenshot FILE"),
        (["--set", "friction"], "--set: must be key=value, such as sampler.friction=0.5, got 'friction'"),
        (["--set", "sampler.friction=-1"], "--set: sampler.friction: must lie from 0.0001 to 10000, got -1"),
        (["--set", "sampler.fricton=1"], "--set: sampler.fricton: no such setting; did you mean sampler.friction"),
        (["--set", "target.modes=3"], "--set: target.weights: 3 components need 3 weights, got 8"),
        (["--steps", "5"], "--steps: acts on a headless run only; add --headless PRESET"),
        (["--export", "a.png"], "--export: acts on a headless run only; add --headless PRESET"),
        (["--no-padding"], "--no-padding: acts on a headless run only; add --headless PRESET"),
        ([*HEADLESS, "--theme", "dark"], "--theme: acts on the window only; leave it out with --headless"),
        (["ring", *HEADLESS], "PRESET 'ring': --headless already names 'ring'; give one"),
        ([*HEADLESS[:4]], "--out: missing; --headless PRESET needs --steps N and --out DIR"),
        (["--headless", "ring", "--out", "o"], "--steps: missing; --headless PRESET needs --steps N and --out DIR"),
        ([*HEADLESS, "--steps", "many"], "--steps: must be a whole number from 0 to 1000000000, got 'many'"),
        ([*HEADLESS, "--steps", "-1"], "--steps: must be a whole number from 0 to 1000000000, got '-1'"),
        ([*HEADLESS, "--out", str(ROOT / "main.py")], f"--out: {ROOT / 'main.py'} is a file; name a folder"),
        ([*HEADLESS, "--out", ""], "--out: must be the name of a folder, got ''"),
        ([*HEADLESS, "--export", "a.gif"], "--export: must be a file name that ends in .png or .npz or .csv or .toml"),
        ([*HEADLESS, "--grid", "0x4"], "--grid: must be RxC, each from 1 to 64, got '0x4'"),
        ([*HEADLESS, "--scale", "9"], "--scale: must be a whole number from 1 to 8, got '9'"),
        ([*HEADLESS, "--which", "data,gan"], "--which: must be some of data,base,gebm"),
        ([*HEADLESS, "--which", "base,base"], "--which: must be some of data,base,gebm"),
    ],
)
def test_a_bad_argument_gives_one_line(
    start: Start, arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = start(*arguments)
    assert (answer.status, answer.out) == (2, "")
    (said,) = answer.problems
    assert said.startswith(line)
    assert not any(tmp_path.iterdir())


def test_a_lab_has_no_samples_to_export(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.toml").write_text('title = "A lab"\nkind = "divergences"\n')
    answer = start("--headless", "lab.toml", "--steps", "1", "--out", "out", "--export", "a.png")
    assert answer.problems == ["--export: must be a file name that ends in .csv or .toml, got 'a.png'"]
    assert answer.status == 2 and not (tmp_path / "out").exists()


def test_all_bad_arguments_are_said_at_once(start: Start) -> None:
    answer = start("--headless", "rng", "--steps", "x", "--out", "o", "--device", "d", "--scale", "0", "--set", "a")
    assert answer.status == 2
    assert [line.split(":")[0] for line in answer.problems] == [
        "--set", "preset 'rng'", "--scale", "--device", "--steps",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_made_is_said(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    answer = start(*HEADLESS[:4], "--out", tmp_path / "file" / "out")
    assert answer.status == 2
    assert answer.problems[0].startswith(f"--out: cannot write {tmp_path / 'file' / 'out'}: ")


# Faults.


def test_a_fault_is_one_line_and_a_log(start: Start, runner: Recorder, tmp_path: Path, own_folders: Path) -> None:
    runner.outcome = ZeroDivisionError("the inner\nworkings")
    answer = start(*HEADLESS[:4], "--out", tmp_path)
    log = own_folders / "state" / "gebm-studio" / "faults.log"
    assert answer.status == 1
    assert answer.problems == [f"ZeroDivisionError: the inner workings; details in {log}"]
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_fault_shows_its_traceback_on_request(runner: Recorder, tmp_path: Path) -> None:
    runner.outcome = ZeroDivisionError("inner")
    with pytest.raises(ZeroDivisionError):
        cli.main(["--debug", *HEADLESS[:4], "--out", str(tmp_path)])


def test_a_full_disk_names_the_file(start: Start, runner: Recorder, tmp_path: Path) -> None:
    runner.outcome = OSError(28, "No space left on device", str(tmp_path / "grid.png"))
    answer = start(*HEADLESS[:4], "--out", tmp_path)
    assert answer.status == 1
    assert f"{tmp_path / 'grid.png'}: no space left on device; free some space" in answer.err


def test_an_interrupted_run_ends_with_130(start: Start, runner: Recorder, tmp_path: Path) -> None:
    runner.outcome = KeyboardInterrupt()
    answer = start(*HEADLESS[:4], "--out", tmp_path)
    assert (answer.status, answer.problems) == (130, ["interrupted"])


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        result = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "--schema"], stdout=closed, stderr=subprocess.PIPE, timeout=60
        )
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_start_without_the_dependencies_says_how_to_install_them() -> None:
    # -S leaves the installed packages out.
    result = subprocess.run([sys.executable, "-S", str(ROOT / "main.py")], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "is not installed" in result.stderr and "pip install -c constraints.txt" in result.stderr
    assert result.stderr.count("\n") == 1


# Displays.

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux starts Qt without a screen")


@on_linux
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no display: neither DISPLAY nor WAYLAND_DISPLAY names a screen that answers"),
        ({"DISPLAY": ":7391"}, "no display: the screen that DISPLAY=:7391 names does not answer"),
        ({"DISPLAY": "nonsense"}, "no display: the screen that DISPLAY=nonsense names does not answer"),
        ({"WAYLAND_DISPLAY": "wayland-none"}, "no display: neither"),
        ({"QT_QPA_PLATFORM": "wayland", "DISPLAY": ":7391"}, "no display: neither"),
        ({"QT_QPA_PLATFORM": "xcb"}, "no display: neither"),
    ],
)
def test_without_a_display_the_start_says_so(
    environment: dict[str, str], said: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # The machine may lack what a window needs, which is another test's subject.
    monkeypatch.setattr(display, "_missing", lambda libraries: "")
    answer = start()
    assert answer.status == 2
    (line,) = answer.problems
    assert line.startswith(said) and "--headless" in line


@on_linux
def test_a_process_without_a_display_does_not_abort() -> None:
    result = _started()
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "--headless" in result.stderr


@on_linux
def test_missing_libraries_name_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(display, "_loads", lambda library: library not in ("libEGL.so.1", "libdbus-1.so.3"))
    line = display.problem()
    assert "system libraries are missing; install libegl1 libdbus-1-3 (Debian, Ubuntu)" in line
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(display, "_loads", lambda library: library != "libxcb-cursor.so.0")
    assert "system library is missing; install libxcb-cursor0 (Debian, Ubuntu)" in display.problem()


@on_linux
def test_every_package_that_the_window_needs_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for package in [*display._ALWAYS.values(), *display._ON_X11.values()]:
        assert f"{package} " in readme or f"{package}\n" in readme


def test_offscreen_needs_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.problem() == ""
