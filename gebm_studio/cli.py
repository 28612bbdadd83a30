"""The command line: arguments to the window, the headless runner, or a list."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gebm_studio import files

if TYPE_CHECKING:
    from gebm_studio.request import Request

PROGRAM = "gebm-studio"
DONE, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

_EPILOG = """\
PRESET is the name or the figure id of a shipped preset (see --list), a preset file (.toml) or a saved
run (.gebm).

  gebm-studio                                   open the window on the first preset
  gebm-studio F13 --set sampler.friction=0.1    open it on a figure, with one setting changed
  gebm-studio --headless ring --steps 1500 --out result --export result/more.npz --grid 32x32

Exit status: 0 done; 2 bad input, with one line for each problem; 1 a fault, with one line that names
the log, or a self-test with a line that does not hold; 130 ended by Ctrl-C (a headless run first saves
what there is).
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, and return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        return _run(_parser().parse_args(arguments))
    except _BadInput as error:
        return _complain(error.problems)
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # `--list | head`: the reader has what it wants. Python must not flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if debug:
            raise
        return _fault(error)


class _BadInput(Exception):
    """The arguments cannot be used; one line for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _BadInput([f"{message}; see --help"])


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="A studio for generalized energy-based models: watch one train, sample and be measured.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("preset", nargs="?", metavar="PRESET", help="what the window opens on")
    parser.add_argument("--seed", metavar="S", help="the seed, in place of the preset's")
    parser.add_argument("--device", metavar="D", help="auto, cpu, cuda, cuda:N or mps; auto takes the fastest")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", nargs="+", action="extend", default=[], dest="changes",
        help="change settings, such as sampler.friction=0.5 or target=moons",
    )  # fmt: skip
    parser.add_argument("--debug", action="store_true", help="show the traceback of a fault")

    show = parser.add_argument_group("things to print")
    show.add_argument("--list", action="store_true", help="name, figure, source and one line for each preset")
    show.add_argument("--schema", action="store_true", help="the JSON Schema of a preset")
    show.add_argument("--selftest", action="store_true", help="check every sampler against exact values, with z-scores")
    show.add_argument("--version", action="store_true", help="the version, with those of the main parts")

    window = parser.add_argument_group("with a window")
    window.add_argument("--engine", metavar="E", help="where training runs: process (default) or thread")
    window.add_argument("--screenshot", metavar="FILE", help="run, save a picture of the window (.png), and exit")
    window.add_argument("--after", metavar="SECONDS", help="how long to run before the screenshot (default 10)")
    window.add_argument("--size", metavar="WxH", help="size of the window in pixels, such as 1600x1000")
    window.add_argument("--theme", metavar="T", help="system (default), light or dark")

    headless = parser.add_argument_group("without a window")
    headless.add_argument("--headless", metavar="PRESET", help="run this preset, or continue this saved run")
    headless.add_argument("--steps", metavar="N", help="iterations to run; a race or a sweep is then finished")
    headless.add_argument("--out", metavar="DIR", help="where the results go; made where it does not exist")
    headless.add_argument(
        "--export", metavar="FILE", action="append", default=[],
        help="also write a sample grid or a flow (.png), samples (.npz), curves or divergences (.csv), settings "
        "(.toml), or a flow or the chains of an image model as they move (.webp, .gif)",
    )  # fmt: skip
    headless.add_argument("--grid", metavar="RxC", help="rows and columns of exported samples (default 8x8)")
    headless.add_argument("--scale", metavar="K", help="enlargement of an exported grid, 1 to 8 (default 4)")
    headless.add_argument("--no-padding", action="store_true", help="no gaps between the samples of a grid")
    headless.add_argument("--which", metavar="W", help="columns of a grid: data,base,gebm (default all)")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.version:
        print(_version())
        return DONE
    if arguments.schema:
        return _print_schema()
    if arguments.list:
        return _print_list()
    if arguments.selftest:
        from gebm_studio import headless

        return headless.self_test(progress=sys.stderr.isatty())

    from gebm_studio import request
    from gebm_studio.presets import PresetError

    try:
        wanted = request.read(arguments)
        return _headless(wanted) if wanted.headless else _window(wanted)
    except PresetError as error:
        return _complain(error.problems)


def _headless(wanted: Request) -> int:
    # Before the run: what cannot be written must not cost hours first.
    places = [("--out", wanted.out, wanted.out)]
    places += [("--export", Path(order.path), Path(order.path).parent) for order in wanted.exports]
    for option, path, folder in places:
        try:
            files.make_writable(folder)
        except OSError as error:
            return _complain([f"{option}: {files.explain(error, path)}"])

    from gebm_studio import headless

    status = headless.run(
        wanted.saved_run or wanted.preset,
        steps=wanted.steps,
        out=wanted.out,
        device=wanted.device,
        folder=wanted.folder,
        exports=wanted.exports,
        progress=sys.stderr.isatty(),
    )
    print(f"results in {wanted.out}" + ("" if status == DONE else ", as far as the run came"))
    return status


def _window(wanted: Request) -> int:
    from gebm_studio import display

    if problem := display.problem():
        return _complain([problem])

    from gebm_studio.ui import app

    return app.start(
        wanted.preset,
        folder=wanted.folder,
        device=wanted.device,
        engine=wanted.engine,
        screenshot=wanted.screenshot,
        after=wanted.after,
        restore=wanted.saved_run,
        size=wanted.size,
        theme=wanted.theme,
        settings_folder=None,
    )


def _print_list() -> int:
    from gebm_studio import presets

    entries, problems = presets.listing()
    rows = [(e.name, e.preset.figure or "-", e.preset.source or "-", e.preset.summary) for e in entries]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        print("  ".join([text.ljust(width) for text, width in zip(row, widths, strict=False)] + [row[3]]).rstrip())
    return _complain(problems) if problems else DONE


def _print_schema() -> int:
    import json

    from gebm_studio.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return DONE


def _version() -> str:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import gebm_studio

    parts = [f"Python {platform.python_version()}"]
    for name in ("torch", "PySide6-Essentials", "pyqtgraph", "numpy"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            parts.append(f"no {name}")
    return f"GEBM Studio {gebm_studio.__version__} ({', '.join(parts)})"


def _complain(problems: Sequence[str]) -> int:
    for problem in problems:
        print(f"{PROGRAM}: {problem}", file=sys.stderr)
    return BAD_INPUT


def _fault(error: Exception) -> int:
    """One line for the person, everything else into the log."""
    reason = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OSError) and error.filename:
        reason = files.explain(error, error.filename, "use")
    log = files.state_folder() / "faults.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z} {' '.join(sys.argv)}\n")
            stream.write("".join(traceback.format_exception(error)) + "\n")
        where = f"details in {log}"
    except OSError as unwritable:
        where = f"no details, since the log {log} cannot be written ({unwritable.strerror}); use --debug"
    print(f"{PROGRAM}: {type(error).__name__}: {reason}; {where}", file=sys.stderr)
    return FAULT
