"""Densities are normalised, exact, differentiable, and those of the draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import torch
from torch import Tensor

from gebm_studio.schema import target as schema
from gebm_studio.targets import BlurredCurve, Checkerboard, Target, VonMises
from tests.targets.cases import SECTIONS, Build, generator

ERROR_RATE = 1e-4
"""How often a right target would fail a chi-square test here, were its seed not fixed."""

DENSE = {name: section for name, section in SECTIONS.items() if section.has_density and section.shape == (2,)}
CIRCLES = {name: section for name, section in SECTIONS.items() if section.kind == "von_mises"}
dense = pytest.mark.parametrize("section", DENSE.values(), ids=DENSE.keys())
circles = pytest.mark.parametrize("section", CIRCLES.values(), ids=CIRCLES.keys())


@dense
def test_the_density_integrates_to_one(section: schema.Target, build: Build) -> None:
    target = build(section)
    if isinstance(section, schema.Funnel):
        # x₁ = e^{x₂/2} t straightens the funnel, whose mouth no rectangle holds.
        t, y = _midpoints(-8, 8, 200), _midpoints(-7 * section.std, 7 * section.std, 200)
        tt, yy = torch.meshgrid(t, y, indexing="ij")
        points = torch.stack([(yy / 2).exp() * tt, yy], dim=-1).reshape(-1, 2)
        values = target.log_density(points).exp() * (points[:, 1] / 2).exp()
        mass = values.sum() * (16 / 200) * (14 * section.std / 200)
    else:
        left, right, bottom, top = target.home
        x, y = _midpoints(left - 0.7, right + 0.7, 330), _midpoints(bottom - 0.7, top + 0.7, 330)
        if isinstance(section, schema.Checkerboard):
            x = y = _midpoints(-section.size, section.size, 20 * section.squares)
        values = target.log_density(torch.cartesian_prod(x, y)).exp()
        mass = values.sum() * (x[1] - x[0]) * (y[1] - y[0])
    assert mass.item() == pytest.approx(1, abs=1e-3)


@dense
def test_the_draws_follow_the_density(section: schema.Target, build: Build) -> None:
    target = build(section)
    assert _chi_square(target, target.sample(20_000, generator(2))) > ERROR_RATE


def test_the_chi_square_test_sees_wrong_masses_and_wrong_widths(build: Build) -> None:
    target = build(schema.Ring())
    for wrong in (schema.Ring(weights=(1.2, 1, 1, 1, 1, 1, 1, 1)), schema.Ring(std=0.16), schema.Ring(radius=2.01)):
        assert _chi_square(target, build(wrong).sample(20_000, generator(2))) < ERROR_RATE


@dense
def test_the_density_keeps_precision_and_has_a_gradient(section: schema.Target, build: Build) -> None:
    target = build(section)
    x = target.held_out[:20].double().requires_grad_()
    values = target.log_density(x)
    assert values.shape == (20,)
    assert values.dtype == torch.float64
    single = target.log_density(x.detach().float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), values.detach(), atol=2e-3, rtol=1e-4)
    (gradient,) = torch.autograd.grad(values.sum(), x)
    for axis in range(2):
        step = torch.zeros(2, dtype=torch.float64)
        step[axis] = 1e-6
        slope = (target.log_density(x.detach() + step) - target.log_density(x.detach() - step)) / 2e-6
        torch.testing.assert_close(gradient[:, axis], slope, atol=1e-5, rtol=1e-5)


def test_a_long_list_of_points_is_done_in_parts_with_one_result(build: Build) -> None:
    target = build(schema.Spiral())
    x = target.sample(1000, generator(3)).double()
    torch.testing.assert_close(target.log_density(x)[::50], target.log_density(x[::50]), atol=1e-12, rtol=0)


def test_a_checkerboard_is_dark_where_draws_fall_and_empty_elsewhere(build: Build) -> None:
    for squares in (2, 3, 20):
        board = build(schema.Checkerboard(squares=squares, size=7.3))
        x = board.sample(200_000, generator(4))
        dark = (squares**2 + 1) // 2 * (7.3 / squares) ** 2
        torch.testing.assert_close(board.log_density(x), torch.full((200_000,), -math.log(dark)))
        beyond = torch.tensor([[7.3, 0.1], [0.1, -7.3], [7.3 / squares * 1.5 - 3.65, 7.3 / squares / 2 - 3.65]])
        assert (board.log_density(beyond) == -math.inf).all()


@pytest.mark.parametrize("name", ["moons", "sharp moons", "spiral", "wide spiral", "swiss roll"])
def test_a_curve_density_equals_its_line_integral_by_brute_force(name: str, build: Build) -> None:
    target = build(SECTIONS[name])
    assert isinstance(target, BlurredCurve)
    x = torch.cat(
        [target.held_out[:25].double(), 6 * target.noise * torch.randn(15, 2, generator=generator(5)).double()]
    )
    u = torch.linspace(0, 1, 40_001, dtype=torch.float64)
    total = torch.zeros(len(x), dtype=torch.float64)
    for branch in range(target.branches):
        curve = target.curve(torch.full((len(u),), branch), u)
        squared = (x[:, None, 0] - curve[:, 0]) ** 2 + (x[:, None, 1] - curve[:, 1]) ** 2
        kernel = torch.exp(-squared / (2 * target.noise**2)) / (2 * math.pi * target.noise**2)
        total += torch.from_numpy(scipy.integrate.simpson(kernel.numpy(), x=u.numpy())) / target.branches
    seen = total > 1e-12  # further out the sum of kernels itself runs out of digits
    assert seen.sum() > 25
    torch.testing.assert_close(target.log_density(x)[seen], total[seen].log(), atol=2e-7, rtol=0)


def test_two_moons_are_the_half_circles_that_everybody_draws(build: Build) -> None:
    x = np.array([0.3, 0.8])

    def integrand(t: float) -> float:
        first = (x[0] - math.cos(t)) ** 2 + (x[1] - math.sin(t)) ** 2
        second = (x[0] - 1 + math.cos(t)) ** 2 + (x[1] - 0.5 + math.sin(t)) ** 2
        return (math.exp(-first / 0.08) + math.exp(-second / 0.08)) / (2 * math.pi * 0.04) / (2 * math.pi)

    wanted, _ = scipy.integrate.quad(integrand, 0, math.pi, epsabs=1e-12)
    moons = build(schema.Moons(noise=0.2))
    assert moons.log_density(torch.tensor(x[None])).item() == pytest.approx(math.log(wanted), abs=1e-7)


@circles
def test_angles_are_normalised_and_follow_their_density(section: schema.VonMises, build: Build) -> None:
    target = build(section)
    assert isinstance(target, VonMises)
    cells = 4000
    density = target.angle_log_density(_midpoints(-math.pi, math.pi, cells)).exp()
    assert density.sum().item() * 2 * math.pi / cells == pytest.approx(1, abs=1e-12)
    n, bins = 50_000, 80
    x = target.sample(n, generator(6))
    radius = (x - torch.tensor(target.center)).norm(dim=1)
    torch.testing.assert_close(radius, torch.full((n,), target.radius))
    counts = torch.histc(target.angle(x.double()), bins, -math.pi, math.pi).numpy()
    masses = density.reshape(bins, -1).sum(dim=1).numpy() * 2 * math.pi / cells
    assert _p_value(counts, n * masses) > ERROR_RATE


def test_von_mises_is_exact_up_to_the_largest_concentration(build: Build) -> None:
    for k in (0.0, 1.0, 50.0, 500.0):
        target = build(schema.VonMises(concentrations=(k,), angles=(0.7,)))
        assert isinstance(target, VonMises)
        theta = torch.tensor([0.7, 0.9, 0.7 + math.pi, -20.0], dtype=torch.float64)
        wanted = k * (torch.cos(theta - 0.7) - 1) - math.log(2 * math.pi * scipy.special.ive(0, k))
        torch.testing.assert_close(target.angle_log_density(theta), wanted, atol=1e-10, rtol=1e-12)
        single = target.angle_log_density(theta.float())
        assert single.dtype == torch.float32
        cosine = torch.cos(target.angle(target.sample(100_000, generator(7)).double()) - 0.7)
        mean = scipy.special.ive(1, k) / scipy.special.ive(0, k)
        assert abs(cosine.mean().item() - mean) < 4 * cosine.std().item() / math.sqrt(100_000)


def test_targets_without_a_density_say_so(build: Build) -> None:
    for name, section in SECTIONS.items():
        if not section.has_density:
            target = build(section)
            with pytest.raises(NotImplementedError, match=f"{type(target).__name__} has no known density"):
                target.log_density(target.held_out)
            assert name not in DENSE


def test_a_flower_lies_on_its_surface_with_unequal_petals(build: Build) -> None:
    target = build(schema.Flower(petals=5, bend=0.5))
    x = target.sample(50_000, generator(8)).double()
    angle = torch.atan2(x[:, 1], x[:, 0])
    petal = torch.remainder(torch.round(angle * 5 / (2 * math.pi)), 5).long()
    turned = angle - petal * 2 * math.pi / 5
    radius = x[:, :2].norm(dim=1)
    along, across = radius * turned.cos(), radius * turned.sin()
    half_width = 2 * (math.tan(math.pi / 5) / math.pi) * torch.sin(math.pi * along / 2)
    assert (across.abs() <= half_width + 1e-5).all()
    torch.testing.assert_close(x[:, 2], 0.5 * (along / 2) ** 2, atol=1e-5, rtol=0)
    counts = torch.bincount(petal, minlength=5).numpy()
    assert _p_value(counts, 50_000 * np.arange(1, 6) / 15) > ERROR_RATE


def test_a_pinwheel_has_the_moments_of_its_blades(build: Build) -> None:
    section = schema.Pinwheel(blades=1, rate=0.0, radial_std=0.4, tangential_std=0.05)
    x = build(section).sample(50_000, generator(9)).double()
    torch.testing.assert_close(x.mean(dim=0), torch.tensor([1.0, 0.0]).double(), atol=0.01, rtol=0)
    torch.testing.assert_close(x.std(dim=0), torch.tensor([0.4, 0.05]).double(), atol=0, rtol=0.02)
    bent = build(schema.Pinwheel(blades=4, rate=0.3, radial_std=0.2, tangential_std=0.01)).sample(50_000, generator(9))
    radius, angle = bent.norm(dim=1), torch.atan2(bent[:, 1], bent[:, 0])
    unbent = torch.remainder(angle - 0.3 * radius.exp() + math.pi / 4, math.pi / 2) - math.pi / 4
    assert unbent[radius > 0.5].abs().quantile(0.99) < 0.06


def _midpoints(low: float, high: float, n: int) -> Tensor:
    return low + (high - low) * (torch.arange(n, dtype=torch.float64) + 0.5) / n


def _chi_square(target: Target, x: Tensor) -> float:
    """The p-value of counts in square cells of the home, and outside of it, against the density."""
    cells, fine = 14, 22
    left, right, bottom, top = target.home
    if isinstance(target, Checkerboard):  # midpoints are right across jumps only where cells end at them
        cells, fine = 2 * target.squares, 4
        left, right, bottom, top = (side * target.size / 2 for side in (-1, 1, -1, 1))
    width = (right - left) / cells
    grid = torch.cartesian_prod(_midpoints(left, right, cells * fine), _midpoints(bottom, top, cells * fine))
    masses = target.log_density(grid).exp().reshape(cells, fine, cells, fine).sum(dim=(1, 3)) * (width / fine) ** 2
    cell = ((x.double() - torch.tensor([left, bottom], dtype=torch.float64)) / width).floor().long()
    inside = ((cell >= 0) & (cell < cells)).all(dim=1)
    counts = torch.bincount(cell[inside, 0] * cells + cell[inside, 1], minlength=cells**2).numpy()
    expected = len(x) * masses.flatten().numpy()
    outside, expected_outside = int((~inside).sum()), max(0.0, len(x) - expected.sum())
    return _p_value(np.append(counts, outside), np.append(expected, expected_outside))


def _p_value(counts: np.ndarray, expected: np.ndarray) -> float:
    """Chi-square, with all cells that expect fewer than eight drawn together into one."""
    rare = expected < 8
    observed = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    if wanted[-1] < 8:  # too few even together: they may hold a handful, not more
        if observed[-1] > scipy.stats.poisson.isf(ERROR_RATE / 10, wanted[-1] + 0.5):
            return 0.0
        observed, wanted = observed[:-1], wanted[:-1]
    return float(scipy.stats.chi2.sf(((observed - wanted) ** 2 / wanted).sum(), len(wanted) - 1))
