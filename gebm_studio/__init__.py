"""GEBM Studio: watch a generalized energy-based model train, sample and be measured.

The public names are resolved when they are first used, so importing the package costs nothing:

    import gebm_studio as gs
    run = gs.experiment("ring", device="cpu", seed=0)
    run.train(500)
    x = run.sample(1000)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gebm_studio.library import experiment, load

    __version__: str

__all__ = ["__version__", "experiment", "load"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in ("experiment", "load"):
        from importlib import import_module

        return getattr(import_module("gebm_studio.library"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def _version() -> str:
    """The version that pyproject.toml states: read there in a checkout, else from the installed package."""
    from pathlib import Path

    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if project.is_file():
        import tomllib

        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    from importlib.metadata import version

    return version("gebm-studio")
