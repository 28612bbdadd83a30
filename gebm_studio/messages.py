"""Everything that crosses the line between the engine and the window.

Commands go to the engine, frames and notes come back. All are frozen and made of numbers, texts,
presets and read-only numpy arrays: no tensor, no Qt object. Frames are pulled: the window sends a
`Pull` and gets one `Frame` for it, holding only the parts that it named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gebm_studio.schema import Preset

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]

Part = Literal["data", "latent", "curves", "diagnostics", "gallery"]
Step = Literal["iteration", "energy", "base", "sampler"]
State = Literal["empty", "running", "paused", "diverged"]
Extent = tuple[float, float, float, float]
"""Left, right, bottom, top."""


# Commands: from the window to the engine.


@dataclass(frozen=True)
class Load:
    """Begin a new run of a preset; `folder` is where relative file names start."""

    preset: Preset
    run_id: int
    running: bool = False
    folder: str = ""


@dataclass(frozen=True)
class Restore:
    """Continue from a saved run."""

    path: str
    run_id: int
    running: bool = False


@dataclass(frozen=True)
class Run:
    """Advance without end."""


@dataclass(frozen=True)
class Pause:
    """Stop advancing; the chains stop too."""


@dataclass(frozen=True)
class StepOnce:
    """Take single steps of one kind, then pause."""

    what: Step = "iteration"
    count: int = 1


@dataclass(frozen=True)
class Reset:
    """Begin the present preset again, with all changes made to it."""

    run_id: int


@dataclass(frozen=True)
class SetValue:
    """Change one live setting; of several changes of one path the newest wins."""

    path: str
    value: Any


@dataclass(frozen=True)
class Save:
    """Write the run to a file."""

    path: str


@dataclass(frozen=True)
class ExportSamples:
    """Draw samples of data, base and GEBM and write them (NPZ, or PNG for a grid).

    `steps` sampler steps bring fresh chains to the GEBM; `which` names the columns of a PNG.
    """

    path: str
    rows: int = 8
    columns: int = 8
    scale: int = 4
    padding: bool = True
    steps: int = 200
    which: tuple[str, ...] = ("data", "base", "gebm")


@dataclass(frozen=True)
class ExportCurves:
    """Write all curves as CSV."""

    path: str


@dataclass(frozen=True)
class ExportSettings:
    """Write all settings as TOML, as the run uses them."""

    path: str


@dataclass(frozen=True)
class Cancel:
    """End the long piece of work that is under way, keeping the run."""


@dataclass(frozen=True)
class Stop:
    """End the engine."""


@dataclass(frozen=True)
class Pull:
    """Ask for one frame.

    `needs` names the visible panels; `curves_since` is the number of curve rows that the window
    already holds of run `run_id`; `settings_version` the settings it holds. Extents are what the
    two maps should cover (None: the engine's own choice). `probe` asks for an exact reading at a
    point: ("data", (x, y)) or ("latent", (z1, z2)).
    """

    run_id: int = 0
    needs: frozenset[Part] = frozenset()
    curves_since: int = 0
    settings_version: int = -1
    data_extent: Extent | None = None
    latent_extent: Extent | None = None
    probe: tuple[str, tuple[float, ...]] | None = None
    film_chain: int = 0


Export = ExportSamples | ExportCurves | ExportSettings
Command = Load | Restore | Run | Pause | StepOnce | Reset | SetValue | Save | Export | Cancel | Stop | Pull


# Answers: from the engine to the window.


@dataclass(frozen=True)
class Map:
    """A picture of a function on the plane: `values` (H, W), row 0 at the bottom."""

    name: Literal["energy", "density", "potential"]
    values: Floats
    extent: Extent
    levels: tuple[float, float]
    iteration: int
    note: str = ""


@dataclass(frozen=True)
class DataPart:
    """Points in data space, on the plane of view (the identity where data is 2-D).

    data (n, 2); base (m, 2) with its latent (m, d), energy (m,), log_weight (m,) = −βE − log Z_β;
    chains (k, 2); gebm (g, 2): draws of the GEBM by importance resampling of base draws at β;
    arrows (a, 4): x, y and −∇E there; `map` only when a new one was made. `home` is the extent
    that shows everything; `axes` names the two axes of the plane.
    """

    data: Floats
    base: Floats
    base_latent: Floats
    base_energy: Floats
    log_weight: Floats
    chains: Floats
    gebm: Floats
    arrows: Floats | None
    map: Map | None
    home: Extent
    axes: tuple[str, str]
    ess_fraction: float


@dataclass(frozen=True)
class LatentPart:
    """The latent space. In one dimension `line` holds rows z, U(z), exact ν_β(z), chain histogram.

    `chains` (k, 2) are the chains on the plane of the first two coordinates ((k, 1) in one
    dimension), `energy` (k,) their E(G(z)). `map` is U on that plane through the origin.
    """

    dim: int
    chains: Floats
    energy: Floats
    map: Map | None
    line: Floats | None
    home: Extent


@dataclass(frozen=True)
class CurvesPart:
    """Rows of the curve table from index `since`; a NaN means "not measured at this row".

    An infinite value is meant: KL(P‖G) is ∞ where the supports differ. `notes` says how each
    measured column was computed (n, protocol), by column name.
    """

    since: int
    columns: tuple[str, ...]
    rows: Doubles
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DiagnosticsPart:
    """What tells whether the chains can be trusted.

    Histories are of the last sampler rounds, oldest first: steps (t,), mean_energy (t,),
    kinetic_temperature (t,) (NaN for samplers without velocities), timeline (t, k′) the mode that
    each shown chain was last in (−1 for none yet). hops and chain_energy are per chain (k,).
    occupancy and true_weights are per mode, empty where the target names no modes.
    """

    sampler: str
    steps: Doubles
    mean_energy: Floats
    kinetic_temperature: Floats
    acceptance: float
    timeline: Ints
    hops: Ints
    chain_energy: Floats
    occupancy: Floats
    true_weights: Floats
    chain_steps: int
    accumulated_time: float
    rejected_nonfinite: int


@dataclass(frozen=True)
class GalleryPart:
    """Image grids: data, base, gebm (n, h, w) uint8 grey; film (f, h, w) of one chain, early to late."""

    data: Bytes
    base: Bytes
    gebm: Bytes
    film: Bytes
    film_chain: int
    film_steps: Ints
    film_energy: Floats


@dataclass(frozen=True)
class Reading:
    """An exact reading at the pointer: `x` on the plane of view, potential and z only in latent space."""

    space: str
    x: tuple[float, ...]
    energy: float
    log_weight: float
    z: tuple[float, ...] | None = None
    potential: float | None = None


@dataclass(frozen=True)
class Frame:
    """One answer to one `Pull`; `asked_run_id` is the run that the pull asked for."""

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
    reading: Reading | None = None
    asked_run_id: int = 0


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


Answer = Frame | Note | Progress | Written | Saved


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array, contiguous and read-only, as every published array must be."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
