"""Ranks test windows by how wrong the model was, and names the kind of each mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions

SURE, DOUBTFUL = 0.9, 0.6
SMALLEST = 1e-12
_HEALTHY = re.compile(r"(?i)normal|health|baseline|good|intact|no.?fault|undamaged")
_SICK = re.compile(r"(?i)abnormal|unhealth|not.?good")


class ErrorKind(StrEnum):
    """What went wrong, in the order of what it usually costs."""

    MISSED = "missed fault"
    FALSE_ALARM = "false alarm"
    WRONG_FAULT = "wrong fault"
    CONFUSED = "wrong class"
    RIGHT = "right"


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix: class indices."""

    true: int
    predicted: int


def losses(test: Predictions) -> npt.NDArray[np.float64]:
    """Give each window's cross-entropy in nats, −ln of the true class's probability, shape (n,)."""
    true = test.probability[np.arange(len(test.truth)), test.truth]
    return np.asarray(-np.log(np.maximum(true, SMALLEST)), dtype=np.float64)


def worst_rows(test: Predictions, cell: Cell | None = None) -> npt.NDArray[np.int64]:
    """Give rows of the predictions, largest loss first.

    Args:
        test: Predictions on the test part.
        cell: Only windows of this cell, right ones included; None for all mistakes.
    """
    predicted = test.predicted
    if cell is None:
        chosen = np.flatnonzero(predicted != test.truth)
    else:
        chosen = np.flatnonzero((test.truth == cell.true) & (predicted == cell.predicted))
    order = np.argsort(-losses(test)[chosen], kind="stable")
    return np.asarray(chosen[order], dtype=np.int64)


def confused_cells(test: Predictions) -> list[tuple[Cell, int]]:
    """Give the cells off the diagonal that hold windows, with their counts, largest first."""
    n = test.probability.shape[1]
    wrong = test.predicted != test.truth
    counts = np.bincount(test.truth[wrong] * n + test.predicted[wrong], minlength=n * n)
    order = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
    return [(Cell(*divmod(int(i), n)), int(counts[i])) for i in order]


def healthy_class(classes: Sequence[str]) -> int | None:
    """Find the class without a fault by its name; None where none or several are called so."""
    found = [i for i, c in enumerate(classes) if _HEALTHY.search(c) and not _SICK.search(c)]
    return found[0] if len(found) == 1 else None


def error_kind(true: int, predicted: int, healthy: int | None) -> ErrorKind:
    """Name the kind of a mistake; without a known healthy class it is only a wrong class."""
    if true == predicted:
        return ErrorKind.RIGHT
    if healthy is None:
        return ErrorKind.CONFUSED
    if true == healthy:
        return ErrorKind.FALSE_ALARM
    return ErrorKind.MISSED if predicted == healthy else ErrorKind.WRONG_FAULT


def sureness(confidence: float) -> str:
    """Say in a word how sure the model was."""
    if confidence >= SURE:
        return "sure"
    return "doubtful" if confidence < DOUBTFUL else "fairly sure"
