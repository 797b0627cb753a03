"""Draws a map over continuous axes with Matplotlib: one small image inside the vector page.

Cells centred on numbers (time, frequency, order) are drawn by their borders, so that uneven steps
and logarithmic axes come out right. Many thousand rectangles would make a heavy page; a picture at
print resolution does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from integrations.core.figures.chart import Axis, Heatmap, centres, edges
from integrations.core.figures.matplotlib_axes import axis_title, name_axis
from integrations.core.figures.print_text import printable, shortened

SHADES = "cividis"
LONGEST_NAME = 22
MOST_NAMES = 24


def draw_map(chart: Heatmap, figure: Figure, axes: Axes) -> None:
    """Draw the map with its colour scale; an axis of names keeps its first row on top."""
    shape = (len(chart.rows), len(chart.columns))
    values = np.array(chart.values, dtype=np.float64).reshape(shape)
    across = _borders(chart.columns, chart.x_axis)
    up = _borders(chart.rows, chart.y_axis)
    mesh = axes.pcolormesh(
        across,
        up,
        np.ma.masked_invalid(values),
        norm=_norm(chart.value_axis, values),
        cmap=SHADES,
        rasterized=True,
    )
    for which, names, axis in (("x", chart.columns, chart.x_axis), ("y", chart.rows, chart.y_axis)):
        _name(axes, which, names, axis)
    axes.grid(visible=False)
    bar = figure.colorbar(mesh, ax=axes, aspect=30, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(axis_title(chart.value_axis))
    if chart.value_axis.percent:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))


def _borders(names: Sequence[str] | Sequence[float], axis: Axis) -> npt.NDArray[np.float64]:
    places = centres(names)
    if places is None:
        return np.arange(len(names) + 1, dtype=np.float64)
    return np.array(edges(places, log=axis.log and places[0] > 0))


def _norm(axis: Axis, values: npt.NDArray[np.float64]) -> Normalize:
    finite = values[np.isfinite(values)]
    low, high = axis.range or ((finite.min(), finite.max()) if finite.size else (0.0, 1.0))
    return Normalize(float(low), float(high) if high > low else float(low) + 1.0, clip=True)


def _name(axes: Axes, which: str, names: Sequence[str] | Sequence[float], axis: Axis) -> None:
    places = centres(names)
    target = axes.xaxis if which == "x" else axes.yaxis
    if places is None:
        shown = range(0, len(names), max(1, -(-len(names) // MOST_NAMES)))
        texts = [shortened(printable(str(names[i])), LONGEST_NAME) for i in shown]
        target.set_ticks([i + 0.5 for i in shown], texts)
        if which == "y":
            axes.invert_yaxis()
    elif axis.log and places[0] > 0:
        axes.set(**{f"{which}scale": "log"})
    if axis.range is not None and axis.range[0] < axis.range[1]:
        axes.set(**{f"{which}lim": axis.range})
    axes.set(**{f"{which}label": axis_title(axis)})
    if places is not None:
        name_axis(axes, which, axis)
