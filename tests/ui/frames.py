"""Frames with believable numbers, made without an engine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gebm_studio.messages import (
    Calibration,
    ComparedRun,
    ComparePart,
    CriticLine,
    CriticPart,
    CriticReading,
    CurvesPart,
    DataLine,
    DataPart,
    DecayCurve,
    DecayPart,
    DiagnosticsPart,
    FactorShares,
    Film,
    Frame,
    GalleryPart,
    Interval,
    Ladder,
    LaneResult,
    LatentPart,
    LawScores,
    LayerNorms,
    Map,
    Measured,
    Mixing,
    QualityPart,
    RacePart,
    Spectra,
    SweepPart,
    frozen,
)
from gebm_studio.schema import TrainingPreset

COLUMNS = (
    "iteration", "kale_train", "kale_heldout", "donsker_varadhan", "kl_base", "kl_gebm", "log_partition", "log_z",
    "log_z_stderr", "w1_base", "w1_gebm", "w1_floor", "energy_data", "energy_base", "energy_chains", "ess_fraction",
    "overflows", "penalty", "likelihood", "objective_train", "objective_heldout", "divergence",
    "nll_train", "nll_test", "nll_test_stderr", "reduction_error",
)  # fmt: skip
NOTES = (
    ("kl_gebm", "quadrature on a 400 × 400 grid"),
    ("kl_base", "k-nearest neighbours, k = 5, n = 2000"),
    ("w1_gebm", "exact assignment, n = 512"),
    ("w1_floor", "two halves of held-out data, n = 512"),
)

LANES: tuple[dict[str, Any], ...] = (
    {"name": "ula", "step_size": 0.05}, {"name": "mala", "step_size": 0.1}, {"name": "kinetic"},
)  # fmt: skip

Array = NDArray[Any]


def preset(**view: Any) -> TrainingPreset:
    """A preset with a race, and with some view settings changed."""
    views = {**TrainingPreset(title="ring").view.model_dump(), **view}
    return TrainingPreset.model_validate({"title": "ring", "view": views, "race": {"lanes": LANES}})


def floats(values: Any) -> Array:
    """Published float32 numbers."""
    return frozen(np.asarray(values, dtype=np.float32))


def ring_energy(x: Array, y: Array) -> Array:
    """Low on eight unequal Gaussians on a ring."""
    angles = np.arange(8) * np.pi / 4
    weights = np.array([3, 1, 2, 1, 3, 1, 2, 1]) / 14
    total = sum(
        w * np.exp(-((x - 2 * np.cos(a)) ** 2 + (y - 2 * np.sin(a)) ** 2) / 0.5)
        for w, a in zip(weights, angles, strict=True)
    )
    return -np.log(total + 2e-4)


def plane_map(name: str = "energy", size: int = 64, reach: float = 3.5, **changes: Any) -> Map:
    """A map of the ring's energy, its density or a latent potential."""
    grid = (np.arange(size) + 0.5) / size * 2 * reach - reach
    x, y = np.meshgrid(grid, grid)
    values = {
        "energy": lambda: ring_energy(x, y),
        "density": lambda: np.exp(-ring_energy(x, y)),
        "potential": lambda: 0.5 * (x**2 + y**2) + 1.5 * np.cos(2.2 * x) * np.cos(1.7 * y),
    }[name]()
    levels = (float(np.percentile(values, 2)), float(np.percentile(values, 98)))
    fields: dict[str, Any] = dict(
        name=name, values=floats(values), extent=(-reach, reach, -reach, reach), levels=levels, iteration=1240
    )
    return Map(**{**fields, **changes})


def ring(n: int, rng: np.random.Generator, spread: float = 0.15, even: bool = False) -> Array:
    """Draws of the ring."""
    weights = None if even else np.array([3, 1, 2, 1, 3, 1, 2, 1]) / 14
    angle = rng.choice(8, n, p=weights) * np.pi / 4
    return np.stack([2 * np.cos(angle), 2 * np.sin(angle)], 1) + spread * rng.standard_normal((n, 2))


