"""KL(P‖G) and KL(P‖Q) of a GEBM against its target: exact where it can be, else estimated, else infinite."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.divergences import Quadrature, kl_1d, kl_on_grid, knn_kl
from gebm_studio.experiments.maps import grid
from gebm_studio.models import Gebm
from gebm_studio.models.bases import Circle, Normalising
from gebm_studio.models.energies import Normalised
from gebm_studio.targets import Target, VonMises

CELLS = 400
NODES = 4096
FAR = 8.0
"""Standard deviations of the latent whose image a line is integrated over."""
NEIGHBOUR_DIMENSIONS = 4
NEIGHBOUR_LIMIT = 1.0
"""Nats up to which the neighbour estimate's bias stays small; at 4 nats it was measured to be −0.7 to −1.1."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class KlPair:
    """KL(P‖G) and KL(P‖Q) in nats, each with how it was found, or NaN with why it is not shown.

    `likelihood` is L(E) = −E_P E − log Z by an integral of its own, so that KL(P‖G) − L(E) = KL(P‖Q) can be seen
    to hold; NaN where nothing is integrated. `stderr` are the standard errors of both divergences, 0 where they are
    not estimated from draws.
    """

    base: float
    gebm: float
    base_note: str
    gebm_note: str
    likelihood: float = math.nan
    stderr: tuple[float, float] = (0.0, 0.0)


class Remembered:
    """The quadrature of a model that has not moved since: on some targets it takes most of a second."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._found: tuple[KlPair, float] | None = None
        self._target: Array | None = None

    def target(self, compute: Callable[[], Array]) -> Array:
        """log p at the nodes, which never move where the extent is the target's own."""
        if self._target is None:
            self._target = compute()
        return self._target

    def of(self, version: int | None, compute: Callable[[], tuple[KlPair, float]]) -> tuple[KlPair, float]:
        """What `compute` gives, once for each version of the model; every time where the version is None."""
        if self._found is None or version is None or version != self._version:
            self._found, self._version = compute(), version
        return self._found


@torch.no_grad()
def kl_pair(
    model: Gebm,
    target: Target,
    generator: torch.Generator,
    bound: float,
    bound_stderr: float,
    remembered: Remembered,
    version: int | None = None,
) -> Callable[[], KlPair | None]:
    """Both divergences of the model as it is now, or None where no trustworthy number is to be had.

    What is returned computes them; only the slow search for neighbours waits until it is called.

    Arguments:
        model: The GEBM.
        target: Its target P.
        generator: Draws the base's sample of the neighbour estimate.
        bound: L(E) on held-out data, for KL(P‖Q) = KL(P‖G) − L(E).
        bound_stderr: Its standard error.
        remembered: The quadrature of before.
        version: Of the model, another one whenever it has moved; None where that is not known.
    """
    base = model.base
    if isinstance(target, VonMises) and isinstance(base, Circle):
        return _known(_on_circle(model, base, target))
    if target.intrinsic_dim < target.dim or base.latent_dim < target.dim:
        why = "∞: data and base do not share a support of full dimension"
        return _known(KlPair(math.inf, math.inf, why, why))
    if target.has_density and base.has_density and target.dim == 1:
        return _known(remembered.of(version, lambda: _on_line(model, target))[0])
    if target.has_density and base.has_density and target.dim == 2:
        return _known(_in_plane(model, target, bound, bound_stderr, remembered, version))
    if target.dim > NEIGHBOUR_DIMENSIONS:
        return _known(None)
    x = _array(target.held_out)
    y = _array(base(model.prior(len(x), generator)))
    return lambda: _by_neighbours(x, y, bound, bound_stderr)


def _known(pair: KlPair | None) -> Callable[[], KlPair | None]:
    return lambda: pair


def _by_neighbours(x: Array, y: Array, bound: float, bound_stderr: float) -> KlPair:
    value, error = knn_kl(x, y)
    if max(value, bound) > NEIGHBOUR_LIMIT:
        # L(E) is a lower bound on KL(P‖G): where it is large the neighbours' small value is only their bias.
        why = f"not shown: above {NEIGHBOUR_LIMIT:g} nat nearest neighbours fall short (n = {len(x)})"
        return KlPair(math.nan, math.nan, why, why)
    return KlPair(
        value,
        value - bound,
        f"nearest neighbours, n = {len(x)}, standard error {error:.2g}",
        f"KL(P‖G) − L(E), standard error {math.hypot(error, bound_stderr):.2g}",
        stderr=(error, math.hypot(error, bound_stderr)),
    )


def _on_circle(model: Gebm, base: Circle, target: VonMises) -> KlPair:
    where = torch.cat((base.center, base.log_radius.exp().reshape(1))).cpu()
    if not torch.allclose(where, torch.tensor([*target.center, target.radius]), rtol=0, atol=1e-6):
        why = "∞: data and base live on different circles"
        return KlPair(math.inf, math.inf, why, why)

    def energy(angle: Array) -> Array:
        return _array(model.energy(base.at_angle(torch.as_tensor(angle).to(where).to(model.device))))

    def log_p(angle: Array) -> Array:
        return _array(target.angle_log_density(torch.as_tensor(angle)))

    angles: Array = (np.arange(NODES, dtype=np.float64) + 0.5) * (2 * math.pi / NODES) - math.pi
    pair, _ = _by_quadrature(
        lambda log_q: kl_1d(log_p, log_q, -math.pi, math.pi),
        lambda angle: np.full_like(angle, -math.log(2 * math.pi)),
        energy,
        log_p(angles),
        angles,
        2 * math.pi / NODES,
        "quadrature on the circle",
    )
    return pair


