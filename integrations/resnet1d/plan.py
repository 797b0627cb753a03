"""Lays out a ResNet for a window length: every convolution with its shape, length and cost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
"""Blocks per stage, He et al. 2016, table 1."""
FIRST_BOTTLENECK_DEPTH = 50
EXPANSION = 4
"""A bottleneck gives four times its inner width."""
LONGEST_AFTER_STEM = 4096
SHORTEST_AFTER_STEM = 256
KERNEL_PER_STRIDE = 8
SHORTEST_POOLED = 256
POOL_KERNEL = 3


@dataclass(frozen=True)
class Shape:
    """What the layout depends on; see the settings of the same names.

    Attributes:
        poolings: Numbers that each last feature map becomes (1, or 2 for mean and maximum).
    """

    depth: int
    width: int
    stem_kernel: int
    stem_stride: int
    stem_pooling: bool
    kernel: int
    poolings: int
    hidden_units: int


@dataclass(frozen=True)
class Convolution:
    """One convolution with the batch norm after it."""

    channels_in: int
    channels_out: int
    kernel: int
    stride: int
    length_out: int


@dataclass(frozen=True)
class Block:
    """One residual block: what is added to what.

    Attributes:
        body: Convolutions of the residual branch; the last has no activation of its own.
        shortcut: Brings the input to the body's shape; None where it already fits.
    """

    body: tuple[Convolution, ...]
    shortcut: Convolution | None


@dataclass(frozen=True)
class Plan:
    """A whole network.

    Attributes:
        pooled: A maximum of three with step two follows the stem.
        stages: Residual blocks by stage.
        head: Sizes of the fully connected layers, from features to classes.
    """

    stem: Convolution
    pooled: bool
    stages: tuple[tuple[Block, ...], ...]
    head: tuple[int, ...]


def network_plan(shape: Shape, window_samples: int, channels: int, n_classes: int) -> Plan:
    """Lay out a network.

    After He et al. 2016, "Deep Residual Learning for Image Recognition", with one axis and a
    long, strided first filter; the stride of a block sits in its first basic convolution or in
    the middle one of a bottleneck (ResNet v1.5).

    Args:
        shape: The architecture.
        window_samples: Length of a window.
        channels: Input channels.
        n_classes: Class scores.
    """
    stem = _stem(shape, window_samples, channels)
    pooled = shape.stem_pooling and stem.length_out >= SHORTEST_POOLED
    length = _length(stem.length_out, POOL_KERNEL, 2) if pooled else stem.length_out
    bottleneck = shape.depth >= FIRST_BOTTLENECK_DEPTH
    channels_in, stages = shape.width, []
    for number, blocks in enumerate(STAGES[shape.depth]):
        inner, stage = shape.width * 2**number, []
        for place in range(blocks):
            stride = 2 if number and not place else 1
            stage.append(_block(bottleneck, channels_in, inner, shape.kernel, stride, length))
            channels_in, length = _outcome(stage[-1])
        stages.append(tuple(stage))
    hidden = (shape.hidden_units,) if shape.hidden_units else ()
    head = (shape.poolings * channels_in, *hidden, n_classes)
    return Plan(stem, pooled, tuple(stages), head)


def convolutions(plan: Plan) -> list[Convolution]:
    """Give all convolutions of a network in the order they are computed."""
    found = [plan.stem]
    for block in (block for stage in plan.stages for block in stage):
        found += [*block.body, *([block.shortcut] if block.shortcut else [])]
    return found


def cost(plan: Plan) -> tuple[int, int]:
    """Count trainable numbers, and multiply-adds of one window."""
    layers = convolutions(plan)
    weights = sum(c.channels_out * (c.channels_in * c.kernel + 2) for c in layers)
    products = sum(c.channels_in * c.channels_out * c.kernel * c.length_out for c in layers)
    head = sum((inputs + 1) * outputs for inputs, outputs in pairwise(plan.head))
    return weights + head, products + head


def activation_numbers(plan: Plan) -> int:
    """Count the numbers that all convolutions give for one window."""
    return sum(c.channels_out * c.length_out for c in convolutions(plan))


def _stem(shape: Shape, window_samples: int, channels: int) -> Convolution:
    long_enough = -(-window_samples // LONGEST_AFTER_STEM)
    stride = max(1, min(shape.stem_stride, window_samples // SHORTEST_AFTER_STEM), long_enough)
    wanted = KERNEL_PER_STRIDE * stride if stride > shape.stem_stride else shape.stem_kernel
    kernel = max(3, min(max(wanted, shape.stem_kernel), window_samples // 4))
    return _convolution(channels, shape.width, kernel, stride, window_samples)


def _block(
    bottleneck: bool, channels_in: int, inner: int, kernel: int, stride: int, length: int
) -> Block:
    outer = inner * EXPANSION if bottleneck else inner
    body: tuple[Convolution, ...]
    if bottleneck:
        narrow = _convolution(channels_in, inner, 1, 1, length)
        middle = _convolution(inner, inner, kernel, stride, length)
        body = (narrow, middle, _convolution(inner, outer, 1, 1, middle.length_out))
    else:
        first = _convolution(channels_in, inner, kernel, stride, length)
        body = (first, _convolution(inner, inner, kernel, 1, first.length_out))
    fits = stride == 1 and channels_in == outer
    return Block(body, None if fits else _convolution(channels_in, outer, 1, stride, length))


def _outcome(block: Block) -> tuple[int, int]:
    return block.body[-1].channels_out, block.body[-1].length_out


def _convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int, length: int
) -> Convolution:
    return Convolution(channels_in, channels_out, kernel, stride, _length(length, kernel, stride))


def _length(length: int, kernel: int, stride: int) -> int:
    return (length + 2 * (kernel // 2) - kernel) // stride + 1
