"""A finished run as the checks see it: pure data, gathered by whoever asks for findings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.core.evaluation.evaluation import ClassMetrics, Evaluation, Interval
from integrations.core.evaluation.learning_curve import LearningCurve
from integrations.core.evaluation.slices import Slice


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities of a run can be believed, on its test part.

    Attributes:
        error: Expected calibration error.
        shown: The error is more than chance would give.
        overconfidence: Mean confidence less accuracy.
        temperature: Stored for its predictions; None where nobody asked for one.
    """

    error: Interval
    shown: bool
    overconfidence: Interval
    temperature: float | None = None


@dataclass(frozen=True)
class Rival:
    """Another finished run on the same data, windows and split.

    Attributes:
        difference: Accuracy of this run less that of the rival on the test part, paired by unit.
        seconds: What it took to train.
        error_correlation: Of the two runs' mistakes on the validation part, −1 to 1.
        gain: Accuracy of both together (mean probabilities) less that of the better one, on the
            validation part, which nobody chose them by; None where it was not measured.
    """

    id: int
    name: str
    family: str
    difference: Interval
    n_parameters: int = 0
    seconds: float = 0.0
    error_correlation: float = 1.0
    gain: Interval | None = None


@dataclass(frozen=True)
class Repeats:
    """The same run with other seeds.

    Attributes:
        study_id: Their study.
        scores: Macro F1 of each finished one, this run's included.
        mean: With its t interval over the seeds; None for fewer than two.
        mine: Macro F1 of this run.
    """

    study_id: int
    scores: tuple[float, ...]
    mean: Interval | None
    mine: float


@dataclass(frozen=True)
class Failures:
    """What the failure analysis found.

    Attributes:
        suspects: Recordings whose label looks wrong, by name.
        checked: Recordings whose label could be checked.
        unlike: Test windows unlike everything trained on; ``measured`` were looked at.
        alpha: Share of windows like the validation ones that would be called unlike by chance.
    """

    suspects: tuple[str, ...] = ()
    checked: int = 0
    unlike: int = 0
    measured: int = 0
    alpha: float = 0.01


@dataclass(frozen=True)
class Weakness:
    """The mildest disturbance of a robustness test that costs much accuracy.

    Attributes:
        disturbance: In words, e.g. "white noise at 10 dB".
        clean: Accuracy without it.
        disturbed: Accuracy with it.
    """

    disturbance: str
    clean: float
    disturbed: Interval


@dataclass(frozen=True)
class Facts:
    """What was measured and how it came about; what was not measured is None or empty.

    Attributes:
        history: One row per epoch or fold.
        stopped: The user ended it before its last epoch.
        same_split: Finished runs on the same data and split, this one included.
        is_best: None of those has a higher macro F1.
        worst_slice: The condition with the least accuracy.
    """

    evaluation: Evaluation
    history: Sequence[dict[str, float]]
    config: Mapping[str, Any]
    stopped: bool = False
    experiment_id: int = 0
    dataset_id: int = 0
    seconds: float = 0.0
    n_parameters: int = 0
    same_split: int = 1
    is_best: bool = False
    rivals: tuple[Rival, ...] = ()
    repeats: Repeats | None = None
    curve: LearningCurve | None = None
    calibration: Calibration | None = None
    worst_slice: Slice | None = None
    failures: Failures | None = None
    weakness: Weakness | None = None

    @property
    def is_cross_validated(self) -> bool:
        """Rows are folds, not epochs."""
        training = self.config.get("training", {})
        return "folds" in training and "epochs" not in training

    @property
    def step_name(self) -> str:
        """What a row of the history is: "Epoch", "Fold", or "Step" where nothing is trained."""
        if self.is_cross_validated:
            return "Fold"
        return "Epoch" if "epochs" in self.config.get("training", {}) else "Step"

    @property
    def best_epoch(self) -> int:
        """Epoch whose weights were used (1-based); 0 when rows are no epochs or there are none."""
        if self.step_name != "Epoch":
            return 0
        monitor = self.config.get("checkpoints", {}).get("monitor", "val_loss")
        sign = 1.0 if "loss" in str(monitor) else -1.0
        costs = [(sign * _number(row.get(monitor)), i) for i, row in enumerate(self.history, 1)]
        finite = [(cost, i) for cost, i in costs if math.isfinite(cost)]
        return min(finite)[1] if finite else 0

    @property
    def best_row(self) -> Mapping[str, float]:
        """The row of the best epoch, {} when there is none."""
        return self.history[self.best_epoch - 1] if self.best_epoch else {}

    @property
    def accuracy(self) -> float:
        """Share of test windows recognised."""
        return self.evaluation.headline["accuracy"].value

    @property
    def tested(self) -> list[ClassMetrics]:
        """The classes that have test windows."""
        return [row for row in self.evaluation.per_class if row.support]


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
