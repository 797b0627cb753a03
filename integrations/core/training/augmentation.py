"""Random changes to a batch of windows, a function of (seed, epoch, batch) alone."""

from __future__ import annotations

import torch

from integrations.core.training.determinism import AUGMENTATION, derived_seed
from integrations.core.training.layers import window_deviation
from integrations.core.training.settings import AugmentationConfig


def augment(
    windows: torch.Tensor, config: AugmentationConfig, seed: int, epoch: int, batch: int
) -> torch.Tensor:
    """Shift, flip and blur a batch; shape (n, channels, samples) in and out."""
    generator = torch.Generator().manual_seed(derived_seed(seed, AUGMENTATION, epoch, batch))
    n, _, samples = windows.shape
    if config.shift:
        shift = torch.randint(samples, (n,), generator=generator).to(windows.device)
        twice = torch.cat([windows, windows], dim=2).unfold(2, samples, 1)
        windows = twice[torch.arange(n, device=windows.device), :, shift]
    if config.sign_flip:
        sign = torch.randint(2, (n, 1, 1), generator=generator).to(windows) * 2 - 1
        windows = windows * sign
    if config.noise:
        noise = torch.randn(windows.shape, generator=generator).to(windows)
        windows = windows + noise * (config.noise * window_deviation(windows))
    return windows
