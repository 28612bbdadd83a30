"""Parts of a frame: image grids with the films of their chains, and how good the images are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gebm_studio.messages.arrays import Bytes, Floats, Ints
from gebm_studio.messages.study import Interval

FilmMode = Literal["chain", "latent", "carried"]
"""What a film shows: the states of a chain; the way between two starts in latent space, z(t) from z_a to z_b; the
same way, each point carried by its chain, all with the same noise."""


@dataclass(frozen=True)
class Film:
    """Images from early to late, (f, h, w) grey or (f, h, w, 3) colour, uint8.

    `mode` is what they show, of the chain `first`, or between `first` and `second` (−1: none). at (f,): steps of the
    chain, or thousandths of the way. energy (f,) E(G(z)), potential (f,) U(z); latents (f, 2) the places on the plane
    of view of latent space. labels: the classifier's word for each image, empty without a classifier; `hops` how often
    it changes from one image of the film to the next, all of them together (what happens between two images is not
    seen), −1 without one. nearest: the training image (h, w) or (h, w, 3) that is nearest to the last one, with
    `distance`, its root mean square difference a pixel in grey levels of 255, and `usual`, what held-out images have
    to their nearest (median); empty and NaN while they are looked for. `regime` is a note where the whole chain's time
    is too short for equilibrium, else empty.
    """

    mode: FilmMode
    first: int
    second: int
    images: Bytes
    at: Ints
    energy: Floats
    potential: Floats
    latents: Floats
    labels: tuple[str, ...]
    hops: int
    nearest: Bytes
    distance: float
    usual: float
    regime: str


@dataclass(frozen=True)
class GalleryPart:
    """Grids of images, data, base and gebm, (n, h, w) uint8 grey or (n, h, w, 3) colour, with a film.

    Image i of `gebm` is where the chain is that began at image i of `base`, after `done` of `total` steps. hops (n,)
    counts the changes of the classifier's word along the kept states of each chain, empty without a classifier.
    `version` changes with any of this: a window that holds it is sent nothing again.
    """

    data: Bytes
    base: Bytes
    gebm: Bytes
    done: int
    total: int
    hops: Ints
    film: Film | None
    version: int


@dataclass(frozen=True)
class FactorShares:
    """The shares of one factor's values, each with its 95 % interval.

    `truth` is exact where `exact`, else that of the held-out images. `variation` is the total variation distance to it,
    by law (`base`, `gebm`).
    """

    name: str
    values: tuple[str, ...]
    truth: tuple[float, ...]
    exact: bool
    base: tuple[Interval, ...]
    gebm: tuple[Interval, ...]
    variation: dict[str, Interval]


@dataclass(frozen=True)
class Calibration:
    """Held-out data against base draws, in bins of −E − log Z.

    `predicted` (b,) are the mean log odds that the energy states, `found` (b,) those that are counted, with `low` and
    `high` (b,); `slope` that of a logistic fit, 1 where the energy is calibrated.
    """

    predicted: Floats
    found: Floats
    low: Floats
    high: Floats
    slope: Interval


@dataclass(frozen=True)
class Measured:
    """One measurement of a model at an iteration.

    scores: by law (`base`, `gebm`, `data`) and name (`frechet`, `kernel`, `precision`, `recall`), with 95 % intervals;
    `data` is what training images score, the floor. difference: FD(GEBM) − FD(base), paired; ratio: 100 FD(GEBM) /
    FD(base). kale: F(E, c) on held-out images. rhat and ess: of E along some of the chains behind `gebm` (`notes` say
    how many), and their time; NaN where not known.
    copies: the share of GEBM images nearer to a training image than `1 %` of the held-out ones are.
    factors: shares of classes or factors, empty without a classifier. protocol says n, features and sampler: scores
    of two measurements may be compared only where it is the same; `notes` how each column was measured.
    """

    iteration: int
    protocol: str
    scores: dict[str, dict[str, Interval]]
    difference: Interval
    ratio: Interval
    kale: Interval
    rhat: float
    ess: float
    time: float
    copies: Interval
    factors: tuple[FactorShares, ...]
    calibration: Calibration
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class QualityPart:
    """The measurements so far, oldest first (at most 100), and how far the one under way is, from 0 to 1.

    nearest: GEBM images (k, h, w[, 3]) of the newest measurement, those nearest to training images first, and `train`
    the training images beside them. `note` says why there is nothing yet, such as a model that learns.
    """

    measured: tuple[Measured, ...]
    progress: float
    nearest: Bytes
    train: Bytes
    note: str
    version: int
