"""The final metrics of a run, for `summary.json`."""

from __future__ import annotations

import math
from typing import Any

import torch

from gebm_studio.engine import storage
from gebm_studio.engine.exports import Samples
from gebm_studio.experiments import Training
from gebm_studio.experiments.evaluation import W1_DIMENSIONS, W1_FINAL
from gebm_studio.experiments.quality.stored import as_plain
from gebm_studio.experiments.quality.study import study_of
from gebm_studio.messages import RELAXED, regime

LOG_Z_DRAWS = 20_000
SAMPLES_SEED = 104729
QUALITY = (
    "the images of base and GEBM by the settings of quality: scores by law (base, gebm, data) and name (frechet, "
    "kernel, precision, recall); difference, FD(GEBM) - FD(base), paired; ratio, 100 FD(GEBM)/FD(base); kale on held-"
    "out images; rhat, ess and time of its chains; copies; factors with their variation, the total variation to the "
    "truth; calibration of the energy. Each interval is [value, low, high] at 95 %, null where it cannot be said; its "
    "notes say how each was measured, its protocol what two measurements must share to be compared"
)


def summary(training: Training, samples: Samples, steps: int, accumulated_time: float) -> dict[str, Any]:
    """The final metrics, each with its n and protocol under `protocol`.

    Arguments:
        training: The run.
        samples: `data`, `base` and `gebm`, as a finished `Drawing` holds them.
        steps: Of the chains that made `gebm`.
        accumulated_time: Of the same chains; NaN where steps have no length in time.
    """
    evaluation, sampler = training.evaluation, training.preset.sampler
    final = evaluation.bounds(LOG_Z_DRAWS)
    bound, bound_stderr = evaluation.donsker_varadhan(LOG_Z_DRAWS)
    notes = {name: evaluation.notes[name] for name in ("kale_train", "kale_heldout", "log_z", "ess_fraction")}
    notes["donsker_varadhan"] = f"L(E) on {len(training.target.held_out)} held-out points and {LOG_Z_DRAWS} base draws"
    chain = f"{sampler.name}, {steps} steps from the prior, T = {sampler.temperature:g}"
    notes["accumulated_time"] = f"overdamped time of the chains behind samples.npz: {chain}; null without such a time"
    notes["regime"] = f"a note where that time is below {RELAXED:g}, null where it is not"
    found: dict[str, Any] = {
        "title": training.preset.title,
        "steps": training.iteration,
        "seed": training.preset.seed,
        "device": str(training.device),
        "kale_train": final["kale_train"],
        "kale_heldout": final["kale_heldout"],
        "donsker_varadhan": bound,
        "donsker_varadhan_stderr": bound_stderr,
        "log_partition": final["log_partition"],
        "log_z": final["log_z"],
        "log_z_stderr": final["log_z_stderr"],
        "ess_fraction": final["ess_fraction"],
        "overflows": training.learner.overflows,
        "chains_nonfinite": training.chains.nonfinite,
        "accumulated_time": accumulated_time,
        "regime": regime(accumulated_time) or None,
    }
    for name in ("objective_train", "objective_heldout", "divergence"):
        if name in final:
            found[name], notes[name] = final[name], evaluation.notes[name]
    if training.target.dim <= W1_DIMENSIONS:
        found |= _transport(training, samples, notes, chain)
    if len(training.target.shape) == 3:
        found |= _frechet(training, samples, notes, chain)
        found["quality"] = _quality(training)
        notes["quality"] = QUALITY
    kl = evaluation.kl()
    for name in ("kl_base", "kl_gebm"):
        if name in kl:
            found[name] = kl[name]
            notes[name] = evaluation.notes[name]
    return jsonable(found) | {"protocol": notes, "versions": storage.versions()}


def _transport(training: Training, samples: Samples, notes: dict[str, str], chain: str) -> dict[str, Any]:
    """W1 of base and GEBM to held-out data, and of data to data, by one exact assignment each."""
    from gebm_studio.divergences import w1

    n = min(W1_FINAL, len(training.target.held_out), len(samples["gebm"]))
    generator = torch.Generator(training.device).manual_seed(SAMPLES_SEED + 1)
    again = training.target.sample(n, generator).flatten(1).cpu().numpy()
    clouds = {name: x[:n].reshape(n, -1).astype("float64") for name, x in samples.items()}
    notes["w1_base"] = f"exact assignment of n = {n} points to held-out data"
    notes["w1_gebm"] = f"{notes['w1_base']}; GEBM by {chain}"
    notes["w1_floor"] = f"training data against held-out data, n = {n}"
    return {
        "w1_base": w1(clouds["base"], clouds["data"]),
        "w1_gebm": w1(clouds["gebm"], clouds["data"]),
        "w1_floor": w1(again.astype("float64"), clouds["data"]),
        "w1_n": n,
    }


def _frechet(training: Training, samples: Samples, notes: dict[str, str], chain: str) -> dict[str, Any]:
    """Fréchet distances of base and GEBM to held-out images with 95 % bootstrap intervals."""
    evaluation, held_out = training.evaluation, len(training.target.held_out)
    found: dict[str, Any] = {"fd_features": evaluation.features, "fd_n": len(samples["gebm"])}
    for name in ("base", "gebm"):
        value, interval = evaluation.frechet_interval(torch.from_numpy(samples[name]))
        found |= {f"fd_{name}": value, f"fd_{name}_interval": list(interval)}
    notes["fd_base"] = (
        f"Fréchet distance, {evaluation.features}, n = {len(samples['base'])} against {held_out} held-out images, "
        "95 % bootstrap interval"
    )
    notes["fd_gebm"] = f"{notes['fd_base']}; GEBM by {chain}"
    return found


def _quality(training: Training) -> dict[str, Any]:
    """The measurement of the model as it is, by the preset's settings of quality."""
    study = study_of(training.exhibits)
    for _ in study.measured_now():
        pass
    if study.problem or not study.measured:
        return {"problem": study.problem}
    plain: dict[str, Any] = _nullable(as_plain(study.measured[-1]))
    return plain


def _nullable(value: Any) -> Any:
    """Numbers at any depth, as `jsonable` has them."""
    if isinstance(value, dict):
        return {name: _nullable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_nullable(one) for one in value]
    return jsonable({"": value})[""]


def jsonable(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity and no NaN: the first becomes a word, the second null (not measured)."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            found[name] = None if math.isnan(value) else "infinity" if value > 0 else "-infinity"
        else:
            found[name] = value
    return found
