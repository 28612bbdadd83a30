"""What climbs while the lab runs: a critic to the divergence that it bounds, a Gaussian to log Z, and fits of P."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from gebm_studio.divergences import Box
from gebm_studio.experiments.experiment import Saved
from gebm_studio.experiments.lab.ascent import Ascent
from gebm_studio.experiments.lab.descending import Normal
from gebm_studio.experiments.lab.fits import Fits
from gebm_studio.experiments.lab.forms import box_of, form_of, suits
from gebm_studio.experiments.lab.games import GAMES, bound_label, bounded, bounded_label, reading_of
from gebm_studio.experiments.lab.later import Pieces
from gebm_studio.experiments.lab.mesh import mesh_of
from gebm_studio.experiments.lab.nodes import Doubles
from gebm_studio.experiments.lab.pair import Pair
from gebm_studio.experiments.lab.partition import LogPartition
from gebm_studio.experiments.lab.rows import Rows
from gebm_studio.experiments.lab.shown import floats
from gebm_studio.experiments.lab.unknown import Unknown
from gebm_studio.experiments.lab.values import Values
from gebm_studio.messages import BoundPart, Function, Value, frozen
from gebm_studio.schema import DivergencesPreset
from gebm_studio.schema.measures import Measure

_SOUGHT = Value("kl", math.nan, math.nan, "", "")


class Bound:
    """The climbs of a lab: which they are, the settings say.

    Attributes:
        version: Changes whenever what climbs does, or what it climbs on.
        steps: Taken since the start.
    """

    def __init__(self, preset: DivergencesPreset, pair: Pair) -> None:
        self.version = self.steps = self._found = 0
        self._rows = Rows()
        self._preset, self._pair = preset, pair
        self._begin()

    def configure(self, preset: DivergencesPreset, pair: Pair) -> None:
        """Take settings that differ in live ones: another class begins again, another pair is climbed from here."""
        old, self._preset, self._pair = self._preset, preset, pair
        ours, theirs = preset.critic, old.critic
        if any(getattr(ours, name) != getattr(theirs, name) for name in ("restart", "family", "size", "divergence")):
            self._begin()
        elif (preset.p, preset.q, preset.measure) != (old.p, old.q, old.measure):
            self._measure(q_moved=preset.q != old.q)
            self.version += 1

    @property
    def resting(self) -> bool:
        """Whether all climbs have ended, so that nothing is to be done until a person changes something."""
        climb, fits = self._climb, self._fits
        return (climb is None or climb.arrived) and (fits is None or fits.arrived) and not self._finds_slowly

    @property
    def seeks(self) -> bool:
        """Whether `part` still has to find something that it shows: the exact value, or best fits."""
        return self._finding is not None or (self._fits is not None and self._fits.seeks)

    def restart(self) -> None:
        """Begin all climbs again."""
        self._begin()

    def advance(self) -> None:
        """One step of everything that climbs, and a piece of what is sought beside."""
        critic, climb, fits = self._preset.critic, self._climb, self._fits
        self.version += 1
        climbs, descends = climb is not None and not climb.arrived, fits is not None and not fits.arrived
        self.steps += climbs or descends
        if climb is not None and climbs:
            if isinstance(climb, Ascent):
                climb.step(critic.method, critic.rate)
            else:
                climb.step(critic.rate)
            self._note_row()
        if fits is not None and descends:
            fits.step(self._preset.fit.rate)
            fits.search()
        if self._finds_slowly:
            self._find()

    def part(self, since: int) -> BoundPart:
        """What the panel shows, with the rows from `since` on; all of them where there are not so many."""
        if not 0 <= since <= len(self._rows):
            since = 0
        # At rest, too, what is sought comes to its end, a piece a frame.
        if self._fits is not None:
            self._fits.search()
        self._find()
        name, climb = self._preset.critic.divergence, self._climb
        bound = math.nan if climb is None else climb.bound
        if isinstance(climb, LogPartition):
            value, gap, labels = climb.exact, climb.gap, ("⟨q, D⟩ + H(q)", "log Z")
        else:
            value = bounded(name, self._exact.value)
            gap, labels = value - bound, (bound_label(name), bounded_label(name))
        return BoundPart(
            title=self._title(),
            since=since,
            rows=frozen(self._rows.since(since)),
            bound=bound,
            exact=value,
            gap=gap,
            bound_label=labels[0],
            exact_label=labels[1],
            critic=self._says(),
            protocol=self._protocol(),
            fits=() if self._fits is None else self._fits.rows(),
            version=self.version + self._found,
            note=self._remark(),
            climb=self._rows.drawn,
        )

    def learned(self, x: Doubles) -> tuple[Function, ...]:
        """What is learned, at points (n, d), as the picture of the pair shows it."""
        climb = self._climb
        if isinstance(climb, Ascent):
            reading = reading_of(self._preset.critic.divergence)
            values = reading.of_critic(climb.critic(torch.from_numpy(np.ascontiguousarray(x))))
            return (Function(reading.label, floats(values.numpy())),)
        if isinstance(climb, LogPartition):
            log_q, height = climb.q.log_density(x[:, 0]) + climb.exact, climb.height(x[:, 0])
            return (Function("log q + log Z", floats(log_q)), Function("D", floats(height), tight=True))
        return ()

    def fits(self, x: Doubles) -> tuple[Function, ...]:
        """Densities at x (n,) on the line of the Gaussians that move."""
        found: tuple[Function, ...] = ()
        if isinstance(self._climb, LogPartition):
            found += (Function("q", floats(np.exp(self._climb.q.log_density(x)))),)
        return found if self._fits is None else (*found, *self._fits.densities(x))

    def _begin(self) -> None:
        self._rows.clear()
        self.steps = 0
        self.version += 1
        self._climb: Ascent | LogPartition | None = None
        self._fits: Fits | None = None
        self._measure(q_moved=True)
        self._note_row()

    def _note_row(self) -> None:
        if self._climb is not None:
            self._rows.add(self.steps, self._climb.bound)

    def _measure(self, *, q_moved: bool) -> None:
        """Climb on the pair as it is now, from where the climbs are; begin those that could not before."""
        self._note = ""
        self._exact, self._finding = _SOUGHT, self._find_exact()
        try:
            self._pair.draws(1)
            self._measure_fits(q_moved)
            self._measure_climb(q_moved)
        except (Unknown, ValueError) as reason:
            # A class that is too large, or a law without points or density, is told beside the curve.
            self._note = str(reason)
            self._climb = None

    def _measure_climb(self, q_moved: bool) -> None:
        critic, pair = self._preset.critic, self._pair
        if critic.family == "none":
            return
        if critic.family == "gaussian":
            if not isinstance(self._climb, LogPartition) or q_moved:
                self._climb = LogPartition(pair.p, Normal.like(pair.q))
            else:
                self._climb.measure(pair.p)
            return
        mesh = mesh_of(pair)
        if not isinstance(self._climb, Ascent):
            form = form_of(critic, box_of(critic, pair, mesh), self._preset.seed)
            self._climb = Ascent(form, GAMES[critic.divergence], mesh)
            return
        self._climb.measure(mesh)
        if not suits(self._climb.form.box, critic, pair, mesh):
            self._climb.rescale(box_of(critic, pair, mesh))

    def _measure_fits(self, q_moved: bool) -> None:
        names, pair = self._preset.fit.divergences, self._pair
        if not names:
            return
        if self._fits is None:
            self._fits = Fits(names, pair.p, Normal.like(pair.q))
        else:
            self._fits.measure(pair.p)
            if q_moved:
                self._fits.begin(Normal.like(pair.q))

    @property
    def _name(self) -> Measure:
        name = self._preset.critic.divergence
        return "kl" if name == "kale" else name

    def _find_exact(self) -> Pieces[None] | None:
        if self._preset.critic.family in ("none", "gaussian"):
            return None

        def find() -> Pieces[None]:
            self._exact = yield from Values(self._pair).in_pieces(self._name)

        return find()

    @property
    def _finds_slowly(self) -> bool:
        """Whether the exact value is still sought, in the plane, where it takes long."""
        return self._finding is not None and self._pair.dimension == 2

    def _find(self) -> None:
        if self._finding is None:
            return
        try:
            next(self._finding)
            if self._pair.dimension == 1:
                for _ in self._finding:
                    pass
                self._finding = None
        except StopIteration:
            self._finding = None
        self._found += 1

    def _title(self) -> str:
        critic = self._preset.critic
        if critic.family == "gaussian":
            return "log Z = sup over q of ⟨q, D⟩ + H(q)"
        if critic.family != "none":
            return f"Bound of {bounded_label(critic.divergence)}"
        return "Gaussians fitted to P" if self._fits is not None else "Bound"

    def _says(self) -> str:
        critic = self._preset.critic
        if isinstance(self._climb, Ascent):
            newton = critic.method == "newton" and critic.family != "network"
            return f"{self._climb.form.label}, {'Newton' if newton else 'Adam'}, rate {critic.rate:g}"
        if isinstance(self._climb, LogPartition):
            return f"q = {self._climb.q}, natural gradient, rate {critic.rate:g}"
        return ""

    def _protocol(self) -> str:
        critic = self._preset.critic
        if isinstance(self._climb, Ascent):
            exact = f"; {bounded_label(critic.divergence)}: {self._exact.protocol}" if self._exact.protocol else ""
            return self._climb.mesh.protocol + exact
        if isinstance(self._climb, LogPartition):
            return "D = log p + ½ log 2π; log Z and the gap KL(q‖p) each by a quadrature of its own"
        return ""

    def _remark(self) -> str:
        if self._note:
            return self._note
        if self._preset.critic.family == "none":
            return "" if self._fits is not None else "choose a class of critics, and its bound begins to climb"
        remarks = [self._exact.note, self._climb.remark if isinstance(self._climb, Ascent) else ""]
        if isinstance(self._climb, Ascent) and not self._climb.game.concave:
            remarks.append("the bound is not concave in the critic: a climb may end below the top")
        if self._climb is not None:
            remarks.append(self._climb.ending)
        return "; ".join(filter(None, remarks))

    # What a file keeps.

    def saved(self) -> Saved:
        """The climbs, under prefixes, and their rows."""
        tensors = {"rows": torch.from_numpy(self._rows.table)}
        facts: dict[str, Any] = {"steps": self.steps, "every": self._rows.every, "climb": None, "fits": None}
        for name, part in (("climb", self._climb), ("fits", self._fits)):
            if part is not None:
                kept = part.saved()
                tensors |= {f"{name}.{key}": value for key, value in kept.tensors.items()}
                facts[name] = kept.facts
        return Saved(tensors, facts)

    def take_back(self, saved: Saved) -> None:
        """Go on from what `saved` gave, under the settings of that time.

        Raises:
            KeyError, RuntimeError, TypeError, ValueError: Where it belongs to other settings.
        """
        facts, climb = saved.facts, Saved(saved.under("climb."), saved.facts["climb"])
        if (facts["climb"] is None) != (self._climb is None) or (facts["fits"] is None) != (self._fits is None):
            raise ValueError("its climbs are not those of these settings")
        if isinstance(self._climb, Ascent):
            box = Box(climb.tensors["centre"].clone(), climb.tensors["half"].clone())
            form = form_of(self._preset.critic, box, self._preset.seed)
            self._climb = Ascent(form, self._climb.game, self._climb.mesh)
        if self._climb is not None:
            self._climb.take_back(climb)
        if self._fits is not None:
            self._fits.take_back(Saved(saved.under("fits."), facts["fits"]))
        self.steps = int(facts["steps"])
        self._rows.load(saved.tensors["rows"].numpy().copy(), int(facts["every"]))
        self.version += 1
