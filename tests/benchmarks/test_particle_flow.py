"""Steps of particle flows a second, as the engine takes them: record and measurements included.

The figures depend on the machine, and are told beside it; what is asserted is the aim for the rings, by the processor's
time, so that a machine with other work to do does not decide.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from gebm_studio import presets
from gebm_studio.experiments import ParticleFlow
from gebm_studio.schema import ParticlesPreset

RINGS = 200
"""Steps a second that the rings' flow should take at 240 points."""
WARM, SECONDS = 20, 3.0
RULES: dict[str, dict[str, Any]] = {
    "KALE, λ = 0.001": {"name": "kale", "step_size": 5e-4, "scale": 0.2236, "regularisation": 1e-3},
    "KALE, λ = 10⁴": {"name": "kale", "step_size": 1e-2, "scale": 0.2236, "regularisation": 1e4},
    "MMD": {"name": "mmd", "step_size": 1e-2, "scale": 0.2236},
    "Langevin": {"name": "langevin", "step_size": 1e-3},
    "Sinkhorn": {"name": "sinkhorn", "step_size": 1e-2, "epsilon": 0.01},
}
SQUARE = {"kind": "mixture", "means": [[-0.9, -0.9], [0.9, 0.9]], "stds": [0.25, 0.25]}


def flow(rule: str, points: int) -> ParticleFlow:
    changes: dict[str, Any] = {
        "flow": RULES[rule], "others": (), "cloud.particles": points, "cloud.targets": points
    }  # fmt: skip
    if rule == "Langevin":  # the rings have no density
        changes["target"] = SQUARE
    preset = presets.changed(presets.load("f51"), changes)
    assert isinstance(preset, ParticlesPreset)
    return ParticleFlow(preset, torch.device("cpu"))


def rates(run: ParticleFlow, warm: int) -> tuple[float, float, float]:
    """Steps a second by the clock and of the processor's time, and the longest single piece of work in seconds."""
    while run.iteration < warm:
        run.advance()
    began, began_work, first, longest = time.perf_counter(), time.process_time(), run.iteration, 0.0
    while (now := time.perf_counter()) - began < SECONDS:
        run.advance()
        longest = max(longest, time.perf_counter() - now)
    steps = run.iteration - first
    return steps / (time.perf_counter() - began), steps / (time.process_time() - began_work), longest


@pytest.mark.parametrize("points", [240, 2000])
@pytest.mark.parametrize("rule", RULES)
def test_flow(benchmark: Any, rule: str, points: int, report: Callable[[str, str, str], None]) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run = flow(rule, points)
        found: list[tuple[float, float, float]] = []
        benchmark.group = "particle flow"
        benchmark.pedantic(lambda: found.append(rates(run, WARM if points < 1000 else 1)), rounds=1)
    finally:
        torch.set_num_threads(threads)
    live, worked, longest = found[0]
    rings = rule == "KALE, λ = 0.001" and points == 240
    aim = f"≥ {RINGS}" if rings else ""
    report(f"{rule}, {points:,} points", f"{live:.0f} steps a second, longest piece {1e3 * longest:.0f} ms", aim)
    assert worked > (RINGS if rings else 0)
