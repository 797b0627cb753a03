"""What a model said about new recordings, as JSON for the screen and CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from integrations.core.evaluation.store import FORMULA_STARTS


class Frozen(BaseModel):
    """Base of the immutable models here."""

    model_config = ConfigDict(frozen=True)


class WindowSaid(Frozen):
    """One window: its first sample and what the model gave each class."""

    start: int
    probability: tuple[float, ...]
    p_value: float | None = None


class RecordingSaid(Frozen):
    """One recording: the vote of its windows.

    Attributes:
        predicted: Class with the highest mean probability over the windows.
        probability: Mean probability of each class.
        agreement: Share of windows whose own most probable class is the predicted one.
        p_value: Conformal p-value of lying so far from the training data (twice the median over
            its windows); None where that cannot be known.
        distance: Median distance of its windows from the training data over the largest distance
            of a validation window; None where that cannot be known.
        unlike: It is unlike everything the model was trained on, so that no class need be right.
        warning: The same in a sentence with its number; "" when it is not.
    """

    name: str
    n_samples: int
    sampling_rate_hz: float | None
    predicted: str
    probability: tuple[float, ...]
    agreement: float
    p_value: float | None
    distance: float | None
    unlike: bool
    warning: str
    windows: tuple[WindowSaid, ...]


class LeftOut(Frozen):
    """A recording or file that was not predicted, and why."""

    name: str
    sentence: str


class PredictionOutcome(Frozen):
    """Everything said about one upload.

    Attributes:
        temperature: Applied to the probabilities; 1 where the run was not calibrated.
        notes: Sentences about what was done to the recordings and what cannot be known.
    """

    experiment_id: int
    experiment_name: str
    family: str
    classes: tuple[str, ...]
    window_samples: int
    sampling_rate_hz: float | None
    temperature: float
    recordings: tuple[RecordingSaid, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def recordings_csv(outcome: PredictionOutcome) -> bytes:
    """One row per recording; text cells cannot become formulas of a spreadsheet."""
    head = [
        "recording", "predicted", "probability", "windows", "agreement", "distance", "p value",
        "warning",
    ]  # fmt: skip
    rows = [
        [
            cell(each.name), cell(each.predicted), round(max(each.probability), 6),
            len(each.windows), round(each.agreement, 4),
            "" if each.distance is None else round(each.distance, 4),
            "" if each.p_value is None else round(each.p_value, 5),
            each.warning,
            *(round(p, 6) for p in each.probability),
        ]
        for each in outcome.recordings
    ]  # fmt: skip
    rows += [
        [cell(out.name), "", "", 0, "", "", "", cell(out.sentence)] for out in outcome.left_out
    ]
    return _csv([*head, *(f"p {cell(name)}" for name in outcome.classes)], rows)


def windows_csv(outcome: PredictionOutcome) -> bytes:
    """One row per window."""
    rows = [
        [
            cell(each.name), window.start,
            "" if window.p_value is None else round(window.p_value, 5),
            *(round(p, 6) for p in window.probability),
        ]
        for each in outcome.recordings
        for window in each.windows
    ]  # fmt: skip
    head = ["recording", "start", "p value"]
    return _csv([*head, *(f"p {cell(name)}" for name in outcome.classes)], rows)


def cell(text: str) -> str:
    """Give text for a cell of a spreadsheet."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv(head: list[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
