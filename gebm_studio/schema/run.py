"""How it learns and is shown: training and view."""

from __future__ import annotations

from typing import Literal

from gebm_studio.schema.field import Real, Section, setting


class Training(Section):
    """The alternating schedule: a few energy steps, then one base step."""

    train: Literal["both", "energy", "base", "none"] = setting(
        "both",
        help="Which part learns; the other is frozen. 'none' only runs the chains.",
        label="Learning part",
        live=True,
    )
    until: int = setting(
        0,
        help="Iterations after which the base rests; the energy takes one more warm-up, for the base that stays, and "
        "rests too. Only the chains go on. 0: neither rests.",
        label="Learn until",
        unit="iterations",
        ge=0,
        le=10_000_000,
        live=True,
        slider=(0, 10000),
    )
    energy_only: int = setting(
        0,
        help="Energy steps once the base rests, in place of the one more warm-up; their rate falls to zero as a cosine "
        "does.",
        label="Energy alone",
        unit="steps",
        ge=0,
        le=10_000_000,
        slider=(0, 10000),
    )
    energy_only_strength: Real | None = setting(
        None,
        help="The penalty's weight in this phase; none: the objective's own. A strong penalty keeps the joint training "
        "steady but leaves the energy too flat; alone it can do with less.",
        label="Energy alone: penalty",
        ge=0.0,
        le=1000.0,
    )
    ema: float = setting(
        0.0,
        help="Decay of a running average of the base's weights, which takes the base's place when it rests. 0: none.",
        label="Average of the base",
        ge=0.0,
        lt=1.0,
    )
    pretrained: Literal["none", "digits", "sprites"] = setting(
        "none",
        help="Weights to begin with: none, fresh ones by the seed; digits, sprites: a model that ships with the studio "
        "and was trained by the settings of its preset.",
    )
    batch: int = setting(256, help="Examples in one optimisation step.", unit="points", ge=2, le=8192, scale="log")
    energy_lr: float = setting(
        1e-3, help="Adam's learning rate for the energy.", label="Energy rate", ge=1e-7, le=1.0, scale="log",
        live=True, slider=(1e-5, 1e-1),
    )  # fmt: skip
    base_lr: float = setting(
        2e-4, help="Adam's learning rate for the base.", label="Base rate", ge=1e-7, le=1.0, scale="log",
        live=True, slider=(1e-5, 1e-1),
    )  # fmt: skip
    energy_steps: int = setting(
        3, help="Energy steps before each base step.", unit="steps", ge=1, le=100, live=True, slider=(1, 20)
    )
    warmup: int = setting(
        100, help="Energy steps before the first base step.", label="Warm-up", unit="steps", ge=0, le=100000,
        slider=(0, 1000),
    )  # fmt: skip
    rewarm_every: int = setting(
        0,
        help="Base iterations between two repetitions of the warm-up; 0 means never. The paper uses 500.",
        label="Repeat warm-up every",
        unit="iterations",
        ge=0,
        le=100000,
        live=True,
        slider=(0, 2000),
    )
    beta1: float = setting(0.5, help="Adam's decay of the mean gradient.", label="Adam β₁", ge=0.0, lt=1.0)
    beta2: float = setting(0.999, help="Adam's decay of the squared gradient.", label="Adam β₂", ge=0.0, lt=1.0)
    log_partition_rate: float = setting(
        0.05,
        help="Rate ρ at which the learned constant climbs: c ← c + ρ (e^{log Ẑ − c} − 1), kept within 1 of log Ẑ.",
        label="Rate of c",
        symbol="ρ",
        ge=0.0001,
        le=1.0,
        scale="log",
        live=True,
    )
    metrics_every: int = setting(
        10, help="Iterations between two points of the curves.", unit="iterations", ge=1, le=10000, scale="log"
    )
    truth_every: int = setting(
        200,
        help="Iterations between two comparisons with the truth (W1, KL).",
        unit="iterations",
        ge=1,
        le=100000,
        scale="log",
    )


class Speed(Section):
    """How images are computed fast. On the CPU every choice is fixed, so that one seed gives one result."""

    precision: Literal["auto", "full", "mixed"] = setting(
        "auto",
        help="mixed: the steps of base and energy compute in bfloat16 and keep their weights in float32; chains always "
        "run in float32. auto: mixed where it was measured to be faster on this device.",
    )
    channels_last: Literal["auto", "on", "off"] = setting(
        "auto", help="Keep the channels of a pixel together in memory. auto: where it was measured to be faster."
    )
    compile: Literal["auto", "off", "on", "graphs"] = setting(
        "auto",
        help="on: fuse the networks' kernels (takes up to a minute at the start); graphs: and record them as CUDA "
        "graphs. auto: where it was measured to be faster; off on the CPU.",
    )


class View(Section):
    """What the panels show at first."""

    pictures: Literal["overlay", "triptych"] = setting(
        "overlay", help="One picture with everything, or base, weights and GEBM side by side.", live=True
    )
    map: Literal["energy", "density", "critic", "none"] = setting(
        "energy",
        help="The background of the data panel: the energy E, the GEBM's density, or the critic V as it was trained, "
        "of which E is a reading.",
        label="Background",
        live=True,
    )
    colour: Literal["role", "log_weight"] = setting(
        "role", help="Colour of the base's points: its role, or the log weight −E − log Z.", live=True
    )
    arrows: Literal["none", "energy", "base"] = setting(
        "none",
        help="Arrows on the base's points: energy, the force −∇E; base, where a step of the base wants to move each, "
        "weighted by the GEBM as it must be and, beside it, unweighted.",
        live=True,
    )
    curves: Literal["kale", "likelihood", "objective", "nll", "w1", "log_partition", "bound", "energy", "reduction"] = (
        setting("kale", help="Which curves the panel opens with.", live=True)
    )
    critic: Literal["none", "line", "segments", "layers", "spectra"] = setting(
        "none",
        help="What the critic panel opens with: line, the critic beside its optimum on a line; segments, the "
        "gradient's norm between data and samples; layers, gradient norm a layer; spectra, largest singular value a "
        "layer. none keeps the panel away.",
        live=True,
    )
    trail: int = setting(8, help="Frames that a chain's trail lasts.", unit="frames", ge=0, le=60, live=True)
    pace: float = setting(
        0.0,
        help="Most iterations a second, for slow motion; 0 means as fast as the machine goes.",
        unit="1/s",
        ge=0.0,
        le=1000.0,
        live=True,
        slider=(0, 120),
    )
