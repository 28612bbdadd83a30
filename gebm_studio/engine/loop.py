"""The engine's loop: takes commands, advances the experiment, answers pulls.

Commands are looked at between any two small pieces of work, so a slider acts at once; of several
changes of one setting only the newest is applied; a frame is computed only when it is asked for.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import torch

from gebm_studio import messages as m
from gebm_studio.engine import exports, storage
from gebm_studio.engine.host import Options
from gebm_studio.engine.inbox import Inbox
from gebm_studio.engine.selftest import SelfTesting
from gebm_studio.engine.speed import Speed
from gebm_studio.experiments import Diverged, Training, describe, limit_threads, resolve
from gebm_studio.files import explain
from gebm_studio.presets import PresetError, save

AUTOSAVE_SECONDS = 10.0
FIRST_AUTOSAVE_SECONDS = 2.0
EXPORT_SEED = 104729


def serve(connection: Connection, options: Options) -> None:
    """Run an engine until it is told to stop or the other end of the pipe is gone."""
    Engine(connection, options).run()


class Engine:
    """One experiment, the pipe to the window, and what is under way."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection, self._options = connection, options
        self._inbox = Inbox()
        self._speed = Speed()
        self._run: Training | None = None
        self._run_id = 0
        self._state: m.State = "empty"
        self._stopped = False
        self._cancelled = False
        self._task: Iterator[None] | None = None
        self._task_path = ""
        self._testing: SelfTesting | None = None
        self._next_autosave = 0.0
        self._saved_at = -1
        self._handlers: dict[type, Callable[..., None]] = {
            m.Load: self._load,
            m.Restore: self._restore,
            m.Run: self._start,
            m.Pause: self._pause,
            m.StepOnce: self._step_once,
            m.Reset: self._reset,
            m.RestartChains: self._restart_chains,
            m.SetValue: self._set_value,
            m.Save: self._save,
            m.ExportSamples: self._export_samples,
            m.ExportCurves: self._export_curves,
            m.ExportSettings: self._export_settings,
            m.ExportRace: self._export_race,
            m.SelfTest: self._self_test,
            m.Stop: self._stop,
            m.Pull: self._answer,
        }

    def run(self) -> None:
        """Serve until stopped."""
        limit_threads(self._options.threads)
        try:
            while not self._stopped:
                self._receive()
                while self._inbox and not self._stopped:
                    self._handle(self._inbox.take())
                if not self._stopped:
                    self._work()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the window is gone: nobody is left to tell
        except OSError:
            if not self._connection.closed:
                raise

    # Commands.

    def _receive(self) -> None:
        """Take in all that has come; wait for something only when there is nothing to do."""
        timeout = self._idle_time()
        while self._connection.poll(timeout):
            command = self._connection.recv()
            if isinstance(command, m.Cancel):
                self._cancelled = self._task is not None  # at once: it must not wait behind what it ends
                if self._testing is not None:
                    self._testing.cancelled = True
            else:
                self._inbox.put(command)
            timeout = 0.0

    def _idle_time(self) -> float | None:
        """How long the engine may sleep: not at all with work at hand, else until it is told something."""
        if self._task is not None or self._testing is not None:
            return 0.0
        if self._state != "running" or self._run is None:
            return None
        return self._speed.wait(self._run.preset.view.pace)

    def _handle(self, command: m.Command) -> None:
        try:
            self._handlers[type(command)](command)
        except PresetError as error:
            for problem in error.problems:
                self._note("error", problem, "settings")
        except Diverged as error:
            self._diverged(error)
        except torch.OutOfMemoryError:
            self._out_of_memory()
        except OSError as error:
            if isinstance(error, BrokenPipeError | ConnectionResetError):
                raise
            path = getattr(command, "path", "")
            self._note("error", explain(error, path), "file")
        except Exception:  # noqa: BLE001  a fault is told with its traceback, and the engine lives on
            self._fault(f"while handling {type(command).__name__}")

    def _load(self, command: m.Load) -> None:
        self._begin(lambda: Training(command.preset, self._device(), command.folder), command.run_id, command.running)

    def _restore(self, command: m.Restore) -> None:
        self._begin(lambda: storage.load(command.path, self._device()), command.run_id, command.running)

    def _reset(self, command: m.Reset) -> None:
        run = self._run
        if run is not None:
            preset, folder = run.preset, run.folder
            was_running = self._state == "running"
            self._begin(lambda: Training(preset, self._device(), folder), command.run_id, was_running)

    def _begin(self, make: Callable[[], Training], run_id: int, running: bool) -> None:
        """Put a new run in the place of the old one; where it cannot be made the old one stays."""
        run = make()
        self._run, self._run_id = run, run_id
        self._task = None
        self._speed.clear()
        self._saved_at = -1
        self._next_autosave = time.perf_counter() + FIRST_AUTOSAVE_SECONDS
        self._state = "running" if running else "paused"
        self._note("info", f"{run.preset.title}: ready on {describe(run.device)}", "run")

    def _device(self) -> torch.device:
        return resolve(self._options.device)

    def _start(self, _: m.Run) -> None:
        if self._run is not None:
            self._state = "running"
            self._speed.clear()

    def _pause(self, _: m.Pause) -> None:
        if self._state == "running":
            self._state = "paused"
            self._need_run().settle()
            self._autosave()

    def _step_once(self, command: m.StepOnce) -> None:
        if self._run is not None:
            self._state = "paused"
            self._run.step(command)

    def _restart_chains(self, _: m.RestartChains) -> None:
        if self._run is not None:
            self._run.restart_chains()

    def _set_value(self, command: m.SetValue) -> None:
        if self._run is not None:
            self._run.set_value(command)

    def _save(self, command: m.Save) -> None:
        storage.save(self._need_run(), command.path)
        self._written(command.path, "run")

    def _export_settings(self, command: m.ExportSettings) -> None:
        save(self._need_run().preset, command.path)
        self._written(command.path, "settings")

    def _export_curves(self, command: m.ExportCurves) -> None:
        exports.write_curves(command.path, self._need_run())
        self._written(command.path, "curves")

    def _export_race(self, command: m.ExportRace) -> None:
        run = self._need_run()
        self._need_no_task()
        if not run.preset.race.lanes:
            raise PresetError(["there is no race to write; add a sampler to it first"])
        self._cancelled = False
        self._task, self._task_path = self._writing_race(run, command.path), command.path

    def _writing_race(self, run: Training, path: str) -> Iterator[None]:
        for _ in exports.race_in_pieces(path, run):
            if self._cancelled:
                self._note("info", f"{path}: cancelled, nothing written", "file")
                return
            yield
        self._written(path, "race")

    def _export_samples(self, command: m.ExportSamples) -> None:
        self._need_run()
        self._need_no_task()
        self._cancelled = False
        self._task, self._task_path = self._sampling(command), command.path

    def _sampling(self, command: m.ExportSamples) -> Iterator[None]:
        """The long export, a piece at a time."""
        run, title = self._need_run(), f"Sampling for {Path(command.path).name}"
        drawing = exports.Drawing(run, command.rows * command.columns, command.steps, EXPORT_SEED)
        for done in drawing:
            if self._cancelled:
                self._connection.send(m.Progress(title, drawing.total, drawing.total))
                self._note("info", f"{command.path}: cancelled, nothing written", "file")
                return
            if done % 10 == 1:
                self._connection.send(m.Progress(title, min(done, drawing.total - 1), drawing.total))
            yield
        if Path(command.path).suffix.lower() == ".npz":
            exports.write_npz(command.path, drawing.samples)
        else:
            exports.write_grid(command.path, run, drawing.samples, command)
        self._connection.send(m.Progress(title, drawing.total, drawing.total))
        self._written(command.path, "samples")
        if note := m.regime(drawing.time):
            self._note("warning", f"{command.path}: {note}; more steps or larger ones are needed", "regime")

    def _self_test(self, _: m.SelfTest) -> None:
        if self._testing is None:
            if self._task is not None:
                self._connection.send(m.SelfTested((), 0, 0, "cancelled"))
            self._need_no_task()
            self._testing = SelfTesting(self._connection.send)

    def _need_no_task(self) -> None:
        if self._task is not None or self._testing is not None:
            what = "an export" if self._testing is None else "a self-test"
            raise PresetError([f"{what} is under way; wait for it or cancel it"])

    def _stop(self, _: m.Stop) -> None:
        self._stopped = True

    def _need_run(self) -> Training:
        if self._run is None:
            raise PresetError(["there is no run yet; open a preset first"])
        return self._run

    # Work.

    def _work(self) -> None:
        """One small piece of whatever is under way; the run waits for a self-test."""
        if self._testing is not None:
            self._continue_test(self._testing)
            return
        if self._task is not None:
            self._continue_task(self._task)
        run = self._run
        if run is None or self._state != "running":
            return
        if self._speed.wait(run.preset.view.pace) > 0:
            return
        before = run.iteration
        try:
            run.advance()
        except Diverged as error:
            self._diverged(error)
        except torch.OutOfMemoryError:
            self._out_of_memory()
        except Exception:  # noqa: BLE001  likewise
            self._fault(f"at iteration {run.iteration}")
        if run.iteration != before:
            self._speed.passed(run.iteration, run.preset.view.pace)
        if time.perf_counter() > self._next_autosave:
            self._autosave()

    def _continue_test(self, testing: SelfTesting) -> None:
        try:
            if testing.work():
                return
        except OSError:
            raise  # the pipe's, since a self-test touches no file
        except Exception:  # noqa: BLE001  likewise
            testing.fail()
            self._fault("in the self-test")
        self._testing = None
        self._speed.clear()

    def _continue_task(self, task: Iterator[None]) -> None:
        try:
            next(task)
        except StopIteration:
            self._task = None
        except torch.OutOfMemoryError:
            self._task = None
            self._out_of_memory()
        except OSError as error:
            self._task = None
            if isinstance(error, BrokenPipeError | ConnectionResetError):
                raise
            self._connection.send(m.Progress("", 1, 1))
            self._note("error", explain(error, self._task_path), "file")
        except Exception:  # noqa: BLE001  likewise
            self._task = None
            self._connection.send(m.Progress("", 1, 1))
            self._fault(f"while writing {self._task_path}")

    def _autosave(self) -> None:
        """Keep the present state for the case that this process dies."""
        self._next_autosave = time.perf_counter() + AUTOSAVE_SECONDS
        run = self._run
        if run is None or not self._options.autosave_folder or run.iteration == self._saved_at:
            return
        path = Path(self._options.autosave_folder) / "autosave.gebm"
        try:
            storage.save(run, path)
        except OSError as error:
            self._note("warning", f"autosave: {explain(error, path)}", "autosave")
            return
        self._saved_at = run.iteration
        self._connection.send(m.Saved(str(path), self._run_id, run.iteration))

    # Answers.

    def _answer(self, pull: m.Pull) -> None:
        run = self._run
        if run is None:
            self._connection.send(m.Frame(self._run_id, "empty", 0, 0, 0, 0, 0.0, "", -1, 0, asked_run_id=pull.run_id))
            return
        where = describe(run.device)
        rate = self._speed.rate if self._state == "running" and self._testing is None else 0.0
        frame = run.frame(pull, run_id=self._run_id, state=self._state, rate=rate, device=where)
        self._connection.send(frame)

    def _note(self, level: Literal["info", "warning", "error"], text: str, topic: str) -> None:
        self._connection.send(m.Note(level, text, self._run_id, self._run.iteration if self._run else 0, topic))

    def _written(self, path: str, what: str) -> None:
        self._connection.send(m.Written(path, what))

    def _diverged(self, error: Diverged) -> None:
        self._state = "diverged"
        iteration = self._run.iteration if self._run else 0
        self._note("error", f"{error}. Paused at the last good state, iteration {iteration}.", "diverged")

    def _out_of_memory(self) -> None:
        self._state = "paused"
        torch.cuda.empty_cache()
        advice = "lower sampler.chains, training.batch or the width of the networks"
        self._note("error", f"the device is out of memory; paused. To go on, {advice}.", "memory")

    def _fault(self, where: str) -> None:
        """A fault of ours: pause, and say so with all that is needed to find it."""
        if self._state == "running":
            self._state = "paused"
        self._note("error", f"a fault of the engine {where}; paused\n{traceback.format_exc()}", "fault")
