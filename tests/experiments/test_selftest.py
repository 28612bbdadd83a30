"""The self-test's checks one by one, the machinery around them, and that they can fail."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
import torch

from gebm_studio import cli
from gebm_studio.experiments import selftest
from gebm_studio.experiments.selftest import CHECKS, KS_LIMIT, Check, SelfTest, Work, check, exact_laws
from gebm_studio.experiments.selftest.affine import Affine
from gebm_studio.experiments.selftest.check import distance, estimate, gaussian, identity
from gebm_studio.experiments.selftest.models import quadratic
from gebm_studio.samplers import SAMPLERS, mala


@pytest.mark.parametrize("check", CHECKS, ids=[f"{c.sampler}-{c.title}-{i}" for i, c in enumerate(CHECKS)])
def test_every_check_holds(check: Check) -> None:
    lines = check.finished()
    assert lines
    assert [line for line in lines if not line.passed] == []
    assert all(line.sampler == check.sampler for line in lines)


def test_every_sampler_is_checked() -> None:
    assert {check.sampler for check in CHECKS} == set(SAMPLERS)
    assert [check.sampler for check in CHECKS] == sorted(
        (check.sampler for check in CHECKS), key=list(SAMPLERS).index
    ), "in the order of the registry"


def test_the_stated_error_rate() -> None:
    """Two-sided 4.5 standard errors, and the Kolmogorov–Smirnov limit, each 6.8e-6; seventy lines: under 1/2,000."""
    level = math.erfc(4.5 / math.sqrt(2))
    assert 2 * math.exp(-2 * KS_LIMIT**2) == pytest.approx(level, rel=0.02)
    assert 70 * level < 1 / 2000


# That checks can fail.


def failing(name: str, work: Work) -> list[Any]:
    return [line.quantity for line in Check(name, "", lambda: work).finished() if not line.passed]


def test_the_published_mistake_of_mala_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """γ/4 where 1/(4γ) belongs, as the published code has it."""

    def published(x: Any, y: Any, step_size: float) -> torch.Tensor:
        forward = y.position - x.position + step_size * x.gradient
        backward = x.position - y.position + step_size * y.gradient
        return x.potential - y.potential + step_size / 4 * (forward.square() - backward.square()).sum(1)

    monkeypatch.setattr(mala, "log_ratio", published)
    assert len(failing("mala", exact_laws.linear_gaussian("mala", 2, 3, 300))) > 0


def test_a_biased_sampler_does_not_pass_as_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_laws, "EXACT", (*exact_laws.EXACT, "ula"))
    monkeypatch.setattr(exact_laws, "stepping", lambda name, steepest: SAMPLERS["ula"](step_size=0.1 / steepest))
    assert failing("ula", exact_laws.linear_gaussian("ula", 2, 3, 2500)) == ["E (z−μ)ᵀΛ(z−μ)/d, linear-Gaussian, d = 3"]


def test_chains_that_do_not_move_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_laws, "stepping", lambda name, steepest: SAMPLERS["random_walk"](step_size=1e-12))
    assert len(failing("random_walk", exact_laws.linear_gaussian("random_walk", 2, 3, 50))) == 2


def test_too_few_draws_do_not_pass() -> None:
    few = estimate("ula", "mean", 0.0, gaussian(0, 100), 1.0)
    assert not few.passed
    assert "too few" in few.quantity
    assert estimate("ula", "mean", 0.0, gaussian(0, 4000), 1.0).passed
    assert not estimate("ula", "mean", 0.2, gaussian(0, 4000), 1.0).passed
    assert not estimate("ula", "mean", 0.0, torch.full((4000,), math.nan), 1.0).passed


def test_identities_and_distances_can_fail() -> None:
    assert identity("ula", "x", 1.0, 1.05, 0.1).passed
    assert not identity("ula", "x", 1.0, 1.2, 0.1).passed
    assert not identity("ula", "x", 1.0, math.nan, 0.1).passed

    def normal(z: torch.Tensor) -> torch.Tensor:
        return 0.5 * torch.erfc(-z / math.sqrt(2))

    assert distance("ula", "law", gaussian(1, 4000), normal).passed
    assert not distance("ula", "law", 1.3 * gaussian(1, 4000), normal).passed


def test_the_affine_map_is_that_of_the_step() -> None:
    """ULA on ½|z|² in two dimensions: L = (1 − δ) I and NNᵀ = 2δ I."""
    affine = Affine(SAMPLERS["ula"](step_size=0.2), quadratic, 2)
    torch.testing.assert_close(affine.linear, 0.8 * torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(affine.noise, 0.4 * torch.eye(2, dtype=torch.float64))


# The machinery.


def slow(pieces: int) -> Check:
    def work() -> Work:
        for _ in range(pieces):
            time.sleep(0.004)
            yield
        return (identity("ula", "x", 1.0, 1.0, 0.1),)

    return Check("ula", "slow", work)


def test_work_stops_often_and_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "SLICE", 0.006)
    test = SelfTest((slow(10), slow(1)))
    done = [test.done for _ in test]
    assert 4 <= done.count(0) <= 10
    assert (test.done, test.total, len(test.results)) == (2, 2, 2)


def test_a_walk_ends_where_it_says() -> None:
    sampler = SAMPLERS["ula"](step_size=0.1)
    steps = list(check.walk(sampler, quadratic, gaussian(0, 5, 2), 3, 4))
    assert len(steps) == 4
    found = []

    def work() -> Work:
        found.append((yield from check.last(check.walk(sampler, quadratic, gaussian(0, 5, 2), 3, 4))))
        return ()

    assert Check("ula", "walk", work).finished() == ()
    assert torch.equal(found[0].position, steps[-1][0].position)


# On the command line.


def short_test(monkeypatch: pytest.MonkeyPatch, measured: float) -> None:
    def work() -> Work:
        yield
        return (identity("hmc", "volume", 1.0, measured, 0.1), estimate("ula", "mean", 0.0, gaussian(0, 4000), 1.0))

    monkeypatch.setattr(selftest, "SelfTest", lambda: SelfTest((Check("hmc", "x", work),)))


def test_the_command_line_prints_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    short_test(monkeypatch, 1.0)
    assert cli.main(["--selftest"]) == 0
    header, exact, statistics, blank, verdict = capsys.readouterr().out.splitlines()
    assert header.split() == ["sampler", "quantity", "expected", "measured", "±", "error", "z", "tolerance", "ok"]
    assert exact.split() == ["hmc", "volume", "1", "1", "0.1", "ok"]
    assert len(statistics.split()) == 8 and statistics.endswith("ok")
    assert blank == "" and verdict.startswith("2 lines, none failed.")


def test_a_line_that_fails_gives_status_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    short_test(monkeypatch, 2.0)
    assert cli.main(["--selftest"]) == 1
    out = capsys.readouterr().out
    assert "FAILED" in out and "2 lines, 1 failed." in out
