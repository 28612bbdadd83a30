"""How a measurement is made, in words: the protocol that two must share, and a note for each column."""

from __future__ import annotations

from typing import Any

from gebm_studio.diagnostics import FeatureSpace
from gebm_studio.diagnostics.neighbours import RARE
from gebm_studio.experiments.lanes import label
from gebm_studio.messages import regime
from gebm_studio.messages.protocols import protocol_of
from gebm_studio.schema.data import Data
from gebm_studio.schema.field import describe
from gebm_studio.schema.images import Quality
from gebm_studio.schema.sampling import Lane, Sampler
from gebm_studio.targets import Target

_SAID = ("name", "step_size", "friction", "scheme", "calibration")
"""Settings of a sampler that its label tells."""


def protocol(quality: Quality, sampler: Sampler, kind: Data, target: Target, space: FeatureSpace) -> str:
    """n, features, sampler, target and k in one line."""
    return protocol_of({
        "n": str(quality.draws),
        "features": space.name,
        "sampler": f"{sampler_in_words(sampler)}, {quality.steps} steps from the prior",
        "target": f"{target_in_words(kind)}, {len(target.held_out)} held-out images",
        "k": str(quality.neighbours),
    })  # fmt: skip


def sampler_in_words(settings: Sampler) -> str:
    """An algorithm with all settings that act in it and are not the usual ones, and its temperature."""
    said = [label(settings)]
    for name, field in Lane.model_fields.items():
        when, value = describe(name, field).when, getattr(settings, name)
        acts = when is None or settings.name in when[1]
        if name not in _SAID and acts and value != field.default:
            said.append(f"{name}={value}")
    return f"{', '.join(said)}, T = {settings.temperature:g}"


def target_in_words(kind: Data) -> str:
    """A target's kind with all settings that are not the usual ones."""
    usual: dict[str, Any] = {name: field.default for name, field in type(kind).model_fields.items()}
    unusual = {name: getattr(kind, name) for name in usual if name not in ("kind", "held_out", "path")}
    told = [f"{name}={value}" for name, value in unusual.items() if value != usual[name]]
    return ", ".join([str(usual["kind"]), *told])


def notes(
    quality: Quality, sampler: Sampler, target: Target, space: FeatureSpace, numbers: dict[str, Any]
) -> tuple[tuple[str, str], ...]:
    """How each column was measured, by its name.

    Arguments:
        quality, sampler: The settings.
        target: What is learned.
        space: Where images were compared.
        numbers: `resamples` of the bootstrap; `floor`, `compared` and `watched`, how many training images and chains;
            `time` of the chains; `lost` images by law; `exact`, whether the truth of the shares is.
    """
    n, held_out, resamples = quality.draws, len(target.held_out), numbers["resamples"]
    against = f"{space.name}, n = {n} against {held_out} held-out images"
    bootstrap = f"95 % interval of {resamples} resamples, shifted by the bootstrap's bias"
    k, watched, share = quality.neighbours, numbers["watched"], f"{100 * RARE:g} %"
    truth = "the exact masses" if numbers["exact"] else "the held-out images, told by the same classifier"
    training = "training images" if hasattr(target, "training") else "draws of training images"
    found = {
        "base": f"{n} draws of the base",
        "gebm": f"{n} chains that start there, {quality.steps} steps of {sampler_in_words(sampler)}",
        "data": f"{numbers['floor']} {training} in place of draws, what a perfect model scores",
        "frechet": f"Fréchet distance, {against}; {bootstrap}",
        "kernel": f"MMD² without bias, kernel (x·y/d + 1)³, {against}; {bootstrap}",
        "precision": f"share of the images among the held-out ones, k = {k}, {against}; 95 % interval of Wilson, given "
        "the balls",
        "recall": f"share of the held-out images among these, k = {k}, {against}; 95 % interval of Wilson, given the "
        "balls",
        "difference": f"FD(GEBM) − FD(base), {against}; resampled together: the same held-out images, and each chain "
        f"with its start; {bootstrap}",
        "ratio": f"100 FD(GEBM) / FD(base) in the same resamples as the difference, 95 % interval of {resamples}, both "
        "distances shifted by the bootstrap's bias",
        "kale": f"F(E, c) on {held_out} held-out images and {n} base draws, 95 % interval by its standard error",
        "rhat": f"rank-normalised split R-hat of E along the second half of {watched} of the {n} chains; what "
        "moves slower than E, such as the class, it does not see",
        "ess": f"bulk effective sample size of E along the second half of {watched} of the {n} chains together",
        "time": "overdamped time of the chains",
        "copies": f"share of GEBM images nearer in pixels to one of {numbers['compared']} {training} than {share} "
        "of the held-out ones are; 95 % interval of Wilson",
        "factors": f"shares by the classifier, 95 % intervals of Wilson; total variation to {truth}, {bootstrap}",
        "calibration": f"{min(n, held_out)} held-out images and as many base draws in bins of −E − log Z, 95 % "
        "intervals of Jeffreys; the slope of a logistic fit, by Fisher's information",
    }  # fmt: skip
    if note := regime(numbers["time"]):
        found["time"] += f": {note}"
    if sampler.name == "importance":
        found["gebm"] += "; chains share candidates, so that they are not independent and intervals are too narrow"
    for law, lost in numbers["lost"].items():
        if lost:
            found[law] += f"; {lost} images are not finite, so that it has no scores"
    return tuple(found.items())
