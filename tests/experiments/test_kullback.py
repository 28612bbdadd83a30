"""KL(P‖G) and KL(P‖Q): exact where it can be, estimated where it must be, infinite where it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio.experiments import Training, kullback
from gebm_studio.experiments.kullback import KlPair, Remembered, kl_pair
from gebm_studio.schema import Preset

CPU = torch.device("cpu")
WIDE = {"kind": "linear", "matrix": [[2.0, 0.0], [0.0, 2.0]]}


def training(**sections: Any) -> Training:
    return Training(Preset.model_validate({"title": "test", "training": {"train": "none"}} | sections), CPU)


def pair_of(bound: float = 0.0, **sections: Any) -> KlPair | None:
    run = training(**sections)
    return kl_pair(run.model, run.target, torch.Generator().manual_seed(0), bound, 0.01, Remembered())()


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
