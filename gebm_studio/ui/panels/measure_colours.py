"""One colour and one stroke for each divergence, the same in bars, curves and fits."""

from __future__ import annotations

from dataclasses import dataclass

from gebm_studio.schema.measures import Measure
from gebm_studio.ui.theme import Theme

HUES: dict[str, tuple[str, str]] = {
    "blue": ("#0072B2", "#037bc4"),
    "olive": ("#858c00", "#E69F00"),
    "violet": ("#430ede", "#ad92ff"),
    "red": ("#ff524d", "#f04a1e"),
    "sky": ("#3a98e0", "#aec1e9"),
    "green": ("#009E73", "#00A97C"),
    "plum": ("#80026a", "#d3c89b"),
    "brown": ("#513712", "#9c4d4c"),
    "moss": ("#635d01", "#e3e84d"),
}
"""Each on light and on dark ground. They were searched for, so that any two stay apart for colour-blind eyes too."""


@dataclass(frozen=True)
class Look:
    """How a divergence is drawn: a hue, or the colour of text, with a whole or a broken stroke."""

    hue: str
    dashed: bool = False

    def colour(self, theme: Theme) -> str:
        """The colour on the ground of a theme."""
        return HUES[self.hue][theme.dark] if self.hue in HUES else theme.text


LOOKS: dict[Measure, Look] = {
    "kl": Look("blue"),
    "reverse_kl": Look("blue", dashed=True),
    "jeffrey": Look("text"),
    "pearson": Look("brown"),
    "neyman": Look("brown", dashed=True),
    "hellinger": Look("moss"),
    "jensen_shannon": Look("olive"),
    "gan": Look("olive", dashed=True),
    "total_variation": Look("violet"),
    "w1": Look("red"),
    "w2": Look("plum"),
    "sliced_w2": Look("plum", dashed=True),
    "sinkhorn": Look("violet", dashed=True),
    "mmd": Look("sky"),
    "half_mmd2": Look("sky", dashed=True),
    "kale": Look("green"),
    "kale_features": Look("green", dashed=True),
    "lipschitz_w1": Look("red", dashed=True),
    "knn_kl": Look("text", dashed=True),
}


def colour(name: Measure, theme: Theme) -> str:
    """The colour of a divergence on the ground of a theme."""
    return LOOKS[name].colour(theme)
