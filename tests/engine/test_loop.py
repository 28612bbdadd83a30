"""The engine's loop over a real pipe, in a thread and in a real worker process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio import presets
from gebm_studio.engine import host
from gebm_studio.experiments import Training
from gebm_studio.schema import TrainingPreset
from gebm_studio.targets import uci
from gebm_studio.targets.image_files import pictures as image_pictures
from gebm_studio.targets.image_files import sets as image_sets
from tests.targets.image_files.makers import pictures as make_pictures
from tests.typed import training

ALL = frozenset({"data", "latent", "curves", "diagnostics", "gallery"})
SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}
Start = Callable[..., "Client"]


class Client:
    """The window's end of the pipe, without a window."""

    def __init__(self, mode: host.Mode, **options: Any) -> None:
        self.host = host.start(mode, host.Options(device="cpu", threads=1, **options))
        self.said: list[Any] = []

    def send(self, *commands: Any) -> None:
        for command in commands:
            self.host.connection.send(command)

    def next(self, kind: type[Any], patience: float = 60.0) -> Any:
        """The next answer of a kind; the others are kept in `said`."""
        deadline = time.monotonic() + patience
        while self.host.connection.poll(max(0.0, deadline - time.monotonic())):
            answer = self.host.connection.recv()
            self.said.append(answer)
            if isinstance(answer, kind):
                return answer
        raise AssertionError(f"no {kind.__name__} within {patience} s; said: {self.said}")

    def drain(self) -> None:
        """Read until the other end is gone."""
        while True:
            self.host.connection.recv()

    def frame(self, **pull: Any) -> m.Frame:
        self.send(m.Pull(**pull))
        frame: m.Frame = self.next(m.Frame)
        return frame

    def until(self, condition: Callable[[m.Frame], bool], patience: float = 60.0) -> m.Frame:
        deadline = time.monotonic() + patience
        while not condition(frame := self.frame(run_id=1)):
            assert time.monotonic() < deadline, f"never came true: {frame}"
        return frame


@pytest.fixture
def start() -> Iterator[Start]:
    clients: list[Client] = []

    def make(mode: host.Mode = "thread", **options: Any) -> Client:
        clients.append(Client(mode, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.host.end(2.0)


def preset(**changes: Any) -> Any:
    return presets.changed(training("ring"), SMALL | {name.replace("__", "."): v for name, v in changes.items()})


def test_before_any_preset_the_engine_answers_that_it_is_empty(start: Start) -> None:
    assert start().frame().state == "empty"


def test_a_run_advances_and_pauses(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(), 1))
    assert client.frame().state == "paused"
    client.send(m.Run())
    client.until(lambda frame: frame.iteration > 5)
    client.send(m.Pause())
    first, second = client.frame(), client.frame()
    assert first.state == "paused"
    assert first.iteration == second.iteration


@pytest.mark.parametrize(
    ("what", "count"),
    [("iteration", (1, None, 1)), ("energy", (0, 1, 0)), ("base", (0, 0, 1)), ("sampler", (0, 0, 0))],
)
def test_single_steps(start: Start, what: Any, count: tuple[Any, ...]) -> None:
    client = start()
    client.send(m.Load(preset(training__warmup=0), 1), m.StepOnce(what))
    frame = client.frame()
    found = (frame.iteration, frame.energy_steps, frame.base_steps)
    assert all(want is None or want == got for want, got in zip(count, found, strict=True))
    assert frame.sampler_steps == {"iteration": 2, "sampler": 1}.get(what, 0)
    assert frame.state == "paused"


def test_frames_hold_only_what_was_asked_for(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(), 1))
    assert all(getattr(client.frame(), part) is None for part in ALL)
    frame = client.frame(needs=frozenset({"latent"}))
    assert frame.latent is not None
    assert frame.data is None


def test_curves_are_complete_however_rarely_they_are_pulled(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(training__metrics_every=1), 1), m.StepOnce("iteration", 5))
    first = client.frame(run_id=1, needs=frozenset({"curves"}), curves_since=0).curves
    client.send(m.StepOnce("iteration", 4))
    second = client.frame(run_id=1, needs=frozenset({"curves"}), curves_since=len(first.rows)).curves  # type: ignore[union-attr]
    assert first is not None
    assert second is not None
    column = first.columns.index("iteration")
    assert [*first.rows[:, column], *second.rows[:, column]] == list(range(10))


