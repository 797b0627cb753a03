"""Settings of the 1D CNN; light, the web builds its form from them."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import waveform_suggestions
from integrations.core.data.windows import window_bytes, windows_per_recording
from integrations.core.training.settings import (
    AugmentationConfig,
    CheckpointConfig,
    InputConfig,
    TrainingConfig,
)

CLASSIFIER_HIDDEN = 100


class ArchitectureConfig(Section):
    """Shape of the network."""

    filters: int = knob(
        16, title="First-layer filters", unit="filters", ge=4, le=256,
        help="Filters of the wide first layer; later blocks have up to four times as many.",
    )  # fmt: skip
    first_kernel: int = knob(
        64, title="First kernel", unit="samples", ge=3, le=1024,
        help="Length of the first filters. A long one works like a band-pass filter and ignores "
        "high-frequency noise. Shortened where a window is too short for it.",
    )  # fmt: skip
    first_stride: int = knob(
        16, title="First stride", unit="samples", ge=1, le=128,
        help="Samples the first filters move on. The cost of everything after falls in proportion; "
        "shortened where a window is too short for it.",
    )  # fmt: skip
    n_blocks: int = knob(
        4, title="Blocks", unit="blocks", ge=1, le=8,
        help="Convolution blocks after the first layer, each halving the length. No more are built "
        "than the window is long enough for.",
    )  # fmt: skip
    kernel: int = knob(
        3, title="Kernel", unit="samples", ge=3, le=31,
        help="Length of the filters in later blocks.",
    )  # fmt: skip
    dropout: float = knob(
        0.2, title="Dropout", ge=0.0, le=0.8, step=0.05,
        help="Share of features hidden at random before the classifier. Raise it when training is "
        "far better than validation.",
    )  # fmt: skip


class Cnn1dConfig(FamilyConfig):
    """Everything that defines one run of the 1D CNN."""

    input: InputConfig = Field(default_factory=InputConfig, title="Input")
    architecture: ArchitectureConfig = Field(
        default_factory=ArchitectureConfig, title="Architecture"
    )
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    augmentation: AugmentationConfig = Field(
        default_factory=AugmentationConfig, title="Augmentation"
    )
    checkpoints: CheckpointConfig = Field(default_factory=CheckpointConfig, title="Checkpoints")

    @model_validator(mode="before")
    @classmethod
    def _normalisation_has_moved(cls, given: Any) -> Any:
        """Read configs stored when normalisation belonged to the architecture."""
        old = given.get("architecture") if isinstance(given, dict) else None
        if not isinstance(old, dict) or "normalisation" not in old:
            return given
        kept = {name: value for name, value in old.items() if name != "normalisation"}
        moved = {"normalisation": old["normalisation"]} | given.get("input", {})
        return given | {"architecture": kept, "input": moved}

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Suit inputs and augmentation to the data; see ``waveform_suggestions``."""
        return waveform_suggestions(info)

    def workload(self, info: DatasetInfo) -> Workload:
        """Count multiply-adds (three forward passes per training window), weights and bytes."""
        layers = layer_plan(self.architecture, self.data.window_samples, len(info.channels))
        weights, products = _cost(layers, len(info.classes))
        windows = int(windows_per_recording(info, self.data).sum())
        epochs = self.training.epochs
        return Workload(
            work_units=float(products) * windows * (1 + 3 * epochs),
            steps=epochs,
            parameters=weights,
            memory_bytes=window_bytes(info, self.data) + 16 * weights + 300_000_000,
            checkpoint_bytes=12 * weights * (self.checkpoints.keep_last + 1),
            uses_gpu=True,
        )


class Layer(Section):
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
    length = -(-window_samples // stride)
    pool = 2 if length >= 4 else 1
    layers = [_layer(channels, config.filters, kernel, stride, length, pool)]
    for block in range(config.n_blocks):
        length = layers[-1].length_out // layers[-1].pool
        if length < 4:
            break
        width = config.filters * min(4, 2 ** (block + 1))
        layers.append(_layer(layers[-1].channels_out, width, config.kernel, 1, length, 2))
    return tuple(layers)


def _layer(
    channels_in: int, channels_out: int, kernel: int, stride: int, length: int, pool: int
) -> Layer:
    return Layer(
        channels_in=channels_in, channels_out=channels_out, kernel=kernel, stride=stride,
        length_out=length, pool=pool,
    )  # fmt: skip


def _cost(layers: tuple[Layer, ...], n_classes: int) -> tuple[int, int]:
    """Weights, and multiply-adds of one window."""
    weights = sum(layer.channels_out * (layer.channels_in * layer.kernel + 2) for layer in layers)
    products = sum(
        layer.channels_in * layer.channels_out * layer.kernel * layer.length_out for layer in layers
    )
    features = features_out(layers)
    head = (features + 1) * CLASSIFIER_HIDDEN + (CLASSIFIER_HIDDEN + 1) * n_classes
    return weights + head, products + head


def features_out(layers: tuple[Layer, ...]) -> int:
    """Numbers that reach the classifier: the mean and the maximum of every last filter."""
    return 2 * layers[-1].channels_out
