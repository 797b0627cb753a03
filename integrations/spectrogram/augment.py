"""Random changes to a batch of images, a function of (seed, epoch, batch) alone."""

from __future__ import annotations

import torch

from integrations.core.training.determinism import AUGMENTATION, derived_seed
from integrations.core.training.settings import AugmentationConfig
from integrations.spectrogram.config import MaskConfig


def change_images(
    images: torch.Tensor,
    wave: AugmentationConfig,
    masks: MaskConfig,
    seed: int,
    epoch: int,
    batch: int,
) -> torch.Tensor:
    """Roll in time, add noise and blank bars; shape (n, channels, rows, columns) in and out.

    The bars follow Park et al. 2019, "SpecAugment"; they are filled with the image's mean.
    """
    generator = torch.Generator().manual_seed(derived_seed(seed, AUGMENTATION, epoch, batch))
    n, _, rows, columns = images.shape
    if wave.shift:
        images = _rolled(images, torch.randint(columns, (n, 1), generator=generator))
    if wave.noise:
        noise = torch.randn(images.shape, generator=generator).to(images)
        images = images + noise * (wave.noise * images.std(dim=(1, 2, 3), keepdim=True))
    hidden = _bars(n, rows, masks.frequency_share, generator)[:, None, :, None]
    hidden = hidden | _bars(n, columns, masks.time_share, generator)[:, None, None, :]
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return torch.where(hidden.to(images.device), mean, images)


def _rolled(images: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Roll each image along its last axis by its own shift, shape (n, 1)."""
    n, channels, rows, columns = images.shape
    source = (torch.arange(columns)[None] + shift) % columns
    index = source.to(images.device)[:, None, None, :].expand(n, channels, rows, columns)
    return images.gather(3, index)


def _bars(n: int, length: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """One bar per image, up to ``share`` of the length wide, shape (n, length)."""
    width = torch.rand(n, 1, generator=generator) * share * length
    start = torch.rand(n, 1, generator=generator) * (length - width)
    place = torch.arange(length)[None] + 0.5
    return (place >= start) & (place < start + width)
