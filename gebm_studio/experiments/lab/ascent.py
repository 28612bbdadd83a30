"""A critic that climbs its bound, a step at a time, by Adam or by damped steps of second order."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gebm_studio.divergences import Box, Game, LinearCritic
from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.lab.forms import Form, Span
from gebm_studio.experiments.lab.mesh import Mesh
from gebm_studio.experiments.lab.unknown import Unknown

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_SLOWER, _FASTER = 0.5, 1.02
"""Factors on the rate after a step that was taken back, and after one that was not, up to the rate that is set."""
_FALLEN = -1e8
"""A bound below this is given up, as one that is no number."""
_CERTAIN = 1e-10
"""Of the bound: what a Newton step would still add, at which a climb in a linear class has ended."""
_FLAT = 1e-8
"""Norm of the gradient at which the climb of a network has ended."""
_TOP = "the climb has ended: the top of its class"
_STATIONARY = "the climb has ended at a stationary point"
_LOOK = 20
"""Adam's steps between two looks at whether a linear class is at its top."""
_COSTLY = 10_000_000
"""Products of a look that one more step between two looks makes up for."""


class Ascent:
    """V(x; θ) on its way up Σ p gain(V) − Σ q cost(V).

    A step to a bound that is no number, or far below all others, is taken back and the next one is half as long.

    Attributes:
        form: The class of V.
        theta: θ (K,).
        bound: The bound now, on the mesh as it is now.
        ending: How the climb has ended, by certificate: in a linear class what a Newton step would still add, in a
            network the gradient. Empty while it goes on.
        remark: What is to be said of the latest change of points, or empty.

    References:
        Adam: A Method for Stochastic Optimization (Kingma and Ba, 2015), arXiv 1412.6980.
    """

    def __init__(self, form: Form, game: Game, mesh: Mesh) -> None:
        self.form, self.game, self.mesh = form, game, mesh
        self._begin()
        self.measure(mesh)

    def _begin(self) -> None:
        self.theta = self.form.start()
        self._first, self._second = torch.zeros_like(self.theta), torch.zeros_like(self.theta)
        self._taken, self._slowed = 0, 1.0

    def measure(self, mesh: Mesh) -> None:
        """Take the bound on other points: the critic stays, but where its bound there is no number.

        Raises:
            Unknown: Where even V = 0 gives no number with a slope.
        """
        self.mesh, self.ending, self.remark = mesh, "", ""
        if not self._go(self.theta):
            self._begin()
            if not self._go(self.theta):
                raise Unknown("the laws lie too far apart for the features of this class; bring them together")
            self.remark = "on this pair the critic's bound was no number: it began again from zero"

    @property
    def arrived(self) -> bool:
        """Whether the climb has ended."""
        return bool(self.ending)

    def rescale(self, box: Box) -> None:
        """Scale the class to another box, and take there the critic that is nearest to the present one."""
        self.form, self.theta = self.form.carried(self.theta, box)
        self.measure(self.mesh)

    def critic(self, x: Tensor) -> Tensor:
        """V (N,) at points (N, d)."""
        return self.form.values(self.theta, x)

    def step(self, method: str, rate: float) -> None:
        """One step; none once the climb has ended.

        Arguments:
            method: newton for second order, which a network does not have; else Adam.
            rate: Adam's step length, or the part of a Newton step that is taken.
        """
        if self.arrived:
            return
        if method == "newton" and isinstance(self.form, Span):
            self._newton(self.form, rate)
        else:
            self._adam(rate * self._slowed)

    def _newton(self, form: Span, rate: float) -> None:
        linear = LinearCritic(form.basis, self.mesh.of_p, self.mesh.of_q, self.game, start=self.theta)
        found = linear.solve(_CERTAIN, most_steps=1)
        if found.unbounded:
            self.ending = "the bound grows without end: the class parts P from Q"
        elif found.steps == 0 or linear.bound <= self.bound:
            # Nothing is left to gain, or nothing that rounding leaves to see.
            self.ending = _TOP if self.game.concave else _STATIONARY
        gone = 1.0 if self.ending and not found.unbounded else rate
        if not self._go(self.theta + gone * (linear.parameters - self.theta)):
            self.ending = "no step leads to a bound that is a number"

    def _adam(self, rate: float) -> None:
        self._taken += 1
        first = _BETA1 * self._first + (1 - _BETA1) * self._gradient
        second = _BETA2 * self._second + (1 - _BETA2) * self._gradient.square()
        root = (second / (1 - _BETA2**self._taken)).sqrt() + _EPSILON
        if self._go(self.theta + rate / (1 - _BETA1**self._taken) * first / root):
            self._first, self._second = first, second
            self._slowed = min(1.0, self._slowed * _FASTER)
        else:
            self._taken -= 1
            self._slowed *= _SLOWER
        if self._is_flat():
            self.ending = _TOP if isinstance(self.form, Span) else _STATIONARY

    def _is_flat(self) -> bool:
        if isinstance(self.form, Span):
            mesh = self.mesh
            if self._taken % max(_LOOK, len(mesh.x) * len(self.theta) ** 2 // _COSTLY):
                return False
            linear = LinearCritic(self.form.basis, mesh.of_p, mesh.of_q, self.game, start=self.theta)
            return linear.game.concave and linear.solve(_CERTAIN, most_steps=1).steps == 0
        return float(self._gradient.norm()) <= _FLAT

    def _go(self, theta: Tensor) -> bool:
        bound, gradient = self._evaluate(theta)
        if not (bound > _FALLEN and math.isfinite(bound) and bool(gradient.isfinite().all())):
            return False
        self.theta, self.bound, self._gradient = theta, bound, gradient
        return True

    def _evaluate(self, theta: Tensor) -> tuple[float, Tensor]:
        mesh, leaf = self.mesh, theta.detach().requires_grad_()
        with torch.enable_grad():
            v = self.form.values(leaf, mesh.x)
            # Where a law has no mass its part is nothing, though gain or cost may be infinite there.
            on_p, on_q = mesh.p > 0, mesh.q > 0
            bound = mesh.p[on_p] @ self.game.gain(v[on_p]) - mesh.q[on_q] @ self.game.cost(v[on_q])
            (gradient,) = torch.autograd.grad(bound, leaf)
        return float(bound.detach()), gradient

    # What a file keeps.

    def saved(self) -> Saved:
        """θ, what Adam remembers, and the box."""
        tensors = {"theta": self.theta, "first": self._first, "second": self._second}
        tensors |= {"centre": self.form.box.centre, "half": self.form.box.half}
        facts: dict[str, Any] = {"taken": self._taken, "slowed": self._slowed}
        facts |= {"ending": self.ending, "remark": self.remark}
        return Saved({name: value.clone() for name, value in tensors.items()}, facts)

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave; the form's box must be the saved one.

        Raises:
            KeyError, TypeError, ValueError: Where it belongs to another class.
        """
        found = [saved.tensors[name].to(torch.float64).cpu() for name in ("theta", "first", "second")]
        if any(value.shape != self.theta.shape for value in found):
            raise ValueError(f"its critic has {tuple(found[0].shape)} parameters, this one {tuple(self.theta.shape)}")
        self.theta, self._first, self._second = (value.clone() for value in found)
        self._taken, self._slowed = int(saved.facts["taken"]), float(saved.facts["slowed"])
        self.measure(self.mesh)
        self.ending, self.remark = str(saved.facts["ending"]), str(saved.facts["remark"])
