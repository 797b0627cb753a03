"""The live curves as pure data: first paint, then only what is new.

A figure holds, in this order, one trace per metric, its smoothed twin, and the best point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash_app.pages.experiment_monitor import ids
from integrations.core.figures.chart import Axis, Lines, Series
from integrations.core.figures.plotly_renderer import plain, to_plotly

Row = dict[str, Any]
NOT_CURVES = frozenset({"epoch", "epoch_seconds", "learning_rate"})
LABELS = {
    "train_loss": "Training",
    "val_loss": "Validation",
    "train_accuracy": "Training accuracy",
    "val_accuracy": "Validation accuracy",
    "val_macro_f1": "Validation macro F1",
}
SHORT_LABELS = {
    "train_accuracy": "Training",
    "val_accuracy": "Validation",
    "val_macro_f1": "Macro F1",
}
"""Beside the chart's own title the metric need not be named again."""
COLOURS = {"train": 0, "val": 1, "f1": 2}
FEW_POINTS = 60
"""Up to here each epoch is also drawn as a dot; one point alone would be invisible."""
BEST_COLOUR = "#D55E00"
SMOOTHING = 0.7
UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Panel:
    """One live chart and the metrics in it; the last validation metric carries the best marker."""

    key: str
    metrics: tuple[str, ...]
    lower_is_better: bool

    @property
    def marked(self) -> str | None:
        """Metric whose best value is marked."""
        held_out = [name for name in self.metrics if name.startswith("val_")]
        return next(iter(held_out), self.metrics[0] if self.metrics else None)


def label(metric: str) -> str:
    """Give a metric's name for people."""
    return LABELS.get(metric, metric.replace("_", " ").capitalize())


def panels(rows: Sequence[Row]) -> tuple[Panel, Panel]:
    """Sort the metrics of a run's rows into the loss chart and the score chart."""
    names = [name for name in dict.fromkeys(k for row in rows for k in row) if _is_curve(name)]
    losses = tuple(name for name in names if "loss" in name)
    scores = tuple(name for name in names if "loss" not in name)
    return Panel(ids.LOSS_KEY, losses, True), Panel(ids.SCORE_KEY, scores, False)


def chart(panel: Panel, rows: Sequence[Row], word: str) -> Lines:
    """Describe one live chart; ``word`` is what a row is: "epoch" or "fold"."""
    epochs = [float(row["epoch"]) for row in rows]
    series = tuple(
        Series(SHORT_LABELS.get(m, label(m)), epochs, _values(rows, m), colour=_colour(m))
        for m in panel.metrics
    )
    step = Axis(word.capitalize())
    if panel.lower_is_better:
        help_text = "How far the predicted probabilities are from the truth (cross entropy)."
        title, y = f"Loss by {word}: lower is better", Axis("Loss")
    else:
        help_text = "Share of windows recognised; macro F1 counts every class the same."
        title, y = f"Scores by {word}: higher is better", Axis("Score", percent=True)
    return Lines(panel.key, title, step, y, series, help=help_text)


def figure(panel: Panel, rows: Sequence[Row], word: str) -> dict[str, Any]:
    """Paint all rows."""
    drawn = to_plotly(chart(panel, rows, word))
    raw: list[dict[str, Any]] = drawn["data"]
    for trace in raw:
        trace["mode"] = _mode(len(rows), word)
        trace["marker"]["size"] = 8 if word == "fold" else 4
    smoothed = [_smoothed_trace(trace) for trace in raw]
    best = None if word == "fold" else best_point(panel, rows, None)
    drawn["data"] = [*raw, *smoothed, _best_trace(panel, best)]
    drawn["layout"]["showlegend"] = len(raw) > 1
    if word == "fold":
        drawn["layout"]["xaxis"]["dtick"] = 1
    return drawn


def extension(
    panel: Panel, rows: Sequence[Row], last_smooth: dict[str, float], best: list[float] | None
) -> list[Any]:
    """Give what ``extendData`` needs to append rows to a painted figure.

    Args:
        panel: The chart.
        rows: New rows only.
        last_smooth: Last smoothed value of each metric.
        best: Epoch and value of the best point after these rows.
    """
    x = [float(row["epoch"]) for row in rows]
    raw = [plain(_values(rows, name)) for name in panel.metrics]
    smooth = [
        _smooth(values, last_smooth.get(name))
        for name, values in zip(panel.metrics, raw, strict=True)
    ]
    ys = [*raw, *smooth]
    xs = [list(x) for _ in ys]
    limits = [UNLIMITED] * len(ys)
    if best is not None:
        xs, ys, limits = [*xs, [best[0]]], [*ys, [best[1]]], [*limits, 1]
    return [{"x": xs, "y": ys}, list(range(len(ys))), {"x": limits, "y": limits}]


def smoothed_ends(panel: Panel, rows: Sequence[Row], before: dict[str, float]) -> dict[str, float]:
    """Give the last smoothed value of each metric, continuing from earlier ones."""
    ends = dict(before)
    for name in panel.metrics:
        values = _smooth(plain(_values(rows, name)), before.get(name))
        finite = [value for value in values if value is not None]
        if finite:
            ends[name] = finite[-1]
    return ends


def best_point(panel: Panel, rows: Sequence[Row], before: list[float] | None) -> list[float] | None:
    """Give epoch and value of the best validated row so far; the earlier wins a tie."""
    best = before
    if panel.marked is None:
        return best
    for row, value in zip(rows, plain(_values(rows, panel.marked)), strict=True):
        if value is None:
            continue
        if best is None or (value < best[1] if panel.lower_is_better else value > best[1]):
            best = [float(row["epoch"]), value]
    return best


def _is_curve(name: str) -> bool:
    return name not in NOT_CURVES and not name.endswith("_seconds")


def _values(rows: Sequence[Row], name: str) -> list[float]:
    values = [row.get(name) for row in rows]
    return [math.nan if value is None else float(value) for value in values]


def _colour(metric: str) -> int | None:
    return next((index for part, index in reversed(COLOURS.items()) if part in metric), None)


def _mode(n_rows: int, word: str) -> str:
    if word == "fold":
        return "markers"
    return "lines+markers" if n_rows <= FEW_POINTS else "lines"


def _smooth(values: Sequence[float | None], last: float | None) -> list[float | None]:
    smoothed: list[float | None] = []
    for value in values:
        if value is None:
            smoothed.append(None)
            continue
        last = value if last is None else SMOOTHING * last + (1 - SMOOTHING) * value
        smoothed.append(last)
    return smoothed


def _smoothed_trace(trace: dict[str, Any]) -> dict[str, Any]:
    line = {**trace["line"], "width": 2.4}
    return {
        **trace,
        "name": f"{trace['name']}, smoothed",
        "mode": "lines",
        "y": _smooth(trace["y"], None),
        "line": line,
        "visible": False,
        "showlegend": False,
        "meta": "helper",
    }


def _best_trace(panel: Panel, best: list[float] | None) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "Best so far",
        "text": [] if best is None else ["best"],
        "textposition": "bottom center" if panel.lower_is_better else "top center",
        "textfont": {"size": 11, "color": BEST_COLOUR},
        "x": [] if best is None else [best[0]],
        "y": [] if best is None else [best[1]],
        "marker": {
            "symbol": "diamond",
            "size": 11,
            "color": BEST_COLOUR,
            "line": {"color": "#ffffff", "width": 1.5},
        },
        "hoverinfo": "skip",
        "meta": "helper",
        "cliponaxis": False,
        "showlegend": False,
    }
