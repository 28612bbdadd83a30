"""Train the small classifiers that ship with the studio: `python resources/train_classifiers.py [digits] [sprites]`.

A minute or two on one core. The result depends on the versions of torch and of the processor's kernels in its last
digits only, since the seed is fixed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gebm_studio.diagnostics import classifier
from gebm_studio.diagnostics.classifier import KINDS, Classifier
from gebm_studio.files import written_aside
from gebm_studio.schema import images as schema
from gebm_studio.targets.images import Digits
from gebm_studio.targets.sprites import Factors, draw_factors, render

FOLDER = Path(__file__).resolve().parent / "classifiers"
CPU = torch.device("cpu")
BATCH, RATE = 128, 2e-3
STEPS: dict[classifier.Name, int] = {"digits": 4000, "sprites": 4000}
TESTED = 10_000
"""Sprites that accuracy is measured on."""
Labels = dict[str, Tensor]
Examples = tuple[Tensor, Labels]
Task = tuple[Callable[[int, torch.Generator], Examples], Tensor, Examples, str]
"""What is drawn to train with, data that features are standardised on, what is tested, and all of it in words."""


def main(kinds: list[str]) -> None:
    """Train the named classifiers, or all."""
    torch.set_num_threads(1)
    for kind in KINDS:
        if kinds and kind not in kinds:
            continue
        started = time.monotonic()
        draw, clean, tested, protocol = (_digits if kind == "digits" else _sprites)()
        trained = train(kind, draw)
        trained.standardise(clean)
        accuracy = measured(trained, tested)
        told = classifier.description(kind) | {
            "accuracy": json.dumps(accuracy),
            "measured_on": str(len(tested[0])),
            "protocol": protocol,
        }
        with written_aside(FOLDER / f"{kind}.safetensors") as aside:
            save_file({name: value.contiguous() for name, value in trained.state_dict().items()}, aside, told)
        rates = ", ".join(f"{head} {share:.2%}" for head, share in accuracy.items())
        sys.stdout.write(f"{kind}: {rates} of {len(tested[0])}; {time.monotonic() - started:.0f} s\n")


def train(kind: classifier.Name, draw: Callable[[int, torch.Generator], Examples]) -> Classifier:
    """A network trained by cross-entropy, one term a head, with Adam and a rate that falls as a cosine."""
    torch.manual_seed(0)
    network, generator = Classifier(kind), torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS[kind])
    for _ in range(STEPS[kind]):
        x, labels = draw(BATCH, generator)
        logits = network(x)
        loss = torch.stack([torch.nn.functional.cross_entropy(logits[head], labels[head]) for head in logits]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def measured(network: Classifier, tested: Examples) -> dict[str, float]:
    """The share of images that each head tells right."""
    x, labels = tested
    told = network.labels(x)
    return {head: (told[head] == labels[head]).double().mean().item() for head in told}


def _digits() -> Task:
    held_out = schema.DIGITS - schema.DIGITS_TRAINING
    target = Digits(schema.Digits(held_out=held_out), seed=0, device=CPU)

    def draw(n: int, generator: torch.Generator) -> Examples:
        chosen = torch.randint(len(target.training), (n,), generator=generator)
        x = _shifted(target.training[chosen], 1, generator)
        return _noisy(x, 0.3, generator).clamp(-1, 1), {"digit": target.labels[chosen]}

    protocol = (
        f"trained on the {len(target.training)} training digits of the fixed split, shifted by up to one pixel and "
        f"with noise; accuracy on its {held_out} others"
    )
    return draw, target.training, (target.held_out, {"digit": target.held_out_labels}), protocol


def _sprites() -> Task:
    # Equal masses: what a doubtful image is told to be must not lean towards the truth that models are held to.
    equal = schema.Sprites(shapes=(1.0,) * 4, sizes=(1.0,) * 3, colours=(1.0,) * 4)

    def draw(n: int, generator: torch.Generator) -> Examples:
        factors = draw_factors(equal, n, generator)
        x = _faded(_erased(_blurred(render(factors), generator), generator), generator)
        return _noisy(x, 0.15, generator).clamp(-1, 1), _labels(factors)

    factors = draw_factors(schema.Sprites(), TESTED, torch.Generator().manual_seed(1))
    protocol = (
        "trained on fresh sprites of equal masses, some of them blurred, faded, with noise or with a part missing; "
        f"accuracy on {TESTED} clean sprites of the default masses"
    )
    clean = render(draw_factors(schema.Sprites(), TESTED, torch.Generator().manual_seed(2)))
    return draw, clean, (render(factors), _labels(factors)), protocol


def _labels(factors: Factors) -> Labels:
    return {"shape": factors.shape, "size": factors.size, "colour": factors.colour}


def _shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Images moved by whole pixels, up to `most` each way; ground comes in at the edge."""
    n, side = len(x), x.shape[-1]
    padded = torch.nn.functional.pad(x, [most] * 4, value=-1.0)
    corner = torch.randint(2 * most + 1, (2, n, 1), generator=generator) + torch.arange(side)
    rows, columns = corner[0].reshape(n, 1, side, 1), corner[1].reshape(n, 1, 1, side)
    return padded[torch.arange(n).reshape(n, 1, 1, 1), torch.arange(x.shape[1]).reshape(1, -1, 1, 1), rows, columns]


def _noisy(x: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Images with Gaussian noise, of a deviation up to `most` for each."""
    strength = most * _some(x, 0.5, generator)
    return x + strength * torch.randn(x.shape, generator=generator)


def _blurred(x: Tensor, generator: torch.Generator) -> Tensor:
    """Images mixed with a smooth copy of themselves."""
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 5, 5)
    padded = torch.nn.functional.pad(x, [2] * 4, mode="replicate")
    smooth = torch.nn.functional.conv2d(padded, kernel, groups=x.shape[1])
    return torch.lerp(x, smooth, _some(x, 0.5, generator))


def _erased(x: Tensor, generator: torch.Generator) -> Tensor:
    """Images of which a soft spot near the middle takes the colour of the ground."""
    place = torch.arange(x.shape[-1]) - (x.shape[-1] - 1) / 2
    middle = 6 * torch.randn(2, len(x), 1, generator=generator)
    near = torch.exp(-((place - middle) ** 2) / (2 * 1.5**2))
    spot = (near[0].unsqueeze(2) * near[1].unsqueeze(1)).unsqueeze(1)
    return torch.lerp(x, x[:, :, :1, :1], spot * _some(x, 0.5, generator))


def _faded(x: Tensor, generator: torch.Generator) -> Tensor:
    """Images of less contrast to their ground, by up to 40 %."""
    return torch.lerp(x, x[:, :, :1, :1], 0.4 * _some(x, 0.5, generator))


def _some(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """For a share of the images a uniform number in [0, 1), zero for the others, (n, 1, 1, 1)."""
    amount, chosen = torch.rand(2, len(x), 1, 1, 1, generator=generator)
    return torch.where(chosen < share, amount, 0.0)


if __name__ == "__main__":
    main(sys.argv[1:])
