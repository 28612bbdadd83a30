"""What is said to a person: at once in the banner, for later in the run log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from gebm_studio.messages import Note, Written
from gebm_studio.ui.banner import Action, Banner
from gebm_studio.ui.runlog import RunLog
from gebm_studio.ui.session import Session

MOST_LINES = 3
ABOUT_THE_RUN = ("stopped", "busy", "diverged", "memory", "fault", "settings", "open")
"""Topics of messages that a new run makes obsolete."""


class Announcer(QObject):
    """Hears the session and the window, and decides what stands where."""

    def __init__(self, session: Session, restart: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.banner = Banner()
        self.log = RunLog()
        self._session = session
        self._restart = restart
        session.note.connect(self.show_note)
        session.written.connect(self._show_answer)
        session.stopped.connect(self.show_stopped)
        session.busy.connect(self.show_busy)
        session.run_started.connect(self.forget_run)
        session.frame.connect(lambda _frame: self.banner.dismiss("busy"))

    def say(self, level: str, lines: list[str], topic: str) -> None:
        """Tell a person something that is made of one line or of several."""
        for line in lines:
            self.log.say(level, line, topic="" if len(lines) > 1 else topic, iteration=self._session.iteration)
        left = len(lines) - MOST_LINES
        more = f"\n… and {left} more in the run log" if left > 0 else ""
        self.banner.say(level, "\n".join(lines[:MOST_LINES]) + more, topic=topic)

    def show_note(self, note: Note) -> None:
        """Keep a note of the engine; warnings and errors also stand in the banner."""
        self.log.say(note.level, note.text, topic=note.topic, iteration=note.iteration)
        if note.level == "info":
            return
        first, _, rest = note.text.partition("\n")
        actions: tuple[Action, ...] = (("Reset", self._session.reset),) if note.topic == "diverged" else ()
        text = first + (" (details in the run log)" if rest else "")
        self.banner.say(note.level, text, topic=note.topic or "note", actions=actions)

    def show_written(self, path: Path, what: str) -> None:
        """A file is complete."""
        self.log.say("info", f"{what} written to {path}")
        folder = path.absolute().parent
        actions = (("Open folder", lambda: open_folder(folder)),)
        self.banner.say("info", f"{what.capitalize()} written to {path}", topic="written", actions=actions)

    def show_stopped(self, reason: str) -> None:
        """The engine ended without being asked."""
        text = f"engine stopped at step {self._session.iteration} — restart from the last good state"
        self.log.say("error", f"{text} ({reason})", topic="stopped", iteration=self._session.iteration)
        self.banner.dismiss("busy")
        self.banner.say("error", f"{text}\n{reason}", topic="stopped", actions=(("Restart", self._restart),))

    def show_busy(self, seconds: float) -> None:
        """The engine has not answered for a while."""
        if self.banner.message("busy") is None:
            text = f"The engine has not answered for {seconds:.0f} seconds; it may be busy with something long."
            self.log.say("warning", text, topic="busy")
            self.banner.say("warning", text, topic="busy", actions=(("Restart the engine", self._restart),))

    def forget_run(self) -> None:
        """What was said about the last run no longer holds; why a newer one could not be made still does."""
        if self._session.refused:
            return
        for topic in ABOUT_THE_RUN:
            self.banner.dismiss(topic)

    def _show_answer(self, written: Written) -> None:
        self.show_written(Path(written.path), written.what)


def open_folder(folder: Path) -> None:
    """Show a folder in the platform's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
