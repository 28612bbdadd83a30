"""Whether samples can be trusted: mode hops and occupancy, image quality."""

from __future__ import annotations

from gebm_studio.diagnostics.frechet import FrechetReference
from gebm_studio.diagnostics.intervals import student
from gebm_studio.diagnostics.modes import DWELL_EDGES, ModeTracker

__all__ = ["DWELL_EDGES", "FrechetReference", "ModeTracker", "student"]
