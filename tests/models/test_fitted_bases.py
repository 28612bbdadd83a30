"""Gaussian and PPCA bases against scipy and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from gebm_studio.experiments import Training
from gebm_studio.models import fits
from gebm_studio.models.bases import Linear, build
from gebm_studio.presets import PresetError
from gebm_studio.schema import TrainingPreset
from gebm_studio.schema.model import GaussianBase, PpcaBase

CPU = torch.device("cpu")


def points(n: int = 400, dim: int = 4, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dim, dim, generator=generator)
    return torch.randn(n, dim, generator=generator) @ mixing.T + torch.randn(dim, generator=generator)


def built(section: GaussianBase | PpcaBase, data: torch.Tensor) -> Linear:
    base = build(section, tuple(data.shape[1:]), lambda count: data)
    assert isinstance(base, Linear)
    return base


def test_a_fitted_gaussian_has_the_mean_and_covariance_of_the_data() -> None:
    data = points()
    base, exact = built(GaussianBase(), data), data.double().numpy()
    law = stats.multivariate_normal(exact.mean(0), np.cov(exact.T, bias=True))
    with torch.no_grad():
        found = base.log_density(data.double()).numpy()
    np.testing.assert_allclose(found, law.logpdf(exact), rtol=0, atol=2e-5)


def test_a_given_gaussian_is_the_given_one() -> None:
    mean, covariance = [0.5, -1.0], [[2.0, 0.7], [0.7, 1.0]]
    section = GaussianBase.model_validate({"mean": mean, "covariance": covariance})
    base = build(section, (2,), lambda count: pytest.fail("nothing is fitted"))
    x = points(50, 2).double()
    with torch.no_grad():
        found = base.log_density(x).numpy()
    np.testing.assert_allclose(found, stats.multivariate_normal(mean, covariance).logpdf(x.numpy()), atol=1e-5)


@pytest.mark.parametrize("components", [1, 3])
def test_ppca_has_the_score_of_scikit_learn(components: int) -> None:
    from sklearn.decomposition import PCA

    data = points(300, 5)
    exact = data.double().numpy()
    reference = PCA(components, svd_solver="full").fit(exact)
    # scikit-learn divides by n − 1, the maximum of likelihood by n.
    share = (len(exact) - 1) / len(exact)
    covariance = share * reference.get_covariance()
    law = stats.multivariate_normal(exact.mean(0), covariance)
    base = built(PpcaBase(components=components), data)
    with torch.no_grad():
        found = base.log_density(data.double()).numpy()
    np.testing.assert_allclose(found, law.logpdf(exact), rtol=0, atol=1e-4)
    reference.explained_variance_ *= share
    reference.noise_variance_ *= share
    np.testing.assert_allclose(found, reference.score_samples(exact), rtol=0, atol=1e-4)


def test_no_other_gaussian_of_its_form_is_likelier() -> None:
    data = points(300, 4, seed=2).double()

    def likelihood(matrix: torch.Tensor, mean: torch.Tensor) -> float:
        return float(torch.distributions.MultivariateNormal(mean, matrix @ matrix.T).log_prob(data).mean())

    best = fits.ppca(data, 2)
    generator = torch.Generator().manual_seed(3)
    loadings = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64))[0]
    top = likelihood(*best)
    turned = torch.matrix_exp(0.05 * (loadings - loadings.T)) @ best[0]
    assert likelihood(turned, best[1]) < top
    assert likelihood(1.02 * best[0], best[1]) < top
    assert likelihood(best[0], best[1] + 0.05) < top


@pytest.mark.parametrize("section", [GaussianBase(), PpcaBase(components=2)], ids=["gaussian", "ppca"])
def test_encoding_inverts_and_images_keep_their_shape(section: GaussianBase | PpcaBase) -> None:
    data = points(200, 16).reshape(200, 1, 4, 4)
    base = built(section, data)
    z = torch.randn(7, 16, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        x = base(z)
        assert x.shape == (7, 1, 4, 4)
        torch.testing.assert_close(base.encode(x), z, rtol=0, atol=2e-4)


def test_a_constant_column_still_has_a_density() -> None:
    data = points(100, 3)
    data[:, 1] = 0.25
    base = built(GaussianBase(), data)
    assert base.has_density and base.invertible
    assert np.isfinite(base.log_density(data).detach().numpy()).all()


@pytest.mark.parametrize(
    ("base", "complaint"),
    [
        ({"kind": "ppca", "components": 2}, "base.components: 2 for data of dimension 2; allowed: 1 to 1"),
        ({"kind": "gaussian", "mean": [0.0]}, "base.mean: the target has dimension 2, got 1 entries"),
        ({"kind": "gaussian", "covariance": [[1.0, 2.0], [2.0, 1.0]]}, "base.covariance: must be positive definite"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(base: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PresetError, match=complaint):
        Training(TrainingPreset.model_validate({"title": "test", "base": base}), CPU)


def test_a_run_fits_its_base_to_the_training_data_alone() -> None:
    preset = TrainingPreset.model_validate(
        {"title": "t", "target": {"kind": "digits"}, "base": {"kind": "ppca", "components": 20}}
    )
    run = Training(preset, CPU)
    matrix, mean = fits.ppca(run.target.training_data(0, 0).flatten(1), 20)
    state = run.model.base.state_dict()
    torch.testing.assert_close(state["matrix"], matrix.float())
    torch.testing.assert_close(state["shift"], mean.float())
