"""Small classifiers that ship with the studio: features for distances, labels of digits and of sprites' factors.

`resources/train_classifiers.py` trains them. No layer looks at more than one image, so that what an image is told to
be never depends on those beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

import torch
from safetensors import safe_open
from torch import Tensor, nn

from gebm_studio.files import shipped
from gebm_studio.schema.images import SPRITE_FACTORS

Name = Literal["digits", "sprites"]
VERSION = "1"
"""Of weights and layers together; it stands in the name, since features of two versions do not compare."""
FEATURES = 64
_CHUNK = 256


class Kind(NamedTuple):
    """What a classifier looks at, and what it tells."""

    shape: tuple[int, int, int]
    layers: tuple[tuple[int, int], ...]
    """Channels and stride of each 3×3 convolution; four pixels a side are left."""
    heads: dict[str, tuple[str, ...]]


KINDS: dict[Name, Kind] = {
    "digits": Kind((1, 8, 8), ((32, 1), (48, 2)), {"digit": tuple("0123456789")}),
    "sprites": Kind((3, 32, 32), ((16, 2), (32, 2), (48, 2)), SPRITE_FACTORS),
}


class Classifier(nn.Module):
    """Convolutions, a layer of features, and a linear head for each thing that is told.

    Attributes:
        kind: What it was made for.
        heads: By head, the names of its classes.
        accuracy: By head, the share of `measured_on` held-out images whose class is told right; empty where unknown.
        measured_on: How many those are.
        protocol: How they were chosen and the network trained, in one line.
    """

    spread: Tensor

    def __init__(self, kind: Name) -> None:
        super().__init__()
        self.kind, self.heads = kind, KINDS[kind].heads
        self.accuracy: dict[str, float] = {}
        self.measured_on, self.protocol = 0, ""
        layers: list[nn.Module] = []
        channels = KINDS[kind].shape[0]
        for wide, stride in KINDS[kind].layers:
            layers += [nn.Conv2d(channels, wide, 3, stride=stride, padding=1), nn.SiLU()]
            channels = wide
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * channels, FEATURES), nn.SiLU())
        self.register_buffer("spread", torch.ones(()))
        self.tells = nn.ModuleDict({head: nn.Linear(FEATURES, len(names)) for head, names in self.heads.items()})

    @property
    def name(self) -> str:
        """What stands beside a number that was taken in these features."""
        return f"{self.kind} classifier v{VERSION}, {FEATURES} features"

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Logits of images (n, C, H, W), by head (n, classes); differentiable."""
        hidden = self.body(x)
        return {head: tell(hidden) for head, tell in self.tells.items()}

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """Features (n, 64) of images (n, C, H, W), a chunk at a time; of data, their variances have mean one.

        Raises:
            ValueError: For images of another shape, or pixels that are not finite.
        """
        hidden = torch.cat([x.new_empty(0, FEATURES), *map(self.body, self._chunks(x))])
        return hidden / self.spread

    @torch.no_grad()
    def standardise(self, x: Tensor) -> None:
        """Take the unit of the features from their variances on images (n, C, H, W).

        One unit for all: a feature that hardly moves on data would else decide every distance of imperfect images.
        """
        self.spread.fill_(1.0)
        self.spread.copy_(self.features(x).double().var(dim=0).mean().sqrt())

    @torch.no_grad()
    def probabilities(self, x: Tensor) -> dict[str, Tensor]:
        """By head, the probability of each class, (n, classes).

        Raises:
            ValueError: As `features`.
        """
        pieces = [self(x[:0]), *map(self, self._chunks(x))]
        return {head: torch.cat([piece[head] for piece in pieces]).softmax(1) for head in self.heads}

    def labels(self, x: Tensor) -> dict[str, Tensor]:
        """By head, the index of the most probable class, (n,), int64.

        Raises:
            ValueError: As `features`.
        """
        return {head: shares.argmax(1) for head, shares in self.probabilities(x).items()}

    def confidence(self, x: Tensor) -> Tensor:
        """The probability of the class that is told, (n,), in (0, 1]; of several heads that of the least sure.

        Raises:
            ValueError: As `features`.
        """
        return torch.stack([shares.amax(1) for shares in self.probabilities(x).values()]).amin(0)

    def _chunks(self, x: Tensor) -> Iterator[Tensor]:
        shape = KINDS[self.kind].shape
        if tuple(x.shape[1:]) != shape:
            raise ValueError(f"the {self.kind} classifier looks at images {shape}, got {tuple(x.shape[1:])}")
        if not torch.isfinite(x).all():
            raise ValueError(f"{int((~torch.isfinite(x)).sum())} pixels are not finite")
        return iter(x.split(_CHUNK) if len(x) else ())


@cache
def load(kind: Name, device: torch.device) -> Classifier:
    """The classifier that ships with the studio, frozen; the same object each time.

    Raises:
        ValueError: For an unknown kind, or a file that is not of this version.
        OSError: Where the file cannot be read.
    """
    if kind not in KINDS:
        raise ValueError(f"classifier must be one of {', '.join(KINDS)}, got {kind!r}")
    path = shipped("resources") / "classifiers" / f"{kind}.safetensors"
    classifier = Classifier(kind)
    with safe_open(path, framework="pt") as file:
        told = file.metadata() or {}
        wanted = description(kind)
        if any(told.get(key) != value for key, value in wanted.items()):
            found = {key: told.get(key) for key in wanted}
            raise ValueError(f"{path} holds {found}, not {wanted}; run resources/train_classifiers.py again")
        classifier.load_state_dict({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118  not a mapping
    classifier.accuracy = json.loads(told["accuracy"])
    classifier.measured_on, classifier.protocol = int(told["measured_on"]), told["protocol"]
    return classifier.requires_grad_(False).eval().to(device)


def description(kind: Name) -> dict[str, str]:
    """What a file of weights must say of itself to be loaded."""
    return {"kind": kind, "version": VERSION, "features": str(FEATURES), "heads": json.dumps(KINDS[kind].heads)}
