"""The alternation: how many energy steps come before the next base step, and when either part rests."""

from __future__ import annotations

import math

from gebm_studio import schema


class Schedule:
    """Counts iterations and steps, and says whose turn it is.

    An iteration is `energy_steps` energy steps and one base step, as far as they are not frozen. The first begins
    with a warm-up of the energy. From `until` on the base rests; the energy goes on alone for `energy_only` steps, or
    where these are 0 takes one more warm-up at once, and rests too.

    Attributes:
        iteration: Base iterations that are done.
        energy_steps: Energy steps that were taken.
        base_steps: Base steps that were taken.
        energy_left: Energy steps left in the iteration that has begun.
        alone: Energy steps taken since the base rests.
        learned: The iteration that the last step of either belongs to.
    """

    def __init__(self, training: schema.Training) -> None:
        self._training = training
        self.iteration = self.energy_steps = self.base_steps = self.energy_left = self.alone = self.learned = 0
        first = training.warmup if self.learns("base") and self.learns("energy") else 0
        self.energy_left = max(first, self._share())

    @property
    def base_is_done(self) -> bool:
        """Whether the base has learned for as long as it should."""
        return 0 < self._training.until <= self.iteration

    @property
    def energy_is_alone(self) -> bool:
        """Whether this is the phase of the energy alone."""
        return self.base_is_done and self._training.energy_only > 0

    def learns(self, part: str) -> bool:
        """Whether `energy` or `base` learns now."""
        # The energy's last steps belong to the base that stays.
        rests = self.base_is_done and not (part == "energy" and self.energy_left > 0)
        return self._training.train in ("both", part) and not rests

    @property
    def energy_is_next(self) -> bool:
        """Whether the next step is one of the energy."""
        return self.energy_left > 0 and self.learns("energy")

    @property
    def energy_rate(self) -> float:
        """The rate of the next energy step: ½ (1 + cos πt/n) of the full one at step t of the n it takes alone.

        References:
            SGDR: stochastic gradient descent with warm restarts (Loshchilov and Hutter, 2017), arXiv 1608.03983, (5).
        """
        full, steps = self._training.energy_lr, self._training.energy_only
        if not self.energy_is_alone:
            return full
        return full * 0.5 * (1 + math.cos(math.pi * min(self.alone / steps, 1.0)))

    def energy_step_done(self) -> None:
        """Count a step of the energy."""
        self.energy_steps += 1
        self.alone += self.base_is_done
        self.learned = self.iteration + 1

    def base_step_done(self) -> None:
        """Count a step of the base."""
        self.base_steps += 1
        self.learned = self.iteration + 1

    def iteration_done(self) -> None:
        """Count an iteration and begin the next."""
        self.iteration += 1
        self.energy_left = self._share()

    def configure(self, training: schema.Training) -> None:
        """Take changed settings in the middle of an iteration."""
        self._training = training
        self.energy_left = min(max(self.energy_left, 1), self._share()) if self.learns("energy") else 0

    def _share(self) -> int:
        """Energy steps of the iteration that begins now."""
        training = self._training
        if training.train not in ("both", "energy"):
            return 0
        if self.base_is_done:
            if training.energy_only:
                return max(0, min(training.energy_steps, training.energy_only - self.alone))
            return training.warmup if self.iteration == training.until else 0
        again = training.rewarm_every and self.iteration and self.iteration % training.rewarm_every == 0
        return max(training.energy_steps, training.warmup) if again else training.energy_steps

    def counts(self) -> dict[str, int]:
        """The numbers that tell where it is."""
        return {
            "iteration": self.iteration,
            "energy_steps": self.energy_steps,
            "base_steps": self.base_steps,
            "energy_left": self.energy_left,
            "alone": self.alone,
            "learned": self.learned,
        }

    def take_back(self, counts: dict[str, int]) -> None:
        """Go on from what `counts` gave.

        Raises:
            KeyError: Where a number is missing.
        """
        self.iteration, self.energy_steps = counts["iteration"], counts["energy_steps"]
        self.base_steps, self.energy_left = counts["base_steps"], counts["energy_left"]
        self.alone = counts.get("alone", 0)  # older files know no such phase
        self.learned = counts.get("learned", self.iteration)
