"""What particle flows write: their curves, their positions, and their motion as pictures."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gebm_studio.engine.animation import Animation
from gebm_studio.engine.flow_render import Renderer
from gebm_studio.engine.tasks import Done
from gebm_studio.experiments import ParticleFlow
from gebm_studio.files import written_aside
from gebm_studio.messages import ExportFlow, Floats
from gebm_studio.presets import PresetError

WIDEST = 1280
"""Pixels across an animation, so that it stays a file to send."""


def write_curves(path: Path | str, flow: ParticleFlow) -> None:
    """Write all curves of all flows as CSV: a row for each measurement and flow; not measured is empty.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    flow.settle()
    names = flow.measuring.measures
    with written_aside(path) as aside, open(aside, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["step", "time", "flow", "rule", *names])
        for row in flow.measuring.table.since(0):
            values = row[1:].reshape(len(flow.clouds), len(names))
            for cloud, measured in zip(flow.clouds, values, strict=True):
                step, settings = int(row[0]), cloud.settings
                writer.writerow([step, step * settings.step_size, cloud.label, settings.name, *map(_cell, measured)])


def in_pieces(order: ExportFlow, flow: ParticleFlow) -> Iterator[Done | None]:
    """Write recorded frames as the order asks, a piece at a time; what is yielded is how many frames are drawn.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
        PresetError: At once, for a suffix that is not known.
    """
    match Path(order.path).suffix.lower():
        case ".npz":
            return _at_once(lambda: write_positions(order.path, flow))
        case ".png":
            return _at_once(lambda: write_picture(order, flow))
        case ".webp" | ".gif":
            return _animation(order, flow)
        case suffix:
            raise PresetError([f"{order.path}: a flow is written as .webp, .gif, .png or .npz, not {suffix or 'this'}"])


def write_picture(order: ExportFlow, flow: ParticleFlow) -> None:
    """Write one frame as PNG.

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    step, positions = flow.seen(order.at)
    picture = _renderer(flow, order.size).picture(positions, step)
    with written_aside(order.path) as aside:
        picture.save(aside, format="PNG")


def write_positions(path: Path | str, flow: ParticleFlow) -> None:
    """Write all recorded frames as NPZ.

    `steps` (f,), `positions` (f, flows, n, 2) float32, `final` (flows, n, 2) float64 as they are now, at `final_step`,
    `labels` (flows,) and `target` (m, 2).

    Raises:
        OSError: Where the file cannot be written; what stood there is kept.
    """
    record = flow.record
    arrays: dict[str, Any] = {
        "steps": np.array(record.steps),
        "positions": np.stack([record.positions(at) for at in range(len(record))]),
        "final": np.stack([cloud.state.position.cpu().numpy() for cloud in flow.clouds]),
        "final_step": np.array(flow.iteration),
        "labels": np.array([cloud.label for cloud in flow.clouds]),
        "target": flow.scene.goal.points.cpu().numpy(),
    }
    with written_aside(path) as aside, open(aside, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def results_in_pieces(flow: ParticleFlow, out: Path) -> Iterator[Done | None]:
    """Measure the flows as they are; write `metrics.csv`, `particles.npz`, `flow.webp` and `summary.json` to a folder.

    Raises:
        OSError: Where a file cannot be written.
    """
    yield from flow.measured_in_pieces()
    write_curves(out / "metrics.csv", flow)
    yield None
    write_positions(out / "particles.npz", flow)
    yield None
    yield from _animation(ExportFlow(str(out / "flow.webp")), flow)
    with written_aside(out / "summary.json") as aside:
        text = json.dumps(_summary(flow), indent=2, ensure_ascii=False, allow_nan=False)
        aside.write_text(text + "\n", encoding="utf-8")


def _summary(flow: ParticleFlow) -> dict[str, Any]:
    """What stands at the end, each number with how it was measured."""
    names, preset = flow.measuring.measures, flow.preset
    last = flow.measuring.table.since(0)[-1]
    values = last[1:].reshape(len(flow.clouds), len(names))
    flows = [
        {"label": cloud.label, "rule": cloud.settings.name, "step_size": cloud.settings.step_size}
        | {name: _number(value) for name, value in zip(names, measured, strict=True)}
        | {"stopped": cloud.stopped or None, "note": cloud.note or None}
        for cloud, measured in zip(flow.clouds, values, strict=True)
    ]
    found = {"title": preset.title, "steps": flow.iteration, "seed": preset.seed, "device": str(flow.device)}
    protocol = dict(flow.measuring.notes(preset.measure))
    return found | {"measured_at": int(last[0]), "flows": flows, "frames": len(flow.record), "protocol": protocol}


def _at_once(write: Callable[[], None]) -> Iterator[None]:
    write()
    yield


def _renderer(flow: ParticleFlow, side: int) -> Renderer:
    labels = [cloud.label for cloud in flow.clouds]
    return Renderer(labels, flow.scene.shown, flow.scene.home, len(flow.scene.source), side)


def _animation(order: ExportFlow, flow: ParticleFlow) -> Iterator[Done]:
    """Write recorded frames, evenly spread, as WebP or GIF."""
    record = flow.record
    chosen = np.unique(np.linspace(0, len(record) - 1, max(1, order.frames)).round().astype(int))
    # The record may thin itself out while this goes on.
    frames = [(record.steps[at], record.positions(at)) for at in chosen]
    film = animated(_renderer(flow, min(order.size, WIDEST // len(flow.clouds))), frames)
    with written_aside(order.path) as aside:
        yield from film.written(aside, 1000 // order.rate)


def animated(renderer: Renderer, frames: Sequence[tuple[int, Floats]]) -> Animation:
    """Steps and positions (flows, n, 2) as an animation."""

    def draw(at: int) -> Image.Image:
        step, positions = frames[at]
        return renderer.picture(positions, step)

    return Animation(draw, len(frames))


def _cell(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
