"""Kernel distance (KID) between sets of images, in any features: an MMD² without bias."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import numpy as np
from numpy.typing import NDArray

from gebm_studio.diagnostics.frechet import RESAMPLES
from gebm_studio.diagnostics.resampling import Bootstrap, Counts, Features, Pieces, checked

_PIECE = 4e7
"""Multiplications of one piece."""

Matrix = NDArray[np.float64]


def polynomial_kernel(x: Features, y: Features) -> Matrix:
    """(x·y/k + 1)³ of rows (n, k) and (m, k), (n, m)."""
    kernel: Matrix = (x @ y.T / x.shape[1] + 1) ** 3
    return kernel


def kernel_in_pieces(
    real: Features,
    laws: Mapping[str, Features],
    rng: np.random.Generator,
    paired: tuple[str, ...] = (),
    resamples: int = RESAMPLES,
) -> Pieces:
    """The kernel distances of several laws to the held-out images with a bootstrap of all, in pieces.

    MMD² = mean k(x_i, x_j) + mean k(y_i, y_j) − 2 mean k(x_i, y_j), i ≠ j in the first two, which has no bias at any
    n and can be negative. A kernel matrix is never held whole: its rows pass once, for all resamples together. In a
    resample, two copies of a row are two rows; what they add is taken off with the bootstrap's bias.

    Arguments:
        real, laws, rng, paired, resamples: As those of `frechet_in_pieces`.

    Raises:
        ValueError: As `resampling.checked`.

    References:
        Demystifying MMD GANs (Bińkowski et al., 2018), arXiv 1801.01401, section 4: the kernel, and KID.
    """
    checked(real, laws, paired, resamples)
    rows = {"": real, **laws}
    counts = Counts({name: len(x) for name, x in rows.items()}, paired, rng)
    # The first column is the samples themselves.
    met = {name: np.ones((len(x), resamples + 1)) for name, x in rows.items()}
    for b in range(1, resamples + 1):
        for name, column in counts.draw().items():
            met[name][:, b] = column
        if b % 20 == 0:
            yield
    within = {}
    for name, x in rows.items():
        within[name] = yield from _within(x, met[name])
    values, drawn = {}, {}
    for name, x in laws.items():
        across = yield from _form(x, real, met[name], met[""])
        found = within[""] + within[name] - 2 * across / (len(x) * len(real))
        values[name], drawn[name] = float(found[0]), found[1:]
    return Bootstrap(values, drawn)


def kernel_distance(x: Features, y: Features) -> float:
    """The kernel distance between two sets of features, (n, k) and (m, k).

    Raises:
        ValueError: For fewer than two rows, widths that differ, or numbers that are not finite.
    """
    checked(x, {"generated": y}, (), RESAMPLES)
    whole = [polynomial_kernel(a, b) for a, b in ((x, x), (y, y), (x, y))]
    n, m = len(x), len(y)
    first, second = ((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in whole[:2])
    return float(first + second - 2 * whole[2].sum() / (n * m))


def _within(x: Features, met: Matrix) -> Generator[None, None, Matrix]:
    """Mean of k(x_i, x_j) over pairs i ≠ j of each resample, (B,)."""
    n = len(x)
    own = (np.einsum("ij,ij->i", x, x) / x.shape[1] + 1) ** 3
    total = yield from _form(x, x, met, met)
    mean: Matrix = (total - own @ met) / (n * (n - 1))
    return mean


def _form(x: Features, y: Features, met_x: Matrix, met_y: Matrix) -> Generator[None, None, Matrix]:
    """Σ_ij c_i k(x_i, y_j) d_j of each resample with counts c and d, (B,), some rows a piece."""
    rows = max(1, int(_PIECE / (len(y) * (x.shape[1] + met_y.shape[1]))))
    total = np.zeros(met_x.shape[1])
    for start in range(0, len(x), rows):
        part = slice(start, start + rows)
        total += np.einsum("ib,ib->b", met_x[part], polynomial_kernel(x[part], y) @ met_y)
        yield
    return total
