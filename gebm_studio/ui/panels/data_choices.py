"""What a person chooses of data space: its layers, its map, its colours, how many pictures, and arrows."""

from __future__ import annotations

from collections.abc import Callable

from gebm_studio.schema import View
from gebm_studio.ui.panels.flow import FlowBar
from gebm_studio.ui.panels.header import Choice, Header
from gebm_studio.ui.panels.legend import ColourKey, Entry
from gebm_studio.ui.panels.picture import Layer

MAP_TIP = (
    "The map behind the points: energy E(x), density of the GEBM, the critic V as it was trained, or none. Strong "
    "colour is where mass is likely."
)
STEP_TIP = (
    "Where a step of the base wants to move each base point: −N ∂ℓ/∂G(z) of the loss ℓ that it descends. For KALE that "
    "is −∇E weighted by N softmax(−E), by how much mass the GEBM gives the point. One scale with −∇E."
)
LAYER_KEYS: tuple[tuple[Layer, str, str], ...] = (
    ("data", "data", "Draws of the data, P."),
    ("base", "base", "Draws of the base, G(z) with z ~ N(0, I)."),
    ("gebm", "GEBM", "Draws of the GEBM: base draws resampled with weights proportional to exp(−βE)."),
    ("chains", "chains", "The latent chains seen through G; trails show where they were."),
)
ARROWS_TIP = "Arrows on the base's points: the force −∇E, or where a step of the base wants to move them."


class DataChoices:
    """The choices in the header of the data panel.

    Arguments:
        header: Where they stand.
        chosen: Hears of a person's choice: the setting's path and the value.
    """

    def __init__(self, header: Header, chosen: Callable[[str, object], None]) -> None:
        def choice(path: str, options: tuple[tuple[str, str], ...], tip: str) -> Choice:
            return header.choice(options, tip, lambda value: chosen(path, value))

        self.map = choice(
            "view.map",
            (("energy", "energy"), ("density", "density"), ("critic", "critic"), ("none", "no map")),
            MAP_TIP,
        )
        self.colour = choice(
            "view.colour",
            (("role", "by role"), ("log_weight", "by weight")),
            "Colour of the base's points: its role, or the log weight −βE − log Z.",
        )
        self.pictures = choice(
            "view.pictures",
            (("overlay", "overlay"), ("triptych", "triptych")),
            "One picture with everything, or base, weights and GEBM side by side.",
        )
        self.arrows = choice(
            "view.arrows", (("none", "no arrows"), ("energy", "force"), ("base", "base's step")), ARROWS_TIP
        )

    def follow(self, view: View) -> None:
        """Show the settings that the engine uses."""
        self.map.choose(view.map)
        self.colour.choose(view.colour)
        self.pictures.choose(view.pictures)
        self.arrows.choose(view.arrows)

    def show_for(self, on_a_line: bool) -> None:
        """Put away what needs a plane, for data of one dimension."""
        for choice in (self.colour, self.pictures, self.arrows):
            choice.setVisible(not on_a_line)


def layer_keys(legend: FlowBar, switched: Callable[[], None]) -> dict[str, Entry]:
    """What the points are; a click switches a layer."""
    keys: dict[str, Entry] = {}
    for name, text, tip in LAYER_KEYS:
        keys[name] = Entry(text, name, checkable=True, parent=legend)
        keys[name].setToolTip(tip)
        keys[name].clicked.connect(lambda _on: switched())
        legend.add(keys[name])
    return keys


def scale_keys(legend: FlowBar) -> tuple[ColourKey, ColourKey]:
    """The scales of the map and of log weights, hidden at first."""
    keys = ColourKey(legend), ColourKey(legend)
    keys[1].setToolTip("Log weight −βE − log Z of a base point: orange gains mass, blue loses it.")
    for key in keys:
        key.hide()
        legend.add(key)
    return keys


def step_keys(legend: FlowBar) -> tuple[Entry, Entry]:
    """What the two kinds of arrows of the base's step are, hidden at first."""
    keys = Entry("base's step", "second", "line", parent=legend), Entry("−∇E", "muted", "line", parent=legend)
    keys[0].setToolTip(STEP_TIP)
    keys[1].setToolTip("The force −∇E: its mean over base draws, unweighted, is a different, wrong, gradient.")
    for key in keys:
        key.hide()
        legend.add(key)
    return keys


def line_keys(legend: FlowBar) -> dict[str, Entry]:
    """What the dashed curves over a line are, hidden at first."""
    named = (
        ("energy", "E(x)", "first", "The energy, on the right axis."),
        ("critic", "V(x)", "first", "The critic as it was trained, on the right axis."),
        ("best", "best fit", "chains", "The best Gaussian under the run's own divergence, by integration."),
    )
    keys = {name: Entry(text, role, "dashed", parent=legend) for name, text, role, _ in named}
    for name, _, _, tip in named:
        keys[name].setToolTip(tip)
        keys[name].hide()
        legend.add(keys[name])
    return keys
