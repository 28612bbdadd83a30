"""The preset of particle flows: a cloud that flows to a target, by one rule or by several side by side."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from gebm_studio.schema.field import Section, setting
from gebm_studio.schema.law import AnyLaw, Gaussian, Rings
from gebm_studio.schema.preset import Preset

MOST_FLOWS = 4
Rule = Literal["mmd", "kale", "langevin", "sinkhorn"]
RULES: dict[Rule, str] = {"mmd": "MMD flow", "kale": "KALE flow", "langevin": "Langevin", "sinkhorn": "Sinkhorn flow"}
FlowMeasure = Literal["kale", "mmd", "w2", "kl", "apart"]
MEASURES: dict[FlowMeasure, str] = {
    "kale": "KALE", "mmd": "MMD²", "w2": "W₂", "kl": "KL", "apart": "W₂ to Langevin"
}  # fmt: skip
"""What is measured along the flows, of the particles Q from the target P; `apart` from the cloud of Langevin's flow."""


class Flow(Section):
    """One rule by which particles move."""

    name: Rule = setting(
        "kale",
        help="Q the particles, P the target. mmd: y ← y − δ ∇(μ_Q − μ_P)(y); kale: y ← y − δ(1 + λ) ∇h(y), where h is "
        "near log q/p; langevin: y ← y + δ ∇log p(y) + √(2δ) ξ, where the target has a smooth density; sinkhorn: "
        "down the debiased entropic transport cost.",
        label="Rule",
    )
    label: str = setting("", help="Name on the picture; empty takes the rule's.", max_length=32)
    step_size: float = setting(
        1e-3, help="Step δ of the flow.", label="Step", symbol="δ", gt=0.0, le=100.0, scale="log", live=True,
        slider=(1e-5, 1.0),
    )  # fmt: skip
    scale: float = setting(
        0.25, help="Length ℓ of the Gaussian kernel.", label="Length", symbol="ℓ", ge=1e-6, le=100.0, scale="log",
        live=True, slider=(0.02, 3.0), when=("name", ("mmd", "kale")),
    )  # fmt: skip
    regularisation: float = setting(
        1e-3, help="λ of KALE: small follows KL's flow, large MMD's.", symbol="λ", ge=1e-8, le=1e6, scale="log",
        live=True, slider=(1e-4, 1e4), when=("name", ("kale",)),
    )  # fmt: skip
    noise: float = setting(
        0.0, help="Standard deviation of the noise at which the velocity is taken, y + βξ: it keeps particles from "
        "stalling.", symbol="β", ge=0.0, le=10.0, live=True, slider=(0.0, 1.0), when=("name", ("mmd", "kale")),
    )  # fmt: skip
    noise_decay: float = setting(
        0.0, help="Steps after which the noise is half of what it was; 0: it stays.", label="Half-life of the noise",
        unit="steps", ge=0.0, le=1e6, live=True, slider=(0.0, 5000.0), when=("name", ("mmd", "kale")),
    )  # fmt: skip
    epsilon: float = setting(
        0.01, help="Entropy of Sinkhorn's transport.", symbol="ε", ge=1e-4, le=10.0, scale="log", live=True,
        when=("name", ("sinkhorn",)),
    )  # fmt: skip


class Cloud(Section):
    """Particles and the draws of the target that they flow to."""

    particles: int = setting(240, help="Particles of each flow.", unit="points", ge=2, le=5000, scale="log")
    targets: int = setting(
        240, help="Draws of the target that kernels and transport see.", unit="points", ge=2, le=5000, scale="log"
    )


class FlowCurves(Section):
    """What is measured along the flows."""

    every: int = setting(
        20, help="Steps between two measurements.", unit="steps", ge=1, le=10000, scale="log", live=True
    )
    scale: float = setting(
        0.25, help="Length ℓ of the kernel by which MMD and KALE are measured, the same for all flows.", symbol="ℓ",
        ge=1e-6, le=100.0, scale="log", live=True, slider=(0.02, 3.0),
    )  # fmt: skip
    regularisation: float = setting(
        1e-2, help="λ of the KALE that is measured, the same for all flows.", symbol="λ", ge=1e-8, le=1e6, scale="log",
        live=True, slider=(1e-4, 1e3),
    )  # fmt: skip


class FlowView(Section):
    """What the panels show."""

    arrows: bool = setting(True, help="Arrows along the velocities.", live=True)
    trail: int = setting(12, help="Recorded frames that a trail lasts.", unit="frames", ge=0, le=60, live=True)
    curve: FlowMeasure = setting("mmd", help="Which curve the panel opens with.", label="Curve", live=True)
    record: int = setting(
        5, help="Steps between two recorded frames; the record thins out itself where it would grow too long.",
        unit="steps", ge=1, le=10000, scale="log", live=True,
    )  # fmt: skip
    pace: float = setting(
        0.0, help="Most steps a second, for slow motion; 0 means as fast as the machine goes.", unit="1/s", ge=0.0,
        le=1000.0, live=True, slider=(0, 240),
    )  # fmt: skip


class ParticlesPreset(Preset):
    """Particles that flow from a source to a target."""

    kind: Literal["particles"] = Field("particles", description="The kind of experiment.")
    start: AnyLaw = Field(
        default_factory=lambda: Gaussian(at=(0.0, -0.3), width=0.01), description="Where the particles begin."
    )
    target: AnyLaw = Field(default_factory=Rings, description="Where they should go.")
    cloud: Cloud = Field(default_factory=Cloud, description="How many points there are.")
    flow: Flow = Field(default_factory=Flow, description="The first flow: the rule by which particles move.")
    others: tuple[Flow, ...] = setting(
        (),
        help="Further flows, side by side with the first and from the same draws. One more, one less or another rule "
        "begins all of them again.",
        max_length=MOST_FLOWS - 1,
        live=True,
    )
    measure: FlowCurves = Field(default_factory=FlowCurves, description="What is measured along the flows.")
    view: FlowView = Field(default_factory=FlowView, description="What the panels show.")

    @property
    def flows(self) -> tuple[Flow, ...]:
        """All flows, the first one first."""
        return (self.flow, *self.others)

    @property
    def pace(self) -> float:
        return self.view.pace

    @model_validator(mode="after")
    def _laws_live_in_the_plane(self) -> Self:
        problems = [
            f"{name}: particles flow in the plane, and this law of kind {law.kind} is of the line; give it two columns"
            for name, law in (("start", self.start), ("target", self.target))
            if 2 not in law.dimensions
        ]
        if problems:
            raise ValueError("\n".join(problems))
        return self
