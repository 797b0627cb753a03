"""The one fit loop of all neural families."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from integrations.core.contract import Control, Interrupted
from integrations.core.training.callbacks import Callback
from integrations.core.training.determinism import EPOCH, seed_everything
from integrations.core.training.inputs import Inputs
from integrations.core.training.state import TrainState


class Task(Protocol):
    """What is learnt: hands out batches, computes losses, validates."""

    seed: int

    def batches(self, epoch: int) -> Sequence[Callable[[], tuple[Inputs, torch.Tensor]]]:
        """Give an epoch's batches as functions, so that none is loaded before its turn."""

    def train_step(self, state: TrainState, inputs: Inputs, labels: torch.Tensor) -> float:
        """Make one optimizer step and give its loss."""

    def epoch_metrics(self, state: TrainState) -> dict[str, float]:
        """Validate and give the epoch's figures, training figures included."""


def fit(
    state: TrainState, task: Task, callbacks: Sequence[Callback], control: Callable[[], Control]
) -> None:
    """Train until the epochs are over, a callback has had enough, or the user says so.

    Args:
        state: A fresh or a resumed run.
        task: What is learnt.
        callbacks: Told of every event, in this order.
        control: Gives the user's newest order; asked before every batch.

    Raises:
        Interrupted: A pause or cancel order was obeyed; a paused run can go on at the next batch.
    """
    try:
        _tell(callbacks, "on_fit_start", state)
        while state.epoch < state.total_epochs and not state.finished and not state.stopped:
            state.epoch_began = time.perf_counter() - state.epoch_seconds
            if not _train_epoch(state, task, callbacks, control):
                break
            metrics = task.epoch_metrics(state)
            state.epoch, state.batch, state.epoch_seconds = state.epoch + 1, 0, 0.0
            state.learning_rate.epoch_ended(metrics["val_loss"])
            seconds = time.perf_counter() - state.epoch_began
            state.history.append({**metrics, "epoch_seconds": seconds})
            _tell(callbacks, "on_epoch_end", state)
        _tell(callbacks, "on_fit_end", state)
    except BaseException as error:
        for callback in callbacks:
            callback.on_exception(state, error)
        raise


def _train_epoch(
    state: TrainState, task: Task, callbacks: Sequence[Callback], control: Callable[[], Control]
) -> bool:
    """Train one epoch; False when it was given up because a better, whole one exists.

    A resumed one goes on after its last finished batch: data order and augmentation are functions
    of their numbers, and the generators are where the checkpoint found them.
    """
    if not state.batch:
        seed_everything(task.seed, EPOCH, state.epoch + 1)
        state.sums.clear()
    state.model.train()
    pending = task.batches(state.epoch + 1)
    for number, batch in enumerate(pending[state.batch :], start=state.batch + 1):
        order = control()
        if order in (Control.PAUSE, Control.CANCEL):
            _leave(state, callbacks, order, len(pending))
        state.stopped = state.stopped or order is Control.STOP
        if state.stopped:
            if state.epoch:
                return False
            if number > 1:
                return True
        state.learning_rate.apply(state.optimizer, state.step)
        state.batch_loss = task.train_step(state, *batch())
        state.step += 1
        state.batch = number
        state.fraction = (state.epoch + number / len(pending)) / state.total_epochs
        _tell(callbacks, "on_batch_end", state)
    return True


def _leave(
    state: TrainState, callbacks: Sequence[Callback], order: Control, n_batches: int
) -> None:
    """Leave between two batches; who pauses keeps the batches of this epoch."""
    where = f"after epoch {state.epoch}" if state.epoch else ""
    if state.batch:
        where = f"in epoch {state.epoch + 1} after batch {state.batch} of {n_batches}"
        if order is Control.PAUSE:
            _tell(callbacks, "on_leave", state)
    raise Interrupted(order, state.left_at, where)


def _tell(callbacks: Sequence[Callback], hook: str, state: TrainState) -> None:
    for callback in callbacks:
        getattr(callback, hook)(state)
