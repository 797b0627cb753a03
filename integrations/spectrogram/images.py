"""Turns windows into log-power images, once per window."""

from __future__ import annotations

import numpy as np
import torch

from integrations.core.data.windows import WindowIndex
from integrations.core.signal.timefrequency import (
    FloatArray,
    TimeFrequency,
    cwt,
    log_frequencies,
    pool,
    pool_octaves,
    stft,
    wigner_ville,
)
from integrations.core.training.inputs import Inputs, Waveform
from integrations.core.training.settings import Normalisation
from integrations.spectrogram.config import (
    FrequencyAxis,
    SpectrogramConfig,
    TransformConfig,
    TransformKind,
)
from integrations.spectrogram.plan import HIGHEST_FREQUENCY, image_plan

FLOOR = np.float32(1e-6)
"""Power below the window's mean square that is shown as this: 60 dB down, where noise begins."""
TINY = np.float32(1e-20)


class Images:
    """Prepares images, and the waveform beside them where a network has two streams.

    Attributes:
        span: Share of a window that the network sees, per recording, shape (n_recordings,).
    """

    def __init__(self, config: SpectrogramConfig, before: Waveform) -> None:
        """Set up.

        Args:
            config: The family's config.
            before: What is done to the windows first (order tracking).
        """
        self.span = before.span
        self._transform = config.transform
        self._level = config.input.normalisation is not Normalisation.WINDOW
        self._dual = config.architecture.dual_stream
        self._before = before

    def __call__(self, windows: torch.Tensor, index: WindowIndex) -> Inputs:
        """Give images, shape (n, channels, rows, columns), and the windows of a second stream."""
        waveform = self._before(windows, index)[0]
        images = torch.from_numpy(log_images(waveform.numpy(), self._transform, self._level))
        return (images, waveform) if self._dual else (images,)


def log_images(windows: FloatArray, config: TransformConfig, level: bool) -> FloatArray:
    """Give log10 power images, shape (n, channels, rows, columns).

    Args:
        windows: Shape (n, channels, samples).
        config: The transform.
        level: Keep the level of each window; otherwise only its shape is seen.
    """
    n, channels, samples = windows.shape
    flat = windows.reshape(n * channels, samples)
    flat = flat - flat.mean(axis=1, keepdims=True)
    largest = np.maximum(np.abs(flat).max(axis=1, keepdims=True), TINY)
    flat /= largest  # squares of huge units would leave float32's range
    rms = np.sqrt(np.einsum("ij,ij->i", flat, flat) / np.float32(samples))[:, None]
    image = np.log10(transformed(flat / np.maximum(rms, TINY), config).power + FLOOR)
    if level:
        image += 2 * (np.log10(largest) + np.log10(np.maximum(rms, TINY)))[:, :, None]
    return np.asarray(image.reshape(n, channels, *image.shape[1:]))


def transformed(windows: FloatArray, config: TransformConfig) -> TimeFrequency:
    """Transform windows, shape (n, samples), into images of bounded size with their axes."""
    samples, side = windows.shape[1], config.largest_side
    plan = image_plan(config, samples)
    if config.kind is TransformKind.CWT:
        frequencies = log_frequencies(plan.lowest, HIGHEST_FREQUENCY, plan.rows)
        return cwt(windows, frequencies, config.cycles, plan.columns)
    if config.kind is TransformKind.WIGNER_VILLE:
        image = wigner_ville(windows, 2 * plan.lags, plan.lags, plan.hop, config.smoothing)
        return pool(image, side, side)
    image = stft(windows, plan.frame, plan.hop)
    if config.axis is FrequencyAxis.OCTAVES:
        return pool(pool_octaves(image, side), side, side)
    return pool(image, side, side)
