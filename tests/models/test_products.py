"""Each product against float64, with the kernel for large ones and without."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gebm_studio.models import products

SHAPES = [(128, 2, 256), (128, 128, 256), (128, 128, 768), (1, 128, 256), (5, 7, 3), (64, 15, 2500)]
"""Out, in, N: thin, large, one output, small."""


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "none"])
@pytest.mark.parametrize(("width_out", "width_in", "count"), SHAPES)
def test_products(width_out: int, width_in: int, count: int, kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not kernel:
        monkeypatch.setattr(products, "_KERNEL", None)
    draws = torch.Generator().manual_seed(0)
    weight = torch.randn(width_out, width_in, generator=draws)
    y = torch.randn(count, width_in, generator=draws).T
    wider = torch.randn(width_out, count + 9, generator=draws)
    for delta in (wider[:, :count].contiguous(), wider[:, 4 : 4 + count]):  # whole, and some columns of more

        def near(found: Tensor, exact: Tensor, terms: int) -> None:
            torch.testing.assert_close(found, exact.float(), rtol=1e-5, atol=2e-6 * terms)

        near(products.times(weight, y), weight.double() @ y.double(), width_in)
        near(products.back(weight, delta), weight.double().T @ delta.double(), width_out)
        gradient = products.outer(delta, y)
        near(gradient, delta.double() @ y.double().T, count)
        assert gradient.is_contiguous()
