"""Precision and recall of sets whose balls can be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gebm_studio.diagnostics import precision_recall_in_pieces
from gebm_studio.diagnostics.precision_recall import covered_in_pieces, radii_in_pieces
from gebm_studio.divergences.pieces import finished

LINE = np.arange(10.0).reshape(-1, 1)


def test_equal_sets_have_all_and_distant_sets_none() -> None:
    x = np.random.default_rng(0).normal(size=(60, 5))
    for generated, share in ((x, 1.0), (x[::-1].copy(), 1.0), (x + 100, 0.0)):
        precision, recall = finished(precision_recall_in_pieces(x, generated, 3))
        assert precision[0] == recall[0] == share
        assert 0 <= precision[1] <= share <= precision[2] <= 1
    twins = np.repeat(x[:20], 5, axis=0)  # the third nearest of each is at no distance
    precision, recall = finished(precision_recall_in_pieces(twins, twins, 3))
    assert precision[0] == recall[0] == 1


def test_radii_are_those_of_a_line() -> None:
    assert np.sqrt(finished(radii_in_pieces(LINE, 1))).tolist() == [1.0] * 10
    assert np.sqrt(finished(radii_in_pieces(LINE, 3))).tolist() == [3, 2, 2, 2, 2, 2, 2, 2, 2, 3]


def test_a_dropped_half_is_seen_by_recall_and_a_foreign_half_by_precision() -> None:
    rng = np.random.default_rng(1)
    left, right = rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) + 50
    both = np.concatenate((left, right))
    precision, recall = finished(precision_recall_in_pieces(both, rng.normal(size=(200, 2)), 3))
    assert precision[0] > 0.9 and 0.4 < recall[0] < 0.5
    precision, recall = finished(
        precision_recall_in_pieces(left, np.concatenate((rng.normal(size=(200, 2)), right)), 3)
    )
    assert 0.4 < precision[0] <= 0.5 and recall[0] > 0.9


@given(st.integers(4, 20), st.integers(4, 20), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_shares_are_those_of_loops_over_all_pairs(n: int, m: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    real, generated = rng.normal(size=(m, 2)), rng.normal(size=(n, 2)) + 1

    def among(x: np.ndarray, centres: np.ndarray) -> int:
        radii = [sorted(np.linalg.norm(c - other) for other in centres)[k] for c in centres]
        return sum(any(np.linalg.norm(p - c) <= r for c, r in zip(centres, radii, strict=True)) for p in x)

    precision, recall = finished(precision_recall_in_pieces(real, generated, k))
    assert (precision[0], recall[0]) == (among(generated, real) / n, among(real, generated) / m)
    known = finished(radii_in_pieces(real, k))
    assert finished(precision_recall_in_pieces(real, generated, k, known)) == (precision, recall)


def test_work_comes_in_small_pieces_and_counts_all() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(1500, 64)), rng.normal(size=(1500, 64))
    pieces = covered_in_pieces(x, y, np.full(1500, 1e9))
    assert sum(1 for _ in pieces) > 10
    assert finished(covered_in_pieces(x, y, np.full(1500, 1e9))) == 1500


@pytest.mark.parametrize("k", [0, 10])
def test_a_ball_needs_as_many_neighbours(k: int) -> None:
    with pytest.raises(ValueError, match=f"neighbours must lie from 1 to 9, one less than the rows, got {k}"):
        finished(precision_recall_in_pieces(LINE, LINE, k))
