"""The window's model of the run: its state, the pace of frames, and what to do when the engine dies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from gebm_studio import messages as m
from gebm_studio.engine.host import Mode, Options
from gebm_studio.presets import PresetError
from gebm_studio.schema import Preset
from gebm_studio.ui.engine_thread import EngineThread
from gebm_studio.ui.pacing import Pacing
from gebm_studio.ui.run_settings import EarlierRun, RunSettings

PATIENCE = 10.0
"""Seconds without an answer after which the person is told that the engine is busy."""

PullFields = Callable[[], tuple[frozenset[m.Part], Mapping[str, Any]]]


class Session(QObject):
    """One run after another on one engine.

    States are those of a frame, and `starting` (no frame yet) and `stopped` (no engine).

    Signals:
        run_started: a new run, with its preset; panels forget the old one.
        frame: a frame of the present run.
        settings_changed: a value in `settings`, acting or waiting, may have changed.
        state_changed: the new state.
        note, progress, written, tested: as the engine sends them.
        stopped: the engine ended without being asked, and why.
        busy: the engine has been silent for this many seconds.
    """

    run_started = Signal(object)
    frame = Signal(object)
    settings_changed = Signal()
    state_changed = Signal(str)
    note = Signal(object)
    progress = Signal(object)
    written = Signal(object)
    tested = Signal(object)
    stopped = Signal(str)
    busy = Signal(float)

    def __init__(
        self, preset: Preset, mode: Mode, options: Options, *, frames_per_second: float = 30.0,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.settings = RunSettings(preset, preset)
        self.name = ""
        self.folder = ""
        self.run_id = 0
        self.state = "starting"
        self.iteration = 0
        self.device = ""
        self.last_saved: m.Saved | None = None
        self.pull_fields: PullFields = lambda: (frozenset(), {})
        self._settings_version = -1
        self._curve_rows = self._curve_front = 0
        self._pulls = 0
        self._announced = False
        self._last_id = 0
        self._earlier: dict[int, EarlierRun] = {}
        self.refused = False  # whether the run that was asked for last could not be made
        self._was_running = True
        self._engine = EngineThread(mode, options, self)
        self._engine.frame.connect(self._on_frame)
        self._engine.note.connect(self.note)
        self._engine.progress.connect(self.progress)
        self._engine.written.connect(self.written)
        self._engine.tested.connect(self.tested)
        self._engine.saved.connect(self._on_saved)
        self._engine.died.connect(self._on_died)
        self._pacing = Pacing(frames_per_second, self)
        self._pacing.due.connect(self._pull)
        self._watch = QTimer(self)
        self._watch.setInterval(1000)
        self._watch.timeout.connect(self._look_for_silence)

    @property
    def preset(self) -> Preset:
        """The settings as the run uses them."""
        return self.settings.preset

    @property
    def engine_pid(self) -> int | None:
        """The worker's process id, None for an engine in this process."""
        return self._engine.pid

    # The run as a whole

    def begin(self) -> None:
        """Start the engine; `load` or `restore` follows."""
        self._engine.begin()
        self._watch.start()

    def load(self, preset: Preset, *, name: str = "", folder: str = "", running: bool = True) -> None:
        """Begin a new run of a preset."""
        self._revive()
        self._new_run(preset, preset, name or preset.title)
        self.folder = folder
        self._open(m.Load(preset, self.run_id, running, folder))

    def restore(self, path: Path | str, *, running: bool = False) -> None:
        """Continue a saved run; its settings arrive with its first frame."""
        self._revive()
        self._new_run(self.preset, None, Path(path).stem)
        self._open(m.Restore(str(path), self.run_id, running))

    def reset(self) -> None:
        """Begin the present preset again, with all live changes; those that wait go on waiting."""
        if self.state == "stopped":
            return
        self._new_run(self.preset, self.settings.original, self.name, keep_pending=True)
        self._open(m.Reset(self.run_id))

    def restart_from_last_good(self) -> None:
        """Start a new engine and continue from the newest autosave of this run, or from its beginning."""
        saved, running = self.last_saved, self._was_running
        self._engine.restart()
        self._watch.start()
        self._new_run(self.preset, self.settings.original, self.name)
        if saved is not None and Path(saved.path).is_file():
            self._open(m.Restore(saved.path, self.run_id, running))
        else:
            self._open(m.Load(self.preset, self.run_id, running, self.folder))

    def close(self) -> None:
        """End the engine; takes at most two seconds."""
        self._watch.stop()
        self._pacing.stop()
        self._engine.close()

    # Commands

    def send(self, command: m.Command) -> None:
        """Send a command that needs no bookkeeping here; nothing is sent to a dead engine."""
        if self.state != "stopped":
            self._engine.send(command)
            self._pacing.hurry()

    def toggle(self) -> None:
        """m.Pause when running, else run."""
        self.send(m.Pause() if self.state == "running" else m.Run())

    def restart_chains(self) -> None:
        """Begin all chains again from the prior, on the model as it is."""
        self.send(m.RestartChains())

    def painting_starts(self) -> None:
        """The window begins to paint the last frame: time to ask for the next."""
        self._pacing.painting_starts()

    def hurry(self) -> None:
        """What the panels need has changed: ask soon, also while paused."""
        self._pacing.hurry()

    # Settings

    def change(self, path: str, value: Any) -> list[str]:
        """Change one setting: at once where it is live, else with the next restart.

        Returns the problems, one line each; with any of them nothing was changed.
        """
        try:
            if self.settings.is_live(path):
                self.settings.change_live(path, value, self._pulls + 1)
                self.send(m.SetValue(path, value))
            else:
                self.settings.change_later(path, value)
        except PresetError as error:
            return _lines(error)
        self.settings_changed.emit()
        return []

    def apply_pending(self) -> list[str]:
        """Begin a new run with all waiting changes; returns the problems, with which nothing happens."""
        try:
            preset = self.settings.with_pending()
        except PresetError as error:
            return _lines(error)
        running = self._was_running
        self._revive()
        self._new_run(preset, self.settings.original, self.name)
        self._open(m.Load(preset, self.run_id, running, self.folder))
        return []

    def discard_pending(self) -> None:
        """Forget the changes that wait for a restart."""
        self.settings.pending.clear()
        self.settings_changed.emit()

    # What comes from the engine

    def _on_frame(self, frame: m.Frame) -> None:
        if frame.run_id == self.run_id:
            self._take(frame)
        elif not self._announced and frame.asked_run_id == self.run_id:
            # The pull was sent after the new run was asked for: the engine could not make it.
            self._keep_old_run(frame)
        self._pacing.frame_came()

    def _take(self, frame: m.Frame) -> None:
        self.iteration, self.device = frame.iteration, frame.device
        self._settings_version = frame.settings_version
        changed = self.settings.adopt(frame.preset, self._pulls)
        if not self._announced:
            self._announced = True
            self._earlier.clear()
            self.run_started.emit(self.preset)
            changed = True
        if changed:
            self.settings_changed.emit()
        if frame.curves is not None and "curves" in self.pull_fields()[0]:
            self._curve_rows, self._curve_front = frame.curves.since + len(frame.curves.rows), frame.front
        self._pacing.running = not frame.rests
        self._set_state(frame.state)
        self.frame.emit(frame)

    def _keep_old_run(self, frame: m.Frame) -> None:
        self.refused = True
        earlier = self._earlier.get(frame.run_id)
        if earlier is None:
            self._set_state("empty")
            return
        self._earlier.clear()
        # One that the panels never showed is announced with its next frame.
        self.run_id, self.name, self.settings, self.folder, self._announced = earlier
        self._settings_version, self._curve_rows = -1, 0
        self.settings_changed.emit()
        self._pacing.hurry()

    def _on_saved(self, saved: m.Saved) -> None:
        if saved.run_id == self.run_id:
            self.last_saved = saved

    def _on_died(self, reason: str) -> None:
        self._pacing.stop()
        self._watch.stop()
        self._set_state("stopped")
        self.stopped.emit(reason)

    def _look_for_silence(self) -> None:
        if self._pacing.waiting_for > PATIENCE:
            self.busy.emit(self._pacing.waiting_for)

    def _revive(self) -> None:
        """A new run on a dead engine starts another."""
        if self.state == "stopped":
            self._engine.restart()
            self._watch.start()

    def _new_run(self, preset: Preset, original: Preset | None, name: str, *, keep_pending: bool = False) -> None:
        """Expect a run that the engine has yet to make; the old one comes back if it cannot.

        Without `original`, the settings that come with the first frame are the ones to go back to.
        """
        self.refused = False
        if self.run_id:
            self._earlier[self.run_id] = EarlierRun(self.run_id, self.name, self.settings, self.folder, self._announced)
        pending = dict(self.settings.pending) if keep_pending else {}
        self.settings = RunSettings(preset, original)
        self.settings.pending.update(pending)
        self._last_id += 1
        self.run_id, self.name = self._last_id, name
        self._announced = False
        self.last_saved = None
        self._settings_version, self._curve_rows = -1, 0
        self._set_state("starting")
        self.settings_changed.emit()

    def _open(self, command: m.Load | m.Restore | m.Reset) -> None:
        self._engine.send(command)
        self._pacing.start()

    def _pull(self) -> None:
        needs, fields = self.pull_fields()
        self._pulls += 1
        held: dict[str, Any] = {"curves_since": self._curve_rows, "curves_front": self._curve_front}
        self._engine.send(m.Pull(self.run_id, needs, settings_version=self._settings_version, **held, **fields))

    def _set_state(self, state: str) -> None:
        if state in ("running", "paused"):
            self._was_running = state == "running"
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _lines(error: PresetError) -> list[str]:
    return [line.removeprefix("settings: ") for line in error.problems]
