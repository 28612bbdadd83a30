"""The chains of the gallery: from the base's grid, with the same noise each time, and the films of what they show."""

from gebm_studio.experiments.reel.plan import Plan
from gebm_studio.experiments.reel.recorded import RecordedChains
from gebm_studio.experiments.reel.reel import Reel
from gebm_studio.experiments.reel.strip import Strip, Wanted

__all__ = ["Plan", "RecordedChains", "Reel", "Strip", "Wanted"]
