"""log Z as the height that a law climbs to: log Z = sup_q ⟨q, D⟩ + H(q), the gap being KL(q‖p).

References:
    Your GAN is Secretly an Energy-based Model and You Should Use Discriminator Driven Latent Sampling
    (Che et al., 2020), arXiv 2003.06060, section 3.
    Graphical Models, Exponential Families, and Variational Inference (Wainwright and Jordan, 2008), section 3.
"""

from __future__ import annotations

import math

import numpy as np

from gebm_studio.divergences import integrate
from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.lab.descending import Normal
from gebm_studio.experiments.lab.mesh import quadrature
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.targets.laws import Law

CONSTANT = 0.5 * math.log(2 * math.pi)
"""D = log p + this: of N(μ, σ²) it is −(x − μ)²/2σ² − log σ, whose integral is not one."""
_PARTS = np.array([-10.0, -7.0, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, 7.0, 10.0])
_COARSE = np.linspace(-10, 10, 9)
"""Edges of panels in widths of q: those of the bound, and the first ones of the adaptive quadrature of the gap."""
_FLAT = 1e-10
"""Of the natural gradient's norm, at which the climb has ended."""


class LogPartition:
    """A Gaussian q on the line that climbs ⟨q, D⟩ + H(q) with D = log p + `CONSTANT`.

    Attributes:
        q: The Gaussian now.
        bound: ⟨q, D⟩ + H(q); −∞ where q has mass where P has none.
        exact: log Z = log ∫ e^D, by quadrature.
        gap: KL(q‖p), by an integral of its own.
        arrived: Whether the climb has ended, or cannot begin.
    """

    def __init__(self, p: Law, start: Normal) -> None:
        self.q = start
        self.measure(p)

    def measure(self, p: Law) -> None:
        """Climb to another log Z from where q is.

        Raises:
            Unknown: Where P has no density.
        """
        if not p.has_density:
            raise Unknown("P has no known density, so that D = log p is not there; choose another law for P")
        self._p = p
        edges = p.breaks
        found = integrate(lambda x: np.exp(self.height(x)), edges)
        self.exact = math.log(float(found.value))
        self._look()

    def step(self, rate: float) -> None:
        """One step of the natural gradient; none once the climb has ended, or where it cannot begin."""
        if self.arrived:
            return
        by_mean, by_log_std = self._slope
        self.q = self.q.moved(-by_mean, -by_log_std, rate)
        self._look()

    def height(self, x: Doubles) -> Doubles:
        """D at x (N,), −∞ where P has no mass."""
        return self._p.log_density(x[:, None]) + CONSTANT

    @property
    def ending(self) -> str:
        """How the climb has ended; empty while it goes on."""
        if math.isinf(self.bound):
            return "q has mass where P has none: ⟨q, D⟩ is −∞; choose a P that is positive everywhere"
        return "the climb has ended: no Gaussian nearby is better" if self.arrived else ""

    @property
    def gap(self) -> float:
        """KL(q‖p) by adaptive quadrature."""
        if not math.isfinite(self.bound):
            return math.inf
        q = self.q

        def excess(x: Doubles) -> Doubles:
            log_q = q.log_density(x)
            values: Doubles = np.exp(log_q) * (log_q - self._p.log_density(x[:, None]))
            return values

        return float(integrate(excess, self._panels(_COARSE), tolerance=1e-11).value)

    def _panels(self, parts: Doubles) -> Doubles:
        """Edges at parts of q's width about its mean, and at the breaks of p between them."""
        edges, inner = self.q.mean + self.q.std * parts, self._p.breaks
        between: Doubles = inner[(inner > edges[0]) & (inner < edges[-1])]
        return np.union1d(edges, between)

    def _look(self) -> None:
        """Bound and slope, by Gauss and Legendre on panels that neither p nor q is narrow in."""
        q = self.q
        x, weights = quadrature(self._panels(_PARTS))
        weights = weights * np.exp(q.log_density(x))
        (z, _), height = q.scores(x), self.height(x)
        # Mass below rounding decides nothing.
        missed = np.isneginf(height)
        if float(weights[missed].sum()) > np.finfo(np.float64).eps:
            self.bound, self.arrived, self._slope = -math.inf, True, (0.0, 0.0)
            return
        height[missed] = 0.0
        entropy = math.log(q.std) + 0.5 * math.log(2 * math.pi * math.e)
        self.bound = float(weights @ height) + entropy
        # E[D′(μ + σz)] σ = E[D z], by parts; likewise for the width, where the entropy adds 1.
        self._slope = float(weights @ (height * z)), float(weights @ (height * (z**2 - 1))) + 1.0
        self.arrived = math.hypot(self._slope[0], self._slope[1] / 2) <= _FLAT

    # What a file keeps.

    def saved(self) -> Saved:
        """Where q is."""
        return Saved({}, {"mean": self.q.mean, "std": self.q.std})

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave.

        Raises:
            KeyError, TypeError, ValueError: Where it is no Gaussian.
        """
        self.q = Normal(float(saved.facts["mean"]), float(saved.facts["std"]))
        self._look()
