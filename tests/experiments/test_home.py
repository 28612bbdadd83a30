"""Where data space is looked at first: at the data, and at the base too where that begins elsewhere."""

from __future__ import annotations

import torch

from gebm_studio.experiments.home import home_of, shared_home
from gebm_studio.schema import target as schema
from gebm_studio.targets import build


def test_home_holds_samples_that_lie_elsewhere_and_only_then() -> None:
    target = build(schema.Ring(), seed=0, device=torch.device("cpu"))
    near = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    far = 0.1 * near + torch.tensor([20.0, 0.0])
    assert home_of(target, near) == target.home
    left, right, bottom, top = home_of(target, far)
    assert left < -2.0 and right > 20.0 and bottom < -2.0 and top > 2.0
    lost = torch.cat((near[:3], torch.full((200, 2), float("nan"))))
    assert home_of(target, lost) == target.home


def test_compared_runs_share_the_least_extent_that_holds_all() -> None:
    assert shared_home([(-1.0, 1.0, -2.0, 2.0), (0.0, 3.0, -1.0, 4.0)]) == (-1.0, 3.0, -2.0, 4.0)