def data_part(
    points: int = 1500, chains: int = 64, latent: int = 2, seed: int = 0, tick: int = 0, **changes: Any
) -> DataPart:
    """Data space; `tick` moves the chains smoothly."""
    rng = np.random.default_rng(seed)
    data, base, gebm = ring(points, rng), ring(points, rng, 0.3, even=True), ring(points, rng, 0.2)
    angle = rng.uniform(0, 2 * np.pi, chains) + 0.05 * tick * rng.standard_normal(chains)
    radius = 2 + 0.25 * np.sin(0.4 * tick + rng.uniform(0, 6, chains))
    energy = ring_energy(base[:, 0], base[:, 1])
    log_weight = -energy - np.log(np.mean(np.exp(-energy))) if points else energy
    spots = base[:: max(1, points // 120)]
    step = 1e-3
    force = np.stack(
        [
            (ring_energy(spots[:, 0] - step, spots[:, 1]) - ring_energy(spots[:, 0] + step, spots[:, 1])),
            (ring_energy(spots[:, 0], spots[:, 1] - step) - ring_energy(spots[:, 0], spots[:, 1] + step)),
        ],
        1,
    ) / (2 * step)
    fields: dict[str, Any] = dict(
        data=floats(data),
        base=floats(base),
        base_latent=floats(rng.standard_normal((points, latent))),
        base_energy=floats(energy),
        log_weight=floats(log_weight),
        chains=floats(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)),
        gebm=floats(gebm),
        arrows=floats(np.hstack([spots, force])),
        map=plane_map() if tick % 6 == 0 else None,
        home=(-3.0, 3.0, -3.0, 3.0),
        axes=("x₁", "x₂"),
        ess_fraction=0.62,
    )
    return DataPart(**{**fields, **changes})


def latent_part(dim: int = 2, chains: int = 64, seed: int = 0, tick: int = 0, **changes: Any) -> LatentPart:
    """Latent space of any dimension."""
    rng = np.random.default_rng(seed)
    home = (-3.5, 3.5, -3.5, 3.5)
    if dim == 1:
        z = np.linspace(-3.5, 3.5, 200)
        potential = 0.5 * z**2 + 1.5 * np.cos(2.5 * z)
        density = np.exp(-potential)
        density /= density.sum() * (z[1] - z[0])
        drawn = rng.choice(z, 4000, p=density / density.sum()) + 0.02 * rng.standard_normal(4000)
        edges = np.linspace(-3.5175, 3.5175, 201)
        histogram = np.histogram(drawn, edges, density=True)[0]
        histogram = np.convolve(histogram, np.ones(7) / 7, mode="same")
        positions = drawn[:chains, None] + 0.1 * np.sin(0.3 * tick)
        fields: dict[str, Any] = dict(line=floats([z, potential, density, histogram]), map=None)
    else:
        angle = rng.uniform(0, 2 * np.pi, chains)[:, None] + 0.3 * tick * rng.uniform(0.1, 0.5, (chains, 1))
        radius = rng.uniform(0.5, 2.2, (chains, 1))
        positions = np.hstack([radius * np.cos(angle), radius * np.sin(angle)])
        fields = dict(line=None, map=plane_map("potential") if tick % 6 == 0 else None)
    fields |= dict(dim=dim, chains=floats(positions), energy=floats(rng.uniform(0, 4, chains)), home=home)
    nowhere = floats(np.empty((0, min(dim, 2))))
    nothing = dict(origins=nowhere, proposals=nowhere, accepted=frozen(np.empty(0, dtype=np.bool_)))
    return LatentPart(**{**fields, **nothing, "paths": floats(np.empty((0, 0, 2))), **changes})


def curve_rows(count: int = 300, seed: int = 0) -> Array:
    """A run's table: bounds that rise, truths that fall, measured now and then."""
    rng = np.random.default_rng(seed)
    t = np.arange(count) * 10.0
    wiggle = rng.standard_normal((count, 6)) * 0.02
    fall = np.exp(-t / (count * 10 / 3 + 1))
    kl_base, kl_gebm = 1.1 * fall + 0.25, 0.9 * fall + 0.06
    log_z = 0.4 - 1.2 * (1 - fall)
    table = np.full((count, len(COLUMNS)), np.nan)
    kale = kl_base - kl_gebm
    energy_data = -kale - log_z
    columns = dict(
        iteration=t,
        kale_train=kale + 0.03 + wiggle[:, 0],
        kale_heldout=kale - 0.02 + wiggle[:, 1] / 2,
        donsker_varadhan=kale + 0.005 + wiggle[:, 1] / 2,
        log_partition=log_z - 0.5 * fall**2 + 0.06,
        log_z=log_z + wiggle[:, 2],
        log_z_stderr=np.full(count, 0.04),
        energy_data=energy_data + wiggle[:, 3],
        energy_base=energy_data + 2 * kale + 0.6 + wiggle[:, 4],
        energy_chains=energy_data + 0.1 + 0.5 * fall + wiggle[:, 5],
        ess_fraction=0.4 + 0.3 * (1 - fall),
        overflows=np.zeros(count),
        penalty=0.3 * fall + 0.1,
        objective_train=kale + 0.04 + wiggle[:, 0],
        objective_heldout=kale + wiggle[:, 1],
        divergence=0.69 * fall + 0.1 + wiggle[:, 1] / 4,
    )
    for name, values in columns.items():
        table[:, COLUMNS.index(name)] = values
    truths = dict(
        kl_base=kl_base,
        kl_gebm=kl_gebm,
        w1_base=0.8 * fall + 0.2,
        w1_gebm=0.7 * fall + 0.12,
        w1_floor=0.1 + 0 * fall,
        likelihood=kl_base - kl_gebm,
        nll_train=11.5 + fall,
        nll_test=11.8 + fall,
        nll_test_stderr=np.full(count, 0.1),
        reduction_error=2e-8 + 1e-8 * fall,
    )
    for name, values in truths.items():
        table[::10, COLUMNS.index(name)] = values[::10]
    return table


def curves_part(count: int = 300, since: int = 0, rows: Array | None = None, **changes: Any) -> CurvesPart:
    """Rows of the curve table from `since` on."""
    table = curve_rows(count) if rows is None else rows
    fields: dict[str, Any] = dict(since=since, columns=COLUMNS, rows=frozen(table[since:].copy()), notes=NOTES)
    return CurvesPart(**{**fields, **changes})


def mixing(chains: int = 24, draws: int = 200, **changes: Any) -> Mixing:
    """Chains that mix well."""
    rng = np.random.default_rng(2)
    fields: dict[str, Any] = dict(
        chains=chains,
        draws=draws,
        slowest="E",
        ess=0.2 * chains * draws,
        rhat=1.004,
        cost=2.0 * chains * draws,
        every=2.0,
        autocorrelation=floats(0.7 ** np.arange(60)),
        ranks=floats(1 + 0.2 * rng.standard_normal((chains, 20))),
    )
    return Mixing(**{**fields, **changes})


def ladder(rungs: int = 6, rounds: int = 100, **changes: Any) -> Ladder:
    """A ladder whose walkers go up and down."""
    rng = np.random.default_rng(3)
    walkers = np.stack([rng.permutation(rungs) for _ in range(rounds)])
    fields: dict[str, Any] = dict(
        share=floats(np.linspace(1, 0, rungs) ** 2),
        swaps=floats(np.linspace(0.6, 0.7, rungs - 1)),
        step_sizes=floats(np.geomspace(0.05, 1.0, rungs)),
        mean_energy=floats(np.linspace(-1, 3, rungs)),
        walkers=frozen(walkers.astype(np.int32)),
        trips=12.5,
        adapting=False,
    )
    return Ladder(**{**fields, **changes})


def diagnostics_part(
    chains: int = 64, rounds: int = 200, modes: int = 8, seed: int = 0, **changes: Any
) -> DiagnosticsPart:
    """Chains that hop between eight modes now and then."""
    rng = np.random.default_rng(seed)
    jumps = rng.random((rounds, chains)) < 0.012
    moves = np.where(jumps, rng.integers(1, modes, (rounds, chains)) if modes > 1 else 0, 0)
    start = rng.integers(0, max(modes, 1), chains)
    timeline = (start + np.cumsum(moves, axis=0)) % max(modes, 1)
    timeline[: rounds // 20, ::3] = -1
    weights = np.array([3, 1, 2, 1, 3, 1, 2, 1, *([1] * max(0, modes - 8))][:modes], dtype=float)
    weights /= weights.sum() if modes else 1.0
    fields: dict[str, Any] = dict(
        sampler="kinetic",
        steps=frozen(np.arange(rounds) * 2.0 + 1000),
        mean_energy=floats(1.2 + np.exp(-np.arange(rounds) / 30) + 0.05 * rng.standard_normal(rounds)),
        kinetic_temperature=floats(1.01 + 0.06 * rng.standard_normal(rounds)),
        acceptance=float("nan"),
        timeline=frozen((timeline if modes else np.full((rounds, chains), -1)).astype(np.int32)),
        hops=frozen(jumps.sum(0).astype(np.int32)),
        chain_energy=floats(rng.uniform(0, 3, chains)),
        occupancy=floats(np.maximum(weights + 0.02 * rng.standard_normal(modes), 0) if modes else []),
        true_weights=floats(weights if modes else []),
        chain_steps=1400,
        accumulated_time=140.0,
        rejected_nonfinite=0,
    )
    more: dict[str, Any] = dict(
        law="biased",
        spread=floats(0.9 + 0.03 * rng.standard_normal(rounds)),
        trace=floats(1.2 + 0.5 * rng.standard_normal((rounds, min(chains, 24)))),
        visited=frozen(np.minimum(1 + jumps.sum(0), max(modes, 1)).astype(np.int32)),
        dwell=frozen(np.array([0, 2, 5, 9, 14, 8, 1, 0], dtype=np.int32)),
        dwell_edges=floats(2.0 ** np.arange(9)),
        mean_dwell=31.0,
        counted_steps=1400,
        cost=1400.0,
        counted_cost=1400.0,
        adapting=math.nan,
        mixing=mixing(min(chains, 24), rounds),
        ladder=None,
    )
    return DiagnosticsPart(**{**more, **fields, **changes})


def digits(count: int, size: int = 8, seed: int = 0, noise: float = 0.0) -> Array:
    """Little round strokes that read as images."""
    rng = np.random.default_rng(seed)
    grid = np.linspace(-1, 1, size)
    x, y = np.meshgrid(grid, grid)
    images = []
    for _ in range(count):
        radius, stretch, turn = rng.uniform(0.3, 0.7), rng.uniform(0.6, 1.4), rng.uniform(0, 3)
        u, v = x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) * stretch
        images.append(np.exp(-((np.hypot(u, v) - radius) ** 2) / 0.04) + noise * rng.standard_normal((size, size)))
    return np.clip(255 * np.array(images).reshape(count, size, size), 0, 255).astype(np.uint8)


def film(size: int = 8, frames: int = 10, chain: int = 0, **changes: Any) -> Film:
    """A chain whose strokes sharpen while its energy falls."""
    images = [digits(1, size, seed=9, noise=0.6 * (1 - step / max(frames, 1)))[0] for step in range(frames)]
    energy = 3 * np.exp(-np.arange(frames) / 3) - 1
    fields: dict[str, Any] = dict(
        mode="chain",
        first=chain,
        second=-1,
        images=frozen(np.array(images, dtype=np.uint8).reshape(frames, size, size)),
        at=frozen((np.arange(frames) * 20).astype(np.int32)),
        energy=floats(energy),
        potential=floats(energy + 8),
        latents=floats(np.stack([np.cos(np.arange(frames) / 3), np.sin(np.arange(frames) / 3)], 1)),
        labels=tuple("3" if step < frames // 2 else "5" for step in range(frames)),
        hops=1 if frames > 1 else 0,
        nearest=frozen(digits(1, size, seed=9)[0]),
        distance=21.0,
        usual=18.0,
        regime="",
    )
    return Film(**{**fields, **changes})


def gallery_part(count: int = 64, size: int = 8, frames: int = 10, chain: int = 0, **changes: Any) -> GalleryPart:
    """Three grids and the film of one chain."""
    fields: dict[str, Any] = dict(
        data=frozen(digits(count, size, 1)),
        base=frozen(digits(count, size, 2, 0.25)),
        gebm=frozen(digits(count, size, 3, 0.1)),
        done=200,
        total=200,
        hops=frozen(np.zeros(count, dtype=np.int32)),
        film=film(size, frames, chain),
        version=1,
    )
    return GalleryPart(**{**fields, **changes})


def around(value: float, half: float) -> Interval:
    """A value in the middle of its interval."""
    return (value, value - half, value + half)


def shares(name: str = "class", values: int = 10, exact: bool = False, seed: int = 0) -> FactorShares:
    """Shares of a factor's values: the base is uneven, the GEBM near the truth."""
    rng = np.random.default_rng(seed)
    truth = np.ones(values) / values if not exact else np.array([0.45, 0.3, 0.17, 0.08, 0.1])[:values]
    truth = truth / truth.sum()
    base, gebm = (np.abs(truth + spread * rng.standard_normal(values)) for spread in (0.05, 0.012))
    words = {
        "shape": ("disc", "square", "triangle", "cross"), "size": ("small", "medium", "large"),
        "colour": ("red", "yellow", "green", "blue"),
    }  # fmt: skip
    return FactorShares(
        name=name, values=words.get(name, tuple(map(str, range(values)))), truth=tuple(truth.tolist()), exact=exact,
        base=tuple(around(share, 0.018) for share in (base / base.sum()).tolist()),
        gebm=tuple(around(share, 0.018) for share in (gebm / gebm.sum()).tolist()),
        variation={"base": around(0.164, 0.021), "gebm": around(0.046, 0.014)},
    )  # fmt: skip


SPRITES = tuple(shares(name, count, True, at) for at, (name, count) in
                enumerate((("shape", 4), ("size", 3), ("colour", 4))))  # fmt: skip


def measured(iteration: int = 1200, fall: float = 8.1, **changes: Any) -> Measured:
    """A measurement whose GEBM lies `fall` below its base."""
    predicted = np.linspace(-4, 3, 8)
    fields: dict[str, Any] = dict(
        iteration=iteration,
        protocol="n: 1000; features: classifier-32; sampler: kinetic ABOBA h=0.05 κ=1, T = 1, 200 steps from the "
        "prior; target: digits, 597 held-out images; k: 3",
        scores={
            "base": {"frechet": around(37.2, 1.9), "kernel": around(0.0412, 0.0032), "precision": around(0.71, 0.022),
                     "recall": around(0.58, 0.03)},
            "gebm": {"frechet": around(37.2 - fall, 1.6), "kernel": around(0.0287, 0.0027),
                     "precision": around(0.79, 0.019), "recall": around(0.63, 0.028)},
            "data": {"frechet": around(2.13, 0.24), "kernel": around(0.0003, 0.0009), "precision": around(0.93, 0.011),
                     "recall": around(0.92, 0.014)},
        },
        difference=around(-fall, 2.1), ratio=around(100 * (37.2 - fall) / 37.2, 5.4), kale=around(0.742, 0.061),
        rhat=1.012, ess=842.0, time=20.0, copies=around(0.012, 0.006), factors=(shares(),),
        calibration=Calibration(
            floats(predicted), floats(0.82 * predicted + 0.1), floats(0.82 * predicted - 0.35),
            floats(0.82 * predicted + 0.5), around(0.82, 0.09),
        ),
        notes=(("frechet", "Gaussians of 32 features, n = 1000"), ("kale", "597 held-out images")),
    )  # fmt: skip
    return Measured(**{**fields, **changes})


def quality_part(*measurements: Measured, pairs: int = 12, size: int = 8, **changes: Any) -> QualityPart:
    """One measurement where none are given, with the pairs that are nearest to each other."""
    fields: dict[str, Any] = dict(
        measured=measurements or (measured(),), progress=0.0, nearest=frozen(digits(pairs, size, 4, 0.1)),
        train=frozen(digits(pairs, size, 4)), note="", version=1,
    )  # fmt: skip
    return QualityPart(**{**fields, **changes})


def lane(label: str = "ULA δ=0.05", chains: int = 64, seed: int = 0, **changes: Any) -> LaneResult:
    """One sampler of a race."""
    rng = np.random.default_rng(seed)
    density = np.exp(-np.square(np.linspace(-3, 3, 48))[:, None] - np.square(np.linspace(-2, 4, 48)))
    fields: dict[str, Any] = dict(
        label=label, law="biased", steps=1240, cost=1240.0, step_size=0.05, acceptance=math.nan, nonfinite=0,
        diverged=0, energy=-0.6344, error=0.0127, bias=0.0177, ess=2848.0, ess_per_gradient=0.0445, rhat=1.034,
        astray=0.0655, score=(math.nan, math.nan, math.nan), latents=floats(rng.standard_normal((chains, 2))),
        samples=floats(ring(chains, rng)), density=floats(density), images=frozen(np.zeros((0, 1, 1), dtype=np.uint8)),
    )  # fmt: skip
    return LaneResult(**{**fields, **changes})


def race_part(*lanes: LaneResult, **changes: Any) -> RacePart:
    """A race of three samplers."""
    rng = np.random.default_rng(1)
    default = (
        lane(seed=1, energy=0.0035, bias=0.6557),
        lane("MALA δ=0.1", law="exact", acceptance=0.696, seed=2),
        lane("kinetic ABOBA h=0.1 κ=1", seed=3, rhat=1.3),
    )
    fields: dict[str, Any] = dict(
        lanes=lanes or default, budget=2000, exact_energy=-0.6521, exact_error=3e-8,
        truth="quadrature on 256 × 256 cells", exact_density=lane().density,
        exact_latents=floats(rng.standard_normal((64, 2))), exact_samples=floats(ring(64, rng)),
        exact_images=frozen(np.zeros((0, 1, 1), dtype=np.uint8)), latent_home=(-4.0, 4.0, -4.0, 4.0),
        data_home=(-3.0, 3.0, -3.0, 3.0), base_astray=0.27, note="",
    )  # fmt: skip
    return RacePart(**{**fields, **changes})


def decay_curve(dim: int, count: int = 60, rate: float = -2.0, **changes: Any) -> DecayCurve:
    """W₂ in one dimension, down to its floor."""
    times = np.linspace(0, 2, count)
    fields: dict[str, Any] = dict(
        dim=dim,
        times=floats(times),
        measured=floats(math.sqrt(dim) * np.hypot(2 * np.exp(rate * times), 0.02)),
        theory=floats(math.sqrt(dim) * 2 * np.exp(rate * times)),
        floor=0.02 * math.sqrt(dim),
        slope=-2.0149,
        slope_error=0.0312,
        slope_theory=-2.0203,
    )
    return DecayCurve(**{**fields, **changes})


def decay_part(*curves: DecayCurve, **changes: Any) -> DecayPart:
    """W₂ in some dimensions."""
    fields: dict[str, Any] = dict(
        curves=curves or (decay_curve(1), decay_curve(8)),
        axis="overdamped time kδ",
        note="Lines are ULA's own recursion.",
        rate=-2.0203,
        continuous=-2.0,
    )
    return DecayPart(**{**fields, **changes})


def sweep_part(**changes: Any) -> SweepPart:
    """Five random networks, the last half done: the first alone, the second alone, both, neither at 60."""
    scores = np.array([[80.0, 10.0], [0.0, 80.0], [90.0, 60.0], [1.0, 2.0], [70.0, math.nan]])[:, None, :]
    diverged = np.zeros(scores.shape, dtype=np.bool_)
    diverged[1, 0, 0] = True
    fields: dict[str, Any] = dict(
        study="random_networks",
        rows=tuple(f"base {row}×16 relu, rate 0.001; critic 2×32 tanh, rate 0.001" for row in range(5)),
        methods=("GAN", "WGAN-GP"),
        scores=frozen(scores),
        quality=frozen(np.minimum(scores + 10, 100)),
        found=frozen(np.full(scores.shape, 0.875)),
        diverged=frozen(diverged),
        means=frozen(np.stack([scores[:, 0], np.full((5, 2), math.nan)], axis=2)),
        data_score=96.1,
        protocol="Score: 100 Σ min(w, q) over the modes, n = 2000",
        done=9,
        total=10,
        going="network 5 of 5, WGAN-GP",
        part_done=0.3,
        elapsed=125.0,
        rest=3670.0,
    )
    return SweepPart(**{**fields, **changes})


def settings_part() -> SweepPart:
    """Three optimiser settings by two methods and two seeds; of the last one only the first method is done."""
    first = np.array([[[12.0, 40.0], [12.0, 40.0]], [[70.0, 80.0], [76.0, 88.0]], [[5.0, math.nan], [7.0, math.nan]]])
    means = np.stack([first.mean(axis=1), np.full((3, 2), 4.0)], axis=2)
    return sweep_part(
        study="optimisers",
        rows=("A: rate 0.0001", "D: rate 0.001", "F: rate 0.001"),
        methods=("GAN", "SN-GAN"),
        scores=frozen(first),
        quality=frozen(np.full(first.shape, 90.0)),
        found=frozen(np.full(first.shape, 0.5)),
        diverged=frozen(np.zeros(first.shape, dtype=np.bool_)),
        means=frozen(means),
        going="F, seed 1 of 2, SN-GAN",
    )


def compared(label: str = "GEBM", law: str = "gebm", w1: float = 0.3, **changes: Any) -> ComparedRun:
    """One run of a comparison, with scores."""
    values = (("w1", (w1, w1 - 0.02, w1 + 0.02)), ("kl", (math.inf,) * 3), ("off_manifold", (0.0, 0.0, 0.0)))
    own = LawScores(law, 200, values)  # type: ignore[arg-type]
    base = LawScores("base", 200, (("w1", (0.5, 0.4, 0.6)),))
    run = ComparedRun(
        label=label, law=law, changes=("objective.name = gan",), iteration=240, stopped="",  # type: ignore[arg-type]
        picture=data_part(), curves=curves_part(60), scores=(own, base) if law == "gebm" else (own,),
    )  # fmt: skip
    return replace(run, **changes)


def compare_part(*runs: ComparedRun, **changes: Any) -> ComparePart:
    """Runs in lockstep; three where none are given."""
    own = [curves_part(60, rows=curve_rows(60, seed) + 0.2 * seed) for seed in range(3)]
    given = runs or (
        compared("GAN", "base", 0.5, curves=own[0]), compared("EBM", w1=0.4, curves=own[1]), compared(curves=own[2]),
    )  # fmt: skip
    floor = LawScores("data", -1, (("w1", (0.1, 0.09, 0.11)), ("off_manifold", (0.0, 0.0, 0.0))))
    notes = (("w1", "exact assignment, n = 256"), ("data", "what a perfect model scores"), ("gebm", "resampled"))
    return replace(ComparePart(given, 0, floor, notes, False), **changes)


def on_a_line(places: int = 200, **changes: Any) -> DataLine:
    """Two Gaussians as data, one as base, and a GEBM between."""
    x = np.linspace(-6, 8, places)

    def normal(mean: float, std: float) -> Array:
        return np.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))

    p, g = 0.33 * normal(-1, 0.25) + 0.67 * normal(2, 1.4), normal(1, 1.8)
    energy = np.clip(np.log(g) - np.log(p + 1e-30), -5, 30)
    fields: dict[str, Any] = dict(
        x=floats(x), p=floats(p), g=floats(g), q=floats(0.9 * p + 0.1 * g), energy=floats(energy),
        critic=floats(-energy), histogram=floats(p), best=floats(np.empty(0)), note="g exact",
    )  # fmt: skip
    return DataLine(**{**fields, **changes})


