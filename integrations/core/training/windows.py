"""Feeds windows to the loop: tensors in memory when they fit, made per batch otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex, class_indices, gather
from integrations.core.training.inputs import Inputs, Prepare

IN_MEMORY_BYTES = 1 << 30
"""Inputs above this size are made per batch from the mapped file."""
CHUNK = 256
"""Windows prepared at once."""
SAMPLE = 2048
SMALLEST_BATCH, STEPS_PER_EPOCH = 8, 8


class WindowSource:
    """Inputs and class indices of the windows of one part of a split."""

    def __init__(self, dataset: Dataset, index: WindowIndex, device: str, prepare: Prepare) -> None:
        self._dataset = dataset
        self._device = device
        self._prepare = prepare
        self.index = index
        classes = class_indices(dataset.info)[index.recording]
        self.labels = torch.from_numpy(classes).to(device)
        self._all = self._prepared() if self._fits() else None

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: npt.NDArray[np.int64]) -> tuple[Inputs, torch.Tensor]:
        """Give inputs, the first of shape (n, channels, …), and labels, shape (n,)."""
        chosen = torch.from_numpy(rows).to(self._device)
        if self._all is not None:
            return tuple(whole[chosen] for whole in self._all), self.labels[chosen]
        return self._made(rows), self.labels[chosen]

    def sample(self, most: int = SAMPLE) -> torch.Tensor:
        """Give the first input of evenly spread windows, to learn scales from."""
        rows = np.linspace(0, len(self) - 1, min(len(self), most)).astype(np.int64)
        return self.take(rows)[0][0]

    def _fits(self) -> bool:
        one = self._made(np.arange(min(1, len(self))))
        return len(self) * sum(part.nbytes for part in one) <= IN_MEMORY_BYTES

    def _prepared(self) -> Inputs:
        """Make all inputs, piece by piece into tensors of the final size."""
        rows = np.arange(len(self))
        whole: Inputs = ()
        for start in range(0, max(1, len(rows)), CHUNK):
            piece = self._made(rows[start : start + CHUNK])
            if not whole:
                whole = tuple(part.new_empty((len(self), *part.shape[1:])) for part in piece)
            for target, part in zip(whole, piece, strict=True):
                target[start : start + len(part)] = part
        return whole

    def _made(self, rows: npt.NDArray[np.int64]) -> Inputs:
        some = self.index.take(rows)
        windows = torch.from_numpy(gather(self._dataset, some))
        return tuple(part.to(self._device) for part in self._prepare(windows, some))


def effective_batch(n_windows: int, batch_size: int) -> int:
    """Batch size after small sets have been given at least eight steps per epoch."""
    return min(batch_size, max(SMALLEST_BATCH, n_windows // STEPS_PER_EPOCH))


def batches(order: npt.NDArray[np.int64], batch_size: int) -> list[npt.NDArray[np.int64]]:
    """Cut an order into batches of nearly equal size, so that none is too small to normalise."""
    return np.array_split(order, max(1, round(len(order) / batch_size)))
