"""Settings of the spectrogram family; light, the web builds its form from them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.defaults import waveform_suggestions
from integrations.core.data.windows import window_bytes, windows_per_recording
from integrations.core.signal.machine import bearing_kind
from integrations.core.training.cost import network_workload
from integrations.core.training.settings import (
    AugmentationConfig,
    CheckpointConfig,
    InputConfig,
    TrainingConfig,
)


class TransformKind(StrEnum):
    """How a window is turned into an image."""

    STFT = "stft"
    CWT = "cwt"
    WIGNER_VILLE = "wigner_ville"


class FrequencyAxis(StrEnum):
    """How the rows of an STFT image are spaced."""

    LINEAR = "linear"
    OCTAVES = "octaves"


class NetworkKind(StrEnum):
    """Building block of the network."""

    RESNET = "resnet"
    EFFICIENTNET = "efficientnet"


class TransformConfig(Section):
    """How a window becomes an image of power over frequency and time."""

    kind: TransformKind = knob(
        TransformKind.STFT, title="Transform",
        help="STFT cuts the window into frames of one length. CWT uses long wavelets for low and "
        "short ones for high frequencies. Wigner–Ville (smoothed pseudo) is the sharpest on few "
        "tones and shows ghosts between many.",
    )  # fmt: skip
    frame: int = knob(
        128, title="Frame", unit="samples", ge=8, le=65_536, show_if={"kind": ["stft"]},
        help="Length of the pieces of an STFT. Longer frames separate frequencies, shorter ones "
        "separate events. No longer than a quarter of the window is used.",
    )  # fmt: skip
    overlap: float = knob(
        0.75, title="Frame overlap", ge=0.0, le=0.95, step=0.05, show_if={"kind": ["stft"]},
        help="Share of a frame that the next one sees again. More gives smoother images; those "
        "wider than the largest side are averaged down.",
    )  # fmt: skip
    axis: FrequencyAxis = knob(
        FrequencyAxis.LINEAR, title="Frequency rows", show_if={"kind": ["stft"]},
        help="Linear gives every row the same band. Octaves keeps low frequencies apart and joins "
        "high ones, which shaft-speed lines need; choose a long frame with it.",
    )  # fmt: skip
    cycles: float = knob(
        6.0, title="Wavelet cycles", unit="oscillations", ge=2.0, le=40.0, step=1.0,
        show_if={"kind": ["cwt"]},
        help="Oscillations in a Morlet wavelet. More separates frequencies, fewer separate events.",
    )  # fmt: skip
    lags: int = knob(
        64, title="Lag window", unit="samples", ge=4, le=2048, show_if={"kind": ["wigner_ville"]},
        help="One-sided length of the smoothing over frequency. Longer separates frequencies "
        "better and costs in proportion. No longer than half the window is used.",
    )  # fmt: skip
    smoothing: int = knob(
        2, title="Time smoothing", unit="columns", ge=1, le=16, show_if={"kind": ["wigner_ville"]},
        help="Half width of the smoothing over time. More removes ghosts between tones, less keeps "
        "events sharp.",
    )  # fmt: skip
    largest_side: int = knob(
        64, title="Largest image side", unit="pixels", ge=8, le=256,
        help="Rows and columns an image has at most; neighbours are averaged. Training cost grows "
        "with the area.",
    )  # fmt: skip


class ArchitectureConfig(Section):
    """Shape of the network."""

    network: NetworkKind = knob(
        NetworkKind.RESNET, title="Network",
        help="ResNet: plain 3 × 3 convolutions with shortcuts, quick on a CPU. EfficientNet: "
        "inverted bottlenecks with squeeze and excitation, fewer weights for the same work.",
    )  # fmt: skip
    width: int = knob(
        16, title="Width", unit="filters", ge=4, le=128,
        help="Filters of the first stage; each later stage has twice as many.",
    )  # fmt: skip
    stages: int = knob(
        3, title="Stages", unit="stages", ge=1, le=5,
        help="Resolutions the network works at; every stage after the first halves the image.",
    )  # fmt: skip
    blocks: int = knob(
        1, title="Blocks per stage", unit="blocks", ge=1, le=8,
        help="Depth of each stage: two convolutions per ResNet block, three per EfficientNet "
        "block. Two per stage and four stages make the ResNet an 18-layer one.",
    )  # fmt: skip
    stem_stride: int = knob(
        2, title="Stem stride", unit="pixels", ge=1, le=4,
        help="Pixels the first filters move on. The cost of everything after falls with its "
        "square.",
    )  # fmt: skip
    dropout: float = knob(
        0.2, title="Dropout", ge=0.0, le=0.8, step=0.05,
        help="Share of features hidden at random before the classifier. Raise it when training is "
        "far better than validation.",
    )  # fmt: skip
    dual_stream: bool = knob(
        False, title="Dual stream",
        help="Adds a one-dimensional network on the waveform and joins both before the "
        "classifier, so that phase and impact shape count too.",
    )  # fmt: skip
    waveform_filters: int = knob(
        16, title="Waveform filters", unit="filters", ge=4, le=128,
        show_if={"dual_stream": [True]},
        help="First-layer filters of the waveform stream.",
    )  # fmt: skip


class MaskConfig(Section):
    """Bars blanked out of training images (SpecAugment), so that no single patch decides."""

    time_share: float = knob(
        0.15, title="Time mask", ge=0.0, le=0.6, step=0.05,
        help="Widest share of the columns that is blanked in one bar; its width and place are "
        "drawn anew for every image. 0 blanks nothing.",
    )  # fmt: skip
    frequency_share: float = knob(
        0.05, title="Frequency mask", ge=0.0, le=0.6, step=0.05,
        help="Widest share of the rows that is blanked in one bar. Lower it when a single "
        "frequency tells the class.",
    )  # fmt: skip


class SpectrogramConfig(FamilyConfig):
    """Everything that defines one run of the spectrogram family."""

    input: InputConfig = Field(default_factory=InputConfig, title="Input")
    transform: TransformConfig = Field(default_factory=TransformConfig, title="Transform")
    architecture: ArchitectureConfig = Field(
        default_factory=ArchitectureConfig, title="Architecture"
    )
    training: TrainingConfig = Field(default_factory=TrainingConfig, title="Training")
    augmentation: AugmentationConfig = Field(
        default_factory=AugmentationConfig, title="Augmentation"
    )
    masks: MaskConfig = Field(default_factory=MaskConfig, title="Image masks")
    checkpoints: CheckpointConfig = Field(default_factory=CheckpointConfig, title="Checkpoints")

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Suit the data; journal bearings show their signs at low multiples of shaft speed."""
        suggested = waveform_suggestions(info)
        if bearing_kind(info) == "journal":
            long_frames = {"frame": 1024, "overlap": 0.9, "axis": FrequencyAxis.OCTAVES}
            suggested["transform"] = long_frames
        return suggested

    def workload(self, info: DatasetInfo) -> Workload:
        """Count multiply-adds (three forward passes per training window), weights and bytes."""
        from integrations.spectrogram.plan import cost, image_plan

        samples, channels = self.data.window_samples, len(info.channels)
        image = image_plan(self.transform, samples)
        weights, products = cost(self.architecture, image, channels, samples, len(info.classes))
        windows = int(windows_per_recording(info, self.data).sum())
        waveforms = window_bytes(info, self.data) if self.architecture.dual_stream else 0
        images = 4 * windows * channels * image.rows * image.columns
        return network_workload(
            self, info, weights=weights, products=products, once=image.products * channels,
            held_bytes=images + waveforms,
        )  # fmt: skip
