"""For each check, facts under which it speaks and facts under which it must not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integrations.core.checks.facts import (
    Calibration,
    Facts,
    Failures,
    Repeats,
    Rival,
    Weakness,
)
from integrations.core.evaluation.evaluation import (
    ClassMetrics,
    Evaluation,
    Interval,
    SplitSummary,
)
from integrations.core.evaluation.learning_curve import HungryClass, LearningCurve
from integrations.core.evaluation.slices import Slice

SPLIT = SplitSummary(
    name="by group", leaky=False, digest="d", train_windows=400, validation_windows=80,
    test_windows=200, train_groups=20, validation_groups=5, test_groups=8, test_recordings=16,
)  # fmt: skip


def klass(name: str, recall: float = 0.9, support: int = 100, n_recordings: int = 8) -> Any:
    return ClassMetrics(
        name=name, precision=0.9, recall=recall, f1=0.9, support=support, n_recordings=n_recordings
    )


def near(value: float, half: float = 0.02) -> Interval:
    return Interval(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def about(value: float, half: float = 0.01) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


EVALUATION = Evaluation(
    classes=("good", "worn"),
    split=SPLIT,
    headline={
        "accuracy": near(0.9), "macro_precision": near(0.9), "macro_recall": near(0.9),
        "macro_f1": near(0.9), "recording_accuracy": near(0.91),
    },
    validation={"accuracy": 0.91},
    per_class=(klass("good"), klass("worn")),
    confusion=((90, 10), (10, 90)),
    roc=(),
    pr=(),
    interval_method="95 % bootstrap over 8 test groups",
)  # fmt: skip
HISTORY = [
    {"train_accuracy": 0.5, "val_accuracy": 0.5, "val_loss": 1.0},
    {"train_accuracy": 0.7, "val_accuracy": 0.7, "val_loss": 0.7},
    {"train_accuracy": 0.93, "val_accuracy": 0.91, "val_loss": 0.2},
    {"train_accuracy": 0.94, "val_accuracy": 0.90, "val_loss": 0.3},
    {"train_accuracy": 0.95, "val_accuracy": 0.90, "val_loss": 0.3},
]
SOUND = Facts(
    EVALUATION,
    HISTORY,
    {"training": {"epochs": 5, "weight_decay": 0.01}},
    experiment_id=12,
    dataset_id=3,
    seconds=60.0,
    n_parameters=9000,
)
"""A result that nothing is to be said of."""


def changed(**changes: Any) -> Facts:
    return replace(SOUND, evaluation=EVALUATION.model_copy(update=changes))


def headline(**changes: Interval) -> Facts:
    return changed(headline={**EVALUATION.headline, **changes})


def split(**changes: Any) -> Facts:
    return changed(split=SPLIT.model_copy(update=changes))


def last_epoch(**row: float) -> Facts:
    return replace(SOUND, history=[*HISTORY[:4], row])


def rival(**changes: Any) -> Facts:
    given = {"id": 41, "name": "Other", "family": "cnn1d", "difference": about(0.005)} | changes
    return replace(SOUND, rivals=(Rival(**given),))


def repeats(mine: float, *others: float) -> Facts:
    scores = (mine, *others)
    mean = sum(scores) / len(scores)
    return replace(SOUND, repeats=Repeats(7, scores, about(mean), mine))


def curve(gain: Interval | None, **changes: Any) -> Facts:
    given = {
        "study_id": 4, "points": (), "law": None, "at_double": None, "gain": gain,
        "hungriest": None, "expected": 15,
    } | changes  # fmt: skip
    return replace(SOUND, curve=LearningCurve(**given))


def calibration(**changes: Any) -> Facts:
    given = {"error": near(0.08), "shown": True, "overconfidence": about(0.07)} | changes
    return replace(SOUND, calibration=Calibration(**given))


def worst(p_holm: float | None) -> Facts:
    one = Slice(
        field="load", value="3", windows=50, recordings=4, groups=2, accuracy=near(0.6),
        macro_f1=near(0.6), unit_name="groups", units=2, p_holm=p_holm,
    )  # fmt: skip
    return replace(SOUND, worst_slice=one)


def failures(**changes: Any) -> Facts:
    return replace(SOUND, failures=Failures(checked=40, measured=200, **changes))


def weakness(disturbed: float) -> Facts:
    return replace(SOUND, weakness=Weakness("white noise at 10 dB", 0.9, near(disturbed)))


FULL = Interval(value=1.0, low=0.9, high=1.0)
SPEAKS: dict[str, list[Facts]] = {
    "leaky-split": [split(leaky=True)],
    "near-chance": [headline(macro_recall=near(0.51))],
    "untested-classes": [changed(per_class=(klass("good"), klass("worn", support=0)))],
    "seed-lucky": [repeats(0.94, 0.90, 0.91)],
    "better-rival": [rival(difference=about(-0.05))],
    "worst-slice": [worst(0.01)],
    "validation-promised-more": [changed(validation={"accuracy": 1.01})],
    "few-test-groups": [split(test_groups=2)],
    "worst-class": [changed(per_class=(klass("good"), klass("worn", recall=0.5)))],
    "label-suspects": [failures(suspects=("a.mat",))],
    "unlike-training": [failures(unlike=30)],
    "learning-curve-rises": [
        curve(about(0.03)),
        curve(about(0.03), hungriest=HungryClass(name="worn", gain=about(0.06))),
    ],
    "learning-curve-flat": [curve(about(0.002, 0.005))],
    "unsteady-seeds": [repeats(0.90, 0.84, 0.95)],
    "overfitting": [last_epoch(train_accuracy=1.0, val_accuracy=0.8, val_loss=0.1)],
    "still-improving": [last_epoch(train_accuracy=0.95, val_accuracy=0.94, val_loss=0.1)],
    "ensemble-partner": [rival(error_correlation=0.2, gain=about(0.02))],
    "robustness-drop": [weakness(0.5)],
    "poor-calibration": [calibration(), calibration(overconfidence=about(-0.07))],
    "let-windows-vote": [headline(recording_accuracy=near(0.97))],
    "best-of-many": [replace(SOUND, is_best=True, same_split=12)],
    "smaller-rival": [rival(n_parameters=900)],
    "quicker-rival": [rival(seconds=5.0)],
    "class-imbalance": [changed(per_class=(klass("good", support=900), klass("worn")))],
    "thin-classes": [changed(per_class=(klass("good"), klass("worn", n_recordings=1)))],
    "try-harder-test": [headline(accuracy=FULL)],
}
SILENT: dict[str, list[Facts]] = {
    "leaky-split": [SOUND],
    "near-chance": [SOUND],
    "untested-classes": [SOUND],
    "seed-lucky": [repeats(0.94), repeats(0.90, 0.94, 0.91), repeats(0.905, 0.90, 0.90)],
    "better-rival": [rival(), rival(difference=about(-0.005))],
    "worst-slice": [worst(0.2), worst(None)],
    "validation-promised-more": [SOUND, changed(validation={})],
    "few-test-groups": [SOUND, split(test_groups=2, leaky=True)],
    "worst-class": [SOUND, changed(per_class=(klass("good"),))],
    "label-suspects": [SOUND, failures()],
    "unlike-training": [failures(unlike=3), replace(SOUND, failures=Failures())],
    "learning-curve-rises": [curve(None), curve(about(0.005, 0.01)), curve(about(0.004, 0.001))],
    "learning-curve-flat": [curve(None), curve(about(0.02)), curve(about(0.005, 0.02))],
    "unsteady-seeds": [repeats(0.90, 0.91, 0.905), repeats(0.8, 0.95)],
    "overfitting": [SOUND],
    "still-improving": [SOUND, replace(SOUND, config={"training": {"folds": 5}})],
    "ensemble-partner": [
        rival(error_correlation=0.8, gain=about(0.02)),
        rival(error_correlation=0.2, gain=about(0.005)),
        rival(error_correlation=0.2),
    ],
    "robustness-drop": [weakness(0.85)],
    "poor-calibration": [
        calibration(shown=False),
        replace(
            calibration(), evaluation=EVALUATION.model_copy(update={"validation": {"accuracy": 1}})
        ),
        calibration(temperature=1.6),
        calibration(error=near(0.01, 0.005)),
    ],
    "let-windows-vote": [SOUND],
    "best-of-many": [
        replace(SOUND, is_best=True, same_split=3),
        replace(SOUND, same_split=12),
    ],
    "smaller-rival": [rival(), rival(n_parameters=900, difference=about(0.05))],
    "quicker-rival": [
        rival(seconds=5.0, difference=about(0.05)),
        replace(rival(seconds=0.5), seconds=3.0),
    ],
    "class-imbalance": [SOUND, changed(per_class=(klass("good"),))],
    "thin-classes": [SOUND],
    "try-harder-test": [SOUND, changed(
        headline={**EVALUATION.headline, "accuracy": FULL},
        split=SPLIT.model_copy(update={"leaky": True}),
    )],
}  # fmt: skip
