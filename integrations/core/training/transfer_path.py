"""Random transfer paths: windows as another mounting, load or sensor would have recorded them."""

from __future__ import annotations

import torch
from torch.nn import functional

from integrations.core.training.augmentation import augment
from integrations.core.training.determinism import TRANSFER_PATH, derived_seed
from integrations.core.training.inputs import Inputs
from integrations.core.training.settings import AugmentationConfig, PathAugmentationConfig

KNOTS = 9
"""Frequencies, evenly spread up to half the sampling rate, at which the gain is drawn."""


def augment_with_path(
    inputs: Inputs, config: AugmentationConfig, seed: int, epoch: int, batch: int
) -> Inputs:
    """Change the waveform as ``augment_waveform`` does, and pass it through a random path."""
    windows = augment(inputs[0], config, seed, epoch, batch)
    if isinstance(config, PathAugmentationConfig) and config.path_gain:
        generator = torch.Generator().manual_seed(derived_seed(seed, TRANSFER_PATH, epoch, batch))
        gain = torch.randn(len(windows), 1, KNOTS, generator=generator) * config.path_gain
        windows = through_path(windows, gain.to(windows))
    return (windows, *inputs[1:])


def through_path(windows: torch.Tensor, gain_db: torch.Tensor) -> torch.Tensor:
    """Weigh the frequencies of windows; phases and the mean stay.

    Args:
        windows: Shape (n, channels, samples).
        gain_db: Gain at evenly spread frequencies from 0 to half the sampling rate, joined by
            straight lines, shape (n, 1, knots).
    """
    samples = windows.shape[2]
    spectrum = torch.fft.rfft(windows)
    lines = functional.interpolate(
        gain_db, size=spectrum.shape[2], mode="linear", align_corners=True
    )
    weight = 10 ** (lines / 20)
    weight[:, :, 0] = 1.0
    return torch.fft.irfft(spectrum * weight, n=samples)
