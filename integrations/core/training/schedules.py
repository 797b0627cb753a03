"""Learning rates as functions of the step, so that resuming needs no replay."""

from __future__ import annotations

import math
from typing import Any

import torch

from integrations.core.training.settings import Schedule

WARM_UP = 0.3
"""Share of a one-cycle run that warms up, as in Smith & Topin (2018) and torch's OneCycleLR."""
PLATEAU_EPOCHS = 5


class LearningRate:
    """Sets the optimizer's learning rate before every step."""

    def __init__(self, schedule: Schedule, highest: float, total_steps: int) -> None:
        self._schedule = schedule
        self._highest = highest
        self._total = max(1, total_steps)
        self._factor = 1.0
        self._best = math.inf
        self._epochs_without_gain = 0

    def at(self, step: int) -> float:
        """Learning rate of a step (0-based)."""
        share = min(1.0, step / self._total)
        if self._schedule is Schedule.ONECYCLE:
            return self._highest * _one_cycle(share)
        if self._schedule is Schedule.COSINE:
            return self._highest * max(1e-3, _cosine(share))
        return self._highest * self._factor

    def apply(self, optimizer: torch.optim.Optimizer, step: int) -> None:
        """Write the rate of a step into the optimizer."""
        for group in optimizer.param_groups:
            group["lr"] = self.at(step)

    def epoch_ended(self, val_loss: float) -> None:
        """Halve the rate when validation stalls, where the schedule says so."""
        if self._schedule is not Schedule.PLATEAU:
            return
        self._epochs_without_gain += 1
        if val_loss < self._best:
            self._best, self._epochs_without_gain = val_loss, 0
        if self._epochs_without_gain >= PLATEAU_EPOCHS:
            self._factor, self._epochs_without_gain = self._factor / 2, 0

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint must hold."""
        return {
            "factor": self._factor,
            "best": self._best,
            "epochs_without_gain": self._epochs_without_gain,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self._factor = state["factor"]
        self._best = state["best"]
        self._epochs_without_gain = state["epochs_without_gain"]


def _cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def _one_cycle(share: float) -> float:
    if share < WARM_UP:
        return 1 / 25 + (1 - 1 / 25) * (1 - _cosine(share / WARM_UP))
    return max(1e-4, _cosine((share - WARM_UP) / (1 - WARM_UP)))
