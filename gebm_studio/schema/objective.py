"""What the critic climbs and the base descends, and what keeps the critic in bounds."""

from __future__ import annotations

from typing import Literal

from gebm_studio.schema.field import Section, setting

Name = Literal[
    "kale",
    "donsker_varadhan",
    "kl",
    "reverse_kl",
    "pearson",
    "neyman",
    "hellinger",
    "jensen_shannon",
    "gan",
    "total_variation",
    "jeffrey",
    "least_squares",
    "hinge",
    "wasserstein",
    "mmd",
    "contrastive_divergence",
    "persistent_chains",
    "flow_likelihood",
]
OBJECTIVES = (
    (
        "KL with a log-partition",
        (
            ("kale", "F(E,c) = −E_P(E + c) − E_G e^{−(E+c)} + 1 with a learned c."),
            ("donsker_varadhan", "L(E) = −E_P E − log E_G e^{−E}."),
        ),
    ),
    (
        "f-divergences",
        (
            ("gan", "E_P log D + E_G log(1 − D), D = σ(−E): 2·JSD − log 4."),
            ("jensen_shannon", "The same critic, counted from zero: 2·JSD."),
            ("kl", "f(u) = u log u: covers the data."),
            ("reverse_kl", "f(u) = −log u: picks modes."),
            ("pearson", "f(u) = (u − 1)²: Pearson's χ²."),
            ("neyman", "f(u) = (1 − u)²/u: Neyman's χ²."),
            ("hellinger", "f(u) = (√u − 1)²: squared Hellinger."),
            ("total_variation", "f(u) = ½|u − 1|: its critic is a sign, no log ratio."),
            ("jeffrey", "f(u) = (u − 1) log u: KL both ways."),
        ),
    ),
    (
        "other games",
        (
            ("least_squares", "LSGAN: data to 1, samples to 0; the base moves samples to 1."),
            ("hinge", "E_P min(0, V − 1) + E_G min(0, −V − 1)."),
        ),
    ),
    (
        "integral probability metrics",
        (
            ("wasserstein", "E_P V − E_G V: needs a bounded slope, by a penalty, clipping or spectral normalisation."),
            ("mmd", "Kernel mean discrepancy of learned or plain features; needs an energy of kind witness."),
        ),
    ),
    (
        "maximum likelihood",
        (
            ("contrastive_divergence", "Of the energy, its samples from short chains begun at the data."),
            ("persistent_chains", "Of the energy, its samples from chains that go on, kept in a replay buffer."),
            ("flow_likelihood", "Of a base with a density, −E_P log g, and of a flow energy, −E_P log q."),
        ),
    ),
)
"""The objectives under headings."""
F_DIVERGENCES = (
    "gan", "jensen_shannon", "kl", "reverse_kl", "pearson", "neyman", "hellinger", "total_variation", "jeffrey",
)  # fmt: skip
BY_CHAINS = ("contrastive_divergence", "persistent_chains")
"""Objectives whose negative samples are chains on the model's own law."""


class Objective(Section):
    """What the critic climbs, what the base descends, and what holds the critic."""

    name: Name = setting(
        "kale",
        help="The critic's V is −E, or what its objective says makes an energy of it.",
        label="Objective",
        grouped=OBJECTIVES,
    )
    descent: Literal["bound", "passing"] = setting(
        "bound",
        help="What the base descends: bound, the objective itself, −E_G f*(T), which has no slope where the critic "
        "sees through the base; passing, −E_G T, so that samples pass for data (the log D trick).",
        label="Base descends",
        live=True,
        when=("name", F_DIVERGENCES),
    )
    penalty: Literal["none", "gradient", "gradient_to_one", "r1", "weight_decay", "clip"] = setting(
        "gradient",
        help="What holds the critic: gradient, λ E|∇V|² at random points of the segments between data and samples; "
        "gradient_to_one, λ E(|∇V| − 1)² there (WGAN-GP); r1, λ/2 E_P|∇V|²; weight_decay, λ/2 |θ|²; "
        "clip, every weight kept within ±clip.",
        live=True,
    )
    strength: float = setting(
        1.0,
        help="λ, the weight of the penalty.",
        label="Penalty weight",
        symbol="λ",
        ge=0.0,
        le=1000.0,
        scale="log",
        live=True,
        slider=(1e-4, 10.0),
        when=("penalty", ("gradient", "gradient_to_one", "r1", "weight_decay")),
    )
    clip: float = setting(
        0.1,
        help="Every weight and bias of the critic is clamped to [−clip, clip] after each step.",
        label="Clip at",
        ge=1e-4,
        le=10.0,
        scale="log",
        live=True,
        slider=(1e-3, 1.0),
        when=("penalty", ("clip",)),
    )
    chain_steps: int = setting(
        20,
        help="k, Langevin steps of the negative chains before each energy step.",
        label="Negative steps",
        symbol="k",
        unit="steps",
        ge=1,
        le=1000,
        scale="log",
        live=True,
        when=("name", BY_CHAINS),
    )
    chain_step_size: float = setting(
        0.02,
        help="δ of the negative chains, in latent space: z′ = z − δ∇U + √(2δ) ξ.",
        label="Negative step size",
        symbol="δ",
        ge=1e-6,
        le=10.0,
        scale="log",
        live=True,
        slider=(1e-4, 1.0),
        when=("name", BY_CHAINS),
    )
    buffer: int = setting(
        10_000, help="Chains that the replay buffer keeps.", label="Replay buffer", unit="chains", ge=2, le=100_000,
        scale="log", when=("name", ("persistent_chains",)),
    )  # fmt: skip
    renewal: float = setting(
        0.05, help="Share of the chains that begin anew from the prior at each step.", ge=0.0, le=1.0, live=True,
        when=("name", ("persistent_chains",)),
    )  # fmt: skip
