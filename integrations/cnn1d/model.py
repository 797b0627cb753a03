"""A WDCNN-like network: wide strided first layer, small blocks, pooled to a classifier."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from integrations.cnn1d.architecture import ArchitectureConfig, HeadPooling, Pooling
from integrations.cnn1d.plan import Layer, head_plan, layer_plan
from integrations.core.training.layers import Normalise, as_rows, conv
from integrations.core.training.settings import Normalisation


class Cnn1d(nn.Module):
    """Maps windows to class scores.

    After Zhang et al. 2017, "A New Deep Learning Model for Fault Diagnosis with Good Anti-Noise
    and Domain Adaptation Ability on Raw Vibration Signals" (first kernel 64, stride 16), with
    pooling over time in place of flattening, so that length may vary.
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
        self.head_pooling = config.head_pooling
        self.blocks = nn.Sequential(*(_block(layer, config.pooling) for layer in plan))
        self.classifier = _classifier(head_plan(config, plan, n_classes), config.dropout)
        self.to(memory_format=torch.channels_last)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Score windows, shape (n, channels, samples) to (n, classes)."""
        features = self.blocks(as_rows(self.normalise(windows))).squeeze(2)
        return self.classifier(self._pooled(features))

    def _pooled(self, features: torch.Tensor) -> torch.Tensor:
        if self.head_pooling is HeadPooling.MEAN:
            return features.mean(dim=2)
        if self.head_pooling is HeadPooling.MAX:
            return features.amax(dim=2)
        return torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)


def _block(layer: Layer, pooling: Pooling) -> nn.Sequential:
    width = (layer.channels_in, layer.channels_out)
    parts: list[nn.Module] = [*conv(*width, layer.kernel, layer.stride), nn.ReLU()]
    if layer.pool > 1:
        kind = nn.MaxPool2d if pooling is Pooling.MAX else nn.AvgPool2d
        parts.append(kind((1, layer.pool)))
    return nn.Sequential(*parts)


def _classifier(sizes: tuple[int, ...], dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Dropout(dropout)]
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers += [nn.ReLU()] if number else []
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)
