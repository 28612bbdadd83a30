"""The arrays that cross the line: read-only, of few types."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]
Extent = tuple[float, float, float, float]
"""Left, right, bottom, top."""


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array, contiguous and read-only, as every published array must be."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
