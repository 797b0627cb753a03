"""Lays out a 1D CNN for a window length: every layer with its shape, length and cost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from integrations.cnn1d.architecture import ArchitectureConfig, HeadPooling, Pooling

SHORTEST = 4
"""Samples below which nothing is halved and no further block is built."""
MOST_GROWTH = 4
"""Filters of automatic blocks double until they are four times those of the first layer."""


@dataclass(frozen=True)
class Layer:
    """One convolution: its shape and the length it works at."""

    channels_in: int
    channels_out: int
    kernel: int
    stride: int
    length_out: int
    pool: int


def layer_plan(config: ArchitectureConfig, window_samples: int, channels: int) -> tuple[Layer, ...]:
    """Lay out the convolutions for a window length, leaving out what it is too short for."""
    stride = max(1, min(config.first_stride, window_samples // 128))
    kernel = max(3, min(config.first_kernel, window_samples // 4, max(8, 4 * stride)))
    layers = [_layer(config, channels, config.filters, kernel, stride, window_samples)]
    for block in range(config.n_blocks):
        before = layers[-1]
        length = before.length_out // before.pool
        if length < SHORTEST:
            break
        kernel = _at(config.kernels, block)
        layers.append(_layer(config, before.channels_out, _width(config, block), kernel, 1, length))
    return tuple(layers)


def head_plan(
    config: ArchitectureConfig, layers: tuple[Layer, ...], n_classes: int
) -> tuple[int, ...]:
    """Give the sizes of the fully connected layers, from pooled features to classes."""
    poolings = 2 if config.head_pooling is HeadPooling.BOTH else 1
    hidden = (config.head_units,) * config.head_layers
    return (poolings * layers[-1].channels_out, *hidden, n_classes)


def _at(values: list[int], block: int) -> int:
    return values[min(block, len(values) - 1)]


def _width(config: ArchitectureConfig, block: int) -> int:
    if config.block_filters:
        return _at(config.block_filters, block)
    return int(config.filters * min(MOST_GROWTH, 2 ** (block + 1)))


def _layer(
    config: ArchitectureConfig,
    channels_in: int,
    channels_out: int,
    kernel: int,
    stride: int,
    length: int,
) -> Layer:
    length_out = (length + 2 * (kernel // 2) - kernel) // stride + 1
    halved = config.pooling is not Pooling.NONE and length_out >= SHORTEST
    return Layer(
        channels_in=channels_in, channels_out=channels_out, kernel=kernel, stride=stride,
        length_out=length_out, pool=2 if halved else 1,
    )  # fmt: skip


def cost(layers: tuple[Layer, ...], head: tuple[int, ...]) -> tuple[int, int]:
    """Weights, and multiply-adds of one window."""
    weights = sum(layer.channels_out * (layer.channels_in * layer.kernel + 2) for layer in layers)
    products = sum(
        layer.channels_in * layer.channels_out * layer.kernel * layer.length_out for layer in layers
    )
    connected = sum((inputs + 1) * outputs for inputs, outputs in pairwise(head))
    return weights + connected, products + connected
