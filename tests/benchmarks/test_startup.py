"""Time to a painted window against `python -c "import torch"`, whole processes in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 7
PAINTED = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from gebm_studio import presets
from gebm_studio.ui.window import StudioWindow

class Clock(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched is window.panels["data"]:
            print("painted", flush=True)
            app.removeEventFilter(self)
            app.exit()
        return False

app = QApplication(sys.argv[:1])
window = StudioWindow(presets.load("ring"), engine="process", device="cpu", settings_folder=Path(sys.argv[1]))
clock = Clock()
app.installEventFilter(clock)
window.show()
app.exec()
print("closing", flush=True)
window.close()
"""


def seconds_until_painted(folder: Path) -> float:
    """From the start of the process to the first paint of the data panel."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", PAINTED, str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        taken = time.perf_counter() - began
        process.communicate(timeout=30)
    assert line.strip() == "painted"
    return taken


def seconds_of(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, timeout=120)
    return time.perf_counter() - began


def test_painted_window_against_import_torch(
    benchmark: Any, tmp_path: Path, report: Callable[[str, str, str], None]
) -> None:
    ratios, windows, imports = [], [], []

    def turns() -> None:
        seconds_until_painted(tmp_path)
        seconds_of(sys.executable, "-c", "import torch")
        for _ in range(ROUNDS):
            windows.append(seconds_until_painted(tmp_path))
            imports.append(seconds_of(sys.executable, "-c", "import torch"))
            ratios.append(windows[-1] / imports[-1])

    benchmark.group = "start"
    benchmark.pedantic(turns, rounds=1)
    measured = f"{statistics.median(ratios):.2f} × ({min(ratios):.2f} to {max(ratios):.2f})"
    seconds = f"{statistics.median(windows):.2f} s against {statistics.median(imports):.2f} s"
    report("painted window / import torch", f"{measured}, {seconds}", "aim < 1")
