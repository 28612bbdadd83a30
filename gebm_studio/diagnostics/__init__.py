"""Whether samples can be trusted: mode hops and occupancy, image quality."""

from __future__ import annotations

from gebm_studio.diagnostics.frechet import FrechetReference
from gebm_studio.diagnostics.modes import ModeTracker

__all__ = ["FrechetReference", "ModeTracker"]
