"""How it is sampled: the latent chains, samplers side by side, and decay to the posterior."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gebm_studio.schema.field import Section, describe, setting

Algorithm = Literal[
    "ula",
    "mala",
    "random_walk",
    "hmc",
    "kinetic",
    "ghmc",
    "zero_temperature",
    "sphere",
    "independence",
    "rejection",
    "transport",
    "dgflow",
    "importance",
    "tempering",
]
ALGORITHMS = (
    (
        "exact law",
        (
            ("mala", "A Langevin step, accepted or rejected."),
            ("random_walk", "A Gaussian step, accepted or rejected; needs no gradient."),
            ("hmc", "A leapfrog path from a fresh velocity, accepted or rejected."),
            ("ghmc", "Kinetic Langevin whose step is accepted, or rejected and turned around."),
            ("independence", "Fresh draws of the prior, accepted or rejected (MH-GAN)."),
            ("rejection", "Discriminator rejection sampling: exact while ε and percentile are 0."),
            ("tempering", "Replicas between posterior and prior that swap places."),
        ),
    ),
    (
        "biased law",
        (
            ("ula", "Overdamped Langevin, never rejected; the bias grows with the step."),
            ("kinetic", "Langevin with velocities and friction, by splitting; the bias grows with the step."),
            ("importance", "Draws of the prior, resampled by weight from a growing pool."),
        ),
    ),
    (
        "another law",
        (
            ("zero_temperature", "Descent of the energy without noise."),
            ("sphere", "Langevin on the sphere |z| = √d."),
            ("transport", "Discriminator optimal transport (DOT)."),
            ("dgflow", "Discriminator gradient flow."),
        ),
    ),
)
"""The algorithms by the law that their chains have in the end."""
_STEPPING = (
    "ula", "mala", "random_walk", "hmc", "kinetic", "ghmc", "zero_temperature", "sphere", "transport", "dgflow",
    "tempering",
)  # fmt: skip
_CHOOSING = ("mala", "random_walk", "hmc", "ghmc", "tempering")
_BY_WEIGHT = ("independence", "rejection", "importance")


class Lane(Section):
    """One algorithm with its settings."""

    name: Algorithm = setting(
        "kinetic",
        help="How the latent chains move. In the end their law is the GEBM's, that with a bias, or another.",
        label="Algorithm",
        live=True,
        grouped=ALGORITHMS,
    )
    friction: float = setting(
        1.0,
        help="κ in dv = −∇U dt − κv dt + √(2κ) dW; one step keeps the share a = e^{−κh} of the velocity.",
        symbol="κ",
        ge=1e-4,
        le=1e4,
        scale="log",
        live=True,
        slider=(1e-2, 1e2),
        when=("name", ("kinetic", "ghmc")),
    )
    step_size: float = setting(
        0.1,
        help="δ in overdamped time, or the time step h of kinetic, ghmc and hmc; stable while δω² < 2 or hω < 2.",
        symbol="δ, h",
        ge=1e-6,
        le=10.0,
        scale="log",
        live=True,
        slider=(1e-4, 1.0),
        when=("name", _STEPPING),
    )
    scheme: Literal["ABOBA", "BAOAB", "OBABO", "OABAO"] = setting(
        "ABOBA",
        help="Order of drift (A), kick (B) and friction (O) in a kinetic step; each costs one gradient.",
        live=True,
        when=("name", ("kinetic",)),
    )
    velocity: Literal["normal", "zero"] = setting(
        "normal",
        help="Velocities at the start: N(0, I), or zero, a known mistake that is here to be seen. Restarts the chains.",
        label="First velocity",
        live=True,
        when=("name", ("kinetic",)),
    )
    leapfrog_steps: int = setting(
        10, help="L, the mean number of leapfrog steps of a path.", symbol="L", unit="steps", ge=1, le=1000,
        scale="log", live=True, slider=(1, 100), when=("name", ("hmc",)),
    )  # fmt: skip
    jitter: float = setting(
        0.5, help="Paths have from (1 − jitter) L to (1 + jitter) L leapfrog steps.", ge=0.0, le=1.0, live=True,
        when=("name", ("hmc",)),
    )  # fmt: skip
    epsilon: float = setting(
        0.0, help="ε in F = D − D_M − log(1 − e^{D−D_M−ε}); 0 with percentile 0 is exact rejection.", symbol="ε",
        ge=0.0, le=10.0, live=True, slider=(0.0, 1.0), when=("name", ("rejection",)),
    )  # fmt: skip
    percentile: float = setting(
        0.0, help="This percentile of F gets acceptance one half: more is accepted, with a bias. 0 is exact.",
        unit="%", ge=0.0, le=99.0, live=True, when=("name", ("rejection",)),
    )  # fmt: skip
    divergence: Literal["kl", "js", "log_d"] = setting(
        "kl", help="The f-divergence whose flow dgflow follows; weights s(d) of ∇d: 1, σ(d), 1/(1+e^d).", live=True,
        when=("name", ("dgflow",)),
    )  # fmt: skip
    noise: float = setting(
        0.01, help="γ in the diffusion √(2δγ) ξ of dgflow.", symbol="γ", ge=0.0, le=10.0, live=True,
        slider=(0.0, 1.0), when=("name", ("dgflow",)),
    )  # fmt: skip
    replicas: int = setting(
        6, help="K, the rungs of the ladder from the chains' β down to the prior, β = 0.", symbol="K", unit="rungs",
        ge=2, le=32, live=True, slider=(2, 16), when=("name", ("tempering",)),
    )  # fmt: skip
    warmup: int = setting(
        0,
        help="Steps during which the step size moves to the target acceptance, and the ladder of tempering evens its "
        "swaps; then all is frozen. 0: nothing adapts.",
        label="Adaptation",
        unit="steps",
        ge=0,
        le=100000,
        live=True,
        slider=(0, 2000),
        when=("name", _CHOOSING),
    )
    target_acceptance: float = setting(
        0.0,
        help="Acceptance that the adaptation aims at; 0 takes the optimum of theory: .574 mala, .234 random_walk, "
        ".651 hmc, .9 ghmc.",
        ge=0.0,
        le=0.99,
        live=True,
        when=("name", ("mala", "random_walk", "hmc", "ghmc")),
    )
    calibration: Literal["none", "logistic", "isotonic"] = setting(
        "none",
        help="Make −E the log odds of data against base on held-out points, before weights are taken from it.",
        live=True,
        when=("name", _BY_WEIGHT),
    )

    @property
    def calibrated(self) -> Literal["none", "logistic", "isotonic"]:
        """The calibration in force: none for an algorithm that does not take weights from the energy."""
        return self.calibration if self.name in _BY_WEIGHT else "none"


TITLES: dict[str, str] = {
    "ula": "ULA", "mala": "MALA", "random_walk": "random walk", "hmc": "HMC", "kinetic": "kinetic", "ghmc": "GHMC",
    "zero_temperature": "zero temperature", "sphere": "sphere", "independence": "independence MH",
    "rejection": "rejection", "transport": "DOT", "dgflow": "DGflow", "importance": "importance",
    "tempering": "tempering",
}  # fmt: skip
"""The algorithms as a person calls them, in the order of the registry."""


def title(lane: Lane) -> str:
    """A lane's algorithm as a person calls it, and the calibration of its energy where there is one."""
    called = f"{TITLES[lane.name]} {lane.scheme}" if lane.name == "kinetic" else TITLES[lane.name]
    return called if lane.calibrated == "none" else f"{called}, {lane.calibrated}"


