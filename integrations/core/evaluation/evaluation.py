"""What an evaluated run says: figures with intervals, per class, confusion and curves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of the immutable result models."""

    model_config = ConfigDict(frozen=True)


class Interval(Frozen):
    """A figure with its 95 % interval (bootstrap over groups unless said otherwise)."""

    value: float
    low: float
    high: float


class ClassMetrics(Frozen):
    """One row of the per-class table; support counts test windows and recordings."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    n_recordings: int


class Curve(Frozen):
    """A one-vs-rest curve of one class: ROC (x = false positive rate, y = true positive rate)
    or precision-recall (x = recall, y = precision); ``area`` is AUC or average precision.
    """  # noqa: D205

    class_name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float | None


class SplitSummary(Frozen):
    """How the data were divided, in words and counts; ``digest`` identifies the division.

    Attributes:
        notes: Sentences about compromises that had to be made (see ``data.splits``).
    """

    name: str
    leaky: bool
    digest: str
    train_windows: int
    validation_windows: int
    test_windows: int
    train_groups: int
    validation_groups: int
    test_groups: int
    test_recordings: int
    notes: tuple[str, ...] = ()


class Evaluation(Frozen):
    """Everything measured on the test part, looked at once.

    Attributes:
        headline: "accuracy", "macro_precision", "macro_recall", "macro_f1" over windows and
            "recording_accuracy" (majority of a recording's mean probabilities, Wilson interval).
        confusion: ``confusion[true][predicted]`` counts of test windows.
        notes: Sentences about what the figures cannot say (few groups, class without test data).
    """

    classes: tuple[str, ...]
    split: SplitSummary
    headline: dict[str, Interval]
    validation: dict[str, float]
    per_class: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    roc: tuple[Curve, ...]
    pr: tuple[Curve, ...]
    interval_method: str
    notes: tuple[str, ...] = ()
