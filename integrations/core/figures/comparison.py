"""Charts of several runs together; a run keeps its colour on all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from integrations.core.compare.courses import Course, smoothed
from integrations.core.compare.gaps import Gap
from integrations.core.compare.ranking import Ranking
from integrations.core.figures.chart import OKABE_ITO, Axis, Bars, Heatmap, Label, Lines, Series

SHARES = ("accuracy", "precision", "recall", "f1")
WORDS = {
    "train_loss": "Training loss",
    "val_loss": "Validation loss",
    "train_accuracy": "Training accuracy",
    "val_accuracy": "Validation accuracy",
    "val_macro_f1": "Validation macro F1",
}
MOST_GAPS = 30
LONGEST_TICK = 14


@dataclass(frozen=True)
class Dimension:
    """An upright axis of the parallel coordinates: a setting or a figure of each run.

    Attributes:
        places: Where each run crosses it, 0 at the bottom to 1 on top; NaN where it has none.
        texts: What each run has there.
    """

    title: str
    places: tuple[float, ...]
    texts: tuple[str, ...]


def metric_words(metric: str) -> str:
    """Give a metric's name for people."""
    return WORDS.get(metric, metric.replace("_", " ").capitalize())


def metric_axis(metric: str) -> Axis:
    """Give the axis of a metric: shares in percent."""
    return Axis(metric_words(metric), percent=any(word in metric for word in SHARES))


def run_series(position: int, name: str, x: Sequence[float], y: Sequence[float]) -> Series:
    """Draw a run in the colour of its place; after the last colour lines are dashed."""
    colours = len(OKABE_ITO)
    return Series(
        name, x, y, colour=position % colours, dashed=position >= colours, points=len(x) == 1
    )


def course_chart(
    names: Sequence[str],
    courses: Sequence[Course | None],
    metric: str,
    *,
    over_time: bool = False,
    smoothing: float = 0.0,
) -> Lines:
    """Overlay a metric of several runs by epoch, or by the time that was trained for."""
    series = []
    for position, (name, course) in enumerate(zip(names, courses, strict=True)):
        if course is None or (over_time and not len(course.seconds)):
            continue
        x = course.seconds if over_time else course.epochs
        series.append(run_series(position, name, x.tolist(), smoothed(course.values, smoothing)))
    how = f", smoothed ({smoothing:.0%})" if smoothing else ""
    by = "training time" if over_time else "epoch"
    return Lines(
        key=f"compare_curves_{'time' if over_time else 'epoch'}",
        title=f"{metric_words(metric)} by {by}{how}",
        x_axis=Axis("Training time", "s") if over_time else Axis("Epoch or fold"),
        y_axis=metric_axis(metric),
        series=tuple(series),
        help="The time is that of the epochs alone; pauses and waiting do not count.",
    )


def confusion_change_chart(
    change: npt.NDArray[np.float64], classes: Sequence[str], a: str, b: str
) -> Heatmap:
    """Draw by true and predicted class how much more often one run says so than another."""
    texts = [[_signed(v) if abs(v) >= 0.0005 else "" for v in row] for row in change.tolist()]
    reach = max(0.01, float(np.abs(change).max(initial=0.0)))
    return Heatmap(
        key="compare_confusion",
        title=_change_title(change, classes, a, b),
        x_axis=Axis("Predicted class"),
        y_axis=Axis("True class"),
        columns=tuple(classes),
        rows=tuple(classes),
        values=tuple(tuple(row) for row in change.tolist()),
        value_axis=Axis("Difference", percent=True, range=(-reach, reach)),
        texts=tuple(tuple(row) for row in texts),
        help=f"Percentage points of the true class. Blue: “{a}” says so more often than “{b}”; "
        "orange: less often. On the diagonal blue is good for the first run, elsewhere orange.",
    )


def gap_chart(gaps: Sequence[Gap], key: str, what: str, a: str, b: str) -> Bars:
    """Draw the differences of two runs over parts of the test windows, largest first."""
    ordered = sorted(gaps, key=lambda gap: -gap.difference.value)
    if len(ordered) > MOST_GAPS:
        far = sorted(gaps, key=lambda gap: -abs(gap.difference.value))[:MOST_GAPS]
        ordered = [gap for gap in ordered if gap in far]
    return Bars(
        key=key,
        title=gap_title(gaps, what, a, b),
        axis=Axis("Difference of the share recognised", percent=True),
        categories=tuple(gap.name for gap in ordered),
        values=tuple(gap.difference.value for gap in ordered),
        low=tuple(gap.difference.low for gap in ordered),
        high=tuple(gap.difference.high for gap in ordered),
        help=f"To the right “{a}” recognises more, to the left “{b}”. The intervals hold for all "
        "parts together with 95 % (Bonferroni), and rest on independent units, not on windows.",
    )


