"""A WDCNN-like network: wide strided first layer, small blocks, pooled to a classifier."""

from __future__ import annotations

import torch
from torch import nn

from integrations.cnn1d.config import (
    CLASSIFIER_HIDDEN,
    ArchitectureConfig,
    Layer,
    features_out,
    layer_plan,
)
from integrations.core.training.layers import Normalise, as_rows, conv
from integrations.core.training.settings import Normalisation


class Cnn1d(nn.Module):
    """Maps windows to class scores.

    After Zhang et al. 2017, "A New Deep Learning Model for Fault Diagnosis with Good Anti-Noise
    and Domain Adaptation Ability on Raw Vibration Signals" (first kernel 64, stride 16), with
    mean and maximum pooling over time in place of flattening, so that length may vary.
    """

    def __init__(
        self,
        config: ArchitectureConfig,
        normalisation: Normalisation,
        window_samples: int,
        channels: int,
        n_classes: int,
    ) -> None:
        super().__init__()
        plan = layer_plan(config, window_samples, channels)
        self.normalise = Normalise(normalisation, channels)
        self.blocks = nn.Sequential(*(_block(layer) for layer in plan))
        self.classifier = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(features_out(plan), CLASSIFIER_HIDDEN),
            nn.ReLU(),
            nn.Linear(CLASSIFIER_HIDDEN, n_classes),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Score windows, shape (n, channels, samples) to (n, classes)."""
        features = self.blocks(as_rows(self.normalise(windows))).squeeze(2)
        pooled = torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)
        return self.classifier(pooled)


def _block(layer: Layer) -> nn.Sequential:
    width = (layer.channels_in, layer.channels_out)
    parts: list[nn.Module] = [*conv(*width, layer.kernel, layer.stride), nn.ReLU()]
    if layer.pool > 1:
        parts.append(nn.MaxPool2d((1, layer.pool)))
    return nn.Sequential(*parts)
