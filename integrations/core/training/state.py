"""What a run of the fit loop knows; callbacks read it, the loop and they alone change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from integrations.core.training.schedules import LearningRate


@dataclass
class TrainState:
    """The moving parts of one run.

    Attributes:
        total_epochs: Epochs planned.
        epoch: Last finished epoch, 1-based; 0 before the first.
        batch: Finished batches of the epoch under way; 0 between two epochs.
        step: Optimizer steps made.
        history: One dict of plain floats per finished epoch, the only record of the run.
        best_epoch: Epoch with the best monitored figure; 0 before the first.
        batch_loss: Loss of the newest batch.
        fraction: Share of the whole run that is done, 0 to 1.
        finished: Set by a callback to end the run after this epoch.
        stopped: The user asked to stop.
        sums: Figures of the epoch under way, summed over its windows; cleared when one begins.
        epoch_seconds: Time already spent on the epoch under way before it was left.
        epoch_began: Clock reading at which it would have begun without a break.
        left_at: Checkpoint of a run that was left in the middle of an epoch.
    """

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    learning_rate: LearningRate
    total_epochs: int
    epoch: int = 0
    batch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    batch_loss: float = 0.0
    fraction: float = 0.0
    finished: bool = False
    stopped: bool = False
    sums: dict[str, float] = field(default_factory=dict)
    epoch_seconds: float = 0.0
    epoch_began: float = 0.0
    left_at: Path | None = None
