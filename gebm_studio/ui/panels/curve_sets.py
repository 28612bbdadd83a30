"""Which curves belong together, what they are called, and the formula of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gebm_studio.ui.panels.legend import Swatch


@dataclass(frozen=True)
class Curve:
    """One curve: the table's column, its name, the theme's role for its colour, and its formula."""

    column: str
    name: str
    role: str
    formula: str
    swatch: Swatch = "line"
    error: str = ""
    """The column of its standard error, drawn as a band."""
    width: float = 1.0


@dataclass(frozen=True)
class Gap:
    """What lies between two columns, filled: how much the lower one still wants."""

    upper: str
    lower: str
    name: str
    role: str
    formula: str


@dataclass(frozen=True)
class Level:
    """A value that a curve may come to, drawn across for the objectives that it means something to."""

    value: float
    name: str
    formula: str
    objectives: tuple[str, ...]


SETS: dict[str, tuple[str, tuple[Curve, ...]]] = {
    "kale": (
        "KALE and KL",
        (
            Curve("kl_base", "KL(P‖G)", "base",
                  "KL of the data from the base: E_P log p/g in nats; ∞ where supports differ."),
            Curve("kl_gebm", "KL(P‖Q)", "gebm",
                  "KL of the data from the GEBM in nats; KL(P‖G) − L(E) where both exist."),
            Curve("kale_train", "KALE, batch", "axis", "F(E, c) = −E_P(E + c) − E_G e^{−(E+c)} + 1, on batches."),
            Curve("donsker_varadhan", "Donsker–Varadhan", "second", "L(E) = −E_P E − log E_G e^{−E} ≥ F(E, c)."),
            Curve("kale_heldout", "KALE", "first", "F(E, c) on held-out data: a lower bound of KL(P‖G).", width=2.0),
        ),
    ),
    "likelihood": (
        "likelihood and KL",
        (
            Curve("kl_gebm", "KL(P‖Q)", "gebm", "KL of the data from the GEBM, by an integral of its own."),
            Curve("donsker_varadhan", "L(E), held-out", "axis", "L(E) on held-out data and base draws."),
            Curve("kl_base", "KL(P‖G)", "base", "KL of the data from the base: the most that L(E) can reach.",
                  width=2.0),
            Curve("likelihood", "L(E)", "first", "Generalised log-likelihood −E_P E − log Z, by quadrature.",
                  width=2.0),
        ),
    ),
    "objective": (
        "objective",
        (
            Curve("objective_train", "objective, batch", "axis", "What the critic climbs, on training data."),
            Curve("objective_heldout", "objective, held-out", "first", "What the critic climbs, on held-out data."),
            Curve("divergence", "estimated divergence", "second", "The divergence that the held-out value stands for.",
                  width=2.0),
        ),
    ),
    "w1": (
        "distances",
        (
            Curve("w1_floor", "data against data", "data", "W₁ between two sets of data draws.",
                  "dashed"),
            Curve("w1_base", "base, W₁", "base", "W₁(P, G): mean distance of the best matching of data and base draws.",
                  width=2.0),
            Curve("w1_gebm", "GEBM, W₁", "gebm", "W₁(P, Q): the same with the GEBM's draws.", width=2.0),
            Curve("fd_base", "base, Fréchet", "base", "Fréchet distance of base draws from the data, between features.",
                  width=2.0),
            Curve("fd_gebm", "GEBM, Fréchet", "gebm", "Fréchet distance of the GEBM's draws from the data.", width=2.0),
        ),
    ),
    "log_partition": (
        "log Z and c",
        (
            Curve("log_z", "log Z", "first", "log Z = log E_G e^{−E} from base draws, ± one standard error.",
                  error="log_z_stderr"),
            Curve("log_z_planted", "planted log Z", "data", "log Z = −k of an energy with a planted constant, exact.",
                  "dashed"),
            Curve("log_partition", "learned c", "second", "c ← c + ρ min(e^{log Ẑ − c} − 1, 1).", width=2.0),
        ),
    ),
    "nll": (
        "NLL",
        (
            Curve("nll_train", "training", "axis", "−E log q on training points, in nats, ± one standard error.",
                  error="nll_train_stderr"),
            Curve("nll_valid", "validation", "second", "−E log q on validation points, ± one standard error.",
                  error="nll_valid_stderr"),
            Curve("nll_test", "test", "first", "−E log q on test points, ± one standard error.",
                  error="nll_test_stderr", width=2.0),
        ),
    ),
    "reduction": (
        "as an EBM",
        (
            Curve("reduction_error", "largest density difference", "first",
                  "max |e^{−E(x)} g(x)/Z − e^{−E′(x)}/Z′|, E′ = E − log g: a GEBM whose base has a density is an EBM.",
                  width=2.0),
        ),
    ),
    "energy": (
        "Energies",
        (
            Curve("energy_base", "base", "base", "Mean energy of base draws, E_G E."),
            Curve("energy_chains", "chains", "chains", "Mean energy of the latent chains, E(G(z))."),
            Curve("energy_data", "data", "data", "Mean energy of the data, E_P E.", width=2.0),
        ),
    ),
}  # fmt: skip

GAPS = {
    "likelihood": Gap(
        "kl_base",
        "likelihood",
        "gap",
        "gebm",
        "KL(P‖G) − L(E), exactly KL(P‖Q): what the energy leaves undone.",
    )
}
LEVELS = {
    "objective": Level(
        math.log(2), "log 2", "The Jensen–Shannon divergence of laws that do not overlap, however far apart they are.",
        ("gan", "jensen_shannon"),
    )
}  # fmt: skip

BOUND = "bound"

CHOICES: tuple[tuple[str, str], ...] = (
    ("kale", "KALE and KL"),
    ("likelihood", "likelihood and KL"),
    ("objective", "objective"),
    ("w1", "distances"),
    ("log_partition", "log Z and c"),
    ("nll", "NLL"),
    (BOUND, "bound against c"),
    ("reduction", "as an EBM"),
    ("energy", "energies"),
)
