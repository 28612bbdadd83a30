"""Numbers as the parts of a frame hold them."""

from __future__ import annotations

import numpy as np

from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.messages import frozen
from gebm_studio.messages.arrays import Floats

_LARGEST = 1e30


def floats(values: Doubles) -> Floats:
    """The values in single precision, as far as that reaches, read-only; what is beyond is held at its end."""
    shown: Floats = frozen(np.clip(values, -_LARGEST, _LARGEST).astype(np.float32))
    return shown
