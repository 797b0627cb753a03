"""What a run of the fit loop knows; callbacks read it, the loop and they alone change it."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from integrations.core.training.schedules import LearningRate


@dataclass
class TrainState:
    """The moving parts of one run.

    Attributes:
        total_epochs: Epochs planned.
        epoch: Last finished epoch, 1-based; 0 before the first.
        step: Optimizer steps made.
        history: One dict of plain floats per finished epoch, the only record of the run.
        best_epoch: Epoch with the best monitored figure; 0 before the first.
        batch_loss: Loss of the newest batch.
        fraction: Share of the whole run that is done, 0 to 1.
        finished: Set by a callback to end the run after this epoch.
        stopped: The user asked to stop.
    """

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    learning_rate: LearningRate
    total_epochs: int
    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    batch_loss: float = 0.0
    fraction: float = 0.0
    finished: bool = False
    stopped: bool = False
