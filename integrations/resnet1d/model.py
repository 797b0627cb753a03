"""The 1D ResNet: a long strided stem, four stages of residual blocks, a small head."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from integrations.core.training.layers import Normalise, as_rows, conv
from integrations.resnet1d.config import HeadPooling, Resnet1dConfig, shape_of
from integrations.resnet1d.plan import POOL_KERNEL, Block, Convolution, network_plan


class Resnet1d(nn.Module):
    """Maps windows, shape (n, channels, samples), to class scores, shape (n, classes).

    After He et al. 2016, "Deep Residual Learning for Image Recognition", with one axis. The last
    batch norm of every block begins at zero, so that each block begins as the identity (Goyal et
    al. 2017, "Accurate, Large Minibatch SGD").
    """

    def __init__(
        self, config: Resnet1dConfig, window_samples: int, channels: int, n_classes: int
    ) -> None:
        super().__init__()
        architecture = config.architecture
        plan = network_plan(shape_of(architecture), window_samples, channels, n_classes)
        self.pooling = architecture.pooling
        self.normalise = Normalise(config.input.normalisation, channels)
        pool = nn.MaxPool2d((1, POOL_KERNEL), (1, 2), (0, 1)) if plan.pooled else nn.Identity()
        self.stem = nn.Sequential(_conv(plan.stem), nn.ReLU(inplace=True), pool)
        self.stages = nn.Sequential(
            *(nn.Sequential(*(ResidualBlock(block) for block in stage)) for stage in plan.stages)
        )
        self.head = _head(plan.head, architecture.dropout)
        self.to(memory_format=torch.channels_last)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Score windows."""
        maps = self.stages(self.stem(as_rows(self.normalise(windows)))).squeeze(2)
        return self.head(self._pooled(maps))

    def _pooled(self, maps: torch.Tensor) -> torch.Tensor:
        if self.pooling is HeadPooling.MEAN:
            return maps.mean(dim=2)
        if self.pooling is HeadPooling.MAX:
            return maps.amax(dim=2)
        return torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1)


class ResidualBlock(nn.Module):
    """Adds what two or three convolutions find to what came in."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.body = nn.ModuleList(_conv(layer) for layer in block.body)
        self.shortcut = _conv(block.shortcut) if block.shortcut else nn.Identity()
        nn.init.zeros_(self.body[-1][1].weight)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give maps of the block's shape, not negative."""
        inner = maps
        for layer in self.body[:-1]:
            inner = torch.relu_(layer(inner))
        return torch.relu_(self.body[-1](inner) + self.shortcut(maps))


def _conv(layer: Convolution) -> nn.Sequential:
    made = conv(layer.channels_in, layer.channels_out, layer.kernel, layer.stride)
    nn.init.kaiming_normal_(made[0].weight, mode="fan_out", nonlinearity="relu")
    return made


def _head(sizes: tuple[int, ...], dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers += [nn.ReLU()] if number else []
        layers += [nn.Dropout(dropout), nn.Linear(inputs, outputs)]
    return nn.Sequential(*layers)
