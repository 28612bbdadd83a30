"""Images as bytes, as frames and files hold them."""

from __future__ import annotations

import torch
from torch import Tensor

from gebm_studio.messages import Bytes, frozen


def pixels(x: Tensor) -> Bytes:
    """Images (n, C, h, w) with values in [−1, 1] as grey levels (n, h, w), or as colours (n, h, w, 3), uint8.

    −1 is black; what is no number is black too.
    """
    levels = (torch.nan_to_num(x, nan=-1.0).clamp(-1, 1) + 1) * 127.5
    seen = levels[:, 0] if x.shape[1] == 1 else levels.movedim(1, -1)
    published: Bytes = frozen(seen.round().byte().cpu().numpy())
    return published