def _on_line(model: Gebm, target: Target) -> tuple[KlPair, float]:
    """Over all that the target's picture shows and as far as latents of eight standard deviations reach."""
    low, high = line_reach(model, target)

    def column(x: Array) -> Tensor:
        return torch.as_tensor(x, device=model.device).reshape(-1, 1)

    def energy(x: Array) -> Array:
        return _array(model.energy(column(x).float()))

    def log_g(x: Array) -> Array:
        return _array(model.base.log_density(column(x)))

    def log_p(x: Array) -> Array:
        return _array(target.log_density(column(x)))

    cell = (high - low) / NODES
    nodes: Array = low + cell * (np.arange(NODES, dtype=np.float64) + 0.5)
    return _by_quadrature(
        lambda log_q: kl_1d(log_p, log_q, low, high, NODES),
        log_g,
        energy,
        log_p(nodes),
        nodes,
        cell,
        f"quadrature on {NODES} cells",
    )


@torch.no_grad()
def line_reach(model: Gebm, target: Target, far: float = FAR) -> tuple[float, float]:
    """The interval of the target's picture and of what latents up to `far` standard deviations become."""
    left, right, _, _ = target.home
    room = (right - left) / 4
    latents = torch.linspace(-far, far, 65, device=model.device).unsqueeze(1)
    ends = model.base(latents.expand(-1, model.base.latent_dim)).flatten()
    return min(left - room, ends.min().item()), max(right + room, ends.max().item())


def _in_plane(
    model: Gebm,
    target: Target,
    bound: float,
    bound_stderr: float,
    remembered: Remembered,
    version: int | None,
) -> KlPair:
    # Half as wide again as the picture that shows nearly all of the data.
    left, right, bottom, top = target.home
    x, y = (right - left) / 4, (top - bottom) / 4
    extent = (left - x, right + x, bottom - y, top + y)

    def energy(points: Array) -> Array:
        return _array(model.energy(torch.as_tensor(points, dtype=torch.float32, device=model.device)))

    def log_g(points: Array) -> Array:
        return _array(model.base.log_density(torch.as_tensor(points, device=model.device)))

    def log_p(points: Array) -> Array:
        return _array(target.log_density(torch.as_tensor(points)))

    # Where the target's tails reach far beyond its picture, as a funnel's do, the mean over the
    # held-out points knows more than a grid that cuts them.
    terms = log_p(_array(target.held_out)) - log_g(_array(target.held_out))
    stderr = float(terms.std()) / math.sqrt(len(terms))
    # A flow takes several times as long as other networks.
    flows = isinstance(model.base, Normalising) or isinstance(model.energy, Normalised)
    cells = CELLS // 2 if flows else CELLS
    cell = (extent[1] - extent[0]) * (extent[3] - extent[2]) / cells**2

    def compute() -> tuple[KlPair, float]:
        nodes = _array(grid(extent, cells, torch.device("cpu")))
        known = remembered.target(lambda: log_p(nodes))
        how = f"quadrature on {cells} × {cells} cells"
        return _by_quadrature(
            lambda log_q: kl_on_grid(log_p, log_q, extent, cells), log_g, energy, known, nodes, cell, how
        )

    pair, error = remembered.of(version, compute)
    if error <= stderr:
        return pair
    value = float(terms.mean())
    return KlPair(
        value,
        value - bound,
        f"mean of log p − log g over {len(terms)} held-out points, standard error {stderr:.2g}",
        f"KL(P‖G) − L(E), standard error {math.hypot(stderr, bound_stderr):.2g}",
        stderr=(stderr, math.hypot(stderr, bound_stderr)),
    )


def _by_quadrature(
    kl: Callable[[Callable[[Array], Array]], Quadrature],
    log_g: Callable[[Array], Array],
    energy: Callable[[Array], Array],
    log_p: Array,
    nodes: Array,
    cell: float,
    how: str,
) -> tuple[KlPair, float]:
    """Both divergences with log q = log g − E − log Z, log Z over the same support, L(E), and the larger error.

    `log_p` is that of the nodes, the middles of cells.
    """
    energies = energy(nodes)
    log_z = float(np.logaddexp.reduce(log_g(nodes) - energies)) + math.log(cell)
    base, gebm = kl(log_g), kl(lambda x: log_g(x) - energy(x) - log_z)
    inside = log_p > -np.inf  # no mass of P elsewhere, whatever E is there
    mean = cell * float(np.exp(log_p[inside]) @ energies[inside])
    notes = f"{how}, error about {base.error:.1g}", f"{how}, error about {gebm.error:.1g}"
    pair = KlPair(base.value, gebm.value, *notes, -mean - log_z)
    return pair, max(base.error, gebm.error)


def _array(x: Tensor) -> NDArray[Any]:
    flat = x.detach().flatten(1) if x.dim() > 1 else x.detach()
    array: NDArray[Any] = flat.double().cpu().numpy()
    return array
