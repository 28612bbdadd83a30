"""The panels of the window, by the part of a frame that each shows."""

from typing import Any

from gebm_studio.ui.panels.bars import BarsPanel
from gebm_studio.ui.panels.climb import BoundPanel
from gebm_studio.ui.panels.compare import ComparePanel
from gebm_studio.ui.panels.critic import CriticPanel
from gebm_studio.ui.panels.curves import CurvesPanel
from gebm_studio.ui.panels.data import DataPanel
from gebm_studio.ui.panels.decay import DecayPanel
from gebm_studio.ui.panels.diagnostics import DiagnosticsPanel
from gebm_studio.ui.panels.flow_curves import FlowCurvesPanel
from gebm_studio.ui.panels.gallery import GalleryPanel
from gebm_studio.ui.panels.latent import LatentPanel
from gebm_studio.ui.panels.pair import PairPanel
from gebm_studio.ui.panels.panel import Panel
from gebm_studio.ui.panels.particles import FlowPanel
from gebm_studio.ui.panels.plan import PlanPanel
from gebm_studio.ui.panels.quality import QualityPanel
from gebm_studio.ui.panels.race import RacePanel
from gebm_studio.ui.panels.sweep import SweepPanel
from gebm_studio.ui.panels.swept import SweptPanel
from gebm_studio.ui.panels.tangent import TangentPanel

__all__ = ["PANELS", "Panel"]

PANELS: dict[str, type[Panel[Any]]] = {
    panel.part: panel
    for panel in (
        DataPanel,
        LatentPanel,
        CurvesPanel,
        DiagnosticsPanel,
        GalleryPanel,
        QualityPanel,
        RacePanel,
        DecayPanel,
        SweepPanel,
        CriticPanel,
        ComparePanel,
        PairPanel,
        BarsPanel,
        SweptPanel,
        FlowPanel,
        FlowCurvesPanel,
        TangentPanel,
        BoundPanel,
        PlanPanel,
    )
}
