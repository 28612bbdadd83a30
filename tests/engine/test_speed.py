"""How fast a run goes."""

from __future__ import annotations

from gebm_studio.engine.speed import Speed


def test_a_run_that_begins_again_is_measured_anew() -> None:
    speed = Speed()
    for iteration in (5000, 5001, 5002):
        speed.passed(iteration, 0.0)
    assert speed.rate > 0
    speed.passed(1, 0.0)
    assert speed.rate == 0
    speed.passed(2, 0.0)
    assert speed.rate > 0
