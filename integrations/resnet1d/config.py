"""Settings of the 1D ResNet; light, the web builds its form from them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import path_suggestions
from integrations.core.data.windows import window_bytes
from integrations.core.training.cost import network_workload
from integrations.core.training.settings import (
    CheckpointConfig,
    InputConfig,
    PathAugmentationConfig,
    TrainingConfig,
)
from integrations.resnet1d.plan import Shape, activation_numbers, cost, network_plan

BYTES_PER_ACTIVATION = 12
"""Output, its batch norm and its gradient, kept for the way back."""


class Depth(StrEnum):
    """Weighted layers of the four ResNets of He et al. that are offered."""

    RESNET_18 = "18"
    RESNET_34 = "34"
    RESNET_50 = "50"
    RESNET_101 = "101"


class HeadPooling(StrEnum):
    """How the last feature maps become one row of numbers."""

    MEAN = "mean"
    MAX = "max"
    BOTH = "both"


class ArchitectureConfig(Section):
    """Shape of the network."""

    depth: Depth = knob(
        Depth.RESNET_18, title="Depth", unit="layers",
        help="18 and 34 have two convolutions per block, 50 and 101 three (bottlenecks, four "
        "times as many features at the end). Deeper pays only with thousands of windows.",
    )  # fmt: skip
    width: int = knob(
        16, title="Width", unit="filters", ge=4, le=128,
        help="Filters of the first stage; each later stage doubles them. The networks of the "
        "paper have 64: width 16 is a quarter of it and costs about a sixteenth.",
    )  # fmt: skip
    stem_kernel: int = knob(
        32, title="Stem kernel", unit="samples", ge=3, le=1024,
        help="Length of the first filters. Long ones work like band-pass filters; lengthened to "
        "eight times the stem stride where that is raised for a long window, shortened where a "
        "window is too short.",
    )  # fmt: skip
    stem_stride: int = knob(
        4, title="Stem stride", unit="samples", ge=1, le=256,
        help="Samples the first filters move on; the cost of everything after falls in proportion. "
        "Raised by itself where more than 4 096 steps would remain, lowered where fewer than 256.",
    )  # fmt: skip
    stem_pooling: bool = knob(
        True, title="Stem pooling",
        help="Halves the length once more after the stem by taking maxima, as in the paper; left "
        "out where fewer than 256 steps remain. Turn it off for fine events.",
    )  # fmt: skip
    kernel: int = knob(
        3, title="Block kernel", unit="samples", ge=3, le=31, step=2,
        help="Length of the filters inside the blocks, an odd number. Longer ones see more context "
        "per layer and cost in proportion.",
    )  # fmt: skip
    pooling: HeadPooling = knob(
        HeadPooling.MEAN, title="Pooling over time",
        help="Mean asks how much of a pattern a window holds, maximum whether it occurs at all; "
        "both hands on the two.",
    )  # fmt: skip
    hidden_units: int = knob(
        0, title="Hidden units", unit="units", ge=0, le=1024,
        help="Units of one more layer before the class scores; 0 gives the plain head of the "
        "paper.",
    )  # fmt: skip
    dropout: float = knob(
        0.1, title="Dropout", ge=0.0, le=0.8, step=0.05,
        help="Share of features hidden at random before the class scores. Raise it when training "
        "is far better than validation.",
    )  # fmt: skip

    @field_validator("depth", mode="before")
    @classmethod
    def _depth_may_be_a_number(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value

    @field_validator("kernel")
    @classmethod
    def _kernel_has_a_middle(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError(f"The block kernel must be odd; {value} is not. Try {value + 1}.")
        return value


class StartConfig(Section):
    """Where the weights come from before training."""

    experiment: int = knob(
        0, title="Start from experiment", ge=0, le=2_147_483_647, widget="experiment",
        help="Number of an earlier, finished run of this bench whose weights to begin with, of the "
        "same family, architecture and input; 0 begins at random. These are never ImageNet "
        "weights: pictures teach nothing about waveforms. The class scores are taken over only "
        "where the classes are the same.",
    )  # fmt: skip


class Resnet1dConfig(FamilyConfig):
    """Everything that defines one run of the 1D ResNet."""

    input: InputConfig = Field(default_factory=InputConfig, title="Input")
    architecture: ArchitectureConfig = Field(
        default_factory=ArchitectureConfig, title="Architecture"
    )
    start: StartConfig = Field(default_factory=StartConfig, title="Starting point")
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    augmentation: PathAugmentationConfig = Field(
        default_factory=PathAugmentationConfig, title="Augmentation"
    )
    checkpoints: CheckpointConfig = Field(default_factory=CheckpointConfig, title="Checkpoints")

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Suit inputs and augmentation to the data; see ``path_suggestions``."""
        return path_suggestions(info)

    def workload(self, info: DatasetInfo) -> Workload:
        """Count multiply-adds (three forward passes per training window), weights and bytes."""
        window, channels = self.data.window_samples, len(info.channels)
        plan = network_plan(shape_of(self.architecture), window, channels, len(info.classes))
        weights, products = cost(plan)
        batch = BYTES_PER_ACTIVATION * activation_numbers(plan) * self.training.batch_size
        return network_workload(
            self, info, weights=weights, products=products,
            held_bytes=window_bytes(info, self.data) + batch,
        )  # fmt: skip


def shape_of(config: ArchitectureConfig) -> Shape:
    """Give the settings as the layout needs them."""
    return Shape(
        depth=int(config.depth), width=config.width, stem_kernel=config.stem_kernel,
        stem_stride=config.stem_stride, stem_pooling=config.stem_pooling, kernel=config.kernel,
        poolings=2 if config.pooling is HeadPooling.BOTH else 1, hidden_units=config.hidden_units,
    )  # fmt: skip
