"""Settings of the physics-informed network; light, the web builds its form from them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import path_suggestions, turns_window
from integrations.core.data.windows import window_bytes
from integrations.core.training.cost import network_workload
from integrations.core.training.settings import (
    CheckpointConfig,
    InputConfig,
    PathAugmentationConfig,
    TrainingConfig,
)
from integrations.pinn.lines import parse_lines

HIDDEN = 64
SPECTRUM_WORK = 30_000.0
"""Multiply-adds that the physics scores of one sample cost, measured against the network's."""


class Fusion(StrEnum):
    """Who decides in the end."""

    VALIDATION = "validation"
    PHYSICS = "physics"
    EQUAL = "equal"
    NETWORK = "network"


class PhysicsConfig(Section):
    """What is known of the machine, and how much it counts."""

    lambda_physics: float = knob(
        1.0, title="Physics weight", ge=0.0, le=100.0, step=0.1,
        help="Weight of the physics losses (λ). 0 switches everything physical off, also the "
        "physics scores and the prior: a plain network, to compare with.",
    )  # fmt: skip
    ramp_up: float = knob(
        0.25, title="Ramp-up", ge=0.0, le=1.0, step=0.05,
        help="Share of the epochs over which the physics losses grow to their full weight, so "
        "that the network learns something before it is corrected.",
    )  # fmt: skip
    fusion: Fusion = knob(
        Fusion.VALIDATION, title="Fusion",
        help="How the physics scores and the network decide together. Validation: the network "
        "gets the smallest share that the validation part supports, and none where validation "
        "shares machines with training while the test part does not. Physics or network: that "
        "head alone. Equal: both the same.",
    )  # fmt: skip
    required_lines: str = knob(
        "", title="Required lines",
        help="Lines that a fault must show, where class names do not say it, such as “fault A: "
        "BPFO; fault B: 0.38-0.48x, 2x; healthy: none”. Lines are BPFO, BPFI, 2xBSF, FTF, critical "
        "speed, or multiples of shaft speed.",
    )  # fmt: skip
    margin_db: float = knob(
        6.0, title="Margin", unit="dB", ge=0.0, le=40.0, step=1.0,
        help="How far a required line must stand out of the spectrum around it. Weaker lines make "
        "the class less likely; further lines are never held against it.",
    )  # fmt: skip
    line_tolerance: float = knob(
        0.02, title="Line tolerance", unit="× frequency", ge=0.001, le=0.1, step=0.005,
        help="How far a line may lie from its place. Rolling elements slip by one or two percent; "
        "raise it where the rpm is not exact.",
    )  # fmt: skip
    sommerfeld_weight: float = knob(
        0.1, title="Sommerfeld weight", ge=0.0, le=10.0, step=0.05,
        help="Weight of a side task for journal bearings: to tell the Sommerfeld number from the "
        "signal alone. 0 leaves it out, and it is left out where the data do not give the number.",
    )  # fmt: skip
    regime_prior: float = knob(
        0.0, title="Regime prior", ge=0.0, le=2.0, step=0.1,
        help="How much the operating point of a journal bearing speaks for or against oil whirl, "
        "whip, starved lubrication and wear. Leave it at 0 for simulated data: there it only "
        "repeats how the labels were made.",
    )  # fmt: skip

    @field_validator("required_lines")
    @classmethod
    def _lines_can_be_read(cls, told: str) -> str:
        parse_lines(told)
        return told


class ArchitectureConfig(Section):
    """Shape of the network beside the physics scores."""

    filters: int = knob(
        16, title="First-layer filters", unit="filters", ge=4, le=128,
        help="Filters of the wide first layer; later blocks have up to four times as many.",
    )  # fmt: skip
    first_kernel: int = knob(
        64, title="First kernel", unit="samples", ge=3, le=1024,
        help="Length of the first filters. Shortened where a window is too short for it.",
    )  # fmt: skip
    first_stride: int = knob(
        16, title="First stride", unit="samples", ge=1, le=128,
        help="Samples the first filters move on. The cost of everything after falls in proportion.",
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


class PinnConfig(FamilyConfig):
    """Everything that defines one run of the physics-informed network."""

    input: InputConfig = Field(default_factory=InputConfig, title="Input")
    physics: PhysicsConfig = Field(default_factory=PhysicsConfig, title="Physics")
    architecture: ArchitectureConfig = Field(
        default_factory=ArchitectureConfig, title="Architecture"
    )
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    augmentation: PathAugmentationConfig = Field(
        default_factory=PathAugmentationConfig, title="Augmentation"
    )
    checkpoints: CheckpointConfig = Field(default_factory=CheckpointConfig, title="Checkpoints")

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Suit the input to the data and let a window hold enough turns to part the lines."""
        window = turns_window(info)
        data = {"data": {"window_samples": window}} if window else {}
        return path_suggestions(info) | data

    def workload(self, info: DatasetInfo) -> Workload:
        """Count multiply-adds of network and spectra, weights and bytes."""
        layers = layer_plan(self.architecture, self.data.window_samples, len(info.channels))
        weights, products = _cost(layers, len(info.classes))
        spectra = SPECTRUM_WORK * self.data.window_samples * len(info.channels)
        return network_workload(
            self, info, weights=weights, products=products, once=spectra,
            held_bytes=window_bytes(info, self.data),
        )  # fmt: skip


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
    layers = [_layer(channels, config.filters, kernel, stride, length)]
    for block in range(config.n_blocks):
        length = layers[-1].length_out // layers[-1].pool
        if length < 4:
            break
        width = config.filters * min(4, 2 ** (block + 1))
        layers.append(_layer(layers[-1].channels_out, width, config.kernel, 1, length))
    return tuple(layers)


def _layer(channels_in: int, channels_out: int, kernel: int, stride: int, length: int) -> Layer:
    return Layer(
        channels_in=channels_in, channels_out=channels_out, kernel=kernel, stride=stride,
        length_out=length, pool=2 if length >= 4 else 1,
    )  # fmt: skip


def features_out(layers: tuple[Layer, ...]) -> int:
    """Numbers that leave the convolutions: mean and maximum of every last filter."""
    return 2 * layers[-1].channels_out


def _cost(layers: tuple[Layer, ...], n_classes: int) -> tuple[int, int]:
    """Weights, and multiply-adds of one window."""
    weights = sum(layer.channels_out * (layer.channels_in * layer.kernel + 2) for layer in layers)
    products = sum(
        layer.channels_in * layer.channels_out * layer.kernel * layer.length_out for layer in layers
    )
    heads = (features_out(layers) + 1) * 2 * HIDDEN + (HIDDEN + 1) * (n_classes + 1)
    return weights + heads, products + heads