def test_of_many_changes_only_the_newest_counts_and_the_frame_tells(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(), 1))
    version = client.frame(run_id=1).settings_version
    client.send(*(m.SetValue("sampler.friction", float(value)) for value in range(1, 40)))
    frame = client.until(lambda frame: frame.preset is not None and training(frame.preset).sampler.friction == 39.0)
    assert frame.settings_version > version
    assert client.frame(run_id=1, settings_version=frame.settings_version).preset is None


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("sampler.friction", -1.0, "must"),
        ("sampler.frction", 1.0, "no such setting"),
        ("target.std", 0.3, "needs a restart"),
        ("sampler.temperature", "hot", "must"),
    ],
)
def test_a_bad_change_is_answered_and_changes_nothing(start: Start, path: str, value: Any, says: str) -> None:
    client = start()
    client.send(m.Load(preset(), 1))
    before = client.frame().preset
    client.send(m.SetValue(path, value))
    note = client.next(m.Note)
    while note.level != "error":
        note = client.next(m.Note)
    assert says in note.text
    assert client.frame().preset == before


@pytest.mark.parametrize(("train", "told"), [("both", 3), ("none", 0)])
def test_how_the_steps_of_convolutional_networks_are_computed_is_told_once(start: Start, train: str, told: int) -> None:
    networks = {"kind": "conv", "channels": 4}
    images = TrainingPreset.model_validate({
        "title": "t", "target": {"kind": "digits"}, "base": networks | {"latent_dim": 4}, "energy": networks,
        "training": {"train": train, "batch": 4}, "sampler": {"chains": 4},
    })  # fmt: skip
    client = start()
    client.send(m.Load(images, 1, running=True))
    client.until(lambda frame: frame.iteration > 2)
    notes = [said for said in client.said if isinstance(said, m.Note) and said.text.startswith("speed.")]
    assert len(notes) == told
    assert all(note.level == "info" and "on the CPU" in note.text for note in notes)


def test_live_changes_act_on_the_running_chains(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(), 1), m.Run())
    client.until(lambda frame: frame.iteration > 3)
    client.send(
        m.SetValue("sampler.chains", 7),
        m.SetValue("sampler.name", "ula"),
        m.SetValue("sampler.temperature", float("inf")),
    )
    frame = client.frame(run_id=1, needs=frozenset({"latent", "diagnostics"}))
    assert frame.latent is not None
    assert frame.latent.chains.shape == (7, 2)
    assert frame.diagnostics is not None
    assert frame.diagnostics.sampler == "ula"


def test_divergence_pauses_at_the_last_good_state_and_names_the_quantity(start: Start) -> None:
    client = start()
    wild = preset(training__energy_lr=1.0, objective__strength=0.0, training__base_lr=1.0)
    client.send(m.Load(presets.changed(wild, {"energy.activation": "softplus"}), 1, running=True))
    frame = client.until(lambda frame: frame.state == "diverged", 120)
    note = next(answer for answer in client.said if isinstance(answer, m.Note) and answer.topic == "diverged")
    assert "became" in note.text
    assert "lower" in note.text
    assert f"iteration {frame.iteration}" in note.text
    data = client.frame(run_id=1, needs=frozenset({"data"})).data
    assert data is not None
    assert abs(data.base).max() < 1e9


def test_a_failed_load_keeps_the_run_that_is_there(start: Start, tmp_path: Path) -> None:
    client = start()
    client.send(m.Load(preset(), 1), m.StepOnce("iteration", 2))
    assert client.frame().iteration == 2
    client.send(m.Restore(str(tmp_path / "nothing.gebm"), 2))
    frame = client.frame()
    assert (frame.run_id, frame.iteration) == (1, 2)
    assert any(isinstance(answer, m.Note) and "nothing.gebm" in answer.text for answer in client.said)


def test_save_and_restore_continue_the_run(start: Start, tmp_path: Path) -> None:
    client, path = start(), tmp_path / "run.gebm"
    client.send(m.Load(preset(), 1), m.StepOnce("iteration", 6), m.Save(str(path)))
    assert client.next(m.Written).path == str(path)
    client.send(m.Restore(str(path), 2))
    frame = client.frame()
    assert (frame.run_id, frame.iteration) == (2, 6)


def test_a_race_runs_in_the_frames_and_is_written(start: Start, tmp_path: Path) -> None:
    client, path = start(), tmp_path / "race.csv"
    client.send(m.Load(preset(), 1), m.ExportRace(str(path)))
    while "no race" not in client.next(m.Note).text:
        pass
    racing = presets.changed(preset(), {"training.train": "none", "race.lanes": [{"name": "ula"}], "race.budget": 50})
    client.send(m.Load(racing, 1, running=True))
    needs = frozenset({"race"})
    while not ((race := client.frame(run_id=1, needs=needs).race) and race.lanes[0].steps == 50):
        pass
    client.send(m.ExportRace(str(path)))
    assert client.next(m.Written) == m.Written(str(path), "race")
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("ULA δ=0.1,biased,50,50.0,0.1,")
    client.send(m.RestartChains(), m.Pause())
    race = client.frame(run_id=1, needs=needs).race
    assert race is not None and race.lanes[0].steps < 50


