"""Draws a chart description with Matplotlib for print: vector PDF, white paper, no pyplot.

Names come from users, so nothing is read as mathematics (``$``), names too long for the page are
shortened, and characters that no font at hand has are shown as ``▯``. Matplotlib keeps state of its
own in the process; one lock lets report tasks in several threads take turns.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from integrations.core.figures.chart import (
    OKABE_ITO,
    Axis,
    Bars,
    Chart,
    Heatmap,
    Lines,
    Series,
    centres,
)
from integrations.core.figures.matplotlib_axes import name_axis
from integrations.core.figures.matplotlib_cells import draw_cells
from integrations.core.figures.matplotlib_map import draw_map
from integrations.core.figures.print_text import FONT_FILES, printable, shortened

WIDTH_MM = 170.0
LINES_HEIGHT_MM = 72.0
NARROW_MM = 120.0
LONGEST_NAME = 40
MOST_LEGEND_ROWS = 14
MOST_POINTS = 4000
PIXELS_PER_INCH = 220
DENSE = 500
"""From so many points on a line is drawn thin: strokes of waves and spectra would run together."""
INK, MUTED, GRID = "#1f2933", "#5b6672", "#e3e7ec"
STYLE: dict[str, Any] = {
    "axes.edgecolor": "#aab3bd",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    "figure.constrained_layout.use": True,
    "font.size": 8.0,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "pdf.compression": 9,
    "pdf.fonttype": 42,  # TrueType: the text of figures can be searched and copied
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
REPEATS: tuple[Any, ...] = ("-", (0, (6, 1.5)), (0, (2, 1)), (0, (6, 1.5, 1, 1.5)))
UNDERLAY = {"facecolor": "#ffffff", "alpha": 0.8, "linewidth": 0, "pad": 1.0}
_turn = Lock()


def to_pdf(chart: Chart, width_mm: float = WIDTH_MM, tall_mm: float | None = None) -> bytes:
    """Draw a chart as a one-page vector PDF, the same bytes for the same chart.

    Args:
        chart: What to draw; empty and not finite values leave gaps.
        width_mm: Width on paper.
        tall_mm: Height on paper; None lets it follow from the content (see ``height_mm``).
    """
    with _turn, _style():
        figure = _draw(chart, width_mm, tall_mm)
        target = io.BytesIO()
        figure.savefig(
            target,
            format="pdf",
            dpi=PIXELS_PER_INCH,
            metadata={"CreationDate": None, "Producer": None},
        )
    return target.getvalue()


def to_figure(chart: Chart, width_mm: float = WIDTH_MM) -> Figure:
    """Draw a chart as a Matplotlib figure (fonts as in ``to_pdf``, title left to the caller)."""
    with _turn, _style():
        figure = _draw(chart, width_mm)
        figure.draw_without_rendering()
    return figure


def height_mm(chart: Chart, width_mm: float = WIDTH_MM) -> float:
    """Give the height that a chart needs on paper at a width."""
    if isinstance(chart, Bars):
        return 14.0 + 4.9 * max(2, len(chart.categories))
    if isinstance(chart, Heatmap) and _is_map(chart):
        return LINES_HEIGHT_MM if width_mm > NARROW_MM else 0.8 * width_mm
    if isinstance(chart, Heatmap):
        rows, columns = max(1, len(chart.rows)), max(1, len(chart.columns))
        return min(150.0, max(50.0, 30.0 + min(0.8 * width_mm * rows / columns, 9.0 * rows)))
    if chart.square:
        return (0.62 if width_mm > NARROW_MM else 0.98) * width_mm
    return LINES_HEIGHT_MM if width_mm > NARROW_MM else 0.74 * width_mm


@contextmanager
def _style() -> Iterator[None]:
    style: Any = STYLE | {"font.family": list(_font_names())}
    with mpl.rc_context(style):
        yield


@cache
def _font_names() -> tuple[str, ...]:
    return tuple(_register(path) for path in FONT_FILES)


def _register(path: Path) -> str:
    font_manager.fontManager.addfont(path)
    return str(font_manager.FontProperties(fname=path).get_name())


def _draw(chart: Chart, width_mm: float, tall_mm: float | None = None) -> Figure:
    tall = tall_mm or height_mm(chart, width_mm)
    figure = Figure(figsize=(width_mm / 25.4, tall / 25.4))
    axes = figure.add_subplot()
    if isinstance(chart, Lines):
        _lines(chart, figure, axes)
    elif isinstance(chart, Bars):
        _bars(chart, axes, LONGEST_NAME // 2 if _is_narrow(figure) else LONGEST_NAME)
    elif _is_map(chart):
        draw_map(chart, figure, axes)
    else:
        draw_cells(chart, figure, axes)
    return figure


def _is_map(chart: Heatmap) -> bool:
    return centres(chart.rows) is not None or centres(chart.columns) is not None


def _lines(chart: Lines, figure: Figure, axes: Axes) -> None:
    drawn: Counter[int] = Counter()
    roomy = len(chart.series) <= 4 and not _is_narrow(figure)
    longest = LONGEST_NAME if roomy else LONGEST_NAME // 2
    for position, series in enumerate(chart.series):
        index = (position if series.colour is None else series.colour) % len(OKABE_ITO)
        _series(series, index, drawn[index], longest, axes)
        drawn[index] += 1
    _scale(axes, chart)
    _bands(chart, axes)
    _markers(chart, axes)
    _labels(chart, axes)
    if chart.square:
        axes.set_box_aspect(1)
    if len(chart.series) > 1:
        _legend(chart, figure, axes)
    if not any(len(series.x) for series in chart.series):
        _say_empty(axes)


def _series(series: Series, index: int, repeat: int, longest: int, axes: Axes) -> None:
    """Draw one line; ``repeat`` tells apart lines that share a colour."""
    colour = OKABE_ITO[index]
    x, y = _finite(series.x), _finite(series.y)
    label = _legend_name(series.name, longest)
    label = f"\u200b{label}" if label.startswith("_") else label  # "_x" would hide it
    if series.low is not None and series.high is not None and len(x):
        low, high = _finite(series.low), _finite(series.high)
        axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
    x, y = _thinned(x, y)
    style: dict[str, Any] = {"linestyle": REPEATS[repeat % len(REPEATS)]}
    if len(x) > DENSE:
        style["linewidth"] = 0.6
    if series.points:
        style = {"linestyle": "", "marker": "o", "markersize": 3.2}
    elif series.dashed:
        style = {"linestyle": (0, (4, 3)), "linewidth": 0.9}
    axes.plot(x, y, color=colour, label=label, **style)


def _legend_name(name: str, longest: int) -> str:
    """Shorten a name but keep the figure in brackets at its end: "a long na… (AUC 0.98)"."""
    stem, bracket, figure = printable(name).rpartition(" (")
    kept = f"{shortened(stem, longest)}{bracket}{figure}" if len(figure) <= 16 else ""
    return kept if stem and kept else shortened(printable(name), longest) or "–"


def _finite(values: Sequence[float]) -> npt.NDArray[np.float64]:
    array = np.array([math.nan if v is None else v for v in values], dtype=np.float64)
    array[~np.isfinite(array)] = math.nan
    return array


def _thinned(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Keep the lowest and highest point of each piece, so that no spike is lost."""
    if len(x) <= MOST_POINTS:
        return x, y
    pieces = np.array_split(np.arange(len(x)), MOST_POINTS // 2)
    filled = np.nan_to_num(y)
    kept = {int(p[filled[p].argmin()]) for p in pieces} | {
        int(p[filled[p].argmax()]) for p in pieces
    }
    order = np.array(sorted(kept))
    return x[order], y[order]


def _scale(axes: Axes, chart: Lines) -> None:
    across = [v for s in chart.series for v in s.x]
    up = [v for s in chart.series for v in s.y]
    _one_scale(axes.set_xscale, axes.set_xlim, chart.x_axis, across)
    _one_scale(axes.set_yscale, axes.set_ylim, chart.y_axis, up)
    name_axis(axes, "x", chart.x_axis)
    name_axis(axes, "y", chart.y_axis)
    if chart.x_axis.title in ("Epoch", "Fold"):
        axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))


