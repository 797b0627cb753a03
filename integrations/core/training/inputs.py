"""Turns windows into what a network is fed; the default is the waveform, by time or by angle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import WindowIndex
from integrations.core.signal.machine import shaft_hz
from integrations.core.training.settings import InputConfig

Inputs = tuple[torch.Tensor, ...]
Prepare = Callable[[torch.Tensor, WindowIndex], Inputs]
SPEED_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Waveform:
    """Feeds the windows themselves, resampled to shaft angle where that was asked for.

    Computed order tracking (Fyfe & Munck 1997): the slowest recording stays as it is, a faster one
    is stretched so that one revolution has as many samples; the end of its window is left out.

    Attributes:
        span: Share of a window that the network sees, per recording, shape (n_recordings,).
    """

    span: npt.NDArray[np.float64]

    def __call__(self, windows: torch.Tensor, index: WindowIndex) -> Inputs:
        """Give the windows, shape (n, channels, samples) in and out."""
        spans = self.span[index.recording]
        if (spans == 1.0).all():
            return (windows,)
        out = torch.empty_like(windows)
        for span in np.unique(spans).tolist():
            rows = torch.from_numpy(np.flatnonzero(spans == span))
            out[rows] = _stretched(windows[rows], span)
        return (out,)


def waveform(info: DatasetInfo, config: InputConfig, reference_hz: float | None = None) -> Waveform:
    """Prepare the waveform inputs of a data set.

    Args:
        info: The data set.
        config: What is asked for.
        reference_hz: Shaft speed that stays as it is, of the data a model was trained on; None
            for the slowest recording's.

    Raises:
        TrainingError: Order tracking was asked for and recordings lack an rpm, or are slower than
            the reference.
    """
    n = len(info.recordings)
    if not config.order_tracking:
        return Waveform(np.ones(n))
    known = _speeds(info)
    reference = known.min() if reference_hz is None else reference_hz
    if known.min() < reference * (1 - SPEED_TOLERANCE):
        raise TrainingError(
            f"The slowest recording turns with {60 * known.min():.4g} rpm, slower than any that "
            f"the model was trained on ({60 * reference:.4g} rpm): its windows hold too few turns."
        )
    return Waveform(np.minimum(1.0, reference / known))


def reference_hz(info: DatasetInfo, config: InputConfig) -> float | None:
    """Give the shaft speed that order tracking leaves as it is; None without order tracking."""
    return float(_speeds(info).min()) if config.order_tracking else None


def _speeds(info: DatasetInfo) -> npt.NDArray[np.float64]:
    n = len(info.recordings)
    speeds = [shaft_hz(recording) for recording in info.recordings]
    missing = sum(speed is None for speed in speeds)
    if missing:
        raise TrainingError(
            f"Order tracking needs the rpm of every recording; {missing} of {n} have none. "
            "Add the field rpm to the data set, or switch order tracking off."
        )
    return np.array(speeds, dtype=np.float64)


def _stretched(windows: torch.Tensor, span: float) -> torch.Tensor:
    """Stretch the first ``span`` of each window to its whole length (Catmull–Rom splines)."""
    samples = windows.shape[-1]
    position = torch.arange(samples, dtype=torch.float64) * span
    left = position.floor().long()
    t = (position - left).to(windows.dtype)
    before, at, after, beyond = (
        windows[..., (left + step).clamp(0, samples - 1)] for step in (-1, 0, 1, 2)
    )
    slope_at, slope_after = (after - before) / 2, (beyond - at) / 2
    cubic = 2 * (at - after) + slope_at + slope_after
    square = 3 * (after - at) - 2 * slope_at - slope_after
    return ((cubic * t + square) * t + slope_at) * t + at
