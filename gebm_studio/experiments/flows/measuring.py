"""What is measured along the flows: KALE, MMD², W₂, KL and the distance from Langevin's cloud, a piece at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gebm_studio.divergences import knn_kl, mmd2, rkhs_kale, w2
from gebm_studio.experiments.curves import CurveTable
from gebm_studio.experiments.flows.entropy import kl_to_density
from gebm_studio.experiments.flows.scene import Scene
from gebm_studio.messages import Doubles
from gebm_studio.particles import PlaneGaussian
from gebm_studio.schema.particles import MEASURES, FlowCurves, FlowMeasure

MOST = 300
"""Points on which KALE and W₂ are measured: a piece takes some milliseconds."""
_NEIGHBOUR = 4
_TOLERANCE = 1e-6


class Measuring:
    """Measures clouds against the draws of the target, and keeps the table.

    Where there are more than `MOST` points, KALE and W₂ take so many of them, the same ones each time.

    Arguments:
        scene: Source and target.
        flows: The rule of each flow.
        seed: Of which points are taken.
    """

    def __init__(self, scene: Scene, flows: Sequence[str], seed: int) -> None:
        self._flows = tuple(flows)
        self.columns = tuple(f"{name}.{flow}" for flow in range(len(flows)) for name in self.measures)
        self.table = CurveTable(("step", *self.columns))
        self._warm: dict[int, Tensor] = {}
        self._seed = seed
        self.look_at(scene)

    @property
    def measures(self) -> tuple[FlowMeasure, ...]:
        """What is measured of each flow, in order."""
        return tuple(name for name in MEASURES if name != "apart" or "langevin" in self._flows)

    def look_at(self, scene: Scene) -> None:
        """Measure against another target from now on."""
        self._scene = scene
        particles, draws = len(scene.source), len(scene.goal.points)
        order = torch.Generator().manual_seed(self._seed)
        self._few = torch.randperm(particles, generator=order)[:MOST]
        self._draws = scene.goal.points[torch.randperm(draws, generator=order)[:MOST].to(scene.goal.points.device)]

    def begin(self, step: int, clouds: Sequence[Tensor | None], settings: FlowCurves) -> None:
        """Begin a row of clouds (n, 2) as they are at a step; None: that flow stands still and is not measured."""
        self.table.begin({"step": float(step)}, self._pieces(clouds, settings))

    def _pieces(self, clouds: Sequence[Tensor | None], settings: FlowCurves) -> Iterator[dict[str, float]]:
        reference = next((y for y, name in zip(clouds, self._flows, strict=True) if name == "langevin"), None)
        for flow, y in enumerate(clouds):
            if y is None:
                continue
            for name in self.measures:
                yield {f"{name}.{flow}": self._measure(name, flow, y, reference, settings)}

    def _measure(
        self, name: FlowMeasure, flow: int, y: Tensor, reference: Tensor | None, settings: FlowCurves
    ) -> float:
        few = self._few.to(y.device)
        match name:
            case "kale":
                return self._kale(flow, y[few], settings)
            case "mmd":
                return mmd2(y, self._scene.goal.points, PlaneGaussian(settings.scale), unbiased=False)
            case "w2":
                size = min(len(few), len(self._draws))
                return w2(_array(y[few[:size]]), _array(self._draws[:size]))
            case "kl":
                return self._kl(_array(y))
            case "apart":
                return math.nan if reference is None else w2(_array(y[few]), _array(reference[few]))

    def _kale(self, flow: int, y: Tensor, settings: FlowCurves) -> float:
        warm = self._warm.get(flow)
        start = warm if warm is not None and len(warm) == len(self._draws) else None
        kernel, x = PlaneGaussian(settings.scale), self._draws
        kale = rkhs_kale(y, x, kernel, settings.regularisation, start=start, tolerance=_TOLERANCE)
        self._warm[flow] = kale.log_density
        return kale.value if kale.converged else math.nan

    def _kl(self, y: Doubles) -> float:
        """KL(Q‖P), NaN where points coincide, so that they have no density, or are too few."""
        try:
            if self._scene.target.has_density:
                return kl_to_density(y, self._scene.target.log_density, _NEIGHBOUR)
            return knn_kl(y, self._scene.goal.points.cpu().numpy(), _NEIGHBOUR).value
        except ValueError:
            return math.nan

    def notes(self, settings: FlowCurves) -> tuple[tuple[str, str], ...]:
        """How each is measured, by its name."""
        n, m = len(self._scene.source), len(self._scene.goal.points)
        few, draws = len(self._few), len(self._draws)
        which = (
            f"{n} particles and {m} draws"
            if (few, draws) == (n, m)
            else f"{few} of {n} particles, {draws} of {m} draws"
        )
        kernel = f"ℓ = {settings.scale:g}"
        beside = f"{m} draws; where the supports differ it is infinite, not this"
        if self._scene.target.has_density:
            beside = "the exact density; infinite where a particle lies outside of the support"
        said: dict[FlowMeasure, str] = {
            "kale": f"KALE of the particles from the target, λ = {settings.regularisation:g}, {kernel}; on {which}",
            "mmd": f"MMD² of all {n} particles and {m} draws as atoms, {kernel}",
            "w2": f"W₂ by an exact assignment of {min(few, draws)} particles and as many draws",
            "kl": f"KL(particles‖target) by the {_NEIGHBOUR}-th neighbours among {n} particles and {beside}",
            "apart": f"W₂ to the particles of the Langevin flow at the same step, by an exact assignment of {few}",
        }
        return tuple((name, said[name]) for name in self.measures)

    # What a file keeps.

    def tensors(self) -> dict[str, Tensor]:
        """The table, and what the next measurement of KALE starts from."""
        self.table.settle()
        return {"rows": torch.from_numpy(self.table.since(0))} | {f"warm{i}": x.clone() for i, x in self._warm.items()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave.

        Raises:
            KeyError, ValueError: Where it is of other flows.
        """
        rows = tensors["rows"].double().cpu().numpy()
        if rows.ndim != 2 or rows.shape[1] != len(self.table.columns):
            raise ValueError(f"its curves have the shape {rows.shape}, not {len(self.table.columns)} columns")
        self.table.replace(rows)
        to = self._draws
        self._warm = {int(name[4:]): x.to(to) for name, x in tensors.items() if name.startswith("warm")}


def _array(x: Tensor) -> Doubles:
    return x.cpu().numpy()
