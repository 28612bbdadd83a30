"""Starting the program: from arguments to a picture of the window, and out again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from PySide6.QtGui import QImage

from gebm_studio.ui import autosaves

ROOT = Path(__file__).parents[2]
MAIN = str(ROOT / "main.py")


def test_the_window_never_loads_torch() -> None:
    code = "import sys, gebm_studio.ui.app; print({'torch', 'scipy', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_screenshot_shows_a_running_window(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    done = subprocess.run(
        [sys.executable, MAIN, "ring", "--screenshot", str(picture), "--after", "5", "--size", "1024x700"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1024, 700)
    assert not list(tmp_path.glob(".part-*"))


def test_a_screenshot_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = subprocess.run(
        [sys.executable, MAIN, "ring", "--screenshot", str(tmp_path / "file" / "window.png"), "--after", "0.1"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--screenshot" in done.stderr
    assert "Traceback" not in done.stderr


def test_control_c_closes_the_window() -> None:
    program = subprocess.Popen([sys.executable, MAIN, "ring"], stderr=subprocess.PIPE, text=True)
    time.sleep(4)
    began = time.monotonic()
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert program.returncode == 0
    assert "Traceback" not in errors


def test_old_autosaves_are_removed_and_new_ones_stay(tmp_path: Path) -> None:
    old, new = tmp_path / "autosave" / "old", tmp_path / "autosave" / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "autosave.gebm").write_bytes(b"x")
    past = time.time() - autosaves.KEPT - 60
    os.utime(old, (past, past))
    assert autosaves.own_folder(tmp_path) != autosaves.own_folder(tmp_path)
    assert not old.exists()
    assert new.exists()
