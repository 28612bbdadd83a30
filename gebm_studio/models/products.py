"""Matrix products of layers whose examples are columns, each by the kernel that is fastest for its shape.

Which kernel that is depends on shapes, type and processor alone, so that a seed gives the same bits each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

LARGE = 2**21
"""Multiplications from which on oneDNN's dearer call pays."""
THIN = 16


def _onednn() -> Callable[..., Any] | None:
    """oneDNN's linear layer, as compiled models call it; None where it is missing or gains nothing.

    With AVX-512 it is twice as fast as `torch.mm` on processors where MKL keeps to AVX2, and elsewhere as fast.
    """
    if not torch.backends.mkldnn.is_available() or torch.backends.cpu.get_cpu_capability() != "AVX512":
        return None
    packet = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    return None if packet is None else packet.default


_KERNEL = _onednn()


def times(weight: Tensor, y: Tensor) -> Tensor:
    """W y of W (out, in) and y (in, N)."""
    if _KERNEL is not None and _suits(weight, y.shape[1]):
        product: Tensor = _KERNEL(weight, y.T, None, "none", [], "")
        return product
    return torch.mm(weight, y)


def back(weight: Tensor, delta: Tensor) -> Tensor:
    """Wᵀ δ of W (out, in) and δ (out, N)."""
    if weight.shape[0] == 1:
        return weight.T * delta
    # A thin first factor is several times faster where it is contiguous.
    return times(weight.T.contiguous() if weight.shape[1] < THIN else weight.T, delta)


def outer(delta: Tensor, y: Tensor) -> Tensor:
    """δ yᵀ of δ (out, N) and y (in, N): the gradient of a weight, contiguous as fused optimisers need it."""
    if y.shape[0] < THIN:  # several times faster than the product itself
        return torch.mm(y, delta.T).T.contiguous()
    # Of a slice of columns oneDNN falls back to a kernel that is hundreds of times slower.
    return times(delta, y.contiguous().T)


def _suits(first: Tensor, columns: int) -> bool:
    return first.numel() * columns >= LARGE and first.dtype == torch.float32 and first.device.type == "cpu"
