"""Turns windows into a table of standard features, chunk by chunk and channel by channel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from integrations.core.data.dataset import Dataset, DatasetInfo, once_per_data_set
from integrations.core.data.windows import WindowIndex, gather
from integrations.core.signal.feature_groups import GROUPS, band_energies, order_prominences
from integrations.core.signal.machine import fault_orders, shaft_hz
from integrations.core.signal.plan import plan_features
from integrations.core.signal.transforms import FloatArray, transform

CHUNK = 64
"""Windows per chunk: their spectra stay in the processor's cache, which is worth a factor 1.5."""


def compute_features(
    dataset: Dataset,
    index: WindowIndex,
    progress: Callable[[int, int], None] = lambda done, total: None,
    windows: FloatArray | None = None,
) -> FloatArray:
    """Compute all planned features.

    Args:
        dataset: Where the samples lie.
        index: Which windows.
        progress: Called with (windows done, windows in all) after every chunk.
        windows: Samples to take in place of the stored ones, (len(index), channels, samples).

    Returns:
        Shape (len(index), n_features), float32, finite.
    """
    info, plan = dataset.info, plan_features(dataset.info)
    table = np.empty((len(index), len(plan.features)), dtype=np.float32)
    rates = np.array([recording.sampling_rate_hz or 1.0 for recording in info.recordings])
    machines = _machines(info)[index.recording]
    done = 0
    for rate in np.unique(rates):
        alike = np.flatnonzero(rates[index.recording] == rate)
        for start in range(0, len(alike), CHUNK):
            some = alike[start : start + CHUNK]
            chosen = gather(dataset, index.take(some)) if windows is None else windows[some]
            parts = [
                _one_channel(x, float(rate), machines[some], plan.edges_hz)
                for x in chosen.swapaxes(0, 1)
            ]
            table[some] = np.concatenate(parts, axis=1)
            done += len(some)
            progress(done, len(index))
    return np.nan_to_num(table, copy=False, posinf=0.0, neginf=0.0)


def _one_channel(
    windows: FloatArray, rate: float, machines: FloatArray, edges_hz: FloatArray
) -> FloatArray:
    chunk = transform(np.ascontiguousarray(windows), rate)
    columns = [column for _, group in GROUPS for column in group(chunk)]
    columns += band_energies(chunk, edges_hz)
    columns += order_prominences(chunk, machines[:, 0], machines[:, 1:])
    return np.stack(columns, axis=1)


@once_per_data_set
def _machines(info: DatasetInfo) -> FloatArray:
    """Shaft speed and orders of each recording's machine, shape (n_recordings, 1 + lines)."""
    lines = plan_features(info).lines
    found = np.zeros((len(info.recordings), 1 + len(lines)), dtype=np.float32)
    for row, recording in zip(found, info.recordings, strict=True):
        if lines:
            orders = fault_orders(info, recording)
            row[:] = [shaft_hz(recording) or 0.0, *(orders[name] for name in lines)]
    return found
