"""KL(P‖G) and KL(P‖Q): exact where it can be, estimated where it must be, infinite where it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio.divergences.pieces import finished
from gebm_studio.experiments import Training, kullback
from gebm_studio.experiments.kullback import KlPair, Remembered, kl_in_pieces
from gebm_studio.schema import TrainingPreset

CPU = torch.device("cpu")
WIDE = {"kind": "linear", "matrix": [[2.0, 0.0], [0.0, 2.0]]}


def training(**sections: Any) -> Training:
    return Training(TrainingPreset.model_validate({"title": "test", "training": {"train": "none"}} | sections), CPU)


def pair_of(bound: float = 0.0, **sections: Any) -> KlPair | None:
    run = training(**sections)
    return finished(kl_in_pieces(run.model, run.target, torch.Generator().manual_seed(0), bound, 0.01, Remembered()))


def exact(pair: KlPair | None) -> KlPair:
    assert pair is not None
    return pair


def test_one_gaussian_against_another() -> None:
    """A ring of one Gaussian N((1, 0), 0.5² I) against N(0, 4 I): the closed form."""
    target = {"kind": "ring", "modes": 1, "radius": 1.0, "std": 0.5}
    pair = exact(pair_of(target=target, base=WIDE, energy={"kind": "ratio"}))
    closed = 0.5 * (2 * 0.25 / 4 + 1 / 4 - 2 + math.log(16 / 0.25**2))
    assert pair.base == pytest.approx(closed, abs=1e-6)
    assert pair.gebm == pytest.approx(0.0, abs=1e-5)
    assert "quadrature" in pair.base_note


def test_a_planted_constant_changes_no_divergence() -> None:
    target = {"kind": "ring", "modes": 3, "std": 0.4}
    plain, shifted = (
        exact(pair_of(target=target, base=WIDE, energy={"kind": "ratio", "offset": k})) for k in (0.0, 7.0)
    )
    assert shifted.base == pytest.approx(plain.base, abs=1e-9)
    assert shifted.gebm == pytest.approx(plain.gebm, abs=1e-5)


def test_tails_beyond_the_picture_are_averaged_and_told() -> None:
    """The funnel: KL = E log p/g by its own moments, E x² = e^{s²/2}, E y² = s², entropy in closed form."""
    s = 1.0
    pair = exact(pair_of(target={"kind": "funnel", "std": s, "held_out": 20000}, base=WIDE, bound=0.3))
    log_p = -math.log(2 * math.pi * s) - 1.0  # E log p: E y = 0 and both exponents have mean ½
    log_g = -math.log(2 * math.pi * 4) - (math.exp(s**2 / 2) + s**2) / 8
    assert pair.base == pytest.approx(log_p - log_g, abs=0.05)
    if "mean of log p" in pair.base_note:
        assert pair.gebm == pytest.approx(pair.base - 0.3)


@pytest.mark.parametrize(
    "sections",
    [
        {"target": {"kind": "von_mises"}},
        {"target": {"kind": "flower"}},
        {"base": {"kind": "mlp", "latent_dim": 1}},
        {"target": {"kind": "von_mises"}, "base": {"kind": "circle", "radius": 0.9}},
    ],
    ids=str,
)
def test_supports_that_do_not_meet_are_infinite_with_a_reason(sections: dict[str, Any]) -> None:
    pair = exact(pair_of(**sections))
    assert pair.base == pair.gebm == math.inf
    assert pair.base_note.startswith("∞")


@pytest.mark.parametrize(("shift", "bound"), [(6.0, 0.0), (0.0, 5.0)])
def test_neighbours_are_silent_where_they_fall_short(shift: float, bound: float) -> None:
    """Far apart their own value tells; on nearly disjoint supports the lower bound does."""
    base = {"kind": "linear", "matrix": [[1.0, 0.0], [0.0, 1.0]], "shift": [shift, 0.0]}
    pair = exact(pair_of(bound=bound, target={"kind": "pinwheel"}, base=base))
    assert math.isnan(pair.base)
    assert math.isnan(pair.gebm)
    assert "not shown" in pair.base_note


def test_neighbours_come_with_their_n() -> None:
    near = {"kind": "linear", "matrix": [[0.9, 0.0], [0.0, 0.9]], "shift": [0.0, 0.0]}
    pair = exact(pair_of(bound=0.2, target={"kind": "pinwheel", "tangential_std": 0.6}, base=near))
    assert "nearest neighbours, n = 2000, standard error" in pair.base_note
    assert pair.gebm == pytest.approx(pair.base - 0.2)


def test_the_quadrature_is_done_again_only_where_the_model_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    by_quadrature = kullback._by_quadrature

    def counted(*arguments: Any) -> tuple[KlPair, float]:
        done.append(1)
        return by_quadrature(*arguments)

    monkeypatch.setattr(kullback, "_by_quadrature", counted)
    sections = {"target": {"kind": "ring", "std": 0.4}, "base": WIDE, "energy": {"kind": "quadratic"}}
    resting = training(**sections, training={"train": "none", "truth_every": 1, "metrics_every": 1})
    resting.train(4)
    assert len(done) == 1
    values = resting.curves.since(0)[:, resting.curves.columns.index("kl_base")]
    assert len(values) == 5 and np.ptp(values) == 0
    learning = training(**sections, training={"train": "energy", "truth_every": 1, "metrics_every": 1, "warmup": 0})
    learning.train(2)
    assert len(done) == 1 + 3


@pytest.mark.parametrize(
    "sections",
    [
        {"target": {"kind": "ring", "std": 0.4}, "base": WIDE, "energy": {"kind": "quadratic"}},
        {
            "target": {"kind": "mixture", "means": [-1.0, 2.0], "stds": [0.3, 1.0]},
            "base": {"kind": "linear", "matrix": [[2.0]], "shift": [0.5]},
            "energy": {"kind": "mlp", "hidden": 8},
        },
        {"target": {"kind": "von_mises"}, "base": {"kind": "circle"}, "energy": {"kind": "linear", "weights": [1, 2]}},
    ],
    ids=["plane", "line", "circle"],
)
def test_the_gap_of_the_likelihood_is_the_kl_that_is_left(sections: dict[str, Any]) -> None:
    """KL(P‖G) − L(E) = KL(P‖Q_E), by three integrals, beside what single precision leaves of the energies."""
    pair = exact(pair_of(**sections))
    assert pair.base - pair.likelihood == pytest.approx(pair.gebm, abs=2e-6)
    assert abs(pair.likelihood) > 1e-3


def test_a_line_knows_the_closed_form_of_gaussians() -> None:
    """P = N(.3, .8²), G = N(−.4, 1.1²), E = ½(x − 1)²: KL(P‖G) and log Z in closed form."""
    pair = exact(
        pair_of(
            target={"kind": "mixture", "means": [0.3], "stds": [0.8]},
            base={"kind": "linear", "matrix": [[1.1]], "shift": [-0.4]},
            energy={"kind": "quadratic", "precision": [[1.0]], "mean": [1.0]},
        )
    )
    assert pair.base == pytest.approx(0.2853959, abs=1e-6)
    log_z = -0.5 * math.log(1 + 1.21) - 0.5 * 1.4**2 / (1 + 1.21)
    assert pair.likelihood == pytest.approx(-0.5 * (0.8**2 + 0.7**2) - log_z, abs=1e-6)
    assert pair.base_note.startswith("quadrature on 4096 cells")


def test_a_narrow_base_far_from_the_data_is_not_cut_off() -> None:
    """The line reaches as far as the base does: with E = 0 the GEBM is the base and L(E) vanishes."""
    flat = {"kind": "linear", "weights": [0.0]}
    target = {"kind": "mixture", "means": [0.0], "stds": [0.5]}
    pair = exact(pair_of(target=target, base={"kind": "linear", "matrix": [[6.0]], "shift": [20.0]}, energy=flat))
    assert pair.likelihood == pytest.approx(0.0, abs=1e-6)
