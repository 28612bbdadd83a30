"""What is told of a prepared set of images, and whether its source has changed since."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gebm_studio.files import written_aside

VERSION = 1
"""Of how images are prepared; a change of it prepares all of them again."""


@dataclass(frozen=True)
class About:
    """What is told of a prepared set.

    Attributes:
        source, path: The set, and where it lay.
        fitted: How its images were made to fit.
        training, test: How many images there are of each; the training images come first.
        factor, names, counts: What the labels tell, their names, and how many training images have each.
        unreadable: How many images were left out; `faults` tells of the first thousand.
        watched: Size and time of change, in nanoseconds, of files and folders of the source; a changed one means
            that all is prepared again.
        version: `VERSION` of the time.
    """

    source: str
    path: str
    fitted: str
    training: int = 0
    test: int = 0
    factor: str = ""
    names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    unreadable: int = 0
    faults: tuple[str, ...] = ()
    watched: dict[str, list[int] | None] = field(default_factory=dict)
    version: int = VERSION

    @classmethod
    def read(cls, path: Path) -> About:
        """What a file tells.

        Raises:
            OSError: Where it cannot be read.
            ValueError, TypeError: Where it is not such a file.
        """
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lists = {key: tuple(value) for key, value in told.items() if isinstance(value, list)}
        return cls(**(told | lists))

    def write(self, path: Path) -> None:
        """Keep it as JSON.

        Raises:
            OSError: Where it cannot be written.
        """
        with written_aside(path) as aside:
            aside.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")


def mark(path: Path) -> list[int] | None:
    """Size and time of change of a file, of a folder the time alone; None where there is none."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return [0 if path.is_dir() else found.st_size, found.st_mtime_ns]
    return None
