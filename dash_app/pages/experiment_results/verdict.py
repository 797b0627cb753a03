"""The verdict: one sentence that a careful colleague would say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash_app.components import format_interval
from integrations.core.evaluation.evaluation import Evaluation, Interval


@dataclass(frozen=True)
class Verdict:
    """What stands on top of the page.

    Attributes:
        figure: The headline with its interval, shown large.
        sentence: What it means.
        caution: Why not to trust it further, or "".
    """

    figure: str
    sentence: str
    caution: str


@dataclass(frozen=True)
class Comparison:
    """This run beside the best other one on the same data and split."""

    sentence: str
    clear: bool


def verdict(evaluation: Evaluation) -> Verdict:
    """Say how good a run is and for what."""
    split, figure = evaluation.split, evaluation.headline["accuracy"]
    noun = "recording" if split.test_recordings == 1 else "recordings"
    where = f"of {split.test_windows} test windows, from {split.test_recordings} {noun}"
    if split.leaky:
        caution = "Pieces of the same source were trained on, so expect less on new recordings."
        return Verdict(shown(figure), f"{where}.", caution)
    return Verdict(shown(figure), f"{where} never seen in training.", "")


def shown(interval: Interval) -> str:
    """Write a figure with its interval."""
    return format_interval(interval.value, interval.low, interval.high)


def comparison(mine: Mapping[str, Any], other: Mapping[str, Any]) -> Comparison | None:
    """Compare the macro F1 of two runs by their stored metrics; None when one has none."""
    a, b = _interval(mine), _interval(other)
    if a is None or b is None:
        return None
    difference = (a.value - b.value) * 100
    if abs(difference) < 0.05:
        return Comparison("Both reach the same macro F1.", False)
    word = "better" if difference > 0 else "worse"
    points = f"{abs(difference):.1f} percentage points {word} in macro F1"
    if a.low > b.high or b.low > a.high:
        return Comparison(f"{points}; the intervals do not overlap.", True)
    return Comparison(f"{points}, but the intervals overlap: it may be chance.", False)


def _interval(metrics: Mapping[str, Any]) -> Interval | None:
    names = ("macro_f1", "macro_f1_low", "macro_f1_high")
    values = [metrics.get(name) for name in names]
    if any(value is None for value in values):
        return None
    value, low, high = (float(v) for v in values if v is not None)
    return Interval(value=value, low=low, high=high)


def per_recording(evaluation: Evaluation) -> str | None:
    """Say how many recordings are right when their windows vote; None where it was not counted."""
    figure = evaluation.headline.get("recording_accuracy")
    if figure is None:
        return None
    total = evaluation.split.test_recordings
    right = round(figure.value * total)
    return f"{right} of {total} recordings are right when their windows vote"