def gap_title(gaps: Sequence[Gap], what: str, a: str, b: str) -> str:
    """Say where two runs clearly differ, if anywhere."""
    clear = sorted((g for g in gaps if g.clear), key=lambda g: -abs(g.difference.value))
    if not clear:
        return f"No {what} on which the two clearly differ"
    most = clear[0]
    better = a if most.difference.value > 0 else b
    return f"They differ most on “{most.name}”, where “{better}” is better"


def parallel_chart(names: Sequence[str], dimensions: Sequence[Dimension]) -> Lines:
    """Draw runs as lines over upright axes of settings and figures (Inselberg 1985)."""
    x = [float(i) for i in range(len(dimensions))]
    series = tuple(
        run_series(k, name, x, [dimension.places[k] for dimension in dimensions])
        for k, name in enumerate(names)
    )
    return Lines(
        key="compare_parallel",
        title="What the runs were set to, and what came of it",
        x_axis=Axis("", range=(-0.3, max(1.0, len(dimensions) - 0.7))),
        y_axis=Axis("", range=(-0.08, 1.08)),
        series=series,
        labels=tuple(_ends(dimensions)),
        help="Each upright line is a setting or a figure; each run crosses it at its value.",
    )


def dimension(title: str, values: Sequence[object], texts: Sequence[str]) -> Dimension:
    """Place runs on an upright axis: numbers by size, words by the order of their names."""
    numbers = [_number(value) for value in values]
    if not any(map(math.isfinite, numbers)):
        met = [text if value is not None else "" for value, text in zip(values, texts, strict=True)]
        known = sorted({text for text in met if text})
        numbers = [float(known.index(text)) if text else math.nan for text in met]
    finite = [number for number in numbers if math.isfinite(number)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    width = high - low
    places = tuple((n - low) / width if width else 0.5 + 0 * n for n in numbers)
    return Dimension(title, places, tuple(texts))


def critical_difference_chart(models: Sequence[str], ranking: Ranking) -> Lines:
    """Draw average ranks with bars that join what is not told apart (Demšar 2006)."""
    order = sorted(range(len(models)), key=lambda m: ranking.average_ranks[m])
    height = {model: float(len(models) - place) for place, model in enumerate(order)}
    points = tuple(
        Series(models[m], [ranking.average_ranks[m]], [height[m]], points=True,
               colour=m % len(OKABE_ITO))
        for m in order
    )  # fmt: skip
    bars = tuple(_group_bar(group, i, ranking, height) for i, group in enumerate(ranking.groups))
    labels = tuple(
        Label(ranking.average_ranks[m], height[m] + 0.28, models[m][:LONGEST_TICK * 2])
        for m in order
    )  # fmt: skip
    return Lines(
        key="compare_ranks",
        title=_rank_title(models, ranking),
        x_axis=Axis("Average rank (1 is best)", range=(0.6, len(models) + 0.4)),
        y_axis=Axis("", range=(0.3, len(models) + 0.8)),
        series=(*bars, *points),
        labels=labels,
        help="Grey bars join models whose ranks lie closer than the critical difference "
        f"({ranking.critical_difference:.2f}, Nemenyi, 5 %): these data sets do not tell them "
        "apart.",
    )


def _ends(dimensions: Sequence[Dimension]) -> list[Label]:
    found = []
    for x, one in enumerate(dimensions):
        whole = [(p, t) for p, t in zip(one.places, one.texts, strict=True) if math.isfinite(p)]
        for place, text in dict([max(whole), min(whole)] if whole else []).items():
            shown = text if len(text) <= LONGEST_TICK else f"{text[: LONGEST_TICK - 1]}…"
            found.append(Label(float(x), place + (0.05 if place >= 0.5 else -0.05), shown))
    return found


def _group_bar(
    group: tuple[int, ...], place: int, ranking: Ranking, height: dict[int, float]
) -> Series:
    ranks = [ranking.average_ranks[m] for m in group]
    y = min(height[m] for m in group) - 0.25 - 0.12 * (place % 3)
    return Series(f"not told apart ({place + 1})", [min(ranks), max(ranks)], [y, y], colour=7)


def _rank_title(models: Sequence[str], ranking: Ranking) -> str:
    best = min(range(len(models)), key=lambda m: ranking.average_ranks[m])
    tied = any(best in group for group in ranking.groups)
    said = f"“{models[best]}” ranks first over {ranking.n_data_sets} data sets"
    return f"{said}, but is not told apart from the next" if tied else said


def _change_title(change: npt.NDArray[np.float64], classes: Sequence[str], a: str, b: str) -> str:
    off = change - np.diag(np.diag(change))
    if not np.abs(off).max(initial=0.0):
        return "Both make the same mistakes equally often"
    true, said = (int(i) for i in np.unravel_index(np.abs(off).argmax(), off.shape))
    more = a if off[true, said] > 0 else b
    return f"“{more}” takes “{classes[true]}” for “{classes[said]}” more often"


def _signed(value: float) -> str:
    return f"{value * 100:+.0f}".replace("-", "−") if abs(value) >= 0.005 else "·"


def _number(value: object) -> float:
    whole = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if whole else math.nan  # type: ignore[arg-type]
