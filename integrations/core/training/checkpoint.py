"""Checkpoints: complete enough for an exact resume, plain enough for ``weights_only`` loading."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from integrations.core.contract import TrainingError
from integrations.core.files import write_atomically
from integrations.core.training.callbacks import Callback
from integrations.core.training.determinism import random_states, restore_random_states
from integrations.core.training.state import TrainState

FORMAT_VERSION = 1


def library_versions() -> dict[str, str]:
    """Versions of what decides the numbers of a run."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
    }


class Checkpoints(Callback):
    """Writes ``epoch-0007.pt`` after every epoch and keeps the newest ones and the best.

    Must come after the callbacks whose state it stores and before the one that reports.
    """

    def __init__(
        self, folder: Path, identity: dict[str, Any], others: Sequence[Callback], keep_last: int
    ) -> None:
        """Set up.

        Args:
            folder: Where the files go.
            identity: Config, data fingerprint and split digest; must be equal on resume.
            others: Callbacks whose state belongs into the file.
            keep_last: Newest files kept besides the best.
        """
        self._folder = folder
        self._identity = identity
        self._others = others
        self._keep_last = keep_last
        self._best_at: dict[int, int] = {}

    def path(self, epoch: int) -> Path:
        """File of an epoch's checkpoint."""
        return self._folder / f"epoch-{epoch:04d}.pt"

    def on_epoch_end(self, state: TrainState) -> None:
        """Write this epoch's checkpoint and drop the ones no longer needed."""
        content = {
            "format_version": FORMAT_VERSION,
            **self._identity,
            "versions": library_versions(),
            "model": state.model.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "schedule": state.learning_rate.state_dict(),
            "callbacks": {type(c).__name__: c.state_dict() for c in self._others},
            "counters": {
                "epoch": state.epoch,
                "step": state.step,
                "best_epoch": state.best_epoch,
                "finished": state.finished,
            },
            "history": state.history,
            "random": random_states(),
        }
        write_atomically(self.path(state.epoch), lambda file: torch.save(content, file))
        self._prune(state)

    def resume(self, path: Path, state: TrainState) -> None:
        """Continue a run exactly where a checkpoint left it.

        Raises:
            TrainingError: The file cannot be read or belongs to another run.
        """
        content = read_checkpoint(path, state_device(state.model))
        if any(content[key] != value for key, value in self._identity.items()):
            raise TrainingError(
                "The checkpoint was made with other settings or other data. Start the run anew."
            )
        state.model.load_state_dict(content["model"])
        state.optimizer.load_state_dict(content["optimizer"])
        state.learning_rate.load_state_dict(content["schedule"])
        for callback in self._others:
            callback.load_state_dict(content["callbacks"][type(callback).__name__])
        counters = content["counters"]
        state.epoch, state.step = counters["epoch"], counters["step"]
        state.best_epoch, state.finished = counters["best_epoch"], counters["finished"]
        state.history = list(content["history"])
        self._best_at = {state.epoch: state.best_epoch}
        restore_random_states(content["random"])

    def load_best(self, state: TrainState) -> None:
        """Put the best epoch's weights into the model."""
        content = read_checkpoint(self.path(state.best_epoch), state_device(state.model))
        state.model.load_state_dict(content["model"])

    def _prune(self, state: TrainState) -> None:
        """Keep the newest files, and what was the best when each of them was written."""
        self._best_at[state.epoch] = state.best_epoch
        newest = sorted(self._best_at)[-self._keep_last :]
        self._best_at = {epoch: self._best_at[epoch] for epoch in newest}
        kept = {self.path(epoch) for epoch in (*newest, *self._best_at.values())}
        for path in set(self._folder.glob("epoch-*.pt")) - kept:
            path.unlink()


def read_checkpoint(path: Path, device: str) -> dict[str, Any]:
    """Read a checkpoint without running any code it might carry.

    Raises:
        TrainingError: It is missing, damaged or of another version.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, UnpicklingError) as error:
        raise TrainingError(
            f"The checkpoint {path.name} cannot be read. Start the run anew."
        ) from error
    if content.get("format_version") != FORMAT_VERSION:
        raise TrainingError(f"The checkpoint {path.name} is of another version. Start anew.")
    return content


def state_device(model: torch.nn.Module) -> str:
    """Device a model's weights live on."""
    return str(next(model.parameters()).device)
