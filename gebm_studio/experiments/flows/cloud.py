"""One flow of a preset: its rule, its particles, and the noise of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gebm_studio.messages import Extent, Floats
from gebm_studio.particles import Goal, Info, Injection, KaleFlow, LangevinFlow, MmdFlow, Rule, SinkhornFlow, State
from gebm_studio.schema.particles import RULES, Flow

_FARTHEST = 1e6
"""A coordinate beyond this is a flow that has flown off."""
_LOST = 10
"""Sides of the picture beyond which a particle is lost: no kernel pulls it back."""


def rule_of(flow: Flow) -> Rule:
    """The rule that a section of a preset asks for."""
    noise = Injection(flow.noise, flow.noise_decay)
    match flow.name:
        case "mmd":
            return MmdFlow(flow.step_size, flow.scale, noise)
        case "kale":
            return KaleFlow(flow.step_size, flow.scale, flow.regularisation, noise)
        case "langevin":
            return LangevinFlow(flow.step_size)
        case "sinkhorn":
            return SinkhornFlow(flow.step_size, flow.epsilon)


class Cloud:
    """Particles that move by one rule.

    Attributes:
        settings: The section of the preset.
        state: Where the particles are; always finite.
        velocity: What moved them last, (n, 2); zero before the first step.
        stopped: Why they stand still; empty while they move.
        note: What is to be said of the last step.

    Arguments:
        settings: The section of the preset.
        source: Where the particles begin, (n, 2).
        goal: Where they should go.
        seed: Of the noise.
    """

    def __init__(self, settings: Flow, source: Tensor, goal: Goal, seed: int) -> None:
        self.settings = settings
        self._rule = rule_of(settings)
        self.state = self._rule.init(source, goal)
        self.velocity = torch.zeros_like(source)
        self.generator = torch.Generator(source.device).manual_seed(seed)
        self.stopped = self.note = ""

    @property
    def label(self) -> str:
        """Its name on the picture."""
        return self.settings.label or RULES[self.settings.name]

    def configure(self, settings: Flow) -> None:
        """Go on with other numbers of the same rule, also where the flow had stopped."""
        self.settings, self._rule, self.stopped = settings, rule_of(settings), ""

    def advance(self, goal: Goal) -> None:
        """One step; one that leads to nowhere is not taken, and the flow stops."""
        state, info = self._rule.step(self.state, goal, self.generator)
        if not _sound(state, info):
            self.stopped = f"stopped at step {state.steps}: a particle left every bound; lower the step δ, begin again"
            return
        self.state, self.velocity, self.note = state, info.velocity, info.note

    def said(self, home: Extent) -> str:
        """What is to be said of it, where `home` shows source and target: why it stands, or what is amiss; or nothing.

        Arguments:
            home: Left, right, bottom, top.
        """
        left, right, bottom, top = home
        middle = self.state.position.new_tensor([(left + right) / 2, (bottom + top) / 2])
        lost = int(((self.state.position - middle).abs().amax(1) > _LOST * (right - left)).sum())
        far = f"{lost} of {len(self.state.position)} particles are far away; a smaller step δ would have kept them"
        return self.stopped or self.note or (far if lost else "")

    @property
    def points(self) -> Floats:
        """Where the particles are, (n, 2), as frames hold them."""
        return _floats(self.state.position)

    @property
    def arrows(self) -> Floats:
        """Their velocities (n, 2), likewise."""
        return _floats(self.velocity)

    # What a file keeps.

    def tensors(self) -> dict[str, Tensor]:
        """Position, velocity, generator and what the next step starts from."""
        warm = {f"warm{place}": x for place, x in enumerate(self.state.warm)}
        found = {"position": self.state.position, "velocity": self.velocity, "generator": self.generator.get_state()}
        return {name: x.clone() for name, x in (found | warm).items()}

    def facts(self) -> dict[str, Any]:
        """Counts and notes."""
        return {"steps": self.state.steps, "stopped": self.stopped, "note": self.note}

    def load(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Take back what `tensors` and `facts` gave.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it is of other particles.
        """
        here, there = self.state.position, tensors["position"]
        if here.shape != there.shape:
            raise ValueError(f"its particles are {tuple(there.shape)}, the settings ask for {tuple(here.shape)}")
        warm = tuple(tensors[f"warm{place}"].to(here) for place in range(sum(name[:4] == "warm" for name in tensors)))
        self.state = State(there.to(here), int(facts["steps"]), warm)
        self.velocity = tensors["velocity"].to(here)
        self.generator.set_state(tensors["generator"].cpu())
        self.stopped, self.note = str(facts["stopped"]), str(facts["note"])


def _sound(state: State, info: Info) -> bool:
    return bool(torch.isfinite(info.velocity).all()) and bool((state.position.abs() <= _FARTHEST).all())


def _floats(x: Tensor) -> Floats:
    found: Floats = x.cpu().numpy().astype(np.float32)
    return found
