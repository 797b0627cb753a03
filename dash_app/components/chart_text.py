"""Says in words what a chart shows, for people who do not see it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from integrations.core.figures.chart import Axis, Bars, Chart, Heatmap, Lines, Series

MOST_NAMED = 6


def describe_chart(chart: Chart) -> str:
    """Give a text alternative of a chart: what is drawn over what, and the values that matter."""
    if isinstance(chart, Lines):
        return _lines(chart)
    return _bars(chart) if isinstance(chart, Bars) else _heatmap(chart)


def _lines(chart: Lines) -> str:
    drawn = [_series(series, chart.y_axis) for series in chart.series[:MOST_NAMED]]
    axes = f"{_named(chart.y_axis)} over {_named(chart.x_axis)}."
    return " ".join([f"{chart.title}.", axes, *drawn, *_more(len(chart.series), "line")])


def _series(series: Series, axis: Axis) -> str:
    values = [v for v in series.y if v is not None and math.isfinite(v)]
    if not values:
        return f"{series.name}: no values."
    last, low, high = (_value(v, axis) for v in (values[-1], min(values), max(values)))
    return f"{series.name}: {len(values)} points, {low} to {high}, last {last}."


def _bars(chart: Bars) -> str:
    pairs = zip(chart.categories[:MOST_NAMED], chart.values[:MOST_NAMED], strict=True)
    drawn = [f"{name} {_value(value, chart.axis)}" for name, value in pairs]
    named = f"{chart.title}. {_named(chart.axis)}: {', '.join(drawn) or 'no bars'}."
    return " ".join([named, *_more(len(chart.categories), "bar")])


def _heatmap(chart: Heatmap) -> str:
    size = f"{len(chart.rows)} rows ({_named(chart.y_axis)}) by {len(chart.columns)} columns"
    cells = [
        (value, row, column)
        for row, values in enumerate(chart.values)
        for column, value in enumerate(values)
        if math.isfinite(value)
    ]
    opening = f"{chart.title}. {size} ({_named(chart.x_axis)})."
    if not cells:
        return f"{opening} No values."
    value, row, column = max(cells)
    largest = _value(value, chart.value_axis)
    at_row, at_column = (
        _place(chart.rows[row], chart.y_axis),
        _place(chart.columns[column], chart.x_axis),
    )
    return f"{opening} Largest: {largest} at {at_row}, {at_column}."


def _place(name: str | float, axis: Axis) -> str:
    return name if isinstance(name, str) else _value(float(name), axis)


def _named(axis: Axis) -> str:
    return f"{axis.title} in {axis.unit}" if axis.unit else axis.title


def _value(value: float, axis: Axis) -> str:
    if axis.percent:
        return f"{value * 100:.1f} %"
    return f"{value:.4g} {axis.unit}".strip()


def _more(count: int, noun: str) -> Sequence[str]:
    return [f"{count - MOST_NAMED} more {noun}s."] if count > MOST_NAMED else []
