"""Settings of the transformer; light, the web builds its form from them."""

from __future__ import annotations

from enum import StrEnum
from math import isqrt
from typing import Any, Self

from pydantic import Field, model_validator

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import waveform_suggestions
from integrations.core.data.windows import window_bytes
from integrations.core.training.cost import network_workload
from integrations.core.training.settings import (
    AugmentationConfig,
    CheckpointConfig,
    InputConfig,
    TrainingConfig,
)

MOST_TOKENS = 512
"""Attention costs the square of the tokens; longer windows get a longer stride."""


class Positions(StrEnum):
    """How a token knows where in the window it lies."""

    LEARNED = "learned"
    SINUSOIDAL = "sinusoidal"
    ROTARY = "rotary"
    NONE = "none"


class Pooling(StrEnum):
    """What of the last layer reaches the classifier."""

    MEAN = "mean"
    CLASS_TOKEN = "class_token"  # noqa: S105 - a way of pooling


class ArchitectureConfig(Section):
    """Shape of the network."""

    patch: int = knob(
        256, title="Patch length", unit="samples", ge=2, le=4096,
        help="Samples that become one token; two turns of the shaft are a good length. No longer "
        "than a quarter of the window is used.",
    )  # fmt: skip
    patch_stride: int = knob(
        64, title="Patch stride", unit="samples", ge=1, le=4096,
        help="Samples from one patch to the next. Halving it doubles the tokens and the cost; "
        "shortened with the patch, raised where a window would have more than 512 tokens.",
    )  # fmt: skip
    conv_stem: bool = knob(
        True, title="Convolution stem",
        help="Makes tokens by two convolutions instead of one linear step. Learns oscillations "
        "from less data (Xiao et al. 2021).",
    )  # fmt: skip
    width: int = knob(
        64, title="Model width", unit="features", ge=8, le=512, step=8,
        help="Numbers that describe a token; must be an even multiple of the heads.",
    )  # fmt: skip
    layers: int = knob(
        3, title="Layers", unit="layers", ge=1, le=24,
        help="Rounds of attention and feed-forward. Cost grows in proportion.",
    )  # fmt: skip
    heads: int = knob(
        4, title="Heads", unit="heads", ge=1, le=16,
        help="Things a layer can attend to at once.",
    )  # fmt: skip
    feed_forward: float = knob(
        2.0, title="Feed-forward ratio", unit="× model width", ge=0.5, le=8.0, step=0.5,
        help="Width of the step after attention. 4 is usual on large data, 2 is cheaper.",
    )  # fmt: skip
    dropout: float = knob(
        0.1, title="Dropout", ge=0.0, le=0.8, step=0.05,
        help="Share of features hidden at random in every layer and before the classifier. Raise "
        "it when training is far better than validation.",
    )  # fmt: skip
    positions: Positions = knob(
        Positions.SINUSOIDAL, title="Positions",
        help="Learned and sinusoidal add the place to the token; rotary tells attention only how "
        "far two tokens lie apart; none makes order invisible, right for steady vibration.",
    )  # fmt: skip
    pooling: Pooling = knob(
        Pooling.MEAN, title="Pooling",
        help="Mean averages all tokens. A class token collects what it attends to; it needs more "
        "data.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % (2 * self.heads):
            fitting = 2 * self.heads * max(1, round(self.width / (2 * self.heads)))
            raise ValueError(
                f"A model width of {self.width} cannot be shared by {self.heads} heads. Choose an "
                f"even multiple of the heads, e.g. {fitting}."
            )
        return self


class TransformerConfig(FamilyConfig):
    """Everything that defines one run of the transformer."""

    input: InputConfig = Field(default_factory=InputConfig, title="Input")
    architecture: ArchitectureConfig = Field(
        default_factory=ArchitectureConfig, title="Architecture"
    )
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    augmentation: AugmentationConfig = Field(
        default_factory=AugmentationConfig, title="Augmentation"
    )
    checkpoints: CheckpointConfig = Field(default_factory=CheckpointConfig, title="Checkpoints")

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Suit inputs and augmentation to the data; see ``waveform_suggestions``."""
        return waveform_suggestions(info)

    def workload(self, info: DatasetInfo) -> Workload:
        """Count multiply-adds (three forward passes per training window), weights and bytes."""
        samples, channels = self.data.window_samples, len(info.channels)
        weights, products = cost(self.architecture, samples, channels, len(info.classes))
        return network_workload(
            self, info, weights=weights, products=products,
            held_bytes=window_bytes(info, self.data),
        )  # fmt: skip


class Step(Section):
    """One convolution of the embedding."""

    channels_in: int
    channels_out: int
    kernel: int
    stride: int
    padding: int
    length_out: int


def embedding_plan(config: ArchitectureConfig, samples: int, channels: int) -> tuple[Step, ...]:
    """Lay out the embedding for a window length; every length from 4 samples on gives tokens."""
    patch = max(2, min(config.patch, samples // 4))
    shortened = config.patch_stride * patch // config.patch
    stride = max(1, min(shortened, patch), -(-samples // MOST_TOKENS))
    patch = max(patch, stride)
    if not config.conv_stem:
        return (_step(channels, config.width, patch, stride, 0, samples),)
    first = max(d for d in range(1, isqrt(stride) + 1) if stride % d == 0)
    kernel = max(3, patch // 2) // 2 * 2 + 1
    stem = _step(channels, config.width // 2, kernel, first, kernel // 2, samples)
    later = stride // first
    tokens = _step(config.width // 2, config.width, 2 * later + 1, later, later, stem.length_out)
    return stem, tokens


def _step(
    channels_in: int, channels_out: int, kernel: int, stride: int, padding: int, length: int
) -> Step:
    return Step(
        channels_in=channels_in, channels_out=channels_out, kernel=kernel, stride=stride,
        padding=padding, length_out=(length + 2 * padding - kernel) // stride + 1,
    )  # fmt: skip


def hidden_width(config: ArchitectureConfig) -> int:
    """Features between the two linear steps after attention."""
    return max(1, round(config.width * config.feed_forward))


def cost(
    config: ArchitectureConfig, samples: int, channels: int, n_classes: int
) -> tuple[int, int]:
    """Weights of the network, and multiply-adds of one window."""
    steps = embedding_plan(config, samples, channels)
    tokens, width, hidden = steps[-1].length_out, config.width, hidden_width(config)
    embedding = sum(step.channels_out * (step.channels_in * step.kernel + 1) for step in steps)
    embedding += 2 * steps[0].channels_out if config.conv_stem else 0
    products = sum(s.channels_in * s.channels_out * s.kernel * s.length_out for s in steps)
    extra = tokens * width if config.positions is Positions.LEARNED else 0
    with_class = config.pooling is Pooling.CLASS_TOKEN
    seen = tokens + with_class
    linear = 4 * width * width + 2 * width * hidden
    layer = linear + 4 * width + 5 * width + hidden
    head = 2 * width + (width + 1) * n_classes
    weights = embedding + extra + with_class * width + config.layers * layer + head
    attention = 2 * seen * seen * width
    return weights, products + config.layers * (seen * linear + attention) + head
