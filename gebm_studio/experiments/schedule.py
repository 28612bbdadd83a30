"""The alternation: how many energy steps come before the next base step, and when either part rests."""

from __future__ import annotations

from gebm_studio import schema


class Schedule:
    """Counts iterations and steps, and says whose turn it is.

    An iteration is `energy_steps` energy steps and one base step, as far as they are not frozen. The first begins
    with a warm-up of the energy; from `until` on base and energy rest, the energy after one more warm-up.

    Attributes:
        iteration: Base iterations that are done.
        energy_steps: Energy steps that were taken.
        base_steps: Base steps that were taken.
        energy_left: Energy steps left in the iteration that has begun.
    """

    def __init__(self, training: schema.Training) -> None:
        self._training = training
        self.iteration = self.energy_steps = self.base_steps = self.energy_left = 0
        first = training.warmup if self.learns("base") and self.learns("energy") else 0
        self.energy_left = max(first, self._share())

    def learns(self, part: str) -> bool:
        """Whether `energy` or `base` learns now."""
        training = self._training
        # The energy's last warm-up belongs to the base that stays.
        rests = 0 < training.until <= self.iteration and not (part == "energy" and self.energy_left > 0)
        return training.train in ("both", part) and not rests

    @property
    def energy_is_next(self) -> bool:
        """Whether the next step is one of the energy."""
        return self.energy_left > 0 and self.learns("energy")

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
        if 0 < training.until <= self.iteration:
            last = self.iteration == training.until and training.train in ("both", "energy")
            return training.warmup if last else 0
        if not self.learns("energy"):
            return 0
        again = training.rewarm_every and self.iteration and self.iteration % training.rewarm_every == 0
        return max(training.energy_steps, training.warmup) if again else training.energy_steps

    def counts(self) -> dict[str, int]:
        """The numbers that tell where it is."""
        return {
            "iteration": self.iteration,
            "energy_steps": self.energy_steps,
            "base_steps": self.base_steps,
            "energy_left": self.energy_left,
        }

    def take_back(self, counts: dict[str, int]) -> None:
        """Go on from what `counts` gave.

        Raises:
            KeyError: Where a number is missing.
        """
        self.iteration, self.energy_steps = counts["iteration"], counts["energy_steps"]
        self.base_steps, self.energy_left = counts["base_steps"], counts["energy_left"]
