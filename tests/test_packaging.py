"""What an installed studio carries, and what starting it costs."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gebm_studio

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = ("torch", "scipy", "sklearn")


def _loaded_after(statement: str) -> set[str]:
    """Top-level modules that a new process holds after a statement."""
    code = f"{statement}\nimport sys\nprint()\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split())


def test_one_version_everywhere() -> None:
    assert gebm_studio.__version__ == PROJECT["project"]["version"]


def test_public_names_are_listed_and_unknown_ones_refused() -> None:
    assert {"experiment", "load", "__version__"} <= set(dir(gebm_studio))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gebm_studio.nothing


@pytest.mark.parametrize(
    "statement",
    [
        "import gebm_studio; gebm_studio.__version__",
        "from gebm_studio import cli; assert cli.main(['--version']) == 0",
        "from gebm_studio import cli; assert cli.main(['--list']) == 0",
    ],
)
def test_the_package_and_its_lists_load_neither_torch_nor_qt(statement: str) -> None:
    assert not _loaded_after(statement) & {*HEAVY, "PySide6", "pyqtgraph"}


def test_importing_the_package_loads_no_other() -> None:
    assert not _loaded_after("import gebm_studio") & {"numpy", "pydantic", "platformdirs"}


def test_the_window_never_loads_torch() -> None:
    assert not _loaded_after("import gebm_studio.ui.app") & set(HEAVY)


def test_the_headless_runner_and_the_library_never_load_qt() -> None:
    assert not _loaded_after("import gebm_studio.headless, gebm_studio.library") & {"PySide6", "pyqtgraph"}


def test_every_cap_and_pin_has_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for before, line in zip(lines, lines[1:], strict=False):
        capped = line.startswith('    "') and ("<" in line.partition(";")[0] or "!=" in line)
        assert not capped or before.lstrip().startswith(("#", '"')), f"no reason above {line.strip()}"


def test_constraints_lie_inside_the_ranges() -> None:
    pytest.importorskip("packaging")
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    pins: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if text := line.partition("#")[0].strip():
            pins.setdefault(canonicalize_name(Requirement(text).name), []).append(Requirement(text))
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = [
        Requirement(text) for text in [*PROJECT["project"]["dependencies"], *(t for extra in extras for t in extra)]
    ]
    for requirement in wanted:
        if requirement.name == "gebm-studio":
            continue
        for pin in pins[canonicalize_name(requirement.name)]:
            version = str(pin.specifier).removeprefix("==")
            assert requirement.specifier.contains(version), f"{pin} is outside {requirement}"


def test_the_environment_has_what_the_project_declares() -> None:
    for text in PROJECT["project"]["dependencies"]:
        name, _, marker = text.partition(";")
        if "<" in marker and sys.version_info >= (3, 12):
            continue
        importlib.metadata.version(name.partition(">")[0].partition("=")[0].strip())


def test_a_wheel_would_carry_presets_and_resources() -> None:
    inside = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert inside == {"presets": "gebm_studio/_shipped/presets", "resources": "gebm_studio/_shipped/resources"}
    for folder in inside:
        assert (ROOT / folder).is_dir()


def test_the_readme_holds_the_command_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("<!-- .ci/run runs this block -->\n```sh\n") == 1
