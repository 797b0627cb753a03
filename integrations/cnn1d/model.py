"""A WDCNN-like network: wide strided first layer, small blocks, pooled to a classifier."""

from __future__ import annotations

import torch
from torch import nn

from integrations.cnn1d.config import (
    CLASSIFIER_HIDDEN,
    ArchitectureConfig,
    Layer,
    Normalisation,
    features_out,
    layer_plan,
)

SMALLEST_DEVIATION = 1e-6


class Cnn1d(nn.Module):
    """Maps windows to class scores.

    After Zhang et al. 2017, "A New Deep Learning Model for Fault Diagnosis with Good Anti-Noise
    and Domain Adaptation Ability on Raw Vibration Signals" (first kernel 64, stride 16), with
    mean and maximum pooling over time in place of flattening, so that length may vary.
    """

    def __init__(
        self, config: ArchitectureConfig, window_samples: int, channels: int, n_classes: int
    ) -> None:
        super().__init__()
        plan = layer_plan(config, window_samples, channels)
        self.normalisation = config.normalisation
        self.register_buffer("mean", torch.zeros(1, channels, 1))
        self.register_buffer("deviation", torch.ones(1, channels, 1))
        self.blocks = nn.Sequential(*(_block(layer) for layer in plan))
        self.classifier = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(features_out(plan), CLASSIFIER_HIDDEN),
            nn.ReLU(),
            nn.Linear(CLASSIFIER_HIDDEN, n_classes),
        )

    def learn_scale(self, windows: torch.Tensor) -> None:
        """Take mean and deviation per channel from training windows."""
        self.mean.copy_(windows.mean(dim=(0, 2), keepdim=True))
        self.deviation.copy_(windows.std(dim=(0, 2), keepdim=True).clamp(min=SMALLEST_DEVIATION))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Score windows, shape (n, channels, samples) to (n, classes)."""
        features = self.blocks(self._normalised(windows))
        pooled = torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)
        return self.classifier(pooled)

    def _normalised(self, windows: torch.Tensor) -> torch.Tensor:
        if self.normalisation is Normalisation.WINDOW:
            deviation, mean = torch.std_mean(windows, dim=2, keepdim=True)
            return (windows - mean) / deviation.clamp(min=SMALLEST_DEVIATION)
        if self.normalisation is Normalisation.DATASET:
            return (windows - self.mean) / self.deviation
        return windows


def _block(layer: Layer) -> nn.Sequential:
    parts: list[nn.Module] = [
        nn.Conv1d(
            layer.channels_in,
            layer.channels_out,
            layer.kernel,
            stride=layer.stride,
            padding=layer.kernel // 2,
            bias=False,
        ),
        nn.BatchNorm1d(layer.channels_out),
        nn.ReLU(),
    ]
    if layer.pool > 1:
        parts.append(nn.MaxPool1d(layer.pool))
    return nn.Sequential(*parts)
