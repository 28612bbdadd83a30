"""What holds for every target of the catalogue."""

from __future__ import annotations

import math
import typing
from pathlib import Path

import pytest
import torch

from gebm_studio import targets
from gebm_studio.schema import target as schema
from tests.targets.cases import CPU, SECTIONS, Build, generator

every = pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS.keys())


def test_the_cases_cover_every_kind_of_the_schema() -> None:
    kinds = typing.get_args(typing.get_args(schema.Target)[0])
    assert {type(section) for section in SECTIONS.values()} == set(kinds)


@every
def test_draws_have_the_shape_and_precision_that_the_target_states(section: schema.Target, build: Build) -> None:
    target = build(section)
    x = target.sample(17, generator())
    assert x.shape == (17, *target.shape)
    assert x.dtype == torch.float32
    assert torch.isfinite(x).all()
    assert target.dim == math.prod(target.shape)
    if section.shape is not None:
        assert target.shape == section.shape
    assert target.has_density == section.has_density
    assert target.intrinsic_dim == {"von_mises": 1, "flower": 2}.get(section.kind, target.dim)
    assert target.sample(0, generator()).shape == (0, *target.shape)


@every
def test_one_seed_gives_one_result_bit_for_bit(section: schema.Target, build: Build) -> None:
    first, second = build(section, seed=4), build(section, seed=4)
    assert torch.equal(first.held_out, second.held_out)
    assert torch.equal(first.sample(50, generator(9)), second.sample(50, generator(9)))
    assert not torch.equal(first.sample(50, generator(9)), second.sample(50, generator(10)))
    fixed = isinstance(section, schema.Digits)
    assert torch.equal(first.held_out, build(section, seed=5).held_out) == fixed


@every
def test_held_out_points_are_of_a_stream_of_their_own(section: schema.Target, build: Build) -> None:
    everywhere = torch.random.get_rng_state()
    target = build(section, seed=3)
    before = target.held_out.clone()
    # A named table keeps a share of its rows.
    assert isinstance(section, schema.Table) or len(before) == section.held_out
    same_seed = target.sample(len(before), generator(3))
    assert torch.equal(target.held_out, before)
    assert not (same_seed == before).flatten(1).all(dim=1).any()
    assert torch.equal(torch.random.get_rng_state(), everywhere), "the global generator was used"


@every
def test_the_home_square_shows_nearly_all_held_out_data_and_is_not_far_too_large(
    section: schema.Target, build: Build
) -> None:
    target = build(section)
    left, right, bottom, top = target.home
    assert right - left == pytest.approx(top - bottom)
    plane = target.to_plane(target.held_out)
    inside = (plane[:, 0] > left) & (plane[:, 0] < right) & (plane[:, 1] > bottom) & (plane[:, 1] < top)
    assert inside.float().mean() > 0.95
    low, high = torch.quantile(plane, torch.tensor([0.02, 0.98]), dim=0)
    assert (right - left) < 3.2 * (high - low).max()


@every
def test_the_plane_of_view_has_unit_axes_at_right_angles(section: schema.Target, build: Build) -> None:
    target = build(section)
    matrix, offset, axes = target.projection()
    assert matrix.shape == (target.dim, 2)
    assert offset.shape == (target.dim,)
    assert len(axes) == 2
    gram = matrix.T @ matrix
    wanted = torch.diag(torch.tensor([1.0, 0.0])) if target.dim == 1 else torch.eye(2)
    torch.testing.assert_close(gram, wanted, atol=1e-5, rtol=0)
    if target.dim == 2:
        assert torch.equal(target.to_plane(target.held_out), target.held_out)


@every
def test_modes_lie_on_the_data_and_their_cores_never_meet(section: schema.Target, build: Build) -> None:
    target = build(section)
    if target.modes is None or target.mode_weights is None:
        assert target.modes is None
        assert target.mode_weights is None
        return
    assert target.modes.shape == (len(target.mode_weights), target.dim)
    assert target.mode_weights.sum().item() == pytest.approx(1, abs=1e-6)
    assert target.mode_radius > 0
    if len(target.modes) > 1:
        assert torch.pdist(target.modes).min().item() > 2 * target.mode_radius
    # Where the cores capture equal shares, as for mixtures of equal Gaussians, the counts show the masses.
    x = target.sample(40_000, generator(1)).flatten(1)
    distance, nearest = torch.cdist(x, target.modes).min(dim=1)
    caught = nearest[distance <= target.mode_radius]
    assert len(caught) > 0.6 * len(x)
    if section.kind != "von_mises":
        share = torch.bincount(caught, minlength=len(target.modes)) / len(caught)
        deviation = (target.mode_weights * (1 - target.mode_weights) / len(caught)).sqrt()
        assert ((share - target.mode_weights).abs() <= 4.5 * deviation + 2e-3).all()


def test_modes_are_named_exactly_where_they_can_be_told_apart(build: Build) -> None:
    named = {name for name, section in SECTIONS.items() if build(section).modes is not None}
    mixtures = {name for name in SECTIONS if name.startswith(("ring", "grid"))} | {"mixture", "mixture in space"}
    assert named == mixtures | {"von Mises mixture"}
    assert build(schema.Ring(radius=0.0)).modes is None
    assert build(schema.VonMises(concentrations=(1.0, 2.0), angles=(0.3, 0.3 + 2 * math.pi))).modes is None
    assert build(schema.VonMises(concentrations=(0.0, 2.0), angles=(0.0, 1.0))).modes is None


def test_a_grid_counts_row_by_row_from_the_bottom_left(build: Build) -> None:
    modes = build(schema.Grid(side=2, spacing=3.0)).modes
    assert modes is not None
    torch.testing.assert_close(modes, torch.tensor([[-1.5, -1.5], [1.5, -1.5], [-1.5, 1.5], [1.5, 1.5]]))


def test_a_ring_starts_on_the_first_axis_and_goes_anticlockwise(build: Build) -> None:
    modes = build(schema.Ring(modes=4, radius=2.0)).modes
    assert modes is not None
    torch.testing.assert_close(modes, torch.tensor([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]]))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@every
def test_a_target_works_on_a_gpu(section: schema.Target, folder: Path) -> None:
    cuda = torch.device("cuda")
    target = targets.build(section, seed=0, device=cuda, folder=str(folder))
    on_cpu = targets.build(section, seed=0, device=CPU, folder=str(folder))
    assert torch.equal(target.held_out.cpu(), on_cpu.held_out)
    x = target.sample(100, torch.Generator(cuda).manual_seed(0))
    assert x.device.type == "cuda"
    assert x.dtype == torch.float32
    assert target.to_plane(x).device.type == "cuda"
    if target.has_density:
        torch.testing.assert_close(target.log_density(x).cpu(), on_cpu.log_density(x.cpu()), atol=1e-3, rtol=1e-4)
