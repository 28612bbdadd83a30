"""Whether samples can be trusted: mode hops and occupancy, image quality.

Image quality is measured on rows of features, whatever made them: `features` names the spaces, `frechet`,
`kernel_distance` and `precision_recall` compare two sets in one, all with intervals.
"""

from __future__ import annotations

from gebm_studio.diagnostics.features import FeatureSpace, PixelComponents
from gebm_studio.diagnostics.frechet import frechet_distance, frechet_in_pieces, frechet_interval
from gebm_studio.diagnostics.intervals import student
from gebm_studio.diagnostics.kernel_distance import kernel_distance, kernel_in_pieces
from gebm_studio.diagnostics.modes import DWELL_EDGES, ModeTracker
from gebm_studio.diagnostics.precision_recall import precision_recall_in_pieces

__all__ = [
    "DWELL_EDGES",
    "FeatureSpace",
    "ModeTracker",
    "PixelComponents",
    "frechet_distance",
    "frechet_in_pieces",
    "frechet_interval",
    "kernel_distance",
    "kernel_in_pieces",
    "precision_recall_in_pieces",
    "student",
]
