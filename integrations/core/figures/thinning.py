"""Thins long lines to what a screen can show without losing a spike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def thin_extremes(samples: npt.ArrayLike, points: int) -> tuple[Array, Array]:
    """Give positions and values of the extremes of equal pieces, at most ``points`` in all."""
    values = np.asarray(samples, dtype=np.float64)
    if values.size <= points:
        return np.arange(values.size, dtype=np.float64), values
    size = -(-values.size // (points // 2))
    count = values.size // size
    pieces = values[: count * size].reshape(count, size)
    start = np.arange(count) * size
    at = np.sort(np.stack([start + pieces.argmin(axis=1), start + pieces.argmax(axis=1)], axis=1))
    flat = at.ravel()
    return flat.astype(np.float64), values[flat]


def thin_peaks(x: Array, y: Array, points: int) -> tuple[Array, Array]:
    """Keep the largest value of equal pieces, at most ``points`` in all."""
    if y.size <= points:
        return x, y
    size = -(-y.size // points)
    count = y.size // size
    best = y[: count * size].reshape(count, size).argmax(axis=1) + np.arange(count) * size
    return x[best], y[best]