def test_a_sweep_runs_in_the_frames_and_is_written(start: Start, tmp_path: Path) -> None:
    client, path = start(), tmp_path / "sweep.csv"
    client.send(m.Load(preset(), 1), m.ExportSweep(str(path)))
    while "no sweep" not in client.next(m.Note).text:
        pass
    small = {"sweep.study": "random_networks", "sweep.trials": 1, "sweep.iterations": 2, "sweep.share": 0.8}
    client.send(m.Load(presets.changed(preset(), small), 1, running=True))
    needs = frozenset({"sweep"})
    while not ((sweep := client.frame(run_id=1, needs=needs).sweep) and sweep.done == sweep.total):
        pass
    client.send(m.SetValue("sweep.threshold", 20.0), m.ExportSweep(str(path)))
    assert client.next(m.Written) == m.Written(str(path), "sweep")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_an_export_shows_progress_and_can_be_cancelled(start: Start, tmp_path: Path) -> None:
    client, path = start(), tmp_path / "grid.png"
    client.send(m.Load(preset(), 1), m.ExportSamples(str(path), steps=100_000))
    assert 0 <= client.next(m.Progress).done < client.next(m.Progress).total
    client.send(m.Cancel())
    while (progress := client.next(m.Progress)).done < progress.total:
        pass
    assert not list(tmp_path.iterdir())
    client.send(m.ExportSamples(str(path), steps=5))
    assert client.next(m.Written).path == str(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    # Five steps are too few for the GEBM's law.
    assert "gradient flow, not equilibrium (time 0.25)" in client.next(m.Note).text


def test_an_engine_that_ends_during_an_export_leaves_nothing(start: Start, tmp_path: Path) -> None:
    client, out = start(), tmp_path / "out"
    client.send(m.Load(presets.load("f51"), 1, running=True))
    client.until(lambda frame: frame.iteration > 40)
    client.send(m.ExportFlow(str(out / "flow.webp"), size=1000))
    client.next(m.Progress)
    client.send(m.Stop())
    with pytest.raises((EOFError, OSError)):
        client.drain()
    client.host.end(10.0)
    assert not list(out.iterdir())


def test_the_next_export_may_come_at_once(start: Start, tmp_path: Path) -> None:
    client = start()
    client.send(m.Load(presets.load("f50"), 1, running=True))
    for suffix in ("gif", "png", "npz", "webp", "png"):
        client.send(m.ExportFlow(str(tmp_path / f"flow.{suffix}"), size=60))
        client.next(m.Written)
    assert not [said for said in client.said if isinstance(said, m.Note) and said.level == "error"]


def test_an_unwritable_place_is_told_and_nothing_is_left(start: Start, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    client = start()
    client.send(m.Load(preset(), 1), m.ExportCurves(str(blocked / "curves.csv")))
    note = client.next(m.Note)
    while note.level != "error":
        note = client.next(m.Note)
    assert "cannot write" in note.text
    assert blocked.read_text() == "in the way"
    assert client.frame().state == "paused"


@pytest.mark.parametrize(
    ("fault", "topic", "says"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "memory", "lower sampler.chains, training.batch"),
        (ZeroDivisionError("a slip of ours"), "fault", "a slip of ours"),
    ],
)
def test_a_run_that_cannot_go_on_pauses_and_the_engine_lives(
    start: Start, monkeypatch: pytest.MonkeyPatch, fault: Exception, topic: str, says: str
) -> None:
    def broken(self: Training) -> None:
        raise fault

    client = start()
    client.send(m.Load(preset(), 1))
    assert client.frame().state == "paused"
    monkeypatch.setattr(Training, "advance", broken)
    client.send(m.Run())
    note = client.next(m.Note)
    while note.topic != topic:
        note = client.next(m.Note)
    assert says in note.text
    assert client.frame().state == "paused"
    monkeypatch.undo()
    client.send(m.Run())
    client.until(lambda frame: frame.iteration > 0)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("a bug")])
def test_a_failed_export_names_its_file_and_the_engine_lives_on(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("gebm_studio.engine.exports.write_grid", fails)
    client, path = start(), tmp_path / "grid.png"
    client.send(m.Load(preset(), 1), m.ExportSamples(str(path), steps=2))
    while (note := client.next(m.Note)).level != "error":
        pass
    assert str(path) in note.text
    assert client.frame().state == "paused"


def test_pace_slows_the_run_but_not_the_answers(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(training__warmup=0, view__pace=5.0), 1, running=True))
    client.until(lambda frame: frame.iteration >= 1)
    began, first = time.monotonic(), client.frame().iteration
    client.until(lambda frame: frame.iteration >= first + 5)
    # Five iterations at five a second: no faster than that, with one iteration of grace.
    assert time.monotonic() - began > 0.7


