"""Settings of the 1D CNN's shape."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from integrations.core.config import Section, knob

KernelLength = Annotated[int, Field(ge=3, le=255)]
FilterCount = Annotated[int, Field(ge=4, le=1024)]


class Pooling(StrEnum):
    """How a block halves its length."""

    MAX = "max"
    AVERAGE = "average"
    NONE = "none"


class HeadPooling(StrEnum):
    """How the last feature maps become one row of numbers."""

    MEAN = "mean"
    MAX = "max"
    BOTH = "both"


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
        help="Convolution blocks after the first layer. No more are built than the window is long "
        "enough for.",
    )  # fmt: skip
    kernels: list[KernelLength] = knob(
        [3], title="Kernels", unit="samples",
        help="Length of the filters in each later block, e.g. 9, 5, 3. The last one counts for all "
        "further blocks.",
    )  # fmt: skip
    block_filters: list[FilterCount] = knob(
        [], title="Filters per block", unit="filters",
        help="Filters of each later block, e.g. 32, 64, 64; the last one counts for all further "
        "blocks. Empty doubles the first layer's block by block, up to four times.",
    )  # fmt: skip
    pooling: Pooling = knob(
        Pooling.MAX, title="Pooling between blocks",
        help="Each block halves its length by the larger or the mean of two neighbours. None keeps "
        "the length: finer in time, and every block costs as much as the first.",
    )  # fmt: skip
    head_pooling: HeadPooling = knob(
        HeadPooling.BOTH, title="Pooling over time",
        help="Mean asks how much of a pattern a window holds, maximum whether it occurs at all; "
        "both hands on the two.",
    )  # fmt: skip
    head_layers: int = knob(
        1, title="Hidden head layers", unit="layers", ge=0, le=3,
        help="Fully connected layers between the pooled features and the class scores; 0 scores "
        "the features directly.",
    )  # fmt: skip
    head_units: int = knob(
        100, title="Hidden units", unit="units", ge=4, le=1024, show_if={"head_layers": [1, 2, 3]},
        help="Units of each hidden head layer. Fewer leave less room for learning by heart.",
    )  # fmt: skip
    dropout: float = knob(
        0.2, title="Dropout", ge=0.0, le=0.8, step=0.05,
        help="Share of features hidden at random before the classifier. Raise it when training is "
        "far better than validation.",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _one_kernel_has_become_a_list(cls, given: Any) -> Any:
        """Read configs stored when all blocks had the same kernel."""
        if not isinstance(given, dict) or "kernel" not in given:
            return given
        kept = {name: value for name, value in given.items() if name != "kernel"}
        return {"kernels": [given["kernel"]]} | kept

    @field_validator("kernels")
    @classmethod
    def _there_is_a_kernel(cls, value: list[int]) -> list[int]:
        if not value:
            raise ValueError("Kernels is empty. Enter at least one length, e.g. 3.")
        return value

    @model_validator(mode="after")
    def _lists_are_no_longer_than_the_network(self) -> Self:
        for title, values in (("Kernels", self.kernels), ("Filters per block", self.block_filters)):
            if len(values) > self.n_blocks:
                raise ValueError(
                    f"{title} lists {len(values)} values for a network of {self.n_blocks}. Remove "
                    "some, or raise the number of blocks."
                )
        return self
