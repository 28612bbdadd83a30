"""The self-test in the engine: it answers meanwhile, can be cancelled, and leaves the run as it was."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from gebm_studio import messages as m
from gebm_studio.engine import tasks
from gebm_studio.experiments.selftest import CHECKS, SelfTest
from gebm_studio.experiments.selftest.check import Check, Work, identity
from tests.engine.test_loop import Client, preset


def piecemeal(pieces: int, measured: float = 1.0) -> Check:
    def work() -> Work:
        for _ in range(pieces):
            torch.randn(100)  # from torch's own generator, which no run may depend on
            yield
        return (identity("ula", "one", 1.0, measured, 0.1),)

    return Check("ula", "one", work)


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client("thread")
    yield made
    made.host.end(2.0)


def use(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    monkeypatch.setattr(tasks, "SelfTest", lambda: SelfTest(checks))


def finished(client: Client) -> m.SelfTested:
    while (answer := client.next(m.SelfTested)).state == "going":
        pass
    return answer


def saved(client: Client, path: Path) -> dict[str, torch.Tensor]:
    client.send(m.Save(str(path)))
    client.next(m.Written)
    with zipfile.ZipFile(path) as archive:
        return load(archive.read("state.safetensors"))


def test_it_needs_no_run_and_tells_how_far_it_is(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, piecemeal(3), piecemeal(2, measured=2.0))
    client.send(m.SelfTest())
    first = client.next(m.SelfTested)
    assert (first.done, first.total, first.state, first.results) == (0, 2, "going", ())
    last = finished(client)
    assert (last.done, last.total, last.state) == (2, 2, "done")
    assert [line.passed for line in last.results] == [True, False]
    while (progress := client.next(m.Progress)).done < progress.total:
        pass
    assert client.frame().state == "empty"


def test_the_run_waits_and_is_bit_for_bit_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Saved states of a run with true checks in the middle, and of one without, hold the same bits."""
    use(monkeypatch, *(check for check in CHECKS if check.title in ("acceptance ratio", "law of a splitting")))
    client.send(m.Load(preset(), 1), m.StepOnce("iteration", 3), m.Run(), m.SelfTest())
    assert finished(client).state == "done"
    client.send(m.Pause(), m.StepOnce("iteration"))  # a pause may come in the middle of an iteration
    reached = client.frame().iteration
    tested = saved(client, tmp_path / "tested.gebm")
    client.send(m.Load(preset(), 2), m.StepOnce("iteration", reached))
    plain = saved(client, tmp_path / "plain.gebm")
    assert tested.keys() == plain.keys()
    for name, tensor in tested.items():
        torch.testing.assert_close(tensor, plain[name], rtol=0, atol=0, equal_nan=True)


def test_no_iteration_passes_meanwhile_and_pulls_are_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, piecemeal(10**9))
    client.send(m.Load(preset(), 1), m.SelfTest(), m.Run())
    frames = [client.frame(run_id=1) for _ in range(5)]
    assert {frame.iteration for frame in frames} == {0}
    assert {frame.rate for frame in frames} == {0.0}
    client.send(m.Cancel())
    assert finished(client).state == "cancelled"
    client.until(lambda frame: frame.iteration > 0)


def test_a_new_run_does_not_end_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, piecemeal(2000))
    client.send(m.SelfTest(), m.Load(preset(), 1))
    assert finished(client).state == "done"


def test_it_does_not_run_beside_an_export(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, piecemeal(10**9))
    path = tmp_path / "grid.png"
    client.send(m.Load(preset(), 1), m.ExportSamples(str(path), steps=100_000), m.SelfTest())
    assert client.next(m.SelfTested).state == "cancelled"
    note = client.next(m.Note)
    while note.level != "error":
        note = client.next(m.Note)
    assert "an export is under way" in note.text
    client.send(m.Cancel())
    while "cancelled, nothing written" not in note.text:
        note = client.next(m.Note)
    client.send(m.SelfTest(), m.ExportSamples(str(path), steps=1))
    while "a self-test is under way" not in note.text:
        note = client.next(m.Note)
    client.send(m.Cancel())
    assert finished(client).state == "cancelled"


def test_a_fault_is_told_and_the_engine_lives(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> Work:
        yield
        raise ZeroDivisionError("a slip of ours")

    use(monkeypatch, Check("ula", "broken", work))
    client.send(m.SelfTest())
    assert finished(client).state == "failed"
    note = client.next(m.Note)
    while "a slip of ours" not in note.text:
        note = client.next(m.Note)
    assert "in a self-test" in note.text
    assert client.frame().state == "empty"
