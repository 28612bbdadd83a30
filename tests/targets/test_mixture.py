"""Gaussians of any place and width: what their settings allow, and their law on a line and in space."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from pydantic import ValidationError

from gebm_studio.schema import target as schema
from gebm_studio.targets import Mixture
from tests.targets.cases import CPU, generator


def mixture(**settings: Any) -> Mixture:
    return Mixture(schema.Mixture.model_validate({"kind": "mixture"} | settings), seed=0, device=CPU)


def test_plain_numbers_are_means_on_a_line() -> None:
    section = schema.Mixture.model_validate({"means": [-1, 2.5], "stds": [0.1, 1]})
    assert section.means == ((-1.0,), (2.5,)) and section.shape == (1,)
    assert schema.Mixture.model_validate({"means": [[0, 1]], "stds": [1]}).shape == (2,)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"means": [[0, 1], [2]]}, "same 1 to 3 entries"),
        ({"means": [[0, 1, 2, 3]], "stds": [1]}, "1 to 3 entries"),
        ({"means": [0, 1, 2]}, "3 means need as many"),
        ({"stds": [1, 0]}, "from 0.001 to 100"),
        ({"weights": [1, 1, 1]}, "need 2 weights"),
    ],
    ids=str,
)
def test_settings_that_make_no_mixture_say_so(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        schema.Mixture.model_validate(settings)


def test_draws_on_a_line_follow_the_density() -> None:
    """Kolmogorov–Smirnov against Σ w Φ((x − μ)/σ): a right sampler fails one seed in ten thousand."""
    target = mixture(means=[-1.0, 2.0], stds=[0.25, 1.4], weights=[0.33, 0.67])
    x = target.sample(20_000, generator(3))[:, 0].numpy()

    def cdf(at: Any) -> Any:
        return 0.33 * scipy.stats.norm.cdf((at + 1) / 0.25) + 0.67 * scipy.stats.norm.cdf((at - 2) / 1.4)

    assert scipy.stats.kstest(x, cdf).pvalue > 1e-4
    at = torch.linspace(-9, 13, 20001, dtype=torch.float64).unsqueeze(1)
    density = target.log_density(at).exp()
    assert float(density.sum() * (at[1] - at[0])) == pytest.approx(1, abs=1e-9)
    slope = np.gradient(cdf(at[:, 0].numpy()), at[:, 0].numpy())
    np.testing.assert_allclose(density.numpy(), slope, atol=1e-4)


def test_the_density_in_space_is_that_of_each_component_weighed() -> None:
    target = mixture(means=[[0, 0, 0], [4, 1, 0]], stds=[0.5, 2.0], weights=[1, 3])
    x = torch.tensor([[0.3, -0.2, 1.0], [4.0, 1.0, 0.5]], dtype=torch.float64)
    parts = [
        math.log(w) + scipy.stats.multivariate_normal.logpdf(x.numpy(), mean, std**2 * np.eye(3))
        for w, mean, std in ((0.25, [0, 0, 0], 0.5), (0.75, [4, 1, 0], 2.0))
    ]
    np.testing.assert_allclose(target.log_density(x).numpy(), np.logaddexp(*parts), rtol=1e-12)


def test_modes_are_named_only_where_components_keep_apart() -> None:
    assert mixture(means=[-1.0, 2.0], stds=[0.25, 1.4]).modes is None
    apart = mixture(means=[-3.0, 3.0], stds=[0.3, 0.5])
    assert apart.modes is not None and apart.modes.tolist() == [[-3.0], [3.0]]
    assert mixture(means=[0.0], stds=[1.0]).modes is None
