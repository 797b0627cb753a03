"""Charts of the detailed measures: calibration, conditions, robustness."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from integrations.core import text
from integrations.core.evaluation.evaluation import Interval
from integrations.core.evaluation.reliability import Reliability
from integrations.core.evaluation.slices import SliceTable
from integrations.core.figures.chart import Axis, Bars, Heatmap, Lines, Marker
from integrations.core.figures.chart import Series as Line
from integrations.core.robustness.sweep import Degraded, Robustness

ACCURACY = Axis("Accuracy of windows", percent=True, range=(0.0, 1.0))
NOISE_NAMES = {"white": "White noise", "own": "Noise like the recording's own"}
TEST, OTHER, CHANCE = 0, 1, 7


def reliability_curve(found: Reliability, key: str = "reliability") -> Lines:
    """Share of right answers over how sure the model was, with the diagonal of perfect trust."""
    x = [one.confidence for one in found.bins]
    low = max(0.0, min([*x, *(one.accuracy.low for one in found.bins)]) - 0.03)
    high = min(1.0, max([*x, *(one.accuracy.high for one in found.bins)]) + 0.03)
    measured = Line(
        "Test windows",
        x,
        [one.accuracy.value for one in found.bins],
        [one.accuracy.low for one in found.bins],
        [one.accuracy.high for one in found.bins],
        colour=TEST,
        points=len(x) < 3,
    )
    perfect = Line("Perfect calibration", (low, high), (low, high), dashed=True, colour=CHANCE)
    span = (low, high + 0.02)
    return Lines(
        key=key,
        title=calibration_finding(found),
        x_axis=Axis("Confidence: probability of the named class", percent=True, range=span),
        y_axis=Axis("Windows named rightly", percent=True, range=span),
        series=(measured, perfect),
        square=True,
        help=f"{len(x)} bins of equally many windows; the band is the 95 % interval by "
        f"{found.unit_name.removesuffix('s')}. Below the diagonal the model is too sure of itself.",
    )


def calibration_finding(found: Reliability) -> str:
    """Say what the calibration is like, no more than the windows can show."""
    excess = found.overconfidence
    points = f"{abs(excess.value) * 100:.1f} points"
    if excess.low > 0:
        return f"The model is too sure of itself, by {points} on average"
    if excess.high < 0:
        return f"The model is surer than it says, by {points} on average"
    if found.shown_to_be_off:
        return "Confidence is right on average, but not at every level"
    return "Confidence agrees with what happens, as far as these windows can show"


def slice_bars(table: SliceTable) -> Bars:
    """Accuracy under each value of a field, in the order of the values."""
    rows = table.rows
    worst = min(rows, key=lambda row: row.accuracy.value)
    best = max(rows, key=lambda row: row.accuracy.value)
    spread = best.accuracy.value - worst.accuracy.value
    title = f"Accuracy by {table.field}: {worst.value} is lowest"
    return Bars(
        key=f"slice_{table.field}",
        title=f"Accuracy by {table.field}" if spread == 0 else title,
        axis=ACCURACY,
        categories=tuple(row.value for row in rows),
        values=tuple(row.accuracy.value for row in rows),
        low=tuple(row.accuracy.low for row in rows),
        high=tuple(row.accuracy.high for row in rows),
        help="Test windows only; error bars are 95 % intervals.",
    )


def cross_heatmap(
    first: str,
    second: str,
    rows: Sequence[str],
    columns: Sequence[str],
    accuracy: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    windows: np.ndarray[tuple[int, int], np.dtype[np.int64]],
) -> Heatmap:
    """Accuracy where two conditions meet; empty cells were never tested."""
    texts = [
        [f"{share:.0%} of {count}" if count else "–" for share, count in zip(*both, strict=True)]
        for both in zip(accuracy.tolist(), windows.tolist(), strict=True)
    ]
    empty = int((windows == 0).sum())
    return Heatmap(
        key="cross",
        title=f"Accuracy by {first} and {second}",
        x_axis=Axis(second),
        y_axis=Axis(first),
        columns=tuple(columns),
        rows=tuple(rows),
        values=tuple(tuple(row) for row in accuracy.tolist()),
        value_axis=Axis("Accuracy", percent=True, range=(0.0, 1.0)),
        texts=tuple(tuple(row) for row in texts),
        help="Share of test windows named rightly, and how many there are. Cells hold few windows, "
        "so read them as hints." + (f" {empty} cells have no test window." if empty else ""),
    )


def noise_curve(found: Robustness) -> Lines | None:
    """Accuracy over the signal-to-noise ratio; None where no noise was tried."""
    series = []
    for colour, (kind, name) in enumerate(NOISE_NAMES.items()):
        points = sorted(found.of_kind(kind), key=lambda point: point.snr_db or 0.0)
        if points:
            series.append(_noise_line(name, points, colour))
    if not series:
        return None
    return Lines(
        key="robustness_noise",
        title=noise_finding(found),
        x_axis=Axis("Signal-to-noise ratio of added noise", "dB"),
        y_axis=ACCURACY,
        series=tuple(series),
        markers=(
            Marker(f"clean {text.percent(found.clean_accuracy.value)}",
                   y=found.clean_accuracy.value),
        ),
        help="Test windows with noise added to the whole recording; nothing was trained anew. "
        "Bands are 95 % intervals.",
    )  # fmt: skip


def _noise_line(name: str, points: Sequence[Degraded], colour: int) -> Line:
    return Line(
        name,
        [point.snr_db if point.snr_db is not None else math.nan for point in points],
        [point.accuracy.value for point in points],
        [point.accuracy.low for point in points],
        [point.accuracy.high for point in points],
        colour=colour,
    )


def noise_finding(found: Robustness) -> str:
    """Say how much noise the model bears."""
    held = [found.holds_to_db(kind) for kind in NOISE_NAMES if found.of_kind(kind)]
    if not held or any(level is None for level in held):
        least = max((p.snr_db for p in found.points if p.snr_db is not None), default=0.0)
        return f"Noise at {least:g} dB already costs more than 5 points"
    worst = max(level for level in held if level is not None)
    return f"Noise down to {worst:g} dB costs 5 points of accuracy at most"


def channel_bars(found: Robustness) -> Bars | None:
    """Accuracy lost without each single channel; None with one channel."""
    alone = [p for p in found.of_kind("channels") if len(p.missing) == 1 == len(p.missing[0])]
    if not alone:
        return None
    ordered = sorted(alone, key=lambda point: -point.drop.value)
    worst = ordered[0]
    lost = f"{worst.drop.value * 100:.1f} points"
    missed = f"Without “{worst.missing[0][0]}” accuracy falls by {lost}"
    return Bars(
        key="robustness_channels",
        title=missed if worst.drop.low > 0 else "No single channel is clearly missed",
        axis=Axis("Accuracy lost without the channel", percent=True),
        categories=tuple(point.missing[0][0] for point in ordered),
        values=tuple(point.drop.value for point in ordered),
        low=tuple(point.drop.low for point in ordered),
        high=tuple(point.drop.high for point in ordered),
        help="The channel stands still at its mean value. Error bars are 95 % intervals of the "
        "difference on the same windows.",
    )


def missing_bars(found: Robustness) -> Bars | None:
    """Accuracy by how many channels are dead; None with fewer than three channels."""
    alone = [p for p in found.of_kind("channels") if len(p.missing[0]) == 1]
    more = [p for p in found.of_kind("channels") if len(p.missing[0]) > 1]
    if not more:
        return None
    n = len(found.channels)
    rows = [("none", found.clean_accuracy), (f"1 of {n}", _mean([p.accuracy for p in alone]))]
    rows += [(f"{len(p.missing[0])} of {n}", p.accuracy) for p in more]
    return Bars(
        key="robustness_missing",
        title="What is left as channels die",
        axis=ACCURACY,
        categories=tuple(name for name, _ in rows),
        values=tuple(accuracy.value for _, accuracy in rows),
        low=tuple(accuracy.low for _, accuracy in rows),
        high=tuple(accuracy.high for _, accuracy in rows),
        help="Dead channels. One: mean over each of them. More: mean over up to three sets drawn "
        "at random. Error bars are 95 % intervals over test units.",
    )


def _mean(intervals: Sequence[Interval]) -> Interval:
    n = len(intervals)
    return Interval(
        value=sum(each.value for each in intervals) / n,
        low=sum(each.low for each in intervals) / n,
        high=sum(each.high for each in intervals) / n,
    )
