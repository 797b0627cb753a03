"""Feeds windows to the loop: one tensor when they fit, gathered from disk per batch otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from integrations.core.data.dataset import Dataset
from integrations.core.data.windows import WindowIndex, class_indices, gather

IN_MEMORY_BYTES = 1 << 30
"""Windows above this size are read per batch from the mapped file."""
SMALLEST_BATCH, STEPS_PER_EPOCH = 8, 8


class WindowSource:
    """Windows of one part of a split with their class indices."""

    def __init__(self, dataset: Dataset, index: WindowIndex, device: str) -> None:
        self._dataset = dataset
        self._device = device
        self.index = index
        classes = class_indices(dataset.info)[index.recording]
        self.labels = torch.from_numpy(classes).to(device)
        size = 4 * len(index) * len(dataset.info.channels) * index.window_samples
        self._all: torch.Tensor | None = None
        if size <= IN_MEMORY_BYTES:
            self._all = torch.from_numpy(gather(dataset, index)).to(device)

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: npt.NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Give windows, shape (n, channels, samples), and labels, shape (n,)."""
        chosen = torch.from_numpy(rows).to(self._device)
        if self._all is not None:
            return self._all[chosen], self.labels[chosen]
        windows = torch.from_numpy(gather(self._dataset, self.index.take(rows)))
        return windows.to(self._device), self.labels[chosen]


def effective_batch(n_windows: int, batch_size: int) -> int:
    """Batch size after small sets have been given at least eight steps per epoch."""
    return min(batch_size, max(SMALLEST_BATCH, n_windows // STEPS_PER_EPOCH))


def batches(order: npt.NDArray[np.int64], batch_size: int) -> list[npt.NDArray[np.int64]]:
    """Cut an order into batches of nearly equal size, so that none is too small to normalise."""
    return np.array_split(order, max(1, round(len(order) / batch_size)))
