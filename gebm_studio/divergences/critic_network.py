"""A critic that is a small network: it learns its features, and climbs by Adam without a certificate of its top."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gebm_studio.divergences.critic_bases import Box
from gebm_studio.divergences.critics import FARTHEST, Climbed, check_solve
from gebm_studio.divergences.games import KL_GAME, Game, Nodes

_SLOWER = 0.5
"""Factor on the rate after a step that was taken back."""


class NetworkCritic:
    """V(x) = MLP(z), z the point scaled to the box of all nodes; smooth (SiLU), float64, from a seed.

    After a step to a bound that is no number or below −10⁸, the step is taken back and the rate halved.

    Arguments:
        p: Nodes of P.
        q: Nodes of Q, of the same dimension.
        game: gain and cost.
        hidden: Widths of the hidden layers, one or more.
        rate: Of Adam.
        seed: Of the weights.

    Raises:
        ValueError: For no layer, a width below one, a rate that is not positive, or nodes of unequal dimension.

    References:
        Adam: A Method for Stochastic Optimization (Kingma and Ba, 2015), arXiv 1412.6980.
    """

    def __init__(
        self,
        p: Nodes,
        q: Nodes,
        game: Game = KL_GAME,
        *,
        hidden: Sequence[int] = (32, 32),
        rate: float = 0.01,
        seed: int = 0,
    ) -> None:
        if not hidden or min(hidden) < 1:
            raise ValueError(f"critic: hidden needs one width of 1 or more at least, got {list(hidden)}")
        if not 0 < rate < math.inf:
            raise ValueError(f"critic: rate must be positive, got {rate}; 0.01 is usual")
        if p.x.shape[1] != q.x.shape[1]:
            raise ValueError(f"critic: P and Q differ in dimension: {p.x.shape[1]} and {q.x.shape[1]}")
        self.p, self.q, self.game = p.with_mass, q.with_mass, game
        self.box = Box.around(self.p.x, self.q.x)
        self._net = _network([self.box.dimension, *hidden, 1], seed).to(self.p.x)
        self._adam = torch.optim.Adam(self._net.parameters(), lr=rate)
        self.steps = 0
        self._keep()
        self.bound, self.gradient = self._evaluate()

    def __call__(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self._values(x)

    def output(self, x: Tensor) -> Tensor:
        """T(x) = gain(V(x)) (N,)."""
        return self.game.gain(self(x))

    def step(self) -> float:
        """One step of Adam on all nodes; the new bound."""
        self.steps += 1
        self._keep()
        self._adam.step()
        bound, gradient = self._evaluate()
        if -FARTHEST < bound < math.inf and math.isfinite(gradient):
            self.bound, self.gradient = bound, gradient
        else:
            self._restore()
        return self.bound

    def solve(self, tolerance: float = 1e-4, most_steps: int = 2_000) -> Climbed:
        """Steps until the gradient's norm is within the tolerance, or they are spent; then back to the best."""
        check_solve(tolerance, most_steps)
        best, best_state = self.bound, copy.deepcopy(self._net.state_dict())
        first = self.steps
        while self.gradient > tolerance and self.steps - first < most_steps:
            if self.step() > best:
                best, best_state = self.bound, copy.deepcopy(self._net.state_dict())
        self._net.load_state_dict(best_state)
        self.bound, self.gradient = self._evaluate()
        converged = self.gradient <= tolerance
        note = "a stationary point: a network's bound has others" if converged else "the best bound seen; a lower bound"
        taken = self.steps - first
        return Climbed(self.bound, self.bound, self.gradient, math.inf, taken, converged, unbounded=False, note=note)

    def _values(self, x: Tensor) -> Tensor:
        values: Tensor = self._net(self.box.scaled(x))[:, 0]
        return values

    def _evaluate(self) -> tuple[float, float]:
        """The bound and the norm of its gradient, which stays in the parameters for the next step."""
        self._adam.zero_grad()
        with torch.enable_grad():
            gain, cost = self.game.gain(self._values(self.p.x)), self.game.cost(self._values(self.q.x))
            bound = self.p.weights @ gain - self.q.weights @ cost
            (-bound).backward()
        slopes = [parameter.grad for parameter in self._net.parameters() if parameter.grad is not None]
        return float(bound.detach()), float(torch.cat([slope.flatten() for slope in slopes]).norm())

    def _keep(self) -> None:
        self._kept = copy.deepcopy((self._net.state_dict(), self._adam.state_dict()))

    def _restore(self) -> None:
        parameters, moments = self._kept
        self._net.load_state_dict(parameters)
        self._adam.load_state_dict(moments)
        for group in self._adam.param_groups:
            group["lr"] *= _SLOWER
        self._evaluate()


def _network(widths: Sequence[int], seed: int) -> nn.Sequential:
    """Linear layers with SiLU between, weights even within ±1/√(fan-in), the last one zero: V begins at zero."""
    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(widths):
        linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out, dtype=torch.float64)
        with torch.no_grad():
            for parameter in linear.parameters():
                parameter.uniform_(-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in), generator=generator)
        layers += [linear, nn.SiLU()]
    with torch.no_grad():
        for parameter in layers[-2].parameters():
            parameter.zero_()
    return nn.Sequential(*layers[:-1])
