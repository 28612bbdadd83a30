"""Where files live, and how they are written: aside, synced, then put in place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

APP = "gebm-studio"


def shipped(folder: str) -> Path:
    """A folder that comes with the studio: `presets` or `resources`.

    In a checkout it lies beside the package, in an installed wheel inside it.
    """
    package = Path(__file__).resolve().parent
    packed = package / "_shipped" / folder
    return packed if packed.is_dir() else package.parent / folder


def settings_folder() -> Path:
    """Where the window keeps its layout and preferences."""
    return platformdirs.user_config_path(APP, appauthor=False)


def data_folder() -> Path:
    """Where downloads and prepared images are kept."""
    return platformdirs.user_data_path(APP, appauthor=False)


def state_folder() -> Path:
    """Where autosaves and logs are kept."""
    return platformdirs.user_state_path(APP, appauthor=False)


@contextmanager
def written_aside(path: Path | str) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` once the block ends without a fault.

    What stood at `path` stays whole until then; a failed write leaves nothing behind.

    Raises:
        OSError: With the target's own name, where the folder cannot be written or the disk is full.
    """
    target = Path(path).expanduser()
    target.parent.mkdir(parents=True, exist_ok=True)
    # The suffix is kept: writers such as numpy and Qt look at it.
    handle, name = tempfile.mkstemp(prefix=".part-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        with open(aside, "rb+") as stream:
            os.fsync(stream.fileno())
        # mkstemp makes private files; a result is as readable as any other new file.
        os.chmod(aside, 0o666 & ~_umask())
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def make_writable(folder: Path) -> None:
    """Make a folder where there is none, and make sure that files can be written into it.

    Raises:
        OSError: Where they cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def explain(error: OSError, path: Path | str, doing: str = "write") -> str:
    """One line for a person: what could not be done, where, why, and what to do."""
    reason = error.strerror or str(error)
    in_the_way = next((str(place) for place in (Path(path), *Path(path).parents) if place.is_file()), "")
    if in_the_way and isinstance(error, FileExistsError | NotADirectoryError):
        return f"cannot {doing} {path}: {in_the_way} is a file, not a folder; choose another place"
    advice = {
        28: "free some space or choose another disk",
        13: "choose a folder that you may write to",
        30: "choose a folder that you may write to",
        2: "check the name",
        21: "name a file, not a folder",
    }.get(error.errno or 0, "choose another place")
    return f"cannot {doing} {path}: {reason.lower()}; {advice}"
