"""Files of points, and the targets of any section.

Nothing heavy is imported here: the suite sets the number of threads after it has read this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gebm_studio.schema import target as schema
    from gebm_studio.targets import Target
    from tests.targets.cases import Build


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the cases name."""
    import numpy as np
    from PIL import Image

    where = tmp_path_factory.mktemp("points")
    rng = np.random.default_rng(5)
    csv = rng.normal(3.0, 2.0, size=(150, 2))
    np.savetxt(where / "points.csv", csv, delimiter=",", header="height,weight", comments="")
    np.save(where / "line.npy", rng.exponential(size=(120, 1)))
    np.save(where / "wide.npy", (rng.normal(size=(200, 6)) * [9, 1, 5, 1, 1, 1] + 4).astype(np.float32))
    (where / "pictures").mkdir()
    for number, (red, green, blue) in enumerate(rng.integers(0, 256, (120, 3))):
        pixels = np.linspace((red, green, blue), (blue, red, green), 8).astype(np.uint8)
        Image.fromarray(np.repeat(pixels[None], 8, axis=0)).save(where / "pictures" / f"{number}.png")
    return where


@pytest.fixture(scope="session")
def build(folder: Path) -> Build:
    """Builds the target of a section, with file names starting in `folder`."""

    def of(section: schema.Target, seed: int = 0) -> Target:
        import torch

        from gebm_studio import targets

        return targets.build(section, seed=seed, device=torch.device("cpu"), folder=str(folder))

    return of
