"""The session: refused runs keep the old one, changes are not taken back, pulls keep their pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gebm_studio import presets
from gebm_studio.engine.host import Options
from gebm_studio.messages import Frame, Save
from gebm_studio.schema import TrainingPreset
from gebm_studio.ui.pacing import Pacing
from gebm_studio.ui.run_settings import RunSettings
from gebm_studio.ui.session import Session
from tests.typed import training

SMALL = {"base.hidden": 16, "base.depth": 1, "energy.hidden": 16, "energy.depth": 1, "training.batch": 32}
MakeSession = Callable[..., Session]


def small(**changes: Any) -> TrainingPreset:
    return presets.changed(training("ring"), SMALL | changes)


@pytest.fixture
def make_session(qtbot: QtBot) -> Iterator[MakeSession]:
    sessions: list[Session] = []

    def make(**options: Any) -> Session:
        session = Session(small(), "thread", Options(device="cpu", threads=1, **options))
        sessions.append(session)
        session.begin()
        return session

    yield make
    for session in sessions:
        session.close()
        session.deleteLater()


def test_a_live_change_is_not_taken_back_by_an_older_frame() -> None:
    settings = RunSettings(small(), None)
    engine_has = settings.preset
    settings.change_live("sampler.friction", 3.0, next_pull=8)
    settings.adopt(engine_has, answered=7)
    assert training(settings.preset).sampler.friction == 3.0
    settings.adopt(None, answered=8)  # the engine has heard of it, and did not take it
    assert training(settings.preset).sampler.friction == 1.0


def test_pending_changes_of_an_old_kind_go_with_it() -> None:
    settings = RunSettings(small(), None)
    settings.change_later("target.modes", 5)
    settings.change_later("target", "moons")
    assert settings.pending == {"target": "moons"}
    settings.change_later("target.noise", 0.2)
    settings.change_later("target", "ring")
    assert settings.pending == {}


def test_way_back_to_the_opened_preset() -> None:
    original = small()
    changed = presets.changed(original, {"target": "moons", "sampler.friction": 4.0, "seed": 9})
    settings = RunSettings(changed, original)
    for path, value in settings.differences():
        if settings.is_live(path):
            settings.change_live(path, value, 0)
        else:
            settings.change_later(path, value)
    assert settings.with_pending() == original


def test_run_starts_and_frames_arrive(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    with qtbot.waitSignals([session.run_started, session.frame], timeout=60000):
        session.load(small())
    qtbot.waitUntil(lambda: session.iteration > 3, timeout=20000)
    assert session.state == "running"
    session.toggle()
    qtbot.waitUntil(lambda: session.state == "paused")


def test_live_change_reaches_the_engine(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    session.load(small(), running=False)
    qtbot.waitUntil(lambda: session.state == "paused", timeout=60000)
    assert session.change("sampler.friction", 0.25) == []
    assert training(session.preset).sampler.friction == 0.25
    qtbot.waitUntil(lambda: session.settings._unsure == {}, timeout=5000)
    assert training(session.preset).sampler.friction == 0.25
    assert session.settings._engine_preset is not None
    assert training(session.settings._engine_preset).sampler.friction == 0.25


def test_bad_live_change_is_refused_at_once(make_session: MakeSession) -> None:
    session = make_session()
    problems = session.change("sampler.friction", -1.0)
    assert len(problems) == 1
    assert "sampler.friction" in problems[0]
    assert training(session.preset).sampler.friction == 1.0


def test_a_run_that_cannot_be_made_leaves_the_old_one(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    session.load(small(), name="old")
    qtbot.waitUntil(lambda: session.iteration > 2, timeout=60000)
    run_id, before = session.run_id, session.iteration
    notes: list[Any] = []
    session.note.connect(notes.append)
    session.load(small(target={"kind": "file", "path": "nowhere.csv"}), name="new")
    qtbot.waitUntil(lambda: session.run_id == run_id and session.state == "running", timeout=5000)
    assert session.name == "old"
    assert session.preset == small()
    assert any("nowhere.csv" in note.text for note in notes if note.level == "error")
    qtbot.waitUntil(lambda: session.iteration > before, timeout=5000)
    session.load(small(seed=3), name="newer")
    qtbot.waitUntil(lambda: session.run_id == run_id + 2 and session.state == "running", timeout=5000)


def test_first_run_that_cannot_be_made_leaves_none(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    session.load(small(target={"kind": "file", "path": "nowhere.csv"}))
    qtbot.waitUntil(lambda: session.state == "empty", timeout=60000)
    session.load(small())
    qtbot.waitUntil(lambda: session.state == "running", timeout=5000)


def test_applying_pending_changes_begins_a_new_run(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    session.load(small())
    qtbot.waitUntil(lambda: session.state == "running", timeout=60000)
    run_id = session.run_id
    session.change("training.batch", 64)
    assert session.apply_pending() == []
    qtbot.waitUntil(lambda: session.state == "running" and session.run_id != run_id, timeout=5000)
    assert training(session.preset).training.batch == 64
    assert session.settings.pending == {}
    assert session.settings.original == small()


def test_reset_keeps_what_waits(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    session.load(small())
    qtbot.waitUntil(lambda: session.iteration > 3, timeout=60000)
    session.change("training.batch", 64)
    session.change("sampler.friction", 2.0)
    session.reset()
    qtbot.waitUntil(lambda: session.state == "running", timeout=5000)
    assert session.settings.pending == {"training.batch": 64}
    assert training(session.preset).sampler.friction == 2.0


def test_chains_restart_and_the_model_stays(make_session: MakeSession, qtbot: QtBot) -> None:
    session = make_session()
    frames: list[Frame] = []
    session.frame.connect(frames.append)
    session.load(small())
    qtbot.waitUntil(lambda: session.iteration > 3, timeout=60000)
    session.toggle()
    qtbot.waitUntil(lambda: session.state == "paused", timeout=5000)
    session.restart_chains()
    qtbot.waitUntil(lambda: frames[-1].sampler_steps == 0, timeout=5000)
    assert session.iteration > 3


def test_saved_run_comes_back_with_its_settings(make_session: MakeSession, qtbot: QtBot, tmp_path: Path) -> None:
    from gebm_studio.messages import Save

    session = make_session()
    session.load(small())
    qtbot.waitUntil(lambda: session.iteration > 3, timeout=60000)
    session.change("sampler.friction", 2.5)
    with qtbot.waitSignal(session.written, timeout=10000):
        session.send(Save(str(tmp_path / "mine.gebm")))
    session.load(small(seed=4))
    qtbot.waitUntil(lambda: session.state == "running", timeout=5000)
    session.restore(tmp_path / "mine.gebm")
    qtbot.waitUntil(lambda: session.state == "paused", timeout=5000)
    assert training(session.preset).sampler.friction == 2.5
    assert session.settings.original is not None
    assert training(session.settings.original).sampler.friction == 2.5
    assert session.iteration > 3
    assert session.name == "mine"


def test_pulls_keep_to_the_frame_rate(qtbot: QtBot) -> None:
    pacing = Pacing(50.0)
    pacing.running = True
    asked: list[float] = []

    def answer() -> None:
        asked.append(time.monotonic())
        pacing.frame_came()
        pacing.painting_starts()

    pacing.due.connect(answer)
    pacing.start()
    qtbot.wait(500)
    pacing.stop()
    assert 10 <= len(asked) <= 27
    assert all(later - earlier > 0.012 for earlier, later in zip(asked, asked[1:], strict=False))


def test_no_second_pull_while_one_is_unanswered_and_none_after_the_end(qtbot: QtBot) -> None:
    pacing = Pacing(100.0)
    asked: list[int] = []
    pacing.due.connect(lambda: asked.append(1))
    pacing.start()
    pacing.hurry()
    pacing.painting_starts()
    qtbot.wait(150)
    assert len(asked) == 1
    assert pacing.waiting_for > 0.1
    pacing.stop()
    pacing.frame_came()
    pacing.hurry()
    qtbot.wait(100)
    assert len(asked) == 1


def test_a_frame_that_nobody_paints_is_followed_by_the_next(qtbot: QtBot) -> None:
    pacing = Pacing(100.0)
    pacing.running = True
    asked: list[int] = []
    pacing.due.connect(lambda: asked.append(1))
    pacing.due.connect(pacing.frame_came)
    pacing.start()
    qtbot.waitUntil(lambda: len(asked) >= 3, timeout=1000)
    pacing.stop()


def test_paused_polls_slowly_until_something_changes(qtbot: QtBot) -> None:
    pacing = Pacing(100.0)
    asked: list[int] = []
    pacing.due.connect(lambda: asked.append(1))
    pacing.due.connect(pacing.frame_came)
    pacing.due.connect(pacing.painting_starts)
    pacing.start()
    qtbot.wait(350)
    assert len(asked) <= 3
    before = len(asked)
    pacing.hurry()
    qtbot.wait(30)
    assert len(asked) == before + 1
    pacing.stop()


def test_a_stale_frame_is_ignored(make_session: MakeSession) -> None:
    session = make_session()
    session.run_id, session._announced = 5, True
    seen: list[Frame] = []
    session.frame.connect(seen.append)
    session._on_frame(Frame(4, "running", 7, 0, 0, 0, 0.0, "cpu", 0, 0))
    assert seen == []
    session._on_frame(Frame(5, "running", 7, 0, 0, 0, 0.0, "cpu", 0, 0))
    assert len(seen) == 1


def test_a_refused_run_leaves_the_newest_one_that_was_made(
    make_session: MakeSession, qtbot: QtBot, tmp_path: Path
) -> None:
    session = make_session()
    session.load(small(), name="first")
    qtbot.waitUntil(lambda: session.iteration > 0, timeout=60000)
    session._engine.send(Save(str(tmp_path / "between.gebm")))
    session.load(small(**{"seed": 5}), name="second")
    session._engine.send(Save(str(tmp_path / "between.gebm")))  # keeps the second from being skipped
    session.load(changed_to_missing_file(), name="third")
    qtbot.waitUntil(lambda: session.state == "running" and session.name == "second", timeout=20000)
    assert session.preset.seed == 5
    qtbot.waitUntil(lambda: session.iteration > 0, timeout=20000)


def changed_to_missing_file() -> TrainingPreset:
    return presets.changed(small(), {"target": "file", "target.path": "/no/such/points.csv"})