def test_the_worker_ends_when_the_window_is_gone(start: Start) -> None:
    client = start("process")
    client.send(m.Load(preset(), 1, running=True))
    assert client.frame().state == "running"
    process = psutil.Process(client.host.pid)  # type: ignore[attr-defined]
    client.host.end(60.0)
    assert not process.is_running()
    assert client.host.last_words() == "the engine ended with exit status 0"  # of itself, not by force


def test_a_killed_worker_can_be_told_and_its_autosave_restored(start: Start, tmp_path: Path) -> None:
    client = start("process", autosave_folder=str(tmp_path))
    client.send(m.Load(preset(), 1, running=True))
    saved = client.next(m.Saved)
    psutil.Process(client.host.pid).kill()  # type: ignore[attr-defined]
    with pytest.raises((EOFError, OSError)):
        client.drain()
    assert "SIGKILL" in client.host.last_words()
    again = start("process")
    again.send(m.Restore(saved.path, 2))
    assert again.frame().iteration == saved.iteration > 0


def test_of_several_presets_opened_at_once_only_the_newest_is_made(start: Start) -> None:
    client = start()
    client.send(m.Load(preset(), 1, running=False))
    client.frame(run_id=1)
    client.send(*(m.Load(preset(seed=number), number, running=False) for number in range(2, 12)))
    while client.frame(run_id=11).run_id != 11:
        pass
    made = [answer for answer in client.said if isinstance(answer, m.Note) and "ready on" in answer.text]
    assert len(made) < 6  # the first, one or two that were begun before the others came, the last


def test_a_table_that_is_not_here_is_downloaded_before_its_run_begins(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The run of before goes on until the table has come; one that cannot come leaves it as it is."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    nowhere = replace(uci.SOURCES["redwine"], url="http://127.0.0.1:9/winequality-red.csv")
    monkeypatch.setitem(uci.SOURCES, "redwine", nowhere)
    client = start()
    client.send(m.Load(preset(), 1))
    client.until(lambda frame: frame.run_id == 1)
    table = presets.changed(preset(), {"target": {"kind": "table", "name": "redwine"}})
    client.send(m.Load(table, 2))
    while (note := client.next(m.Note)).level != "error":
        pass
    assert "go online, or put the file at" in note.text
    assert any(isinstance(said, m.Progress) and said.done == said.total for said in client.said)
    assert client.frame().run_id == 1
    place = Path(note.text.rpartition(" at ")[2])
    names = ";".join([*(f"c{i}" for i in range(11)), "quality"])
    rows = torch.randn(100, 12, generator=torch.Generator().manual_seed(0)).tolist()
    place.write_text("\n".join([names, *(";".join(map(str, row)) for row in rows)]))
    client.send(m.Load(table, 3))
    deadline = time.monotonic() + 60
    while client.frame().run_id != 3:
        assert time.monotonic() < deadline, client.said


def test_pictures_are_prepared_while_the_run_of_before_goes_on(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Opened, reset with its prepared images gone, and cancelled: no frame waits for pictures."""
    make_pictures(tmp_path / "pictures", 400)
    made = image_pictures._picture

    def slowly(*what: Any) -> Any:
        time.sleep(0.002)
        return made(*what)

    monkeypatch.setattr(image_pictures, "_picture", slowly)
    client = start()
    client.send(m.Load(preset(), 1))
    client.until(lambda frame: frame.run_id == 1)
    client.send(m.Run())
    target = {"kind": "images", "source": "folder", "path": "pictures", "size": "8", "held_out": 10}
    images = presets.changed(preset(), {"target": target})
    client.send(m.Load(images, 2, folder=str(tmp_path)))
    began = client.frame().iteration

    def under_way(frame: m.Frame) -> bool:
        assert frame.run_id == 1
        return any(isinstance(said, m.Progress) and 0 < said.done < said.total for said in client.said)

    client.until(under_way)
    assert client.until(lambda frame: frame.iteration > began).run_id == 1
    client.until(lambda frame: frame.run_id == 2)
    (prepared,) = image_sets.store().glob("*.npy")
    prepared.unlink()
    client.said.clear()
    client.send(m.Reset(3))
    assert client.frame().run_id == 2
    client.send(m.Cancel())
    while "images: cancelled" not in client.next(m.Note).text:
        pass
    assert client.frame().run_id == 2
    client.send(m.Reset(4))
    client.until(lambda frame: frame.run_id == 4)
    assert prepared.is_file()
