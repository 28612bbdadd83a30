"""What computes the steps of one model, by the means that suit its device."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from gebm_studio import schema
from gebm_studio.experiments.acceleration import Acceleration
from gebm_studio.experiments.climb import Climber
from gebm_studio.experiments.descent import Descender
from gebm_studio.experiments.stopwatch import Stopwatch
from gebm_studio.models import Gebm
from gebm_studio.models.bases import Conv
from gebm_studio.models.energies import Convolutional
from gebm_studio.objectives import OBJECTIVES
from gebm_studio.schema.run import Speed


class Steps:
    """Ascents of a critic and descents of a base.

    Arguments:
        model: The GEBM, whose weights are laid out anew where that is faster.
        energy: Parameters of the energy, in the order of the gradients.
        base: Those of the base.
        speed: The settings.

    Attributes:
        acceleration: The means, and why these.
        climber: Of the critic.
        descender: Of the base.

    Raises:
        PresetError: Where what is asked for cannot be had on the device.
    """

    def __init__(self, model: Gebm, energy: list[nn.Parameter], base: list[nn.Parameter], speed: Speed) -> None:
        self._model, self._energy, self._base = model, energy, base
        convolutional = isinstance(model.base, Conv) or isinstance(model.critic, Convolutional)
        self.acceleration = Acceleration(speed, model.device, convolutional=convolutional)
        if convolutional and model.device.type == "cuda":
            torch.backends.cudnn.benchmark = True  # shapes stay, so the search for the fastest kernel pays
            torch.backends.cudnn.allow_tf32 = False  # chains, and what is called full precision, are float32
        self._trial: Iterator[None] | None = None
        self._take_means()

    def _take_means(self) -> None:
        means = self.acceleration.means
        means.lay_out(self._model)
        self.climber = Climber(self._model.critic, self._energy, means)
        self.descender = Descender(self._model.base, self._model.critic, self._base, means)

    def undecided(self, objective: schema.Objective) -> bool:
        """Whether the device is still to be tried for the fastest energy step; never on the CPU."""
        return self.acceleration.undecided and OBJECTIVES[objective.name].value is not None

    def go_on_trying(self, shape: tuple[int, ...], objective: schema.Objective, batch: int) -> None:
        """One piece of that: a measurement on examples of a shape. The last one lays out the weights."""
        if self._trial is None:
            self._trial = self.acceleration.trial(Stopwatch(self._model, shape, objective, batch))
        next(self._trial, None)
        if not self.acceleration.undecided:
            learning, self._trial = self.descender.learning, None
            self._take_means()
            self.descender.learning = learning

    def let_base_learn(self, learns: bool) -> bool:
        """Tell whether the base learns from now on; one that stops has its running statistics made exact.

        Returns:
            Whether G has changed.
        """
        stops, self.descender.learning = self.descender.learning and not learns, learns
        return stops and self.recalibrated()

    def recalibrated(self) -> bool:
        """Make the base's running statistics exact; whether there were any."""
        base = self._model.base
        if not (isinstance(base, Conv) and base.normalised):
            return False
        base.recalibrate()
        return True
