"""Draws a chart description as a plain Plotly figure: dicts and lists, no Plotly and no NumPy.

Titles stand in the card around the figure. Backgrounds are transparent, and the page's style sheet
recolours text and grid, so that a figure follows the theme without being sent again. Live curves
are extended in place, which Plotly refuses for arrays that came from NumPy.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from integrations.core.figures.chart import (
    OKABE_ITO,
    Axis,
    Bars,
    Chart,
    Heatmap,
    Label,
    Lines,
    Series,
    centres,
    edges,
)

HIGHEST_SHARE = 1.02
"""Where automatic axes of shares end: a line at 100 % would else lie in the middle of 200 %."""
FONT = {"family": "Inter, system-ui, sans-serif", "size": 12, "color": "#4a5460"}
GRID = "#e6e9ed"
LONGEST_LABEL = 20
LONGEST_TITLE = 40
MAX_LEGEND = 8
MAX_CELL_TEXTS = 400
MAP_HEIGHT = 340
SHADE = OKABE_ITO[1]
"""Colour of stretches behind lines: orange stands apart from the blue of the first line."""
BLUES = [[0.0, "rgba(0,114,178,0)"], [1.0, "rgba(0,114,178,1)"]]
"""From clear to Okabe–Ito blue: reads as a lightness scale on white and on black."""


def to_plotly(chart: Chart) -> dict[str, Any]:
    """Give the figure of a chart as ``{"data": [...], "layout": {...}}`` of plain values.

    ``layout.height`` is set where the content decides it (bars, cells); lines fill their box.
    Values that are not finite become gaps.
    """
    if isinstance(chart, Lines):
        return _lines(chart)
    return _bars(chart) if isinstance(chart, Bars) else _heatmap(chart)


def series_colour(series: Series, position: int) -> str:
    """Give a series its own colour, or that of its place among its neighbours."""
    index = position if series.colour is None else series.colour
    return OKABE_ITO[index % len(OKABE_ITO)]


def plain(values: Iterable[float | None]) -> list[float | None]:
    """Make a list of plain floats; None for what is not finite."""
    return [None if v is None or not math.isfinite(v) else float(v) for v in values]


def number_format(axis: Axis) -> str:
    """Give the hover format of an axis' values, unit included."""
    return ".1%" if axis.percent else ".4~g"


def escaped(text: str) -> str:
    """Keep Plotly from reading a name as markup."""
    return html.escape(text, quote=False)


def _lines(chart: Lines) -> dict[str, Any]:
    crowded = len(chart.series) > MAX_LEGEND
    traces: list[dict[str, Any]] = []
    for position, series in enumerate(chart.series):
        traces += _band(series, position)
        traces.append(_line(series, position, chart.y_axis))
    layout = _layout(chart.key, chart.x_axis, chart.y_axis)
    layout["hovermode"] = "closest" if crowded or chart.square else "x unified"
    layout["showlegend"] = 1 < len(chart.series) <= MAX_LEGEND
    layout["shapes"], layout["annotations"] = _guides(chart)
    layout["xaxis"]["unifiedhovertitle"] = {"text": _unified_title(chart.x_axis)}
    if chart.square:
        layout["yaxis"] |= {"scaleanchor": "x", "constrain": "domain", "constraintoward": "top"}
        layout["xaxis"]["constrain"] = "domain"
        _fill_unit_square(chart, layout)
    return {"data": traces, "layout": layout}


def _fill_unit_square(chart: Lines, layout: dict[str, Any]) -> None:
    """Give curves of rates over rates the whole unit square, with air so that edges show."""
    for name, axis in (("xaxis", chart.x_axis), ("yaxis", chart.y_axis)):
        if axis.percent and axis.range is None:
            layout[name] |= {"range": [-0.02, 1.02], "dtick": 0.2}


def _line(series: Series, position: int, axis: Axis) -> dict[str, Any]:
    colour = series_colour(series, position)
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers" if series.points else "lines",
        "name": escaped(series.name),
        "x": plain(series.x),
        "y": plain(series.y),
        "line": {"color": colour, "width": 1.8, "dash": "dash" if series.dashed else "solid"},
        "marker": {"color": colour, "size": 6, "opacity": 0.75},
        "hovertemplate": _line_hover(series, axis),
    }
    if series.low is not None and series.high is not None:
        pairs = zip(plain(series.low), plain(series.high), strict=True)
        trace["customdata"] = [list(pair) for pair in pairs]
    return trace


def _line_hover(series: Series, axis: Axis) -> str:
    form, unit = number_format(axis), f" {axis.unit}" if axis.unit else ""
    interval = ""
    if series.low is not None and series.high is not None:
        interval = f" (%{{customdata[0]:{form}}} to %{{customdata[1]:{form}}})"
    return f"%{{fullData.name}}: %{{y:{form}}}{unit}{interval}<extra></extra>"


