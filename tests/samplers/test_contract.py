"""One contract for every sampler of the registry."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gebm_studio.samplers import SAMPLERS, make
from gebm_studio.schema import Sampler

CASES = [("ula", {}), ("kinetic", {"scheme": "ABOBA"}), ("kinetic", {"scheme": "BAOAB"})]
each_sampler = pytest.mark.parametrize(("name", "settings"), CASES, ids=["ula", "aboba", "baoab"])


def quadratic(z: Tensor) -> Tensor:
    return 0.5 * z.square().sum(1)


def start(name: str, settings: dict[str, Any], potential: Any, position: Tensor, seed: int = 0) -> Any:
    generator = torch.Generator().manual_seed(seed)
    sampler = SAMPLERS[name](step_size=0.1, **settings)
    return sampler, sampler.init(position, potential, generator), generator


def test_every_sampler_of_the_schema_is_in_the_registry() -> None:
    for name in Sampler.model_fields["name"].annotation.__args__:  # type: ignore[union-attr]
        assert name in SAMPLERS
        assert type(make(Sampler(name=name))) is SAMPLERS[name]
    assert set(SAMPLERS) == set(Sampler.model_fields["name"].annotation.__args__)  # type: ignore[union-attr]


@each_sampler
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (4, 512)])
def test_shapes_types_and_diagnostics(
    name: str, settings: dict[str, Any], dtype: torch.dtype, shape: tuple[int, int]
) -> None:
    position = torch.zeros(shape, dtype=dtype)
    sampler, state, generator = start(name, settings, quadratic, position)
    before = [part.clone() for part in state]
    new, info = sampler.step(state, quadratic, generator)
    assert new.position.shape == shape
    assert new.position.dtype == dtype
    assert new.potential.shape == info.acceptance.shape == info.nonfinite.shape == (shape[0],)
    assert info.gradients == 1
    assert all(torch.equal(old, part) for old, part in zip(before, state, strict=True)), "the old state was written to"
    assert not torch.equal(new.position, position)


@each_sampler
def test_one_seed_gives_one_path(name: str, settings: dict[str, Any]) -> None:
    def path() -> Tensor:
        sampler, state, generator = start(name, settings, quadratic, torch.ones(5, 2), seed=4)
        for _ in range(20):
            state, _ = sampler.step(state, quadratic, generator)
        return state.position

    assert torch.equal(path(), path())


@each_sampler
def test_no_gradient_piles_up_in_the_networks(name: str, settings: dict[str, Any]) -> None:
    net = nn.Linear(2, 1)

    def potential(z: Tensor) -> Tensor:
        value: Tensor = net(z).square().squeeze(1)
        return value

    sampler, state, generator = start(name, settings, potential, torch.ones(5, 2))
    state, _ = sampler.step(state, potential, generator)
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(part.requires_grad for part in state)


@each_sampler
def test_one_step_costs_one_gradient(name: str, settings: dict[str, Any]) -> None:
    calls = 0

    def potential(z: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return quadratic(z)

    sampler, state, generator = start(name, settings, potential, torch.ones(5, 2))
    calls = 0
    for _ in range(10):
        state, _ = sampler.step(state, potential, generator)
    assert calls == 10


@each_sampler
@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_a_chain_that_meets_no_number_stays_and_is_counted(name: str, settings: dict[str, Any], poison: float) -> None:
    def wall(z: Tensor) -> Tensor:
        inside = quadratic(z)
        return torch.where(z[:, 0] > 0.5, torch.full_like(inside, poison), inside)

    position = torch.zeros(400, 2)
    sampler, state, generator = start(name, settings, wall, position)
    counted = 0
    for _ in range(300):
        state, info = sampler.step(state, wall, generator)
        counted += int(info.nonfinite.sum())
        assert all(torch.isfinite(part).all() for part in state)
    assert counted > 0
    assert (state.position.std(0) > 0.1).all(), "the other chains must go on"


@each_sampler
def test_a_wrong_shape_is_named(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must return shape \(4,\), got \(4, 2\)"):
        start(name, settings, lambda z: z, torch.ones(4, 2))


@given(st.sampled_from(["ula", "kinetic"]), st.sampled_from([0.0, -1.0, float("nan"), float("inf")]))
def test_settings_that_make_no_sense_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="`step_size` must be a positive finite number"):
        SAMPLERS[name](step_size=value)


def test_friction_and_scheme_are_checked() -> None:
    with pytest.raises(ValueError, match=r"`friction` must be a positive finite number, got -0\.1"):
        SAMPLERS["kinetic"](friction=-0.1)
    with pytest.raises(ValueError, match="`scheme` must be one of ABOBA, BAOAB"):
        SAMPLERS["kinetic"](scheme="ABBA")


@each_sampler
def test_refresh_takes_up_a_changed_potential(name: str, settings: dict[str, Any]) -> None:
    """After `refresh` the next step is the one of chains that always had the new potential."""

    def steeper(z: Tensor) -> Tensor:
        return 9 * quadratic(z)

    sampler, state, generator = start(name, settings, quadratic, torch.ones(5, 2))
    state, _ = sampler.step(state, quadratic, generator)
    fresh = sampler.init(state.position, steeper, torch.Generator().manual_seed(1))
    if hasattr(state, "velocity"):
        fresh = fresh._replace(velocity=state.velocity)
    refreshed = sampler.refresh(state, steeper)
    expected, _ = sampler.step(fresh, steeper, torch.Generator().manual_seed(2))
    found, _ = sampler.step(refreshed, steeper, torch.Generator().manual_seed(2))
    assert torch.equal(expected.position, found.position)


def test_velocities_start_at_their_law() -> None:
    """From N(0, I), never zero: 4,000 draws have mean square 1 ± 5 standard errors."""
    _, state, _ = start("kinetic", {}, quadratic, torch.zeros(2000, 2))
    assert state.velocity.square().mean().item() == pytest.approx(1.0, abs=5 * (2 / 4000) ** 0.5)
