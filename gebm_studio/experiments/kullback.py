"""KL(P‖G) and KL(P‖Q) of a GEBM against its target: exact where it can be, else estimated, else infinite."""

from __future__ import annotations

import copy
import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gebm_studio.divergences import kl_of_cells, knn_kl, refined
from gebm_studio.experiments.maps import grid
from gebm_studio.models import Gebm
from gebm_studio.models.bases import Circle, Normalising
from gebm_studio.models.energies import Normalised
from gebm_studio.targets import Target, VonMises

CELLS = 400
NODES = 4096
PIECE = 2048
"""Nodes of the plane at once: some milliseconds of most models."""
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
    """The quadrature of a model that has not moved since, and log p at nodes, which never move."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._found: tuple[KlPair, float] | None = None
        self.log_p: dict[int, Array] = {}

    def of(self, version: int | None) -> tuple[KlPair, float] | None:
        """What was found for this version of the model; None where that is not known."""
        return None if version is None or version != self._version else self._found

    def keep(self, version: int | None, found: tuple[KlPair, float]) -> tuple[KlPair, float]:
        """Remember what was found."""
        self._version, self._found = version, found
        return found


Pieces = Generator[None, None, KlPair | None]


def kl_in_pieces(
    model: Gebm,
    target: Target,
    generator: torch.Generator,
    bound: float,
    bound_stderr: float,
    remembered: Remembered,
    version: int | None = None,
) -> Pieces:
    """Both divergences of the model as it is at the first piece, or None where no trustworthy number is to be had.

    From then on the model may move: what takes long works on a copy.

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
    known = target.has_density and base.has_density
    if isinstance(target, VonMises) and isinstance(base, Circle):
        return (yield from _at_once(_on_circle(model, base, target)))
    if target.intrinsic_dim < target.dim or base.latent_dim < target.dim:
        why = "∞: data and base do not share a support of full dimension"
        return (yield from _at_once(KlPair(math.inf, math.inf, why, why)))
    if known and target.dim == 1:
        found = remembered.of(version) or remembered.keep(version, _on_line(model, target))
        return (yield from _at_once(found[0]))
    if known and target.dim == 2:
        return (yield from _in_plane(model, target, bound, bound_stderr, remembered, version))
    if target.dim > NEIGHBOUR_DIMENSIONS:
        return (yield from _at_once(None))
    with torch.no_grad():
        x, y = _array(target.held_out), _array(base(model.prior(len(target.held_out), generator)))
    yield
    return _by_neighbours(x, y, bound, bound_stderr)


def _at_once(pair: KlPair | None) -> Pieces:
    yield
    return pair


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


@torch.no_grad()
def _on_circle(model: Gebm, base: Circle, target: VonMises) -> KlPair:
    where = torch.cat((base.center, base.log_radius.exp().reshape(1))).cpu()
    if not torch.allclose(where, torch.tensor([*target.center, target.radius]), rtol=0, atol=1e-6):
        why = "∞: data and base live on different circles"
        return KlPair(math.inf, math.inf, why, why)

    def cells(count: int) -> _Cells:
        width = 2 * math.pi / count
        angles = torch.arange(count, dtype=torch.float64) * width + (width / 2 - math.pi)
        energy = _array(model.energy(base.at_angle(angles.to(where).to(model.device))))
        return _Cells(_array(target.angle_log_density(angles)), np.full(count, -math.log(2 * math.pi)), energy, width)

    return _by_quadrature(cells(NODES // 2), cells(NODES), "quadrature on the circle")[0]


@torch.no_grad()
def _on_line(model: Gebm, target: Target) -> tuple[KlPair, float]:
    """Over all that the target's picture shows and as far as latents of eight standard deviations reach."""
    low, high = line_reach(model, target)

    def cells(count: int) -> _Cells:
        width = (high - low) / count
        nodes = (low + width * (torch.arange(count, dtype=torch.float64) + 0.5)).unsqueeze(1)
        energy = _array(model.energy(nodes.float().to(model.device)))
        log_g = _array(model.base.log_density(nodes.to(model.device)))
        return _Cells(_array(target.log_density(nodes)), log_g, energy, width)

    return _by_quadrature(cells(NODES // 2), cells(NODES), f"quadrature on {NODES} cells")


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
) -> Pieces:
    # Where the target's tails reach far beyond its picture, as a funnel's do, the mean over the
    # held-out points knows more than a grid that cuts them.
    with torch.no_grad():
        held_out = target.held_out.double()
        terms = _array(target.log_density(held_out)) - _array(model.base.log_density(held_out))
    stderr = float(terms.std()) / math.sqrt(len(terms))
    found = remembered.of(version)
    if found is None:
        model = copy.deepcopy(model)
        yield
        # A flow takes several times as long as other networks.
        flows = isinstance(model.base, Normalising) or isinstance(model.energy, Normalised)
        count = CELLS // 2 if flows else CELLS
        coarse = yield from _plane_cells(model, target, count // 2, remembered)
        fine = yield from _plane_cells(model, target, count, remembered)
        found = remembered.keep(version, _by_quadrature(coarse, fine, f"quadrature on {count} × {count} cells"))
    else:
        yield
    pair, error = found
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


def _plane_cells(model: Gebm, target: Target, count: int, remembered: Remembered) -> Generator[None, None, _Cells]:
    """count × count cells of a square half as wide again as the picture that shows nearly all of the data."""
    left, right, bottom, top = target.home
    x, y = (right - left) / 4, (top - bottom) / 4
    left, right, bottom, top = left - x, right + x, bottom - y, top + y
    known = remembered.log_p.get(count)
    parts = []
    for nodes in grid((left, right, bottom, top), count, torch.device("cpu")).double().split(PIECE):
        with torch.no_grad():
            log_p = _array(target.log_density(nodes)) if known is None else np.zeros(0)
            here = nodes.to(model.device)
            parts.append((log_p, _array(model.base.log_density(here)), _array(model.energy(here.float()))))
        yield
    log_p, log_g, energy = (np.concatenate(part) for part in zip(*parts, strict=True))
    known = remembered.log_p.setdefault(count, log_p)
    return _Cells(known, log_g, energy, (right - left) * (top - bottom) / count**2)


class _Cells(NamedTuple):
    """log p, log g and E at the middles of equal cells, (N,) each, and the size of a cell."""

    log_p: Array
    log_g: Array
    energy: Array
    size: float


def _by_quadrature(coarse: _Cells, fine: _Cells, how: str) -> tuple[KlPair, float]:
    """Both divergences with log q = log g − E − log Z, log Z over the same support, L(E), and the larger error."""
    log_z = float(np.logaddexp.reduce(fine.log_g - fine.energy)) + math.log(fine.size)
    base = refined(*(kl_of_cells(c.log_p, c.log_g, c.size) for c in (coarse, fine)))
    gebm = refined(*(kl_of_cells(c.log_p, c.log_g - c.energy - log_z, c.size) for c in (coarse, fine)))
    inside = fine.log_p > -np.inf  # no mass of P elsewhere, whatever E is there
    mean = fine.size * float(np.exp(fine.log_p[inside]) @ fine.energy[inside])
    notes = f"{how}, error about {base.error:.1g}", f"{how}, error about {gebm.error:.1g}"
    return KlPair(base.value, gebm.value, *notes, -mean - log_z), max(base.error, gebm.error)


def _array(x: Tensor) -> NDArray[Any]:
    flat = x.detach().flatten(1) if x.dim() > 1 else x.detach()
    array: NDArray[Any] = flat.double().cpu().numpy()
    return array