def _band(series: Series, position: int) -> list[dict[str, Any]]:
    if series.low is None or series.high is None:
        return []
    x = plain(series.x)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x + x[::-1],
            "y": plain(series.high) + plain(series.low)[::-1],
            "fill": "toself",
            "fillcolor": series_colour(series, position),
            "opacity": 0.18,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "meta": "band",
        }
    ]


def _guides(chart: Lines) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shapes, notes = [], []
    for marker in chart.markers:
        upright = marker.x is not None
        here, across = ("x", "y") if upright else ("y", "x")
        at = marker.x if upright else marker.y
        ends = {f"{here}0": at, f"{here}1": at, f"{across}0": 0, f"{across}1": 1}
        refs = {f"{here}ref": here, f"{across}ref": "paper"}
        line = {"color": "#8a939d", "width": 1, "dash": "dot"}
        if marker.colour is not None:
            line |= {"color": OKABE_ITO[marker.colour % len(OKABE_ITO)], "width": 1.5}
        shapes.append({"type": "line", "line": line, "layer": "below", **ends, **refs})
        note_at = _note_place(at, chart.x_axis if upright else chart.y_axis)
        spot = {"x": note_at, "y": 1, "xanchor": "left", "yanchor": "top"}
        beside = {"x": 1, "y": note_at, "xanchor": "right", "yanchor": "bottom"}
        place = (spot if upright else beside) | refs
        notes.append({"text": escaped(marker.label), "showarrow": False, **place})
    notes += [_label(label, chart) for label in chart.labels]
    return [*_shades(chart), *shapes], notes


def _label(label: Label, chart: Lines) -> dict[str, Any]:
    x, y = _note_place(label.x, chart.x_axis), _note_place(label.y, chart.y_axis)
    text = "<br>".join(escaped(line) for line in label.text.splitlines())
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": 11}}


def _note_place(value: float | None, axis: Axis) -> float | None:
    """Plotly places notes on a logarithmic axis by exponent (but lines by value)."""
    return math.log10(value) if axis.log and value is not None and value > 0 else value


def _shades(chart: Lines) -> list[dict[str, Any]]:
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": band.low,
            "x1": band.high,
            "y0": 0,
            "y1": 1,
            "fillcolor": SHADE,
            "opacity": round(0.45 * min(1.0, max(0.0, band.strength)), 3),
            "line": {"width": 0},
            "layer": "below",
        }
        for band in chart.bands
    ]


def _bars(chart: Bars) -> dict[str, Any]:
    form = number_format(chart.axis)
    unit = f" {chart.axis.unit}" if chart.axis.unit else ""
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": plain(chart.values),
        "y": [escaped(name) for name in chart.categories],
        "marker": {"color": OKABE_ITO[0]},
        "name": escaped(chart.title),
        "hovertemplate": f"%{{y}}: %{{x:{form}}}{unit}<extra></extra>",
    }
    if chart.low is not None and chart.high is not None:
        trace["error_x"] = _error_bars(chart.values, chart.low, chart.high)
    layout = _layout(chart.key, chart.axis, Axis(""))
    layout["yaxis"] |= {
        "type": "category",
        "autorange": "reversed",
        "showgrid": False,
        "labelalias": _shortened(chart.categories),
    }
    layout |= {"bargap": 0.35, "hovermode": "closest", "showlegend": False}
    layout["height"] = 72 + 22 * max(4, len(chart.categories))
    return {"data": [trace], "layout": layout}


def _error_bars(
    values: tuple[float, ...], low: tuple[float, ...], high: tuple[float, ...]
) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": plain(top - value for top, value in zip(high, values, strict=True)),
        "arrayminus": plain(value - bottom for bottom, value in zip(low, values, strict=True)),
        "color": "#626c78",
        "thickness": 1.2,
        "width": 3,
    }


