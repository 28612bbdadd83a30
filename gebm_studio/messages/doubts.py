"""What speaks against a measurement of images whose chains should be in equilibrium."""

from __future__ import annotations

import math

from gebm_studio.messages.images import Measured
from gebm_studio.messages.sampling import regime

AGREE = 1.05
"""R-hat above which the chains are not taken to be in equilibrium (Vehtari et al., 2021, ask for 1.01)."""
ENOUGH = 100.0
"""Bulk effective sample size of the watched chains below which the same holds (Vehtari et al., 2021, ask for 400)."""


def doubts(measured: Measured) -> list[str]:
    """Why the chains may not be in equilibrium; empty where nothing speaks against it."""
    why = []
    if math.isnan(measured.rhat):
        why.append("R-hat is not known")
    elif measured.rhat > AGREE:
        why.append(f"R-hat {measured.rhat:.3g} is above {AGREE}")
    if math.isnan(measured.ess):
        why.append("ESS is not known")
    elif measured.ess < ENOUGH:
        why.append(f"ESS {measured.ess:.3g} is below {ENOUGH:g}")
    if note := regime(measured.time):
        why.append(note)
    return why
