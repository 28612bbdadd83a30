"""What can be said of a critic e at one moment: on a line, between data and samples, layer by layer.

V = −e throughout, as in the table of f-divergences. Everything here only reads the model.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gebm_studio import schema
from gebm_studio.experiments.data_line import line_histogram
from gebm_studio.experiments.kullback import line_reach
from gebm_studio.experiments.spectra import weighted_layers
from gebm_studio.messages import Along, CriticLine, CriticReading, Floats, frozen
from gebm_studio.models import Gebm
from gebm_studio.models.energies import Energy
from gebm_studio.objectives import F_DIVERGENCES, OBJECTIVES
from gebm_studio.targets import Target

PLACES = 241
"""Points of a line."""
SHOWN = 3.0
"""Standard deviations of the latent whose image a line shows."""
BEYOND = 0.3
"""How far a line between two modes goes on beyond each, as a share of their distance."""
FAINT = 1e-5
"""Where both densities are below this share of their peaks nothing holds a critic at its optimum."""
DRAWS = 16_384
"""Base draws of a histogram where the base has no density."""


def slopes(critic: Energy, points: Tensor) -> Tensor:
    """|∇V| at points (N, *shape), (N,)."""
    with torch.enable_grad():
        leaf = points.detach().requires_grad_(True)
        value = critic(leaf).sum()
        if not value.requires_grad:  # a constant has no slope
            return torch.zeros(len(points), device=points.device)
        (gradient,) = torch.autograd.grad(value, leaf)
    norms: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return norms


def layer_norms(critic: Energy, objective: schema.Objective, data: Tensor, samples: Tensor, c: Tensor) -> Tensor | None:
    """Root mean square over the batch of the gradient of each example's loss by each layer's output, (L,).

    The loss is what the critic climbs, with the sign turned and without its penalty, on data (N, *shape) and
    samples (N, *shape) together. None where no critic learns, or where it has no layers.

    References:
        Improved Training of Wasserstein GANs (Gulrajani et al., 2017), arXiv 1704.00028, figure 1b.
    """
    value = OBJECTIVES[objective.name].value
    layers = weighted_layers(critic)
    if value is None or not layers:
        return None
    outputs: list[Tensor] = []
    hooks = [layer.register_forward_hook(lambda _layer, _args, out: outputs.append(out)) for layer in layers]
    try:
        with torch.enable_grad():
            e = critic(torch.cat((data, samples)))
            climbed, _ = value(e[: len(data)], e[len(data) :], c)
    finally:
        for hook in hooks:
            hook.remove()
    if not outputs:
        return None
    gradients = torch.autograd.grad(-climbed, outputs, allow_unused=True)
    # The loss is a mean over the data plus a mean over the samples: times N it is that of one example.
    norms = [
        torch.zeros((), device=e.device) if g is None else (len(data) * g.flatten(1)).norm() / math.sqrt(len(g))
        for g in gradients
    ]
    return torch.stack(norms)


def line_through(target: Target, model: Gebm, along: Along) -> tuple[Tensor, Tensor, Tensor, str]:
    """A line through the data: its points (PLACES, *shape), where each is along it, and in words what it is."""
    if target.dim == 1:
        left, right, _, _ = target.home
        low, high = line_reach(model, target, SHOWN)
        # The base may still be far away; more than twice the picture to either side would hide the data.
        room = right - left
        at = torch.linspace(max(low, left - room), min(high, right + room), PLACES)
        return at.unsqueeze(1).to(target.device), at, torch.stack((at[0], at[-1])), "x"
    start, end, words = _ends(target, along)
    share = torch.linspace(0, 1, PLACES)
    points = torch.lerp(start.flatten(), end.flatten(), share.unsqueeze(1).to(start))
    length = float((end - start).norm())
    return points.reshape(PLACES, *target.shape), share * length, torch.stack((start, end)), words


def _ends(target: Target, along: Along) -> tuple[Tensor, Tensor, str]:
    if target.dim == 2 and (along != "modes" or target.modes is None):
        left, right, bottom, top = target.home
        x, y = target.held_out.median(0).values.tolist()
        up = along == "up"
        ends = torch.tensor([[x, bottom], [x, top]] if up else [[left, y], [right, y]], device=target.device)
        name = f"x₁ = {x:.2g}, upwards" if up else f"x₂ = {y:.2g}, from left to right"
        return ends[0], ends[1], f"way along the line {name}"
    if target.modes is not None:
        first = target.modes[0]
        other = target.modes[1:][(target.modes[1:] - first).norm(dim=1).argmin()]
        more = BEYOND * (other - first)
        return first - more, other + more, "way along the line through two neighbouring modes"
    return target.held_out[0], target.held_out[1], "way along the segment between two data points"


@torch.no_grad()
def on_line(model: Gebm, target: Target, objective: schema.Objective, along: Along, z: Tensor) -> CriticLine:
    """The critic on a line in every reading that its objective gives, beside its optimum where p and g are known.

    Arguments:
        model: The GEBM with its critic.
        target: Gives the line, and p where it has a density.
        objective: Gives the readings and the optimum.
        along: Which line, where data have more than one dimension.
        z: Latents (M, d) of the histogram of a base on a line without a density.
    """
    points, at, _, words = line_through(target, model, along)
    nothing = torch.full((PLACES,), math.nan, dtype=torch.float64)
    log_p = target.log_density(points.double()).cpu() if target.has_density else nothing
    log_g = model.base.log_density(points.double()).cpu() if model.base.has_density else nothing
    note = ""
    g = log_g.exp()
    if target.dim == 1 and not model.base.has_density:
        g, note = _histogram(model, z, at), f"g: histogram of {len(z)} base draws"
    elif not (target.has_density and model.base.has_density):
        note = "no optimum: p and g are not both known"
    log_ratio = log_p - log_g
    p, known = log_p.exp(), torch.isfinite(log_ratio)
    if bool(known.any()):
        faint = (p < FAINT * p[known].max()) & (g < FAINT * g[known].max())
        log_ratio[faint | ~known] = math.nan
    readings = tuple(_readings(model, objective, model.critic(points).double().cpu(), log_ratio))
    return CriticLine(_floats(at), _floats(p), _floats(g), readings, words, note)


def _readings(model: Gebm, settings: schema.Objective, e: Tensor, log_ratio: Tensor) -> list[CriticReading]:
    objective, name = OBJECTIVES[settings.name], settings.name
    tight = objective.tight
    shift = _free_constant(model, name)
    found = [
        _reading(
            "V", f"V = −(E + c), c = {shift:.3g}; at its optimum log p/g" if _is_free(name) else "V, as it was trained",
            -e - shift, None if tight is None else -tight(log_ratio),
        )
    ]  # fmt: skip
    if tight is not None:
        decided = -model.read(e) - shift
        found.append(
            _reading(
                "D",
                "D = σ(log ratio), what a discriminator would say; at its optimum p/(p+g)",
                decided.sigmoid(),
                log_ratio.sigmoid(),
            )
        )
        found.append(
            _reading(
                "log ratio",
                "the log ratio that the critic stands for, −E or −E − c; at its optimum log p/g",
                decided,
                log_ratio,
            )
        )
    row = F_DIVERGENCES.get(name)
    if row is not None:
        best = row.slope(log_ratio.exp())
        found.append(_reading("T", "T = g(V), output activation of the critic; at its optimum f′(p/g)",
                              row.activation(-e)[0], best))  # fmt: skip
    elif name in ("kale", "donsker_varadhan"):
        found.append(_reading("T", "T = 1 − (E + c), as in the row of KL; at its optimum 1 + log p/g",
                              1 - e - shift, 1 + log_ratio))  # fmt: skip
    return found


def _is_free(name: str) -> bool:
    """Whether the energy is only determined up to a constant, which c then takes up."""
    return name in ("kale", "donsker_varadhan", "contrastive_divergence", "persistent_chains")


def _free_constant(model: Gebm, name: str) -> float:
    return float(model.log_partition) if _is_free(name) else 0.0


def _reading(name: str, formula: str, learned: Tensor, optimum: Tensor | None) -> CriticReading:
    known = optimum is not None and bool(torch.isfinite(optimum).any())
    best = optimum if known and optimum is not None else torch.empty(0)
    best = best.masked_fill(~torch.isfinite(best), math.nan)
    return CriticReading(name, formula, _floats(learned), _floats(best))


def _histogram(model: Gebm, z: Tensor, at: Tensor) -> Tensor:
    """The density of base draws on a line at the places (PLACES,)."""
    x = model.samples(z).flatten().double().cpu().numpy()
    return torch.from_numpy(line_histogram(x, at.double().numpy(), None))


def _floats(values: Tensor) -> Floats:
    published: Floats = frozen(values.detach().float().cpu().numpy().copy())
    return published
