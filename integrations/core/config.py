"""What every family's configuration is made of: the one source of defaults, ranges, units, help."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from integrations.core.data.dataset import DatasetInfo

if TYPE_CHECKING:
    from integrations.core.contract import EarlierRun


def knob(
    default: Any,
    *,
    title: str,
    help: str,
    unit: str | None = None,
    ge: float | None = None,
    le: float | None = None,
    step: float | None = None,
    scale: str = "linear",
    show_if: dict[str, list[Any]] | None = None,
    widget: str = "",
) -> Any:
    """Declare one setting: a pydantic field that also is a form input and its documentation.

    Args:
        default: Value used when nobody chooses.
        title: Short label in sentence case.
        help: One or two sentences: what it does, and when to raise or lower it.
        unit: Physical unit or counted thing, e.g. ``"samples"``; None for a pure number.
        ge: Smallest allowed value.
        le: Largest allowed value.
        step: Sensible increment of an input.
        scale: ``"linear"`` or ``"log"`` (shown and entered in scientific notation).
        show_if: Sibling field name to the values for which this setting has an effect.
        widget: Special input: "experiment" (a finished experiment's number, 0 for none) or
            "experiments" (a list of such numbers); "" for the one that suits the type.
    """
    extra: dict[str, Any] = {
        "unit": unit,
        "step": step,
        "scale": scale,
        "show_if": show_if,
        "widget": widget or None,
    }
    return Field(
        default=default,
        title=title,
        description=help,
        ge=ge,
        le=le,
        json_schema_extra={key: value for key, value in extra.items() if value is not None},
    )


class Section(BaseModel):
    """A group of settings that the expert form shows under one heading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SplitStrategy(StrEnum):
    """How recordings are divided into training, validation and test."""

    GROUP = "group"
    PUBLISHED = "published"
    FIELD = "field"
    RANDOM_WINDOWS = "random_windows"


class DataConfig(Section):
    """Which windows of which recordings are learnt from, and which are held back."""

    window_samples: int = knob(
        1024,
        title="Window length",
        unit="samples",
        ge=4,
        le=1_048_576,
        help="Length of the pieces a recording is cut into. Longer windows resolve lower "
        "frequencies and give fewer examples.",
    )
    overlap: float = knob(
        0.5,
        title="Window overlap",
        ge=0.0,
        le=0.95,
        step=0.05,
        help="Fraction that neighbouring windows share. More overlap gives more, but more "
        "similar, training examples.",
    )
    split: SplitStrategy = knob(
        SplitStrategy.GROUP,
        title="Split",
        help="By group keeps all windows of one recording group on one side. Published uses the "
        "split that came with the data. By field holds back chosen values of a metadata field. "
        "Random windows leaks: pieces of one recording land on both sides.",
    )
    split_field: str = knob(
        "",
        title="Held-out field",
        show_if={"split": ["field"]},
        help="Metadata field whose chosen values form the test set, e.g. load or fault size.",
    )
    test_values: list[str] = knob(
        [],
        title="Held-out values",
        show_if={"split": ["field"]},
        help="Records with one of these values of the field are tested on and never trained on.",
    )
    test_fraction: float = knob(
        0.2,
        title="Test share",
        ge=0.05,
        le=0.5,
        step=0.05,
        show_if={"split": ["group", "random_windows"]},
        help="Share of the groups held back until the end and looked at once.",
    )
    validation_fraction: float = knob(
        0.2,
        title="Validation share",
        ge=0.05,
        le=0.5,
        step=0.05,
        help="Share of the remaining groups that steers early stopping and model choice.",
    )
    seed: int = knob(
        0,
        title="Split seed",
        ge=0,
        le=2_147_483_647,
        help="Fixes which groups land in which part. Runs are comparable only on the same split.",
    )
    train_share: float = knob(
        1.0,
        title="Training share",
        ge=0.05,
        le=1.0,
        step=0.05,
        help="Share of each class's training groups that is learnt from; validation and test stay "
        "the same. Leave it at 1 unless you want to see what more data would bring.",
    )
    train_share_seed: int = knob(
        0,
        title="Subset seed",
        ge=0,
        le=2_147_483_647,
        help="Fixes which groups a training share below 1 keeps; a larger share of the same subset "
        "holds all groups of a smaller one.",
    )

    @model_validator(mode="after")
    def _field_split_is_complete(self) -> Self:
        if self.split is SplitStrategy.FIELD and not (self.split_field and self.test_values):
            raise ValueError(
                "A split by field needs the field's name and at least one value to hold back."
            )
        return self


class Workload(BaseModel):
    """What a run will cost, counted before it starts; the bench turns it into time."""

    model_config = ConfigDict(frozen=True)

    work_units: float
    """Multiply-adds (or the family's own proportional count) of the whole run."""
    steps: int
    """Epochs, folds or iterations: what the progress bar counts."""
    parameters: int
    memory_bytes: int
    checkpoint_bytes: int
    uses_gpu: bool = False
    """True when the family trains on a GPU where the machine has one."""


class FamilyConfig(Section):
    """Base of every family's ``Config``; each attribute that is a Section is a form section."""

    data: DataConfig = Field(default_factory=DataConfig, title="Data")
    seed: int = knob(
        0,
        title="Seed",
        ge=0,
        le=2_147_483_647,
        help="Fixes weights, data order and augmentation. The same seed gives the same metrics.",
    )

    def suggestions(self, info: DatasetInfo) -> dict[str, dict[str, Any]]:
        """Give settings that suit a data set, by section; used only where nobody chose.

        Args:
            info: The data set that would be trained on.
        """
        return {}

    def earlier_problems(self, runs: Sequence[EarlierRun], split_digest: str) -> list[str]:
        """Say why the earlier runs this configuration builds on do not suit it, in sentences.

        Args:
            runs: The finished ones among the runs it names, or all on its split when none.
            split_digest: Of its data, windows and split.
        """
        return []

    def workload(self, info: DatasetInfo) -> Workload:
        """Count the work of this configuration on a data set, without training.

        Args:
            info: The data set that would be trained on.
        """
        raise NotImplementedError
