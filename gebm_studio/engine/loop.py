"""The engine's loop: takes commands, advances the experiment, answers pulls.

Commands are looked at between any two small pieces of work, so a slider acts at once; of several
changes of one setting only the newest is applied; a frame is computed only when it is asked for.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal, get_args

import torch

from gebm_studio import messages as m
from gebm_studio.engine import orders, storage, tasks
from gebm_studio.engine.fetching import Fetching
from gebm_studio.engine.host import Options
from gebm_studio.engine.inbox import Inbox
from gebm_studio.engine.speed import Speed
from gebm_studio.engine.tasks import Task
from gebm_studio.experiments import Diverged, Experiment, begin, describe, limit_threads, resolve
from gebm_studio.experiments.quality.study import study_of
from gebm_studio.files import explain
from gebm_studio.presets import PresetError
from gebm_studio.schema import Preset, TrainingPreset
from gebm_studio.targets import missing

AUTOSAVE_SECONDS = 10.0
FIRST_AUTOSAVE_SECONDS = 2.0


def serve(connection: Connection, options: Options) -> None:
    """Run an engine until it is told to stop or the other end of the pipe is gone."""
    Engine(connection, options).run()


class Engine:
    """One experiment, the pipe to the window, and what is under way."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection, self._options = connection, options
        self._inbox = Inbox()
        self._speed = Speed()
        self._run: Experiment | None = None
        self._run_id = 0
        self._state: m.State = "empty"
        self._stopped = False
        self._task: Task | None = None
        self._next_autosave = 0.0
        self._saved_at = -1
        self._means_told = 0
        self._handlers: dict[type, Callable[..., None]] = {
            m.Load: self._load,
            m.Restore: self._restore,
            m.Run: self._start,
            m.Pause: self._pause,
            m.StepOnce: self._step_once,
            m.Reset: self._reset,
            m.RestartChains: self._restart_chains,
            m.MeasureQuality: self._measure_quality,
            m.SetValue: self._set_value,
            m.Save: self._save,
            **dict.fromkeys(get_args(m.Export), self._export),
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
        finally:
            # While its files can still be put away: a process ends without looking back.
            task, self._task = self._task, None
            if isinstance(task, Fetching):
                task.leave()

    # Commands.

    def _receive(self) -> None:
        """Take in all that has come; wait for something only when there is nothing to do."""
        timeout = self._idle_time()
        while self._connection.poll(timeout):
            command = self._connection.recv()
            if isinstance(command, m.Cancel):
                self._cancel()  # at once: it must not wait behind what it ends
            else:
                self._inbox.put(command)
            timeout = 0.0

    def _idle_time(self) -> float | None:
        """How long the engine may sleep: not at all with work at hand, else until it is told something."""
        if self._task is not None:
            return 0.0
        if self._state != "running" or self._run is None or self._run.resting:
            return None
        return self._speed.wait(self._run.preset.pace)

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
        preset = command.preset
        if not self._waits_for_data(preset, command.folder, command):
            self._begin(lambda: begin(preset, self._device(), command.folder), command.run_id, command.running)

    def _restore(self, command: m.Restore) -> None:
        if self._waits_for_data(*storage.settings(command.path), command):
            return
        self._begin(lambda: storage.load(command.path, self._device()), command.run_id, command.running)

    def _reset(self, command: m.Reset) -> None:
        run = self._run
        if run is not None:
            preset, folder = run.preset, run.folder
            was_running = self._state == "running"
            if self._waits_for_data(preset, folder, command):
                return
            self._begin(lambda: begin(preset, self._device(), folder), command.run_id, was_running)

    def _waits_for_data(self, preset: Preset, folder: str, command: m.Command) -> bool:
        """Whether data must be made ready first: that is begun, and the command comes again when it is done."""
        needed = missing(preset.target, folder) if isinstance(preset, TrainingPreset) else None
        if needed is not None:
            self._take_up(lambda: Fetching(needed, self._tell, lambda: self._inbox.put(command)))
        return needed is not None

    def _begin(self, make: Callable[[], Experiment], run_id: int, running: bool) -> None:
        """Put a new run in the place of the old one; where it cannot be made the old one stays."""
        run = make()
        self._run, self._run_id = run, run_id
        if self._task is not None and not self._task.run_waits:
            self._cancel()  # it writes what belongs to the run of before
        self._speed.clear()
        self._saved_at = -1
        self._next_autosave = time.perf_counter() + FIRST_AUTOSAVE_SECONDS
        self._state = "running" if running else "paused"
        self._note("info", f"{run.preset.title}: ready on {describe(run.device)}", "run")
        self._means_told = 0
        self._tell_means(run)

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
            self._tell_notices(self._run)

    def _restart_chains(self, _: m.RestartChains) -> None:
        if self._run is not None:
            self._run.restart_chains()

    def _measure_quality(self, _: m.MeasureQuality) -> None:
        run = orders.trained(self._need_run(), "images")
        study_of(run.front.exhibits).measure()

    def _set_value(self, command: m.SetValue) -> None:
        if self._run is not None:
            self._run.set_value(command)

    def _save(self, command: m.Save) -> None:
        storage.save(self._need_run(), command.path)
        self._written(command.path, "run")

    def _export(self, order: m.Export) -> None:
        run = self._need_run()
        if isinstance(order, orders.LONG):
            self._take_up(lambda: orders.task(order, run, self._tell))
        else:
            orders.write(order, run, self._tell)

    def _self_test(self, _: m.SelfTest) -> None:
        try:
            self._take_up(lambda: tasks.SelfTesting(self._tell))
        except PresetError:
            if not isinstance(self._task, tasks.SelfTesting):
                self._tell(m.SelfTested((), 0, 0, "cancelled"))
                raise

    def _take_up(self, begin: Callable[[], Task]) -> None:
        """Begin long work, one at a time."""
        if self._task is not None:
            raise PresetError([f"{self._task.what} is under way; wait for it or cancel it"])
        self._task = begin()

    def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            self._speed.clear()

    def _stop(self, _: m.Stop) -> None:
        self._stopped = True

    def _need_run(self) -> Experiment:
        if self._run is None:
            raise PresetError(["there is no run yet; open a preset first"])
        return self._run

    # Work.

    def _work(self) -> None:
        """One small piece of whatever is under way."""
        if self._task is not None:
            self._work_on(self._task)
            if self._task is not None and self._task.run_waits:
                return
        run = self._run
        if run is None or self._state != "running" or run.resting:
            return
        if self._speed.wait(run.preset.pace) > 0:
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
        self._tell_notices(run)
        if run.iteration != before:
            self._speed.passed(run.iteration, run.preset.pace)
        if time.perf_counter() > self._next_autosave:
            self._autosave()

    def _work_on(self, task: Task) -> None:
        """One piece of long work; what fails ends it, not the engine."""
        try:
            if task.work():
                return
        except torch.OutOfMemoryError:
            task.fail()
            self._out_of_memory()
        except PresetError as error:
            task.fail()
            for problem in error.problems:
                self._note("error", problem, "settings")
        except OSError as error:
            if isinstance(error, BrokenPipeError | ConnectionResetError):
                raise
            task.fail()
            self._note("error", explain(error, task.path), "file")
        except Exception:  # noqa: BLE001  likewise
            task.fail()
            self._fault(f"in {task.what} {task.path}".rstrip())
        self._task = None
        self._speed.clear()

    def _autosave(self) -> None:
        """Keep the present state for the case that this process dies."""
        self._next_autosave = time.perf_counter() + AUTOSAVE_SECONDS
        run = self._run
        if run is None or not self._options.autosave_folder or run.iteration == self._saved_at:
            return
        if not run.iteration and self._state == "running":
            # Its beginning can be made again; what comes next is not to wait for its turn.
            self._next_autosave = time.perf_counter() + FIRST_AUTOSAVE_SECONDS
            return
        path = Path(self._options.autosave_folder) / "autosave.gebm"
        try:
            storage.save(run, path)
        except OSError as error:
            self._note("warning", f"autosave: {explain(error, path)}", "autosave")
            return
        except Diverged as error:  # of what had begun, and was finished for the file
            self._diverged(error)
            return
        self._saved_at = run.iteration
        self._connection.send(m.Saved(str(path), self._run_id, run.iteration))

    # Answers.

    def _answer(self, pull: m.Pull) -> None:
        run = self._run
        if run is None:
            none = m.Frame(self._run_id, "empty", 0, 0, 0, 0, 0.0, "", -1, 0, asked_run_id=pull.run_id, rests=True)
            self._connection.send(none)
            return
        where = describe(run.device)
        waits = self._task is not None and self._task.run_waits
        rate = self._speed.rate if self._state == "running" and not waits else 0.0
        frame = run.frame(pull, run_id=self._run_id, state=self._state, rate=rate, device=where)
        self._connection.send(frame)

    def _tell(self, answer: m.Answer) -> None:
        """Send what a task has to say; a note gets the run that it speaks of."""
        if isinstance(answer, m.Note):
            self._note(answer.level, answer.text, answer.topic)
        else:
            self._connection.send(answer)

    def _note(self, level: Literal["info", "warning", "error"], text: str, topic: str) -> None:
        self._connection.send(m.Note(level, text, self._run_id, self._run.iteration if self._run else 0, topic))

    def _tell_notices(self, run: Experiment) -> None:
        for text in run.take_notices():
            self._note("warning", text, "diverged")
        self._tell_means(run)

    def _tell_means(self, run: Experiment) -> None:
        """How steps are computed: at the start what is known by rule, the rest once a trial has settled it."""
        settled = orders.means_of(run)
        for text in settled[self._means_told :]:
            self._note("info", text, "run")
        self._means_told = len(settled)

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
