"""Answers: from the engine to the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.critic import CriticPart
from gebm_studio.messages.divergences import BarsPart, BoundPart, PairPart, PlanPart, SweptPart, TangentPart
from gebm_studio.messages.images import GalleryPart, QualityPart
from gebm_studio.messages.particles import FlowCurvesPart, FlowPart
from gebm_studio.messages.pictures import CurvesPart, DataPart, LatentPart, Reading
from gebm_studio.messages.sampling import DecayPart, DiagnosticsPart, RacePart, SelfTested
from gebm_studio.messages.study import ComparePart
from gebm_studio.messages.sweep import SweepPart
from gebm_studio.schema import Preset

State = Literal["empty", "running", "paused", "diverged"]


@dataclass(frozen=True)
class Frame:
    """One answer to one `Pull`; `asked_run_id` is the run that the pull asked for.

    In a comparison all parts but `compare` are of the training `front`, counted from 0. What counts only in a
    training is 0 elsewhere. A run that `rests` shows nothing new until a person changes something: frames may be rare.
    """

    run_id: int
    state: State
    iteration: int
    energy_steps: int
    base_steps: int
    sampler_steps: int
    rate: float
    device: str
    settings_version: int
    overflows: int
    preset: Preset | None = None
    data: DataPart | None = None
    latent: LatentPart | None = None
    curves: CurvesPart | None = None
    diagnostics: DiagnosticsPart | None = None
    gallery: GalleryPart | None = None
    quality: QualityPart | None = None
    race: RacePart | None = None
    decay: DecayPart | None = None
    critic: CriticPart | None = None
    compare: ComparePart | None = None
    sweep: SweepPart | None = None
    pair: PairPart | None = None
    bars: BarsPart | None = None
    swept: SweptPart | None = None
    tangent: TangentPart | None = None
    bound: BoundPart | None = None
    plan: PlanPart | None = None
    flow: FlowPart | None = None
    flow_curves: FlowCurvesPart | None = None
    reading: Reading | None = None
    asked_run_id: int = 0
    front: int = 0
    rests: bool = False


@dataclass(frozen=True)
class Note:
    """A line for the run log. `topic` tells what it speaks of, so that a newer one can replace it."""

    level: Literal["info", "warning", "error"]
    text: str
    run_id: int = 0
    iteration: int = 0
    topic: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a long piece of work is; done == total ends it."""

    title: str
    done: int
    total: int


@dataclass(frozen=True)
class Written:
    """A file that was asked for is complete."""

    path: str
    what: str


@dataclass(frozen=True)
class Saved:
    """The autosave at `path` holds iteration `iteration` of run `run_id`."""

    path: str
    run_id: int
    iteration: int


Answer = Frame | Note | Progress | Written | Saved | SelfTested
