"""What theory says of W₂ to the posterior N(x*, 1/ω²) in each coordinate, where the energy is quadratic.

Every sampler here moves each coordinate by an affine map and Gaussian noise, so that mean and covariance
follow exactly, with the bias of the step in them.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gebm_studio.schema import Lane

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Theory:
    """One step of a coordinate y = x − x*, or of (y, v): y′ = My + ξ, ξ ~ N(0, N).

    Arguments:
        matrix: M (k, k).
        noise: N (k, k).
        spread: Variance of the first velocity, where k = 2.
        words: What it is, for people.
    """

    matrix: Matrix
    noise: Matrix
    spread: float
    words: str

    @property
    def log_radius(self) -> float:
        """Logarithm of the spectral radius of M: what log |E y| falls by in one step, in the end."""
        return math.log(max(float(np.abs(np.linalg.eigvals(self.matrix)).max()), 1e-300))


class Prediction:
    """W₂ between one coordinate's law after some steps and N(0, s²), from y ~ N(start, 1)."""

    def __init__(self, theory: Theory, start: float, s: float) -> None:
        k = len(theory.matrix)
        self._theory, self._s = theory, s
        self._mean = np.array([start, 0.0])[:k]
        self._covariance: Matrix = np.diag([1.0, theory.spread][:k])
        self._step = 0

    def at(self, step: int) -> float:
        """After so many steps, which must not be fewer than asked for last."""
        matrix, noise = self._theory.matrix, self._theory.noise
        while self._step < step:
            self._mean = matrix @ self._mean
            self._covariance = matrix @ self._covariance @ matrix.T + noise
            self._step += 1
        deviation = math.sqrt(max(float(self._covariance[0, 0]), 0.0))
        return math.hypot(float(self._mean[0]), deviation - self._s)


def theory_of(settings: Lane, curvature: float) -> Theory | None:
    """The theory of a sampler on U = ½ω²y² + const, `curvature` being ω²; None for those that have none here."""
    step = settings.step_size
    if settings.name == "ula":
        return Theory(_square(1 - step * curvature), _square(2 * step), 0.0, "ULA's own recursion, its bias included")
    if settings.name in ("mala", "random_walk"):
        kept = math.exp(-curvature * step)
        words = "the Ornstein–Uhlenbeck process in continuous time, as for small steps"
        return Theory(_square(kept), _square((1 - kept**2) / curvature), 0.0, words)
    if settings.name == "kinetic":
        first = 0.0 if settings.velocity == "zero" else 1.0
        words = f"the recursion of {settings.scheme}, the bias of its step included"
        return Theory(*splitting(settings.scheme, step, settings.friction, curvature), first, words)
    if settings.name == "ghmc":
        return Theory(*splitting("OBABO", step, settings.friction, curvature), 1.0, "OBABO, as if none were rejected")
    return None


def splitting(scheme: str, h: float, friction: float, curvature: float) -> tuple[Matrix, Matrix]:
    """M and N of a kinetic step made of drifts A, kicks B and frictions O on U = ½ω²y²."""
    count = Counter(scheme)
    kept = math.exp(-friction * h / count["O"])
    parts = {
        "A": (np.array([[1.0, h / count["A"]], [0.0, 1.0]]), 0.0),
        "B": (np.array([[1.0, 0.0], [-h / count["B"] * curvature, 1.0]]), 0.0),
        "O": (np.diag([1.0, kept]), 1.0 - kept**2),
    }
    matrix, noise = np.eye(2), np.zeros((2, 2))
    for letter in scheme:
        part, heat = parts[letter]
        matrix = part @ matrix
        noise = part @ noise @ part.T + np.diag([0.0, heat])
    return matrix, noise


def _square(value: float) -> Matrix:
    return np.array([[value]])
