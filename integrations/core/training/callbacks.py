"""What listens to the fit loop: early stopping, health, and reports to the outside."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from integrations.core.contract import RunContext, TrainingError
from integrations.core.training.settings import Monitor
from integrations.core.training.state import TrainState

SECONDS_BETWEEN_REPORTS = 0.25


class Callback:
    """Listens to a run; every hook may read the state, few change it."""

    def on_fit_start(self, state: TrainState) -> None:
        """Before the first batch, also of a resumed run."""

    def on_batch_end(self, state: TrainState) -> None:
        """After every optimizer step."""

    def on_epoch_end(self, state: TrainState) -> None:
        """After validation; ``state.history[-1]`` is the finished epoch."""

    def on_fit_end(self, state: TrainState) -> None:
        """After the last epoch, also when stopped."""

    def on_leave(self, state: TrainState) -> None:
        """When a paused run is left between two batches of an epoch."""

    def on_exception(self, state: TrainState, error: BaseException) -> None:
        """When the run ends by an error or an order; the error goes on afterwards."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold of this callback."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""


class Health(Callback):
    """Ends a run whose loss is no longer a number."""

    def on_batch_end(self, state: TrainState) -> None:
        """Check the newest loss.

        Raises:
            TrainingError: The loss is NaN or infinite.
        """
        if not math.isfinite(state.batch_loss):
            rate = state.learning_rate.at(state.step)
            raise TrainingError(
                f"The loss became {state.batch_loss} in epoch {state.epoch + 1} at a learning rate "
                f"of {rate:.1e}. Lower the learning rate or set a gradient limit, and start again."
            )


class BestEpoch(Callback):
    """Remembers the best epoch and ends the run when none came for ``patience`` epochs."""

    def __init__(self, monitor: Monitor, patience: int) -> None:
        self._monitor = monitor
        self._patience = patience
        self._best = math.inf

    def on_epoch_end(self, state: TrainState) -> None:
        """Compare the finished epoch with the best one; the earlier wins a tie."""
        figure = state.history[-1][self._monitor.value]
        cost = figure if self._monitor is Monitor.LOSS else -figure
        if cost < self._best or state.best_epoch == 0:
            self._best, state.best_epoch = cost, state.epoch
        waited = state.epoch - state.best_epoch
        state.finished = bool(self._patience) and waited >= self._patience

    def state_dict(self) -> dict[str, Any]:
        """The best figure so far."""
        return {"best": self._best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the best figure of a checkpoint."""
        self._best = state["best"]


class Reports(Callback):
    """Passes epochs and progress on to the run's context."""

    def __init__(self, context: RunContext, checkpoint_of: Any) -> None:
        self._context = context
        self._checkpoint_of = checkpoint_of
        self._next_report = 0.0

    def on_fit_start(self, state: TrainState) -> None:
        """Say that training begins or goes on."""
        word = f"Resuming after epoch {state.epoch}" if state.epoch else "Training starts"
        if state.batch:
            word = f"Resuming in epoch {state.epoch + 1} after batch {state.batch}"
        self._context.log("info", f"{word}; {state.total_epochs} epochs planned.")

    def on_batch_end(self, state: TrainState) -> None:
        """Say how far the run is, a few times a second."""
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + SECONDS_BETWEEN_REPORTS
            message = f"Epoch {state.epoch + 1} of {state.total_epochs}"
            self._context.report_progress(state.fraction, message)

    def on_epoch_end(self, state: TrainState) -> None:
        """Commit the epoch with its newest checkpoint."""
        path: Path | None = self._checkpoint_of(state.epoch)
        self._context.report_epoch(state.epoch, state.total_epochs, state.history[-1], path)

    def on_fit_end(self, state: TrainState) -> None:
        """Say how the run ended."""
        early = state.epoch < state.total_epochs
        how = "Stopped on request" if state.stopped else "Stopped early" if early else "Finished"
        self._context.log("info", f"{how} after epoch {state.epoch}; best was {state.best_epoch}.")
