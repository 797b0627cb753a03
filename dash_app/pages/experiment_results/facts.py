"""A finished run as the sentences and rules of this screen see it: pure data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.core.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class Facts:
    """What was measured and how it came about.

    Attributes:
        history: One row per epoch or fold.
        stopped: The user ended it before its last epoch.
    """

    evaluation: Evaluation
    history: Sequence[dict[str, float]]
    config: Mapping[str, Any]
    stopped: bool = False

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


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
