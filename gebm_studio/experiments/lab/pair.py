"""Both laws of a lab with what its numbers share: kernel, nodes, draws, and the critic of KALE."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch

from gebm_studio.divergences import Kale, Kernel, Nodes, rkhs_kale
from gebm_studio.experiments.lab import kernel as kernels
from gebm_studio.experiments.lab.later import Pieces, finished
from gebm_studio.experiments.lab.nodes import Doubles, Weighted, drawn, joined, nodes
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.schema import DivergencesPreset
from gebm_studio.targets.laws import Law, place

_MEDIAN_OF = 240
"""Draws of each law whose median distance a kernel may take as its length."""
_STEPS = 4
"""Newton's steps of KALE at once, a piece of work; of more nodes than a few, one."""
_PATIENCE, _MOST_STEPS = 24, 200
_FEW_NODES, _FEW_DRAWS = 450, 240
"""Nodes on the line, and draws, up to which KALE takes a frame's time."""
KALE_TOLERANCE = 1e-10


class Pair:
    """The laws P and Q as the settings have them: everything here is a function of the preset alone.

    Attributes:
        preset: The settings.
        p: The law P.
        q: The law Q.
    """

    def __init__(self, preset: DivergencesPreset, folder: str = "", of: Pair | None = None) -> None:
        """Place both laws.

        Arguments:
            preset: The settings.
            folder: Where relative file names start.
            of: An earlier pair that differs in live settings only: files and draws are then not made again.

        Raises:
            PresetError: Where a file cannot be used.
        """
        self.preset, d, seed = preset, preset.dimension, 2 * preset.seed
        self.p: Law = place(preset.p, d, seed=seed, folder=folder, of=of.p if of else None)
        self.q: Law = place(preset.q, d, seed=seed + 1, folder=folder, of=of.q if of else None)
        self._found: Kale | None = None
        self._coarse_found: Kale | None = None

    @property
    def dimension(self) -> int:
        """Of the space: 1 or 2."""
        return self.preset.dimension

    @property
    def by_samples(self) -> bool:
        """Whether values are estimates from draws."""
        return self.preset.measure.values == "samples"

    @property
    def by_points(self) -> bool:
        """Whether both laws are taken as sets of points."""
        return self.by_samples or (self.p.atoms is not None and self.q.atoms is not None)

    @cached_property
    def missing(self) -> str:
        """What is missing before anything can be measured, or empty."""
        names = [name for name, law in (("P", self.p), ("Q", self.q)) if law.is_empty]
        return f"{' and '.join(names)} {'have' if len(names) > 1 else 'has'} no points yet; draw some" if names else ""

    @property
    def same(self) -> bool:
        """Whether P and Q are one law."""
        return self.same_form and bool((self.p.at == self.q.at).all())

    @cached_property
    def same_form(self) -> bool:
        """Whether Q is P moved elsewhere: of the same form, width and axes."""
        ours, theirs = (section.model_dump(exclude={"at"}) for section in (self.preset.p, self.preset.q))
        return ours == theirs

    def draws(self, n: int) -> tuple[Weighted, Weighted]:
        """The atoms of each law where it is finite, else n draws.

        Raises:
            Unknown: Where a law has no points.
        """
        self._check()
        return drawn(self.p, n), drawn(self.q, n)

    @cached_property
    def scale(self) -> float:
        """Length ℓ of the kernel.

        Raises:
            Unknown: Where it is to be the median distance and most points coincide.
        """
        x, y = self.draws(_MEDIAN_OF)
        return kernels.length(self.preset.kernel, x.points, y.points)

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel of MMD and KALE.

        Raises:
            Unknown: As `scale`.
        """
        return kernels.kernel_of(self.preset.kernel, self.scale)

    @cached_property
    def on(self) -> tuple[Weighted, Weighted]:
        """What stands for P and for Q in expectations: quadrature where both have one, atoms, else draws.

        Raises:
            Unknown: Where a law has no points.
        """
        return self._standing(coarse=False)

    @cached_property
    def coarse(self) -> tuple[Weighted, Weighted]:
        """As `on`, with about half as many nodes along each axis."""
        return self._standing(coarse=True)

    @property
    def nodes(self) -> tuple[Nodes, Nodes]:
        """`on` as tensors, for critics.

        Raises:
            Unknown: Where a law has no points.
        """
        x, y = self.on
        return Nodes.of(x.points, x.weights), Nodes.of(y.points, y.weights)

    def log_densities(self, x: Doubles) -> tuple[Doubles, Doubles]:
        """log p and log q of points (N, d).

        Raises:
            Unknown: Where one has no density, saying which.
        """
        names = [name for name, law in (("P", self.p), ("Q", self.q)) if not law.has_density]
        if names:
            raise Unknown(f"{' and '.join(names)} {'have' if len(names) > 1 else 'has'} no known density")
        return self.p.log_density(x), self.q.log_density(x)

    def log_density_functions(self) -> tuple[Callable[[Doubles], Doubles], Callable[[Doubles], Doubles]]:
        """log p and log q of numbers (N,) on the line, or of points (N, 2) in the plane.

        Raises:
            Unknown: As `log_densities`.
        """
        self.log_densities(np.zeros((1, self.dimension)))
        if self.dimension == 2:
            return self.p.log_density, self.q.log_density
        return lambda x: self.p.log_density(x[:, None]), lambda x: self.q.log_density(x[:, None])

    @property
    def size(self) -> int:
        """Points that stand for the larger of both laws; 0 where one has none."""
        return 0 if self.missing else max(len(standing.points) for standing in self.on)

    @property
    def has_critic(self) -> bool:
        """Whether `kale` is known already."""
        return self._found is not None

    @property
    def has_slow_critic(self) -> bool:
        """Whether `kale` takes longer than a frame may."""
        if self.missing:
            return False
        smooth = self.dimension == 1 and "quadrature" in (self.on[0].kind, self.on[1].kind)
        return self.size > (_FEW_NODES if smooth else _FEW_DRAWS)

    @property
    def kale(self) -> Kale:
        """KALE of P and Q on `on`, with its critic.

        Raises:
            Unknown: Where a law has no points, or the kernel no length.
        """
        return finished(self.kale_in_pieces())

    def kale_in_pieces(self) -> Pieces[Kale]:
        """`kale`, a few of Newton's steps at a time; at once where it is known."""
        if self._found is not None:
            return self._found
        start: torch.Tensor | None = None
        if "quadrature" in (self.on[0].kind, self.on[1].kind):
            self._coarse_found = yield from self._climb(*self.coarse, None)
            start = self._coarse_found.h(self.on[1].points)
            yield
        self._found = yield from self._climb(*self.on, start)
        return self._found

    @property
    def coarse_kale(self) -> Kale:
        """KALE on `coarse`, where there are nodes: known once `kale` is."""
        finished(self.kale_in_pieces())
        if self._coarse_found is None:
            raise ValueError("no nodes stand for these laws, so that there is no coarse critic")
        return self._coarse_found

    def _climb(self, x: Weighted, y: Weighted, start: Kale | torch.Tensor | None) -> Pieces[Kale]:
        """KALE on points that stand for the laws, a piece at a time."""
        lam, at_once = self.preset.kernel.regularisation, _STEPS if len(y.points) <= _FEW_NODES else 1
        steps = 0
        while True:
            # Where these steps do not suffice, the last call goes all the way, through larger λ.
            last = steps >= _PATIENCE
            found = rkhs_kale(x.points, y.points, self.kernel, lam, weights_p=x.weights, weights_q=y.weights,
                              start=start, tolerance=KALE_TOLERANCE,
                              most_steps=_MOST_STEPS if last else at_once)  # fmt: skip
            steps += found.steps
            if found.converged or last or found.steps < at_once:
                return found
            start = found
            yield

    def _standing(self, coarse: bool) -> tuple[Weighted, Weighted]:
        n = self.preset.measure.samples
        x, y = self.draws(n)
        if self.by_samples:
            return x, y
        found = [atoms if atoms.kind == "atoms" else nodes(law, self._length(), other, coarse=coarse)
                 for law, atoms, other in ((self.p, x, self.q), (self.q, y, self.p))]  # fmt: skip
        of_p, of_q = found
        if of_p is None or of_q is None:
            return x, y
        if self.dimension == 2 and self.p.gaussian is not None and self.q.gaussian is not None and not self.same:
            of_q = joined(of_q, of_p, self.q, self.p)
        return of_p, of_q

    def _length(self) -> float:
        """The length over which the functions vary that are integrated."""
        if self.preset.kernel.name == "energy":
            return min(max(law.width, 1e-3) for law in (self.p, self.q))
        return self.scale

    def _check(self) -> None:
        if self.missing:
            raise Unknown(self.missing)
