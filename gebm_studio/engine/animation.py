"""Moving pictures as files: frames that a thread draws and encodes, while others look how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

from PIL import Image

from gebm_studio.engine.tasks import Done

_EFFORT = {"lossless": True, "quality": 60, "method": 3}
"""Of WebP. Without loss, since colours of small discs are the first to go; 200 frames of 960 particles take 3 MB."""
_LOOK = 0.01
"""Seconds that a piece waits for the encoder."""


class Animation:
    """A file of several frames, all of one size.

    Arguments:
        draw: Makes a frame, by its place; called in a thread.
        frames: How many there are.
    """

    def __init__(self, draw: Callable[[int], Image.Image], frames: int) -> None:
        self._draw, self._frames = draw, frames
        self._done, self._over, self._unwanted = 0, Event(), Event()
        self._fault: Exception | None = None

    def written(self, path: Path, milliseconds: int) -> Iterator[Done]:
        """Write the file, yielding how many frames are drawn; where nobody asks on, the thread ends at the next one.

        Arguments:
            path: Its suffix tells the format, .gif or .webp.
            milliseconds: That each frame lasts.

        Raises:
            OSError: Where the file cannot be written.
        """
        thread = Thread(target=self._write, args=(path, milliseconds), name="gebm-studio-film")
        thread.start()
        try:
            while not self._over.wait(_LOOK):
                yield self._done, self._frames
        finally:
            self._unwanted.set()
            thread.join()
        if self._fault is not None:
            raise self._fault

    def _write(self, path: Path, milliseconds: int) -> None:
        try:
            how: dict[str, Any] = {} if path.suffix.lower() == ".gif" else _EFFORT
            frames = _Frames(self._drawn, self._frames)
            frames.save(path, save_all=True, duration=milliseconds, loop=0, **how)
        except Exception as fault:  # noqa: BLE001  told by the thread that asked
            self._fault = fault
        finally:
            self._over.set()

    def _drawn(self, at: int) -> Image.Image:
        if self._unwanted.is_set():
            raise InterruptedError("nobody wants the film any more")
        picture = self._draw(at)
        self._done = at + 1
        return picture


class _Frames(Image.Image):
    """Many pictures as one of several frames, drawn as the encoder comes to them: one at a time is in memory."""

    def __init__(self, drawn: Callable[[int], Image.Image], frames: int) -> None:
        super().__init__()
        self.n_frames = frames
        self._drawn = drawn
        self._show(0)

    def tell(self) -> int:
        return self._at

    def seek(self, frame: int) -> None:
        if not 0 <= frame < self.n_frames:
            raise EOFError(f"frame {frame} of {self.n_frames}")
        if frame and frame != self._at:  # the encoder goes back to the first one when it is done
            self._show(frame)

    def _show(self, frame: int) -> None:
        picture = self._drawn(frame)
        self.im, self._mode, self._size, self._at = picture.im, picture.mode, picture.size, frame
