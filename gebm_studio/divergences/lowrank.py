"""The Gram matrix of a sample, and its factor of low rank by pivoted Cholesky."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio.divergences.kernels import Kernel

_STORED = 8192
"""Points up to which the Gram matrix is kept: half a gigabyte. Beyond, it is evaluated for each product."""


class Gram:
    """K = (k(x_i, x_j)), (n, n), of points x (n, d)."""

    def __init__(self, kernel: Kernel, x: Tensor) -> None:
        self._kernel, self._x = kernel, x
        self._matrix = kernel.matrix(x, x) if len(x) <= _STORED else None

    def __len__(self) -> int:
        return len(self._x)

    def matrix(self) -> Tensor:
        """K itself, (n, n)."""
        return self._kernel.matrix(self._x, self._x) if self._matrix is None else self._matrix

    def product(self, a: Tensor) -> Tensor:
        """Ka, (n,)."""
        return self._kernel.sums(self._x, self._x, a) if self._matrix is None else self._matrix @ a

    def diagonal(self) -> Tensor:
        """k(x_i, x_i), (n,)."""
        return self._kernel.diagonal(self._x)

    def row(self, i: int) -> Tensor:
        """k(x_i, ·), (n,)."""
        return self._kernel.matrix(self._x[i : i + 1], self._x)[0] if self._matrix is None else self._matrix[i]


class PivotedCholesky:
    """K ≈ LLᵀ with as few columns as a tolerance asks for, those of the points that the others tell least of.

    K − LLᵀ is positive semidefinite, and none of its entries exceeds the largest on its diagonal.

    Arguments:
        gram: K.
        most: Largest rank.

    References:
        On the low-rank approximation by the pivoted Cholesky decomposition (Harbrecht, Peters and Schneider, 2012),
        Applied Numerical Mathematics 62(4), 428–440.
    """

    def __init__(self, gram: Gram, most: int) -> None:
        self._gram = gram
        self._left = gram.diagonal().clone()
        self._floor = 16 * torch.finfo(torch.float64).eps * float(self._left.max())
        self._rows = self._left.new_empty((most, len(gram)))
        self.rank = 0
        self.error = float(self._left.max())
        """The largest entry of K − LLᵀ."""

    @property
    def factor(self) -> Tensor:
        """L, (n, rank)."""
        return self._rows[: self.rank].T

    def refine(self, tolerance: float) -> bool:
        """Add columns until no entry of K − LLᵀ exceeds the tolerance, or the rank the most; whether it was reached.

        A tolerance below the rounding of K is taken as that rounding.
        """
        tolerance = max(tolerance, self._floor)
        while self.error > tolerance and self.rank < len(self._rows):
            pivot = int(self._left.argmax())
            known = self._rows[: self.rank]
            column = torch.addmv(self._gram.row(pivot), known.T, known[:, pivot], alpha=-1, out=self._rows[self.rank])
            column.mul_(1 / math.sqrt(self.error))
            self._left.addcmul_(column, column, value=-1)
            self.rank += 1
            self.error = float(self._left.max())
        return self.error <= tolerance
