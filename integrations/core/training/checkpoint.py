"""Checkpoints: complete enough for an exact resume, plain enough for ``weights_only`` loading."""

from __future__ import annotations

import io
import logging
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from integrations.core.contract import CheckpointError, TrainingError
from integrations.core.files import UnreadableFileError, waiting_when_full, write_proven
from integrations.core.training.callbacks import Callback
from integrations.core.training.determinism import random_states, restore_random_states
from integrations.core.training.state import TrainState

log = logging.getLogger("signalbench.training")
FORMAT_VERSION = 1


def library_versions() -> dict[str, str]:
    """Versions of what decides the numbers of a run."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
    }


class Checkpoints(Callback):
    """Writes ``epoch-0007.pt`` after every epoch, ``epoch-0007_00012.pt`` when left after 12 more.

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
        self._loads = False

    def path(self, epoch: int) -> Path:
        """File of an epoch's checkpoint."""
        return self._folder / f"epoch-{epoch:04d}.pt"

    def on_epoch_end(self, state: TrainState) -> None:
        """Write this epoch's checkpoint."""
        self._write(self.path(state.epoch), state)

    def on_leave(self, state: TrainState) -> None:
        """Write the present batch's checkpoint; without room the last epoch's has to do."""
        path = self._folder / f"epoch-{state.epoch:04d}_{state.batch:05d}.pt"
        try:
            with waiting_when_full(None):
                self._write(path, state)
        except (OSError, TrainingError):
            return
        state.left_at = path

    def _write(self, path: Path, state: TrainState) -> None:
        """Write a file that was read back bit by bit: the older ones are dropped in trust of it.

        The first of an attempt is loaded too; all later ones are made alike, and loading each of
        them would cost more than writing it.
        """
        prove = (lambda _: None) if self._loads else (lambda file: read_checkpoint(file, "cpu"))
        buffer = io.BytesIO()
        torch.save(self._content(state), buffer)
        try:
            write_proven(path, buffer.getbuffer(), prove)
            self._loads = True
        except UnreadableFileError as error:
            raise TrainingError(
                f"The checkpoint {path.name} could not be read back from the disk. Check the disk, "
                "then press Retry: it goes on from the checkpoint before."
            ) from error

    def _content(self, state: TrainState) -> dict[str, Any]:
        return {
            "format_version": FORMAT_VERSION,
            **self._identity,
            "versions": library_versions(),
            "model": state.model.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "schedule": state.learning_rate.state_dict(),
            "callbacks": {type(c).__name__: c.state_dict() for c in self._others},
            "counters": {
                "epoch": state.epoch,
                "batch": state.batch,
                "step": state.step,
                "best_epoch": state.best_epoch,
                "finished": state.finished,
            },
            "history": state.history,
            "sums": state.sums,
            "epoch_seconds": time.perf_counter() - state.epoch_began if state.batch else 0.0,
            "random": random_states(),
        }

    def resume(self, path: Path, state: TrainState) -> None:
        """Continue a run exactly where a checkpoint left it.

        Raises:
            CheckpointError: The file cannot be read or belongs to another run.
        """
        content = read_checkpoint(path, state_device(state.model))
        if any(content[key] != value for key, value in self._identity.items()):
            raise CheckpointError(
                "The checkpoint was made with other settings or other data. Start the run anew.",
                path,
            )
        state.model.load_state_dict(content["model"])
        state.optimizer.load_state_dict(content["optimizer"])
        state.learning_rate.load_state_dict(content["schedule"])
        for callback in self._others:
            callback.load_state_dict(content["callbacks"][type(callback).__name__])
        counters = content["counters"]
        state.epoch, state.step = counters["epoch"], counters["step"]
        state.best_epoch, state.finished = counters["best_epoch"], counters["finished"]
        # Files of version 0.2 hold whole epochs only.
        state.batch, state.sums = counters.get("batch", 0), dict(content.get("sums", {}))
        state.epoch_seconds = content.get("epoch_seconds", 0.0)
        state.history = list(content["history"])
        self._best_at = {state.epoch: state.best_epoch}
        restore_random_states(content["random"])

    def load_best(self, state: TrainState) -> None:
        """Put the best epoch's weights into the model.

        Raises:
            CheckpointError: Its file cannot be read any more.
        """
        content = read_checkpoint(self.path(state.best_epoch), state_device(state.model))
        state.model.load_state_dict(content["model"])

    def drop_old(self, state: TrainState) -> None:
        """Keep the newest files, and what was the best when each of them was written."""
        self._best_at[state.epoch] = state.best_epoch
        newest = sorted(self._best_at)[-self._keep_last :]
        self._best_at = {epoch: self._best_at[epoch] for epoch in newest}
        kept = {self.path(epoch) for epoch in (*newest, *self._best_at.values())}
        for path in set(self._folder.glob("epoch-*.pt")) - kept:
            path.unlink(missing_ok=True)


class DropOld(Callback):
    """Drops the checkpoints no longer needed; comes after the report that commits the newest."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints

    def on_epoch_end(self, state: TrainState) -> None:
        """Drop what the epoch's checkpoint replaces."""
        self._checkpoints.drop_old(state)


def read_checkpoint(path: Path, device: str) -> dict[str, Any]:
    """Read a checkpoint without running any code it might carry.

    Raises:
        CheckpointError: It is missing, damaged or of another version.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # the border of a file reader: damaged bytes fail in any way
        log.warning("%s cannot be read", path, exc_info=True)
        raise CheckpointError(
            f"The checkpoint {path.name} cannot be read. Start the run anew.", path
        ) from error
    if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(f"The checkpoint {path.name} is of another version.", path)
    return content


def state_device(model: torch.nn.Module) -> str:
    """Device a model's weights live on."""
    return str(next(model.parameters()).device)
