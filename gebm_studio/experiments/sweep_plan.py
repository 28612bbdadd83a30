"""What a sweep trains: the list of all its small trainings, from the settings alone.

Random networks are drawn from the lists below by the preset's seed and the network's number alone, so that a sweep
of more networks begins with those of a shorter one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gebm_studio import presets
from gebm_studio.schema import Sweep, TrainingPreset

STREAM = 0x53574550
"""Keeps the sweep's draws apart from those of the run with the same seed."""
DEPTHS = (1, 2, 3, 4)
WIDTHS = (16, 32, 64, 128)
ACTIVATIONS = ("relu", "leaky_relu", "softplus", "tanh")
RATES = (3e-4, 1e-3, 3e-3)
NORMALISED = (False, False, False, True)
"""Of base and critic independently: hidden layers, width, activation, Adam's rate; one critic in four has spectral
normalisation. All choices are equally likely."""
OPTIMISERS = {
    "A": (1e-4, 0.5, 0.9, 5),
    "B": (1e-4, 0.5, 0.999, 1),
    "C": (2e-4, 0.5, 0.999, 1),
    "D": (1e-3, 0.5, 0.9, 5),
    "E": (1e-3, 0.5, 0.999, 5),
    "F": (1e-3, 0.9, 0.999, 5),
}
"""Rate of Adam, β₁, β₂ and critic steps, from memory and not verified.

References:
    Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), arXiv 1802.05957, table 1.
"""
PENALTY_WEIGHT, CLIP = 0.1, 0.1
"""λ of WGAN-GP and the bound of clipped weights, both ours: the papers' 10 and 0.01 are for images."""


@dataclass(frozen=True)
class Method:
    """A way to train: its name, and the settings that make it."""

    label: str
    changes: Mapping[str, Any]


_PASSING = {"objective.name": "gan", "objective.descent": "passing", "objective.penalty": "none"}
METHODS = {
    "gan": Method("GAN", _PASSING),
    "wgan_gp": Method(
        "WGAN-GP",
        {
            "objective.name": "wasserstein",
            "objective.penalty": "gradient_to_one",
            "objective.strength": PENALTY_WEIGHT,
        },
    ),
    "sn_gan": Method("SN-GAN", {**_PASSING, "energy.spectral_norm": True}),
    "clipping": Method(
        "WGAN, clipped", {"objective.name": "wasserstein", "objective.penalty": "clip", "objective.clip": CLIP}
    ),
}
STUDIED = {"random_networks": ("gan", "wgan_gp"), "optimisers": ("gan", "sn_gan", "wgan_gp", "clipping")}
"""The methods of each study."""


@dataclass(frozen=True)
class Trial:
    """One small training: its row and column in the table, which repetition, its seed, and all that is set for it."""

    row: int
    repeat: int
    method: int
    seed: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """All trainings in their order, and what the rows and columns of the table are called."""

    rows: tuple[str, ...]
    repeats: int
    methods: tuple[str, ...]
    trials: tuple[Trial, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The methods' names."""
        return tuple(METHODS[name].label for name in self.methods)


def plan_of(preset: TrainingPreset) -> Plan:
    """The trainings of a preset's sweep; none without a study."""
    sweep = preset.sweep
    if sweep.study == "random_networks":
        return _networks(sweep, preset.seed)
    if sweep.study == "optimisers":
        return _optimisers(sweep, preset.seed)
    return Plan((), 1, (), ())


def trial_preset(preset: TrainingPreset, trial: Trial) -> TrainingPreset:
    """The settings of one training, of which only target and kinds of network are the preset's.

    Raises:
        PresetError: Where the preset's networks do not take what the study sets.
    """
    bare = TrainingPreset(title="trial", target=preset.target, base=preset.base, energy=preset.energy)
    return presets.changed(bare, {**trial.changes, "seed": trial.seed}, "sweep")


def _networks(sweep: Sweep, seed: int) -> Plan:
    methods = STUDIED["random_networks"]
    names, trials = [], []
    for number in range(sweep.trials):
        sequence = np.random.SeedSequence([seed, STREAM, number])
        drawn = draw(np.random.default_rng(sequence))
        fixed = {
            "training.batch": sweep.batch,
            "training.energy_steps": sweep.critic_steps,
            "training.beta1": 0.5,
            "training.beta2": 0.9,
        }
        names.append(in_words(drawn))
        for column, method in enumerate(methods):
            changes = {**drawn, **fixed, **METHODS[method].changes}
            trials.append(Trial(number, 0, column, _seed(sequence), changes))
    return Plan(tuple(names), 1, methods, tuple(trials))


def draw(generator: np.random.Generator) -> dict[str, Any]:
    """The settings of a random base and a random critic."""

    def choose(choices: tuple[Any, ...]) -> Any:
        return choices[int(generator.integers(len(choices)))]

    found: dict[str, Any] = {}
    for part in ("base", "energy"):
        found |= {
            part: "mlp",
            f"{part}.depth": choose(DEPTHS),
            f"{part}.hidden": choose(WIDTHS),
            f"{part}.activation": choose(ACTIVATIONS),
            f"training.{part}_lr": choose(RATES),
        }
    return found | {"energy.spectral_norm": choose(NORMALISED)}


def in_words(drawn: Mapping[str, Any]) -> str:
    """Random networks as a person reads them."""
    parts = [
        f"{name} {drawn[f'{part}.depth']}×{drawn[f'{part}.hidden']} {drawn[f'{part}.activation']}, "
        f"rate {drawn[f'training.{part}_lr']:g}"
        for name, part in (("base", "base"), ("critic", "energy"))
    ]
    return "; ".join(parts) + (", spectral norm" if drawn["energy.spectral_norm"] else "")


def _optimisers(sweep: Sweep, seed: int) -> Plan:
    methods = STUDIED["optimisers"]
    rows = tuple(
        f"{name}: rate {rate:g}, β {beta1:g} and {beta2:g}, K = {steps}"
        for name, (rate, beta1, beta2, steps) in OPTIMISERS.items()
    )
    trials = []
    for repeat in range(sweep.seeds):
        own = _seed(np.random.SeedSequence([seed, STREAM, repeat]))
        for row, (rate, beta1, beta2, steps) in enumerate(OPTIMISERS.values()):
            settings = {
                "training.energy_lr": rate,
                "training.base_lr": rate,
                "training.beta1": beta1,
                "training.beta2": beta2,
                "training.energy_steps": steps,
                "training.batch": sweep.batch,
                "energy.spectral_norm": False,
            }
            for column, method in enumerate(methods):
                trials.append(Trial(row, repeat, column, own, {**settings, **METHODS[method].changes}))
    return Plan(rows, sweep.seeds, methods, tuple(trials))


def _seed(sequence: np.random.SeedSequence) -> int:
    return int(sequence.generate_state(1, np.uint64)[0] % 2**31)
