"""The preset of a divergence lab: two laws in the hand, and every divergence between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from gebm_studio.schema.field import Section, setting
from gebm_studio.schema.law import AnyLaw, Gaussian, Law
from gebm_studio.schema.measures import Measure, Phi
from gebm_studio.schema.preset import Preset

Moved = Literal[
    "q.at", "q.width", "p.at", "p.width", "kernel.scale", "kernel.regularisation", "critic.size", "measure.samples"
]
"""What a swept curve can run over; a place is moved along the first axis."""
MOVED: dict[Moved, str] = {
    "q.at": "place of Q", "q.width": "width of Q", "p.at": "place of P", "p.width": "width of P",
    "kernel.scale": "kernel length ℓ", "kernel.regularisation": "λ", "critic.size": "size of the class",
    "measure.samples": "draws n",
}  # fmt: skip
Dock = Literal["bars", "swept", "tangent", "bound", "plan"]


T = TypeVar("T", bound=Sequence[str])


def _each_once(names: T) -> T:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each name may stand once, got {' and '.join(twice)} twice or more")
    return names


Once = AfterValidator(_each_once)


class Kernel(Section):
    """The kernel of MMD and KALE."""

    name: Literal["gaussian", "imq", "energy"] = setting(
        "gaussian",
        help="gaussian: A e^{−|x−y|²/2ℓ²}; imq: A (1 + |x−y|²/ℓ²)^{−½}; energy: ½(|x| + |y| − |x−y|), without ℓ.",
        label="Kernel",
        live=True,
    )
    scale: float = setting(
        1.0, help="Length ℓ of the kernel; 0 takes the median distance of both samples.", label="Length", symbol="ℓ",
        ge=0.0, le=100.0, live=True, slider=(0.0, 4.0),
    )  # fmt: skip
    amplitude: float = setting(
        1.0, help="Factor A of the kernel.", symbol="A", gt=0.0, le=1000.0, scale="log", live=True, slider=(0.1, 10.0)
    )
    regularisation: float = setting(
        0.1, help="λ of KALE: (λ/2)|h|² is what a critic costs. λ → 0 gives KL, λ → ∞ gives ½ MMD².", symbol="λ",
        ge=1e-8, le=1e6, scale="log", live=True, slider=(1e-4, 1e3),
    )  # fmt: skip
    factor: bool = setting(True, help="Whether KALE carries its factor 1 + λ.", label="Factor 1 + λ", live=True)


class Measuring(Section):
    """How values are found."""

    values: Literal["densities", "samples"] = setting(
        "densities",
        help="densities: closed forms and quadrature, where both laws have densities; samples: estimates from draws.",
        label="Values from",
        live=True,
    )
    samples: int = setting(
        240, help="Draws of each law for what is measured on samples.", symbol="n", unit="points", ge=2, le=4000,
        scale="log", live=True,
    )  # fmt: skip
    neighbours: int = setting(
        4, help="Order of the neighbour in the estimate of KL.", symbol="k", ge=1, le=50, live=True
    )
    epsilon: float = setting(
        0.05, help="Entropy of Sinkhorn's transport.", symbol="ε", ge=1e-4, le=10.0, scale="log", live=True
    )


class Swept(Section):
    """Curves of divergences over one parameter, with a point that runs along."""

    over: Moved = setting("q.at", help="The parameter along the axis; the run moves it.", label="Over", live=True)
    low: float = setting(-3.0, help="First value of the parameter.", ge=-1e6, le=1e6, live=True)
    high: float = setting(3.0, help="Last value of the parameter.", ge=-1e6, le=1e6, live=True)
    points: int = setting(41, help="Values in between, evenly spaced.", unit="points", ge=5, le=401, live=True)
    spacing: Literal["linear", "log"] = setting("linear", help="How the values are spaced.", live=True)
    curves: Annotated[tuple[Measure, ...], Once] = setting(
        ("kl", "jensen_shannon", "w1", "mmd", "kale"),
        help="The divergences that are drawn.",
        live=True,
        min_length=1,
        max_length=12,
    )
    against: Literal["parameter", "kl"] = setting(
        "parameter", help="What the horizontal axis is: the parameter, or KL(P‖Q) at it.", label="Against", live=True
    )
    period: float = setting(
        8.0, help="Seconds that the point takes from end to end while the lab runs; 0: it stays.", unit="s", ge=0.0,
        le=600.0, live=True, slider=(0.0, 30.0),
    )  # fmt: skip

    @model_validator(mode="after")
    def _range_has_a_length(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low: must be below high, got {self.low} and {self.high}")
        if self.spacing == "log" and self.low <= 0:
            raise ValueError(f"low: must be positive where values are spaced by a logarithm, got {self.low}")
        return self


class Critic(Section):
    """A critic that climbs the variational bound while the lab runs."""

    family: Literal["none", "polynomial", "bumps", "relu", "network", "gaussian"] = setting(
        "none",
        help="The class: polynomials; Gaussian bumps; random ReLU features; a small network; gaussian: not a critic "
        "but a Gaussian law that climbs ⟨q, D⟩ + H(q) to log Z, with D = log p. none: no bound.",
        label="Class",
        live=True,
    )
    divergence: Literal[
        "kl", "reverse_kl", "jeffrey", "pearson", "neyman", "hellinger", "jensen_shannon", "gan", "total_variation",
        "kale",
    ] = setting("kl", help="Whose bound E_P T − E_Q φ*(T) it climbs.", label="Bound of", live=True)  # fmt: skip
    size: int = setting(
        8, help="Degree, number of bumps, features or hidden units.", label="Size", ge=1, le=512, scale="log", live=True
    )
    method: Literal["newton", "gradient"] = setting(
        "gradient", help="newton: damped steps of second order; gradient: Adam.", live=True
    )
    rate: float = setting(
        0.02, help="Step length: of Adam, or the damping of Newton's step.", ge=1e-5, le=1.0, scale="log", live=True
    )
    restart: int = setting(0, help="Change it to begin again from zero.", ge=0, le=1_000_000, live=True)


class Fit(Section):
    """One Gaussian in the place of Q, fitted to P under several divergences at once."""

    divergences: Annotated[tuple[Phi, ...], Once] = setting(
        (), help="Under which divergences a Gaussian is fitted; none: no fits.", max_length=9
    )
    rate: float = setting(
        0.02, help="Step length of each fit's descent.", ge=1e-4, le=1.0, scale="log", live=True, slider=(1e-3, 0.3)
    )


class LabView(Section):
    """What the panels show."""

    docks: Annotated[tuple[Dock, ...], Once] = setting(
        ("bars", "swept"),
        help="The panels beside the pair: bars, swept, tangent, bound, plan.",
        live=True,
        min_length=1,
        max_length=5,
    )
    lower: Literal[
        "log_ratio", "critics", "integrand", "mmd_witness", "kale_witness", "kale_critic", "transport"
    ] = setting(
        "log_ratio",
        help="Below the densities, or under the points of the plane: log p/q; critics beside the tight one φ′(p/q); "
        "the integrand of the chosen divergence; MMD's witness μ_P − μ_Q; KALE's witness e^h; KALE's critic h; the "
        "1-Lipschitz critic of W₁.",
        label="Below",
        live=True,
    )  # fmt: skip
    divergence: Phi = setting(
        "kl", help="The divergence whose integrand, conjugate and tangent are shown.", label="Divergence", live=True
    )
    slope: float = setting(
        0.5, help="Slope v of the tangent to φ: its intercept is −φ*(v).", symbol="v", ge=-50.0, le=50.0, live=True,
        slider=(-4.0, 4.0),
    )  # fmt: skip
    bars: Annotated[tuple[Measure, ...], Once] = setting(
        (), help="The divergences drawn as bars; none: all that the pair has.", live=True, max_length=19
    )
    pace: float = setting(
        60.0, help="Most steps a second while the lab runs; 0 means as fast as the machine goes.", unit="1/s", ge=0.0,
        le=1000.0, live=True, slider=(0, 120),
    )  # fmt: skip


class DivergencesPreset(Preset):
    """Two laws, and every divergence between them."""

    kind: Literal["divergences"] = Field("divergences", description="The kind of experiment.")
    space: Literal["line", "plane"] = setting("line", help="Where both laws live: on the line, or in the plane.")
    p: AnyLaw = Field(default_factory=Gaussian, description="The law P: in a GEBM, the data.")
    q: AnyLaw = Field(
        default_factory=lambda: Gaussian(at=(1.0, 0.0)), description="The law Q: in a GEBM, the base or the model."
    )
    kernel: Kernel = Field(default_factory=Kernel, description="The kernel of MMD and KALE.")
    measure: Measuring = Field(default_factory=Measuring, description="How values are found.")
    swept: Swept = Field(default_factory=Swept, description="Curves over a parameter.")
    critic: Critic = Field(default_factory=Critic, description="A critic that climbs a bound.")
    fit: Fit = Field(default_factory=Fit, description="Gaussians fitted to P.")
    view: LabView = Field(default_factory=LabView, description="What the panels show.")

    @property
    def dimension(self) -> int:
        """Dimension of the space of both laws."""
        return 1 if self.space == "line" else 2

    @property
    def pace(self) -> float:
        return self.view.pace

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        problems = [*_law_misfits("p", self.p, self.dimension), *_law_misfits("q", self.q, self.dimension)]
        group, _, name = self.swept.over.partition(".")
        if not hasattr(getattr(self, group), name):
            law = getattr(self, group).kind
            problems.append(f"swept.over: a law of kind {law} has no {name}; sweep {group}.at, or choose another law")
        if self.fit.divergences and self.space != "line":
            problems.append("fit.divergences: Gaussians are fitted on the line only; set space to line")
        if self.critic.family == "gaussian" and self.space != "line":
            problems.append("critic.family: gaussian climbs on the line only; choose another class")
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _law_misfits(name: str, law: Law, dimension: int) -> list[str]:
    """Why a law cannot live in a space of so many dimensions."""
    if dimension in law.dimensions:
        return []
    kind, has = getattr(law, "kind", ""), " or ".join(str(d) for d in law.dimensions)
    space = "line" if dimension == 1 else "plane"
    return [
        f"{name}: kind {kind} has dimension {has} here and does not live on the {space}; choose another space or law"
    ]