def symbols(lane: Lane) -> dict[str, str]:
    """The symbols of step size and friction by the names of these settings, as far as they act in a lane."""
    step = "h" if lane.name in ("hmc", "kinetic", "ghmc") else "δ"
    found = {}
    for name, symbol in (("step_size", step), ("friction", "κ")):
        when = describe(name, Lane.model_fields[name]).when
        if when is None or lane.name in when[1]:
            found[name] = symbol
    return found


class Sampler(Lane):
    """The latent chains: z ~ ν_β(z) ∝ η(z) e^{−βE(G(z))}, β = 1/T."""

    temperature: float = setting(
        1.0,
        help="T = 1/β in ν_β(z) ∝ η(z) e^{−E(G(z))/T}: T = 1 is the GEBM, T = ∞ (β = 0) is the base.",
        symbol="T",
        ge=1e-3,
        scale="log",
        live=True,
        slider=(1e-2, 1e2),
    )
    chains: int = setting(64, help="Number of chains.", ge=1, le=16384, scale="log", live=True, slider=(1, 4096))
    steps: int = setting(
        2,
        help="Steps of every chain in one training iteration.",
        label="Steps an iteration",
        unit="steps",
        ge=0,
        le=1000,
        live=True,
        slider=(0, 20),
    )


class Race(Section):
    """Several samplers side by side on ν_β of the chains: one seed, one start, equal cost."""

    lanes: tuple[Lane, ...] = setting((), help="The samplers that race; none: no race.", max_length=12, live=True)
    chains: int = setting(64, help="Chains of each sampler.", ge=1, le=4096, scale="log", live=True, slider=(1, 1024))
    budget: int = setting(
        2000,
        help="Gradient evaluations of each chain, after which the race stands still; the energy alone counts half. "
        "0: without end.",
        unit="gradients",
        ge=0,
        le=10_000_000,
        live=True,
        slider=(0, 10000),
    )


class Decay(Section):
    """W₂ to the posterior against time, for G(z) = z and E(x) = ½μ|x − m|² in several latent dimensions.

    ν is N(m μ/ω², 1/ω²) in every coordinate, ω² = 1 + μ, so that theory knows each curve.
    """

    dimensions: tuple[Annotated[int, Field(strict=True, ge=1, le=128)], ...] = setting(
        (), help="Latent dimensions d, one curve each; none: no curves.", symbol="d", max_length=6
    )
    curvature: float = setting(
        1.0, help="μ of the energy; the continuous-time slope of log W₂ is −(1 + μ).", symbol="μ", ge=0.0, le=100.0,
        slider=(0.0, 10.0),
    )  # fmt: skip
    shift: float = setting(
        3.0, help="m, where the energy is least, in every coordinate.", symbol="m", ge=-20.0, le=20.0
    )
    chains: int = setting(2000, help="Chains from which W₂ is measured.", ge=100, le=4096, scale="log")
