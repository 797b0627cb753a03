"""Sizes of images and layers, counted without building them; light, the cost forecast uses it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from integrations.core.signal.timefrequency import log_edges
from integrations.spectrogram.config import (
    ArchitectureConfig,
    FrequencyAxis,
    NetworkKind,
    TransformConfig,
    TransformKind,
)

EXPANSION, SQUEEZE = 4, 4
"""Of an inverted bottleneck: how much wider its middle is, and how much narrower its gate."""
WAVEFORM_KERNEL, WAVEFORM_STRIDE = 64, 16
WAVEFORM_BLOCKS = 3
HIGHEST_FREQUENCY = 0.45
"""Upper end of the wavelets in cycles per sample; beyond, half of one would alias."""


@dataclass(frozen=True)
class ImagePlan:
    """How a window of a certain length becomes an image.

    Attributes:
        frame, hop: Of the STFT or the columns of the Wigner–Ville distribution, in samples.
        lags: One-sided lag window.
        lowest: Lowest wavelet frequency in cycles per sample.
        products: About how many multiply-adds one channel of one window costs.
    """

    frame: int
    hop: int
    lags: int
    lowest: float
    rows: int
    columns: int
    products: float


def image_plan(config: TransformConfig, samples: int) -> ImagePlan:
    """Fit a transform to a window length; every length from 4 samples on gives an image."""
    make = {
        TransformKind.STFT: _stft_plan,
        TransformKind.CWT: _cwt_plan,
        TransformKind.WIGNER_VILLE: _wigner_ville_plan,
    }
    return make[config.kind](config, samples)


def _stft_plan(config: TransformConfig, samples: int) -> ImagePlan:
    frame = max(4, min(config.frame, samples // 4) // 2 * 2)
    hop = max(1, round(frame * (1 - config.overlap)))
    bins, frames = frame // 2, (samples - frame) // hop + 1
    if config.axis is FrequencyAxis.OCTAVES:
        rows = len(log_edges(bins, config.largest_side)) - 1
    else:
        rows = _pooled(bins, config.largest_side)
    columns = _pooled(frames, config.largest_side)
    return ImagePlan(frame, hop, 0, 0.0, rows, columns, 4.0 * frames * frame * log2(frame))


def _cwt_plan(config: TransformConfig, samples: int) -> ImagePlan:
    side = min(config.largest_side, samples)
    lowest = min(config.cycles / samples, HIGHEST_FREQUENCY / 4)
    work = 2.0 * side * samples * log2(samples)
    return ImagePlan(0, 0, 0, lowest, side, side, work)


def _wigner_ville_plan(config: TransformConfig, samples: int) -> ImagePlan:
    lags = max(2, min(config.lags, samples // 2))
    hop = -(-samples // config.largest_side)
    columns = samples // hop
    rows = _pooled(2 * lags, config.largest_side)
    work = lags * (12.0 * samples + 4.0 * columns * lags)
    return ImagePlan(0, hop, lags, 0.0, rows, columns, work)


def _pooled(cells: int, most: int) -> int:
    return cells // -(-cells // most)


@dataclass(frozen=True)
class Block:
    """One block of the image stream.

    Attributes:
        middle: Channels inside an inverted bottleneck; as many as come in in the first stage,
            where the image is largest.
    """

    before: int
    after: int
    stride: int
    middle: int


def blocks_of(config: ArchitectureConfig) -> list[Block]:
    """Lay out the blocks of the image stream."""
    before, blocks = config.width, []
    for stage in range(config.stages):
        width = config.width * 2**stage
        for number in range(config.blocks):
            stride = 2 if stage and not number else 1
            middle = before * (EXPANSION if stage else 1)
            blocks.append(Block(before, width, stride, middle))
            before = width
    return blocks


def waveform_shape(samples: int) -> tuple[int, int]:
    """First kernel and stride of the waveform stream, shortened for short windows."""
    return min(WAVEFORM_KERNEL, max(3, samples // 4)), max(1, min(WAVEFORM_STRIDE, samples // 64))


def waveform_widths(config: ArchitectureConfig) -> list[int]:
    """Channels out of the waveform stream's layers."""
    return [config.waveform_filters * min(4, 2**i) for i in range(WAVEFORM_BLOCKS + 1)]


def features_out(config: ArchitectureConfig) -> int:
    """Numbers that reach the classifier: the mean and maximum of every last filter."""
    image = 2 * (config.width << (config.stages - 1))
    return image + (2 * waveform_widths(config)[-1] if config.dual_stream else 0)


def cost(
    config: ArchitectureConfig, image: ImagePlan, channels: int, samples: int, n_classes: int
) -> tuple[int, int]:
    """Weights of the network, and multiply-adds of one window."""
    height, width = (-(-side // config.stem_stride) for side in (image.rows, image.columns))
    layers = [_conv(channels, config.width, 9, height * width)]
    count = _mbconv if config.network is NetworkKind.EFFICIENTNET else _basic
    for block in blocks_of(config):
        pixels = height * width
        height, width = -(-height // block.stride), -(-width // block.stride)
        layers += count(block, pixels, height * width)
    if config.dual_stream:
        layers += _waveform(config, channels, samples)
    head = (features_out(config) + 1) * n_classes
    weights, products = (sum(parts) for parts in zip(*layers, strict=True))
    return weights + head, products + head


def _conv(
    before: int, after: int, taps: int, pixels: int, groups: int = 1, norm: bool = True
) -> tuple[int, int]:
    """Weights and multiply-adds of one convolution with its norm (or its bias)."""
    filters = before // groups * after * taps
    return filters + after * (2 if norm else 1), filters * pixels


def _basic(block: Block, pixels_in: int, pixels: int) -> list[tuple[int, int]]:
    before, after = block.before, block.after
    layers = [_conv(before, after, 9, pixels), _conv(after, after, 9, pixels)]
    same = block.stride == 1 and before == after
    return layers + ([] if same else [_conv(before, after, 1, pixels)])


def _mbconv(block: Block, pixels_in: int, pixels: int) -> list[tuple[int, int]]:
    middle, gate = block.middle, gate_width(block)
    widen = [_conv(block.before, middle, 1, pixels_in)] if middle > block.before else []
    return [
        *widen,
        _conv(middle, middle, 9, pixels, groups=middle),
        _conv(middle, gate, 1, 1, norm=False),
        _conv(gate, middle, 1, 1, norm=False),
        _conv(middle, block.after, 1, pixels),
    ]


def gate_width(block: Block) -> int:
    """Numbers that squeeze and excitation squeezes a block's channels into."""
    return max(4, block.before // SQUEEZE)


def _waveform(config: ArchitectureConfig, channels: int, samples: int) -> list[tuple[int, int]]:
    kernel, stride = waveform_shape(samples)
    length = (samples + 2 * (kernel // 2) - kernel) // stride + 1
    layers, before = [], channels
    for i, after in enumerate(waveform_widths(config)):
        length = length if i == 0 else -(-length // 2)
        layers.append(_conv(before, after, kernel if i == 0 else 3, length))
        before = after
    return layers