def _heatmap(chart: Heatmap) -> dict[str, Any]:
    value = chart.value_axis
    columns, rows = centres(chart.columns), centres(chart.rows)
    named = columns is None and rows is None
    cells = len(chart.rows) * len(chart.columns)
    gap = 1 if named and cells <= MAX_CELL_TEXTS else 0
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": _places(chart.columns, columns, chart.x_axis),
        "y": _places(chart.rows, rows, chart.y_axis),
        "z": [_rounded(row) for row in chart.values],
        "colorscale": BLUES if named else "Cividis",
        "xgap": gap,
        "ygap": gap,
        "colorbar": _colour_bar(value),
        # Cells that say their value need no scale beside them.
        "showscale": chart.texts is None or cells > MAX_CELL_TEXTS,
        "name": escaped(chart.title),
        "hovertemplate": _cell_hover(chart),
    }
    if value.range is not None:
        trace |= {"zmin": value.range[0], "zmax": value.range[1]}
    if chart.texts is not None:
        trace["text"] = [[escaped(text) for text in row] for row in chart.texts]
        if cells <= MAX_CELL_TEXTS:
            trace["texttemplate"] = "%{text}"
    layout = _layout(chart.key, chart.x_axis, chart.y_axis)
    for axis, names, places in (("xaxis", chart.columns, columns), ("yaxis", chart.rows, rows)):
        layout[axis] |= {"showgrid": False} | ({} if places else _category(names))
    if rows is None:
        layout["yaxis"]["autorange"] = "reversed"
    layout |= {"hovermode": "closest", "showlegend": False}
    by_rows = min(640, max(320, 110 + 30 * len(chart.rows)))
    layout["height"] = by_rows if rows is None else MAP_HEIGHT
    return {"data": [trace], "layout": layout}


def _places(
    names: Sequence[str] | Sequence[float], numbers: tuple[float, ...] | None, axis: Axis
) -> Sequence[str | float | None]:
    """Give what Plotly puts on a heat map's axis: names, centres, or borders on a log axis."""
    if numbers is None:
        return [escaped(str(name)) for name in names]
    return _rounded(edges(numbers, log=True) if axis.log and numbers[0] > 0 else numbers, 7)


def _category(names: Sequence[str] | Sequence[float]) -> dict[str, Any]:
    return {"type": "category", "labelalias": _shortened(map(str, names))}


def _rounded(values: Iterable[float], digits: int = 4) -> list[float | None]:
    """Keep the digits that a shade or a hover can show: large maps travel to the browser."""
    return [v if v is None else float(f"{v:.{digits}g}") for v in plain(values)]


def _cell_hover(chart: Heatmap) -> str:
    said = f"%{{z:{number_format(chart.value_axis)}}}"
    text = " · %{text}" if chart.texts is not None else ""
    row, column, value = (
        escaped(axis.title) for axis in (chart.y_axis, chart.x_axis, chart.value_axis)
    )
    y = "%{y}" if centres(chart.rows) is None else f"%{{y:.4~g}} {escaped(chart.y_axis.unit)}"
    x = "%{x}" if centres(chart.columns) is None else f"%{{x:.4~g}} {escaped(chart.x_axis.unit)}"
    unit = f" {escaped(chart.value_axis.unit)}" if chart.value_axis.unit else ""
    return f"{row}: {y}<br>{column}: {x}<br>{value}: {said}{unit}{text}<extra></extra>"


def _colour_bar(axis: Axis) -> dict[str, Any]:
    return {
        "title": {"text": _axis_title(axis), "side": "right", "font": {"size": 12}},
        "tickformat": ".0%" if axis.percent else "",
        "thickness": 10,
        "outlinewidth": 0,
        "len": 0.9,
    }


def _shortened(names: Iterable[str]) -> dict[str, str]:
    return {
        escaped(name): escaped(f"{name[: LONGEST_LABEL - 1]}…")
        for name in names
        if len(name) > LONGEST_LABEL
    }


def _layout(key: str, x: Axis, y: Axis) -> dict[str, Any]:
    return {
        "autosize": True,
        "uirevision": key,
        "font": FONT,
        "margin": {"l": 8, "r": 16, "t": 12, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"font": {"family": FONT["family"], "size": 12}, "namelength": 40},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "dragmode": "zoom",
        "xaxis": _axis(x),
        "yaxis": _axis(y),
    }


def _axis(axis: Axis) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "title": {"text": _axis_title(axis), "standoff": 8, "font": {"size": 12}},
        "automargin": True,
        "gridcolor": GRID,
        "zeroline": False,
    }
    if axis.percent:
        drawn |= {"tickformat": ".0%", "autorangeoptions": {"clipmax": HIGHEST_SHARE}}
    if axis.log:
        drawn |= {"type": "log", "dtick": 1, "minor": {"showgrid": False}}
    if axis.range is not None:
        low, high = axis.range
        drawn["range"] = [math.log10(low), math.log10(high)] if axis.log else [low, high]
    return drawn


def _axis_title(axis: Axis) -> str:
    text = f"{axis.title} ({axis.unit})" if axis.unit else axis.title
    return "<br>".join(escaped(line) for line in textwrap.wrap(text, LONGEST_TITLE))


def _unified_title(axis: Axis) -> str:
    unit = f" {axis.unit}" if axis.unit else ""
    return f"{escaped(axis.title)} %{{x:{number_format(axis)}}}{unit}"
