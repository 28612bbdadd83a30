"""The part of a frame that looks at the critic."""

from __future__ import annotations

from dataclasses import dataclass

from gebm_studio.messages.arrays import Floats


@dataclass(frozen=True)
class CriticPart:
    """The critic V = −(its network's output) of the run in front.

    segments (n,): |∇V| at random points of the segments between data and samples.
    """

    segments: Floats