def line_part(**changes: Any) -> DataPart:
    """Data space of one dimension."""
    rng = np.random.default_rng(0)
    flat = {name: floats(np.hstack([rng.normal(1, 1.5, (n, 1)), np.zeros((n, 1))])) for name, n in
            (("data", 300), ("base", 300), ("gebm", 300), ("chains", 40))}  # fmt: skip
    fields: dict[str, Any] = dict(
        base_latent=floats(rng.standard_normal((300, 1))), base_energy=floats(np.zeros(300)),
        log_weight=floats(np.zeros(300)), arrows=None, map=None, home=(-4.0, 6.0, -5.0, 5.0), axes=("x₁", ""),
        line=on_a_line(),
    )  # fmt: skip
    return replace(data_part(points=300), **{**flat, **fields, **changes})


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def critic_part(view: str = "line", **changes: Any) -> CriticPart:
    """One view of a critic."""
    rng = np.random.default_rng(4)
    line, layers, k = on_a_line(), np.arange(8), np.arange(61)
    ratio = np.array([0.7, 0.95, 0.0])
    log_ratio = np.log(line.p + 1e-30) - np.log(line.g)
    readings = (
        CriticReading("V", "V, as it was trained", floats(line.critic), floats(np.maximum(log_ratio, -30))),
        CriticReading("D", "D = σ(log ratio)", floats(_sigmoid(line.critic)), floats(_sigmoid(log_ratio))),
    )
    views: dict[str, Any] = dict(
        line=dict(line=CriticLine(line.x, line.p, line.g, readings, "x", "")),
        segments=dict(segments=floats(1 + 0.1 * rng.standard_normal(400)), wanted=1.0),
        layers=dict(
            layers=(LayerNorms("clip", floats(0.3**layers), 256), LayerNorms("gradient", floats(1.1**layers), 256))
        ),
        spectra=dict(
            spectra=Spectra(
                exact=floats([3.0, 1.2, 0.5]), second=floats([2.1, 1.14, 0.0]), iterated=floats([3.0, 1.15, 0.5]),
                effective=floats([1.0, 1.04, 1.0]), product=1.25, slope=0.9, points=3072,
                tangents=floats([2.0 * r ** (2.0 * k) for r in ratio]),
            )
        ),
    )  # fmt: skip
    return CriticPart(**{"view": view, "iteration": 1240, **views[view], **changes})


def frame(**changes: Any) -> Frame:
    """A frame with nothing in it but what is given."""
    fields: dict[str, Any] = dict(
        run_id=1,
        state="running",
        iteration=1240,
        energy_steps=3720,
        base_steps=1240,
        sampler_steps=2480,
        rate=210.0,
        device="cpu",
        settings_version=1,
        overflows=0,
    )
    return Frame(**{**fields, **changes})


def full_frame(tick: int = 0, points: int = 1500, chains: int = 64, **changes: Any) -> Frame:
    """All parts at once."""
    fields: dict[str, Any] = dict(
        data=data_part(points, chains, tick=tick),
        latent=latent_part(chains=chains, tick=tick),
        curves=curves_part(),
        diagnostics=diagnostics_part(chains=chains),
        gallery=gallery_part(),
        quality=quality_part(),
        race=race_part(),
        decay=decay_part(),
        critic=critic_part(),
        sweep=sweep_part(),
        compare=compare_part(),
    )
    return frame(**{**fields, **changes})


def changed(part: Any, **changes: Any) -> Any:
    """A part with some fields changed."""
    return replace(part, **changes)
