"""Windows of recordings as a view: two index arrays, never a copy of the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.config import DataConfig
from integrations.core.contract import TrainingError
from integrations.core.data.dataset import Dataset, DatasetInfo, FloatArray

IntArray = npt.NDArray[np.int64]


class SplitError(TrainingError):
    """The recordings cannot be cut or divided as asked; the text says what to change."""


@dataclass(frozen=True)
class WindowIndex:
    """Where windows lie: window i is ``signal(recording[i])[:, start[i]:start[i]+window_samples]``.

    Attributes:
        recording: Index into ``DatasetInfo.recordings``, shape (n,).
        start: First sample of the window in its recording, shape (n,).
        window_samples: Length of every window.
    """

    recording: IntArray
    start: IntArray
    window_samples: int

    def __len__(self) -> int:
        return int(self.recording.shape[0])

    def take(self, chosen: npt.NDArray[np.bool_] | IntArray) -> WindowIndex:
        """Give the chosen windows (boolean mask or positions), in that order."""
        return WindowIndex(self.recording[chosen], self.start[chosen], self.window_samples)


def window_hop(config: DataConfig) -> int:
    """Samples from one window's start to the next one's, at least 1."""
    return max(1, round(config.window_samples * (1.0 - config.overlap)))


def windows_per_recording(info: DatasetInfo, config: DataConfig) -> IntArray:
    """Count the windows of each recording, shape (n_recordings,); 0 where it is too short."""
    lengths = np.array([recording.n_samples for recording in info.recordings], dtype=np.int64)
    counts = (lengths - config.window_samples) // window_hop(config) + 1
    return np.maximum(counts, 0)


def share_of_work(config: DataConfig) -> float:
    """Share of a run's usual work that is left when it learns from part of the training groups."""
    trained = (1.0 - config.test_fraction) * (1.0 - config.validation_fraction)
    return 1.0 - trained * (1.0 - config.train_share)


def windows_of(info: DatasetInfo, config: DataConfig) -> WindowIndex:
    """Cut all recordings into windows, ordered by recording and start.

    Raises:
        SplitError: There are no recordings, or one is shorter than a window.
    """
    if not info.recordings:
        raise SplitError(f"“{info.name}” holds no recordings. Import some first.")
    shortest = min(info.recordings, key=lambda recording: recording.n_samples)
    if shortest.n_samples < config.window_samples:
        raise SplitError(
            f"A window of {config.window_samples} samples is longer than the shortest recording "
            f"“{shortest.name}” ({shortest.n_samples} samples). Choose a shorter window."
        )
    counts = windows_per_recording(info, config)
    recording = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    start = (np.arange(len(recording), dtype=np.int64) - first) * window_hop(config)
    return WindowIndex(recording, start, config.window_samples)


def gather(dataset: Dataset, index: WindowIndex) -> FloatArray:
    """Copy windows out of the mapped samples.

    Returns:
        Shape (len(index), channels, window_samples), float32, C-ordered.
    """
    shape = (len(index), len(dataset.info.channels), index.window_samples)
    out = np.empty(shape, dtype=np.float32)
    order = np.argsort(index.recording, kind="stable")
    borders = np.flatnonzero(np.diff(index.recording[order])) + 1
    for rows in np.split(order, borders):
        if len(rows):
            signal = dataset.signal(int(index.recording[rows[0]]))
            pieces = np.lib.stride_tricks.sliding_window_view(signal, index.window_samples, axis=1)
            out[rows] = pieces[:, index.start[rows]].swapaxes(0, 1)
    return out


def class_indices(info: DatasetInfo) -> IntArray:
    """Class index (into ``info.classes``) of each recording, shape (n_recordings,)."""
    position = {name: i for i, name in enumerate(info.classes)}
    return np.array([position[recording.label] for recording in info.recordings], dtype=np.int64)


def group_indices(info: DatasetInfo) -> IntArray:
    """Group number of each recording, numbered by sorted group name, shape (n_recordings,)."""
    names = sorted({recording.group for recording in info.recordings})
    position = {name: i for i, name in enumerate(names)}
    return np.array([position[recording.group] for recording in info.recordings], dtype=np.int64)


def window_bytes(info: DatasetInfo, config: DataConfig) -> int:
    """Memory of all windows of a data set as one float32 tensor."""
    count = int(windows_per_recording(info, config).sum())
    return 4 * count * len(info.channels) * config.window_samples
