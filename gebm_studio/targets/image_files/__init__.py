"""Sets of images from disk: readers of published formats, prepared once, then read piece by piece."""

from gebm_studio.targets.image_files.image_set import ImageSet
from gebm_studio.targets.image_files.preparing import missing

__all__ = ["ImageSet", "missing"]
