"""KALE in an RKHS against Newton's method as a textbook writes it, and against one Cholesky factorisation of N × N.

The three rings of the KALE flow with its Gaussian kernel, P a small cloud at the foot of one ring. Warm is one step of
the flow later. All in one run, by turns: only the ratios carry over to other machines.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from gebm_studio.divergences import Gaussian, rkhs_kale

KERNEL = Gaussian(math.sqrt(0.05))
Work = Callable[[], Any]


def rings(n: int) -> tuple[Tensor, Tensor]:
    """P at the foot of a ring, and Q: n/3 points on each of three rings of radius 0.3, gap 0.5."""
    angle = 2 * math.pi * torch.arange(n // 3, dtype=torch.float64) / (n // 3)
    ring, side = 0.3 * torch.stack([angle.cos(), angle.sin()], 1), 2 * 0.3 + 0.5
    centres = torch.tensor([[0, 0], [side, 0], [side / 2, side * math.sqrt(3) / 2]], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    cloud = 0.01 * torch.randn(len(angle) * 3, 2, generator=generator, dtype=torch.float64)
    return cloud + torch.tensor([0, -0.3], dtype=torch.float64), (ring + centres[:, None]).reshape(-1, 2)


def textbook(x_p: Tensor, x_q: Tensor, lam: float, alpha: Tensor, gap: float = 1e-10) -> tuple[Tensor, float]:
    """Newton on the dual in α with the inverse of its Hessian, and steps halved until α > 0 and the dual falls."""
    gram, b = KERNEL.matrix(x_q, x_q), KERNEL.matrix(x_q, x_p).mean(1)
    form, n = float(KERNEL.matrix(x_p, x_p).mean()), len(x_q)

    def dual(a: Tensor) -> float:
        entropy = (a * torch.log(n * a) - a).sum() + 1
        return float(entropy + (form - 2 * a @ b + a @ (gram @ a)) / (2 * lam))

    value = dual(alpha)
    for _ in range(500):
        h = (b - gram @ alpha) / lam
        slope = torch.log(n * alpha) - h
        if float((torch.exp(h) / n - alpha + alpha * slope).sum()) <= gap:
            break
        step = torch.inverse(torch.diag(1 / alpha) + gram / lam) @ slope
        decrement = float(slope @ step)
        found = alpha - step
        while float(found.min()) <= 0 or dual(found) > value - 1e-4 * decrement + 1e-13:
            step, decrement = step / 2, decrement / 2
            found = alpha - step
        alpha, value = found, dual(found)
    return alpha, value


def seconds(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Median time of each, taken by turns so that a machine whose speed drifts does not decide."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if turn:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


@pytest.fixture(params=[1, 0], ids=["one thread", "default threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param or before)
    yield torch.get_num_threads()
    torch.set_num_threads(before)


@pytest.mark.parametrize("lam", [1.0, 1e-2, 1e-3])
@pytest.mark.parametrize("n", [240, 1000, 3000])
def test_rkhs_kale(benchmark: Any, n: int, lam: float, threads: int, report: Callable[[str, str, str], None]) -> None:
    x_p, x_q = rings(n)
    n = len(x_q)
    first = rkhs_kale(x_p, x_q, KERNEL, lam)
    moved = x_p - (1e-4 if lam < 1 else 1e-2) * (1 + lam) * first.gradient(x_p)
    after = rkhs_kale(moved, x_q, KERNEL, lam, start=first)
    definite = KERNEL.matrix(x_q, x_q) + torch.eye(n, dtype=torch.float64)
    works: dict[str, Work] = {
        "cold": lambda: rkhs_kale(x_p, x_q, KERNEL, lam),
        "warm": lambda: rkhs_kale(moved, x_q, KERNEL, lam, start=first),
        "cholesky": lambda: torch.linalg.cholesky(definite),
    }
    if n < 2000:  # beyond, the textbook's way takes most of a minute
        uniform = torch.full((n,), 1 / n, dtype=torch.float64)
        works["book cold"] = lambda: textbook(x_p, x_q, lam, uniform)
        works["book warm"] = lambda: textbook(moved, x_q, lam, first.alpha)
        assert textbook(moved, x_q, lam, first.alpha)[1] == pytest.approx(after.dual, abs=1e-8)
    median = seconds(works, 9 if n < 500 else 3)
    for kind, found, aim in (("cold", first, "at 1,000 ≤ 6, ≥ 5 ×"), ("warm", after, "at 1,000 ≥ 10 ×")):
        own, book = median[kind], median.get(f"book {kind}")
        measured = f"{1e3 * own:.1f} ms, {found.steps} steps: {own / median['cholesky']:.1f} Cholesky's"
        if book is not None:
            measured += f", {book / own:.0f} × faster than the textbook's"
        report(f"KALE, N = {n}, λ = {lam:g}, threads {threads}, {kind}", measured, aim)
    benchmark.pedantic(works["warm"], rounds=3)
