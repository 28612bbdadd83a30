"""Where a window's engine keeps its autosave."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

KEPT = 7 * 24 * 3600.0
"""Seconds that an autosave is kept of a window that did not end as it was meant to."""


def own_folder(state: Path) -> Path:
    """A folder for this window alone, since two windows must not overwrite each other's autosave.

    The folders of windows that died long ago are removed.
    """
    folder = state / "autosave"
    # Tidying up is no reason not to start.
    with suppress(OSError):
        for old in folder.iterdir():
            if old.is_dir() and time.time() - old.stat().st_mtime > KEPT:
                discard(old)
    return folder / f"{os.getpid()}-{time.time_ns():x}"


def discard(folder: Path) -> None:
    """Remove a folder of autosaves; what cannot be removed stays, and does no harm."""
    shutil.rmtree(folder, ignore_errors=True)