def _one_scale(
    set_scale: Callable[..., Any], set_limits: Callable[..., Any], axis: Axis, values: list[float]
) -> None:
    positive = any(v is not None and math.isfinite(v) and v > 0 for v in values)
    if axis.log and positive:
        set_scale("log", nonpositive="mask")
    limits = axis.range or ((-0.02, 1.02) if axis.percent and _within_unit(values) else None)
    if limits is not None and limits[0] < limits[1] and (not axis.log or limits[0] > 0):
        set_limits(*limits)


def _within_unit(values: list[float]) -> bool:
    finite = [v for v in values if v is not None and math.isfinite(v)]
    return bool(finite) and min(finite) < 0.6 and max(finite) > 0.9 and max(finite) <= 1


def _bands(chart: Lines, axes: Axes) -> None:
    for band in chart.bands:
        if math.isfinite(band.low) and math.isfinite(band.high):
            strength = 0.45 * min(1.0, max(0.0, band.strength))
            axes.axvspan(
                band.low, band.high, color=OKABE_ITO[1], alpha=strength, linewidth=0, zorder=0.5
            )


def _labels(chart: Lines, axes: Axes) -> None:
    for label in chart.labels:
        if math.isfinite(label.x) and math.isfinite(label.y):
            text = "\n".join(printable(line) for line in label.text.splitlines())
            axes.text(
                label.x, label.y, text, ha="center", va="center", fontsize=7, bbox=UNDERLAY,
                clip_on=True,
            )  # fmt: skip


