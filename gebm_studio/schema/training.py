"""The preset of a training: what is learned, by what, and how it is sampled."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from gebm_studio.schema.images import Quality, Reel
from gebm_studio.schema.misfits import objective_misfits
from gebm_studio.schema.model import Base, ConvBase, ConvEnergy, Energy, LinearEnergy, MlpBase, MlpEnergy
from gebm_studio.schema.objective import Objective
from gebm_studio.schema.preset import Preset
from gebm_studio.schema.run import Speed, Training, View
from gebm_studio.schema.sampling import Decay, Race, Sampler
from gebm_studio.schema.study import Compare
from gebm_studio.schema.sweep import Sweep
from gebm_studio.schema.target import PointFile, Ring, Target


class TrainingPreset(Preset):
    """A base and an energy that learn a target, and the chains that sample them."""

    kind: Literal["training"] = Field("training", description="The kind of experiment.")
    target: Target = Field(default_factory=Ring, description="What is learned.")
    base: Base = Field(default_factory=MlpBase, description="The generator that learns where the data lives.")
    energy: Energy = Field(default_factory=MlpEnergy, description="The critic that says how much mass goes there.")
    objective: Objective = Field(default_factory=Objective, description="The bound that trains both.")
    training: Training = Field(default_factory=Training, description="The alternating schedule.")
    speed: Speed = Field(default_factory=Speed, description="How images are computed fast.")
    sampler: Sampler = Field(default_factory=Sampler, description="The latent chains.")
    quality: Quality = Field(default_factory=Quality, description="How good the images are.")
    reel: Reel = Field(default_factory=Reel, description="The chains of the gallery.")
    race: Race = Field(default_factory=Race, description="Several samplers side by side.")
    decay: Decay = Field(default_factory=Decay, description="W₂ to the posterior against time.")
    compare: Compare = Field(default_factory=Compare, description="Several runs side by side, in lockstep.")
    sweep: Sweep = Field(default_factory=Sweep, description="Many small trainings in the background.")
    view: View = Field(default_factory=View, description="What the panels show at first.")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """The parts must speak of the same space; a file's shape is checked when it is read."""
        problems = list(self._misfits())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _misfits(self) -> list[str]:
        shape, target = self.target.shape, self.target.kind
        problems = []
        if shape is not None:
            for name, part in (("base", self.base), ("energy", self.energy)):
                if isinstance(part, ConvBase | ConvEnergy) and len(shape) != 3:
                    problems.append(f"{name}: kind conv needs a target of images, not {target}; use kind mlp")
                elif part.kind in ("linear", "quadratic") and len(shape) == 3:
                    problems.append(f"{name}: kind {part.kind} does not take images; use kind conv or mlp")
            if self.base.kind == "circle" and shape != (2,):
                problems.append(f"base: kind circle needs a target in the plane, {target} has shape {shape}")
            if self.base.kind == "flower" and shape != (3,):
                problems.append(f"base: kind flower needs a target in space, {target} has shape {shape}")
            if self.base.kind == "linear" and len(shape) == 1 and len(self.base.matrix) != shape[0]:
                problems.append(f"base.matrix: target {target} needs {shape[0]} rows, got {len(self.base.matrix)}")
            width = {"linear": "weights", "quadratic": "mean"}.get(self.energy.kind)
            if width and len(shape) == 1 and len(getattr(self.energy, width)) != shape[0]:
                got = len(getattr(self.energy, width))
                problems.append(f"energy.{width}: target {target} needs {shape[0]} entries, got {got}")
        if isinstance(self.energy, LinearEnergy) and isinstance(self.target, PointFile):
            problems.append("energy: kind linear needs a target of known dimension; use kind mlp for a file")
        if self.energy.kind == "flow" and not self.base.has_density:
            problems.append("energy: kind flow needs a base with a density; use a base of kind flow, gaussian or ppca")
        if self.energy.kind == "ratio":
            on_circle = (
                self.base.kind == "circle"
                and self.target.kind == "von_mises"
                and (self.base.radius, self.base.center) == (self.target.radius, self.target.center)
            )
            if not on_circle and not (self.base.has_density and self.target.has_density):
                problems.append(
                    "energy: kind ratio needs a target and a base with densities on the same support; use a base of "
                    "kind gaussian, flow or square linear with a Gaussian, moons, checkerboard, spiral or funnel target"
                )
            if self.training.train in ("both", "energy"):
                problems.append("training.train: an exact ratio energy has nothing to learn; use base or none")
        problems += objective_misfits(self.objective, self.base, self.energy, self.training)
        if self.compare.runs and self.sweep.study != "none":
            problems.append("sweep.study: a comparison has no sweep beside it; use none, or compare no runs")
        return problems

    @property
    def pace(self) -> float:
        return self.view.pace
