"""One contract for every sampler of the registry."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields, replace
from typing import Any, get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gebm_studio.samplers import SAMPLERS, Law, make
from gebm_studio.samplers.sampler import BLOCK, Info, _pieces
from gebm_studio.schema import Sampler
from tests.samplers.cases import CASES, bowl, each_sampler, generator, made, moves, quadratic, walked

EXACT = {"mala", "random_walk", "hmc", "ghmc", "independence", "rejection", "tempering"}
DTYPES = (torch.float32, torch.float64)
BIASED = {"ula", "kinetic", "importance"}


class Net:
    """½|z|² + E(z), E of three layers of 128 units, evaluated in chunks."""

    def __init__(self, dim: int, chunk: int = 0, dtype: torch.dtype = torch.float32) -> None:
        torch.manual_seed(0)
        sizes = (dim, 128, 128, 128)
        layers = [layer for a, b in zip(sizes, sizes[1:], strict=False) for layer in (nn.Linear(a, b), nn.SiLU())]
        self.net = nn.Sequential(*layers, nn.Linear(128, 1)).to(dtype)
        self.chunk = chunk

    def __call__(self, z: Tensor) -> Tensor:
        value: Tensor = quadratic(z) + 4 * self.net(z).squeeze(1)
        return value


def test_every_sampler_of_the_schema_is_in_the_registry() -> None:
    names = get_args(Sampler.model_fields["name"].annotation)
    assert set(SAMPLERS) == set(names)
    for name in names:
        chosen = make(Sampler(name=name))
        assert type(chosen) is SAMPLERS[name]
        for field in fields(chosen):
            assert getattr(chosen, field.name) == getattr(Sampler(), field.name), field.name


@each_sampler
def test_shapes_types_and_diagnostics(case: str) -> None:
    for dtype, shape in itertools.product(DTYPES, ((1, 1), (7, 3), (4, 512))):
        sampler, source = made(case), generator()
        start = torch.randn(shape, generator=source, dtype=dtype)
        state = sampler.init(start, quadratic, source)
        for _ in range(3):
            before = [part.clone() for part in state]
            new, info = sampler.step(state, quadratic, source)
            assert new.position.shape == shape
            assert new.position.dtype == dtype
            assert all(part.dtype in (dtype, torch.int64) for part in new), "what is computed follows the position"
            assert new.potential.shape == info.acceptance.shape == info.nonfinite.shape == shape[:1]
            assert not info.nonfinite.any()
            assert all(map(torch.equal, before, state)), "the old state was written to"
            assert type(new) is type(state) and [p.shape for p in new] == [p.shape for p in state]
            assert torch.isfinite(new.position).all()
            check_choice(info, shape)
            state = new


def check_choice(info: Info, shape: tuple[int, int]) -> None:
    """A sampler either chooses, and tells its proposal, whether it was taken and with which chance, or does not."""
    if info.proposal is None or info.accepted is None:
        assert info.proposal is None and info.accepted is None
        assert info.acceptance.isnan().all()
        return
    assert info.proposal.shape == shape
    assert info.accepted.shape == shape[:1] and info.accepted.dtype == torch.bool
    assert ((info.acceptance >= 0) & (info.acceptance <= 1)).all()
    assert not info.accepted[info.acceptance == 0].any()
    assert all(part.shape == shape for part in info.path)


@pytest.mark.parametrize("case", [case for case in CASES if moves(case)])
def test_chains_move_without_an_energy(case: str) -> None:
    start = torch.ones(50, 2)
    (state, _) = walked(made(case), quadratic, start, 20)[-1]
    assert not torch.equal(state.position, start)


@each_sampler
def test_one_seed_gives_one_path(case: str) -> None:
    paths = [walked(made(case), bowl, torch.ones(5, 2), 20, seed=4)[-1][0].position for _ in range(2)]
    assert torch.equal(*paths)


@each_sampler
def test_no_gradient_piles_up_in_the_networks(case: str) -> None:
    potential = Net(2)
    ((state, info),) = walked(made(case), potential, torch.ones(5, 2), 1)
    assert all(parameter.grad is None for parameter in potential.net.parameters())
    parts = [*state, *(part for part in info if isinstance(part, Tensor)), *info.path]
    assert not any(part.requires_grad for part in parts)


@each_sampler
def test_a_constant_energy_and_one_behind_no_grad_are_fine(case: str) -> None:
    bias = torch.zeros(1, requires_grad=True)
    for constant in (lambda z: torch.zeros(len(z)), lambda z: bias.expand(len(z))):
        with torch.no_grad():
            state, _ = walked(made(case), constant, torch.ones(5, 2), 3)[-1]
        assert torch.isfinite(state.position).all()
    assert bias.grad is None


@each_sampler
def test_the_chunk_does_not_change_a_bit(case: str) -> None:
    """500 chains on a 3×128 network, in pieces of 64, 256, or whole."""
    for dtype in DTYPES:
        start = torch.randn(500, 2, generator=generator(), dtype=dtype)
        whole, *pieces = [
            [state.position for state, _ in walked(made(case), Net(2, chunk, dtype), start, 3)]
            for chunk in (0, 64, 256)
        ]
        for chunk in pieces:
            assert all(map(torch.equal, chunk, whole))


COSTS = {
    "ula": (1, 0), "mala": (1, 0), "random_walk": (0, 1), "kinetic": (1, 0), "ghmc": (1, 0), "zero_temperature": (1, 0),
    "sphere": (1, 0), "independence": (0, 1), "rejection": (0, 1), "transport": (1, 0), "dgflow": (1, 0),
    "importance": (0, 1),
}  # fmt: skip


@each_sampler
def test_the_stated_cost_is_what_is_evaluated(case: str) -> None:
    """Rows that the potential saw, with and without a gradient, a chain and step."""
    seen = [0, 0]

    def potential(z: Tensor) -> Tensor:
        seen[0 if z.requires_grad else 1] += len(z)
        return bowl(z)

    sampler, source = made(case), generator()
    state = sampler.init(torch.ones(5, 2), potential, source)
    for _ in range(10):
        seen[:] = 0, 0
        state, info = sampler.step(state, potential, source)
        assert [count / 5 for count in seen] == [info.gradients, info.energies]
        assert info.cost == info.gradients + 0.5 * info.energies
        name = CASES[case][0]
        if name == "tempering":
            assert info.gradients == sampler.replicas
        elif name == "hmc":
            low, high = sampler.lengths()
            assert low <= info.gradients <= high and len(info.path) == info.gradients + 1
        else:
            assert (info.gradients, info.energies) == COSTS[name]


@each_sampler
def test_a_wrong_shape_is_named(case: str) -> None:
    for wrong, said in ((lambda z: z, r"got \(\d+, 2\)"), (lambda z: z.sum(), r"got \(\)")):
        with pytest.raises(ValueError, match=r"must return shape \(\d+,\), " + said):
            made(case).init(torch.ones(4, 2), wrong, generator())


def test_laws_are_named() -> None:
    assert {name for name, sampler in SAMPLERS.items() if sampler.LAW == "exact"} == EXACT
    assert {name for name, sampler in SAMPLERS.items() if sampler.LAW == "biased"} == BIASED
    assert {sampler.LAW for sampler in SAMPLERS.values()} == set(get_args(Law))


def test_rejection_with_a_percentile_or_epsilon_is_biased() -> None:
    assert SAMPLERS["rejection"]().LAW == "exact"
    assert SAMPLERS["rejection"](percentile=50.0).LAW == SAMPLERS["rejection"](epsilon=0.1).LAW == "biased"
    assert replace(SAMPLERS["rejection"](percentile=50.0), percentile=0.0).LAW == SAMPLERS["rejection"].LAW == "exact"


@each_sampler
def test_refresh_takes_up_a_changed_potential(case: str) -> None:
    """After `refresh` the next steps are those of chains that always had the new potential."""

    def steeper(z: Tensor) -> Tensor:
        return 4 * bowl(z) + z[:, 0]

    sampler = made(case)
    ((state, _),) = walked(sampler, quadratic, torch.full((5, 2), 2.0), 1)
    fresh = sampler.init(state.position, steeper, generator(1))
    kept = (
        "velocity",
        "anchor",
        "rungs",
        "ladder",
        "step_sizes",
        "begun",
        "swaps",
        "walker",
        "heading",
        "trips",
        "done",
    )
    fresh = fresh._replace(**{name: getattr(state, name) for name in kept if hasattr(state, name)})
    if hasattr(state, "rungs"):  # whose energies belong to the rungs, not to the start
        fresh = sampler.refresh(fresh, steeper)
    paths = []
    for begun in (fresh, sampler.refresh(state, steeper)):
        source, now = generator(2), begun
        for _ in range(3):
            now, _ = sampler.step(now, steeper, source)
        paths.append(now.position)
    assert torch.equal(*paths)
    if hasattr(state, "gradient") and case not in ("ABOBA", "OABAO"):  # which take theirs inside the step
        refreshed = sampler.refresh(state, steeper)
        torch.testing.assert_close(refreshed.potential, steeper(state.position))
        torch.testing.assert_close(refreshed.gradient, 4 * (5 * state.position - 4) + torch.tensor([1.0, 0.0]))


def test_velocities_start_at_their_law() -> None:
    """From N(0, I), never zero: 4,000 draws have mean square 1 ± 5 standard errors."""
    for case in ("ABOBA", "ghmc", "hmc"):
        state = made(case).init(torch.zeros(2000, 2), quadratic, generator())
        assert state.velocity.square().mean().item() == pytest.approx(1.0, abs=5 * math.sqrt(2 / 4000))
    zero = made("ABOBA", velocity="zero").init(torch.zeros(5, 2), quadratic, generator())
    assert not zero.velocity.any()


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("kinetic", {"friction": -0.1}, r"`friction` must be a positive finite number, got -0\.1"),
    ("ghmc", {"friction": math.nan}, "`friction` must be a positive finite number, got nan"),
    ("kinetic", {"scheme": "ABBA"}, "`scheme` must be one of ABOBA, BAOAB, OBABO, OABAO, got 'ABBA'"),
    ("kinetic", {"velocity": "one"}, "`velocity` must be one of normal, zero, got 'one'"),
    ("hmc", {"leapfrog_steps": 0}, "`leapfrog_steps` must be a positive finite number, got 0"),
    ("hmc", {"jitter": 1.5}, r"`jitter` must lie from 0\.0 to 1\.0, got 1\.5"),
    ("rejection", {"epsilon": -1.0}, r"`epsilon` must lie from 0\.0 to 10\.0, got -1\.0"),
    ("rejection", {"percentile": 100.0}, r"`percentile` must lie from 0\.0 to 99\.0, got 100\.0"),
    ("rejection", {"percentile": math.nan}, "`percentile` must lie .* got nan"),
    ("dgflow", {"divergence": "tv"}, "`divergence` must be one of kl, js, log_d, got 'tv'"),
    ("dgflow", {"noise": -0.1}, r"`noise` must lie from 0\.0 to 10\.0, got -0\.1"),
    ("tempering", {"replicas": 1}, "`replicas` must be 2 or more, got 1"),
    ("tempering", {"warmup": -1}, "`warmup` must be 0 or more, got -1"),
]


@pytest.mark.parametrize(("name", "settings", "said"), BAD)
def test_settings_that_make_no_sense_are_refused(name: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SAMPLERS[name](**settings)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_step_sizes_that_make_no_sense_are_refused(value: float) -> None:
    for name, sampler in SAMPLERS.items():
        if "step_size" in (field.name for field in fields(sampler)):
            with pytest.raises(ValueError, match=f"`step_size` must be a positive finite number, got {value}"):
                SAMPLERS[name](step_size=value)


@given(st.integers(1, 2000), st.integers(1, 300))
def test_pieces_are_whole_blocks_and_no_larger_than_the_chunk(count: int, chunk: int) -> None:
    class Chunked:
        def __init__(self) -> None:
            self.chunk = chunk

    pieces = [len(piece) for piece in _pieces(Chunked(), torch.zeros(count, 1))]  # type: ignore[arg-type]
    assert sum(pieces) == count
    assert max(pieces) <= chunk
    if chunk >= 2 * BLOCK and len(pieces) > 1:
        assert all(piece % BLOCK == 0 for piece in pieces[:-1])
        assert pieces[-1] >= BLOCK