def _markers(chart: Lines, axes: Axes) -> None:
    for marker in chart.markers:
        line = {"color": "#8a939d", "linewidth": 0.8, "linestyle": (0, (1, 2))}
        if marker.colour is not None:
            line |= {"color": OKABE_ITO[marker.colour % len(OKABE_ITO)], "linewidth": 1.1}
        label = shortened(printable(marker.label), LONGEST_NAME)
        note = {"fontsize": 7, "color": MUTED, "textcoords": "offset points", "bbox": UNDERLAY}
        if marker.x is not None and math.isfinite(marker.x):
            axes.axvline(marker.x, **line)  # type: ignore[arg-type]
            at, place = axes.get_xaxis_transform(), (marker.x, 1.0)
            right = marker.x > sum(axes.get_xlim()) / 2 and not chart.x_axis.log
            shift, side = ((-3, -2), "right") if right else ((3, -2), "left")
            axes.annotate(label, place, shift, xycoords=at, ha=side, va="top", **note)  # type: ignore[arg-type]
        if marker.y is not None and math.isfinite(marker.y):
            axes.axhline(marker.y, **line)  # type: ignore[arg-type]
            at, place = axes.get_yaxis_transform(), (1.0, marker.y)
            axes.annotate(label, place, (-3, 2), xycoords=at, ha="right", va="bottom", **note)  # type: ignore[arg-type]


def _legend(chart: Lines, figure: Figure, axes: Axes) -> None:
    narrow = _is_narrow(figure)
    handles, labels = _legend_entries(axes, most=6 if narrow else 2 * MOST_LEGEND_ROWS)
    if chart.square and narrow:
        rising = len(chart.series[0].y) > 0 and chart.series[0].y[0] < chart.series[0].y[-1]
        axes.legend(handles, labels, loc="lower right" if rising else "lower left", fontsize=7)
    elif narrow or (len(labels) <= 4 and not chart.square):
        columns = len(labels) if sum(map(len, labels)) < (42 if narrow else 110) else 2
        figure.legend(
            handles, labels, loc="outside upper left", ncols=columns,
            fontsize=7, handlelength=1.4, columnspacing=1.2,
        )  # fmt: skip
    else:
        columns = 1 + (len(labels) - 1) // MOST_LEGEND_ROWS
        figure.legend(handles, labels, loc="outside right center", ncols=columns)


def _is_narrow(figure: Figure) -> bool:
    return bool(figure.get_size_inches()[0] * 25.4 < NARROW_MM)


def _legend_entries(axes: Axes, most: int) -> tuple[list[Any], list[str]]:
    handles, labels = axes.get_legend_handles_labels()
    rest = len(labels) - most
    if rest <= 0:
        return list(handles), [str(label) for label in labels]
    kept = [str(label) for label in labels[:most]]
    return [*handles[:most], Line2D([], [], linestyle="")], [*kept, f"and {rest} more"]


def _bars(chart: Bars, axes: Axes, longest_name: int) -> None:
    values = _finite(chart.values)
    places = np.arange(len(values))
    axes.barh(places, np.nan_to_num(values), height=0.62, color=OKABE_ITO[0])
    if chart.low is not None and chart.high is not None:
        spread = np.abs(np.stack([values - _finite(chart.low), _finite(chart.high) - values]))
        axes.errorbar(
            np.nan_to_num(values), places, xerr=np.nan_to_num(spread), fmt="none",
            ecolor=MUTED, elinewidth=0.8, capsize=1.8,
        )  # fmt: skip
    names = [shortened(printable(name), longest_name) for name in chart.categories]
    axes.set_yticks(places, names)
    axes.set_ylim(max(len(values), 1) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    _one_scale(axes.set_xscale, axes.set_xlim, chart.axis, list(chart.values))
    name_axis(axes, "x", chart.axis)
    if not len(values):
        _say_empty(axes)


def _say_empty(axes: Axes) -> None:
    axes.text(0.5, 0.5, "No values", transform=axes.transAxes, ha="center", color=MUTED)
