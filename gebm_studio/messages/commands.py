"""Commands: from the window to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from gebm_studio.messages.arrays import Extent
from gebm_studio.messages.critic import Along
from gebm_studio.messages.images import FilmMode
from gebm_studio.schema import Preset

Part = Literal[
    "data", "latent", "curves", "diagnostics", "gallery", "quality", "race", "decay", "critic", "compare", "sweep",
    "pair", "bars", "swept", "tangent", "bound", "plan", "flow", "flow_curves",
]  # fmt: skip
Step = Literal["iteration", "energy", "base", "sampler"]


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
class RestartChains:
    """Begin all chains, the race and the decay again from the prior, on the model as it is."""


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
class ExportRace:
    """Write the table of the race as CSV."""

    path: str


@dataclass(frozen=True)
class ExportSweep:
    """Write the table of the sweep as CSV, as far as it is filled."""

    path: str


@dataclass(frozen=True)
class ExportCompare:
    """Write the score table of a comparison as CSV."""

    path: str


@dataclass(frozen=True)
class ExportValues:
    """Write every divergence of a lab, with its error and protocol, and its swept curves, as CSV."""

    path: str


@dataclass(frozen=True)
class ExportFlow:
    """Write the recorded frames of particle flows: an animation (WebP, GIF), one frame (PNG), or all positions (NPZ).

    `at` is the recorded frame of a PNG, counted from 0, the newest where it is −1; `size` the side of a flow's square
    in pixels; `rate` the frames a second of an animation, of which there are at most `frames`.
    """

    path: str
    at: int = -1
    size: int = 480
    rate: int = 25
    frames: int = 200


@dataclass(frozen=True)
class ExportFilm:
    """Write a film of the gallery: an animation (WebP, GIF), all states side by side (PNG), or the arrays (NPZ).

    `mode`, `first` and `second` as in `messages.Film`; `first` −1 is all chains of the grid at once (not of a PNG).
    `scale` is the zoom, `rate` the frames a second of an animation, `captions` whether step, energy and word stand
    below each state.
    """

    path: str
    mode: FilmMode = "chain"
    first: int = 0
    second: int = -1
    scale: int = 4
    rate: int = 12
    captions: bool = True


@dataclass(frozen=True)
class ExportQuality:
    """Write the measurements of the images' quality: CSV, a row a score with interval and protocol; or PNG bars."""

    path: str
    scale: int = 1


@dataclass(frozen=True)
class MeasureQuality:
    """Measure the images of base and GEBM now, on a copy of the model as it is."""


@dataclass(frozen=True)
class SelfTest:
    """Check the samplers against exact values; the run waits meanwhile and is not changed."""


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
    already holds of run `run_id`, in a comparison of its training `curves_front`, and `compare_since` those that it
    holds of each training; `settings_version` the settings it holds. Extents are what the
    maps should cover (None: the engine's own choice). `probe` asks for an exact reading at a
    point: ("data", (x, y)) or ("latent", (z1, z2)). `critic_along` chooses the line of the critic's view.
    `pair_extent` is what the pair's picture covers; `bound_since` and `flow_since` are the rows that the window holds
    of the bound and of the flows' curves; `flow_at` is the recorded frame of the flows that is looked at, −1 the
    newest. `film_mode`, `film_chain` and `film_second` choose the film of the gallery; the parts of gallery and quality
    are left out where the window holds their newest version.
    """

    run_id: int = 0
    needs: frozenset[Part] = frozenset()
    curves_since: int = 0
    curves_front: int = 0
    compare_since: tuple[int, ...] = ()
    compare_extent: Extent | None = None
    settings_version: int = -1
    data_extent: Extent | None = None
    latent_extent: Extent | None = None
    probe: tuple[str, tuple[float, ...]] | None = None
    film_mode: FilmMode = "chain"
    film_chain: int = 0
    film_second: int = -1
    gallery_version: int = -1
    quality_version: int = -1
    critic_along: Along = "modes"
    pair_extent: Extent | None = None
    bound_since: int = 0
    flow_at: int = -1
    flow_since: int = 0


Export = (
    ExportSamples | ExportCurves | ExportSettings | ExportRace | ExportSweep | ExportCompare | ExportValues | ExportFlow
    | ExportFilm | ExportQuality
)  # fmt: skip
Command = (
    Load | Restore | Run | Pause | StepOnce | Reset | RestartChains | SetValue | Save | Export | MeasureQuality
    | SelfTest | Cancel | Stop | Pull
)  # fmt: skip
