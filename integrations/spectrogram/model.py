"""Two-dimensional networks on time-frequency images, with a waveform stream beside them or not."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from integrations.core.training.layers import Normalise, as_rows, conv
from integrations.core.training.settings import Normalisation
from integrations.spectrogram.config import ArchitectureConfig, NetworkKind
from integrations.spectrogram.plan import (
    Block,
    blocks_of,
    features_out,
    gate_width,
    waveform_shape,
    waveform_widths,
)

SMALLEST_DEVIATION = 0.1
"""Of a row in decades of power; rows that hardly ever change are not blown up."""
FARTHEST = 8.0
"""Deviations at which a pixel is cut off, so that a silent window does not drown its batch."""


class ImageScale(nn.Module):
    """Gives every frequency row mean 0 and deviation 1, as learnt from training images."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, channels: int, rows: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, rows, 1))
        self.register_buffer("deviation", torch.ones(1, channels, rows, 1))

    def learn(self, images: torch.Tensor) -> None:
        """Take mean and deviation per channel and row, images (n, channels, rows, columns)."""
        self.mean.copy_(images.mean(dim=(0, 3), keepdim=True))
        spread = (images - self.mean).square().mean(dim=(0, 3), keepdim=True).sqrt()
        self.deviation.copy_(spread.clamp(min=SMALLEST_DEVIATION))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scale a batch of images."""
        return ((images - self.mean) / self.deviation).clamp(-FARTHEST, FARTHEST)


class SpectrogramNet(nn.Module):
    """Maps images (and windows, with two streams) to class scores.

    The image stream follows He et al. 2016, "Deep residual learning for image recognition"
    (3 × 3 basic blocks), or Tan & Le 2019, "EfficientNet" (inverted bottlenecks with squeeze and
    excitation). Mean and maximum over the image reach the classifier, so its size may vary.
    """

    def __init__(
        self,
        config: ArchitectureConfig,
        normalisation: Normalisation,
        image_shape: tuple[int, int],
        samples: int,
        n_classes: int,
    ) -> None:
        """Build.

        Args:
            config: Shape of the network.
            normalisation: Of the waveform stream.
            image_shape: Channels and rows of an image.
            samples: Of a window.
            n_classes: Scores to give.
        """
        super().__init__()
        channels, rows = image_shape
        self.scale = ImageScale(channels, rows)
        self.stem = _conv(channels, config.width, 3, config.stem_stride, nn.ReLU())
        make = _MBConv if config.network is NetworkKind.EFFICIENTNET else _Basic
        self.blocks = nn.Sequential(*(make(block) for block in blocks_of(config)))
        self.waveform: nn.Module | None = None
        if config.dual_stream:
            self.waveform = _WaveformStream(config, normalisation, channels, samples)
        self.classifier = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(features_out(config), n_classes)
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, images: torch.Tensor, windows: torch.Tensor | None = None) -> torch.Tensor:
        """Score a batch.

        Args:
            images: Shape (n, channels, rows, columns), log power.
            windows: Shape (n, channels, samples); needed with two streams.
        """
        scaled = self.scale(images).contiguous(memory_format=torch.channels_last)
        features = _pooled(self.blocks(self.stem(scaled)))
        if self.waveform is not None:
            features = torch.cat([features, self.waveform(windows)], dim=1)
        return self.classifier(features)


class _WaveformStream(nn.Module):
    """A wide strided first layer and halving blocks, after Zhang et al. 2017 (WDCNN)."""

    def __init__(
        self, config: ArchitectureConfig, normalisation: Normalisation, channels: int, samples: int
    ) -> None:
        super().__init__()
        kernel, stride = waveform_shape(samples)
        widths = waveform_widths(config)
        self.normalise = Normalise(normalisation, channels)
        layers: list[nn.Module] = [conv(channels, widths[0], kernel, stride), nn.ReLU()]
        for before, after in pairwise(widths):
            layers += [conv(before, after, 3, 2), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return _pooled(self.layers(as_rows(self.normalise(windows))))


class _Basic(nn.Module):
    """Two 3 × 3 convolutions and a shortcut."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        before, after, stride = block.before, block.after, block.stride
        self.main = nn.Sequential(
            *_conv(before, after, 3, stride, nn.ReLU()), *_conv(after, after, 3, 1)
        )
        same = stride == 1 and before == after
        self.shortcut = nn.Identity() if same else _conv(before, after, 1, stride)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.main(images) + self.shortcut(images))


class _MBConv(nn.Module):
    """Widen, filter each channel, weigh the channels, narrow again."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        before, middle = block.before, block.middle
        wider = middle > before
        self.widen = _conv(before, middle, 1, 1, nn.SiLU()) if wider else nn.Identity()
        self.filter = _conv(middle, middle, 3, block.stride, nn.SiLU(), groups=middle)
        self.gate = _Gate(middle, gate_width(block))
        self.narrow = _conv(middle, block.after, 1, 1)
        self.same = block.stride == 1 and before == block.after

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        out = self.narrow(self.gate(self.filter(self.widen(images))))
        return out + images if self.same else out


class _Gate(nn.Module):
    """Squeeze and excitation (Hu et al. 2018): a weight per channel from its mean."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, squeezed, 1), nn.SiLU(), nn.Conv2d(squeezed, channels, 1)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images * torch.sigmoid(self.layers(images.mean(dim=(2, 3), keepdim=True)))


def _conv(
    before: int,
    after: int,
    kernel: int,
    stride: int,
    activation: nn.Module | None = None,
    groups: int = 1,
) -> nn.Sequential:
    parts: list[nn.Module] = [
        nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after),
    ]
    return nn.Sequential(*parts, *([activation] if activation is not None else []))


def _pooled(features: torch.Tensor) -> torch.Tensor:
    return torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
