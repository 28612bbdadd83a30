"""What the last layer of a base leaves of its values."""

from __future__ import annotations

import torch

from gebm_studio.models import bases
from gebm_studio.models.networks import autograd_pullback
from gebm_studio.schema.model import MlpBase


def test_a_base_that_ends_in_tanh_pulls_back_as_autograd_does() -> None:
    base = bases.Mlp(MlpBase(output="tanh", hidden=8, latent_dim=3), (3, 4, 4))
    z, gradient = torch.randn(5, 3), torch.randn(5, 3, 4, 4)
    (x, back), (y, reference) = base.pullback(z), autograd_pullback(base, z)
    assert torch.equal(x, y)
    assert x.abs().max() < 1
    torch.testing.assert_close(back(gradient), reference(gradient))
