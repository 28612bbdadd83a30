"""From arguments to a window on the screen."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gebm_studio.files import APP, explain, written_aside
from gebm_studio.schema import Preset
from gebm_studio.ui.window import StudioWindow


def start(
    preset: Preset,
    *,
    folder: str = "",
    device: str = "auto",
    engine: str = "process",
    screenshot: Path | None = None,
    after: float = 10.0,
    restore: Path | None = None,
    size: tuple[int, int] | None = None,
    theme: str = "system",
    settings_folder: Path | None = None,
) -> int:
    """Open the window and run it until it is closed, or until its picture is taken.

    Returns the exit status: 0 done, 2 where the screenshot cannot be written.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName(APP)
    if isinstance(app, QApplication):
        app.setApplicationDisplayName("GEBM Studio")
    window = StudioWindow(
        preset,
        folder=folder,
        engine=engine,
        device=device,
        settings_folder=settings_folder,
        restore=restore,
        theme=theme,
    )
    if size is not None:
        window.resize(*size)
    window.show()
    failures: list[str] = []
    if screenshot is not None:
        QTimer.singleShot(round(1000 * after), window, lambda: _take_picture(window, screenshot, failures))
    with _ended_by_signals(window):
        status = app.exec()
    for line in failures:
        sys.stderr.write(f"{APP}: {line}\n")
    return 2 if failures else status


@contextmanager
def _ended_by_signals(window: StudioWindow) -> Iterator[None]:
    """Ctrl-C in the terminal, or the end of the session, closes the window as a person would."""
    asked = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: window.close()) for number in asked}
    # Python's handlers run only when Python runs: something must call it now and then, also while paused.
    heartbeat = QTimer()
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(200)
    try:
        yield
    finally:
        heartbeat.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _take_picture(window: StudioWindow, path: Path, failures: list[str]) -> None:
    """Write what a person sees, then close the window."""
    picture = window.grab()
    try:
        with written_aside(path) as aside:
            if not picture.save(str(aside)):
                failures.append(f"--screenshot: {path} cannot be written as a picture; use the suffix .png")
    except OSError as error:
        failures.append(f"--screenshot: {explain(error, path)}")
    window.close()
