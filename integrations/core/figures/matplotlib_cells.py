"""Draws a matrix of cells with Matplotlib as vector rectangles, never as an image.

Neighbouring cells of one shade in a row become one rectangle, and a matrix too large for paper is
drawn coarser, each cell showing the largest value it stands for: a confusion of 300 classes stays a
small file without losing a mistake.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from integrations.core.figures.chart import Axis, Heatmap
from integrations.core.figures.matplotlib_axes import axis_title
from integrations.core.figures.print_text import printable, shortened

LONGEST_NAME = 22
MOST_LABELS = 34
MOST_SCALE_LABELS = 12
MANY_NAMES = 12
MOST_TEXT_COLUMNS = 16
MOST_CELLS = 150
SHADES = 48  # Matplotlib draws a colour bar of 50 or more as an image
MISSING = "#eceff2"
BLUES = LinearSegmentedColormap.from_list("paper", ["#ffffff", "#9cc7e4", "#0072B2", "#00456c"])


def draw_cells(chart: Heatmap, figure: Figure, axes: Axes) -> None:
    """Draw the matrix, row 0 on top, with names, and values or a colour scale."""
    shape = (len(chart.rows), len(chart.columns))
    values = _coarse(np.array(chart.values, dtype=np.float64).reshape(shape))
    norm = _norm(chart.value_axis, values)
    axes.add_collection(_rectangles(values, norm, gaps=_named(chart)))
    n_rows, n_columns = (max(1, n) for n in values.shape)
    axes.set(xlim=(0, n_columns), ylim=(n_rows, 0))
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.tick_params(length=0 if _named(chart) else 2)
    _names(chart, axes, n_rows, n_columns)
    if chart.texts is not None and 0 < len(chart.columns) <= MOST_TEXT_COLUMNS:
        _texts(chart, axes, norm)
    else:
        _scale(chart.value_axis, figure, axes, norm)
    if len(chart.rows) == len(chart.columns):
        axes.set_aspect("equal")


def _coarse(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    for axis in (0, 1):
        if values.shape[axis] > MOST_CELLS:
            pieces = np.array_split(values, MOST_CELLS, axis=axis)
            values = np.stack([np.fmax.reduce(piece, axis=axis) for piece in pieces], axis=axis)
    return values


def _norm(axis: Axis, values: npt.NDArray[np.float64]) -> Normalize:
    finite = values[np.isfinite(values)]
    low, high = axis.range or ((finite.min(), finite.max()) if finite.size else (0.0, 1.0))
    return Normalize(float(low), float(high) if high > low else float(low) + 1.0, clip=True)


def _rectangles(values: npt.NDArray[np.float64], norm: Normalize, gaps: bool) -> PolyCollection:
    shade = np.full(values.shape, -1, dtype=np.int64)
    finite = np.isfinite(values)
    shade[finite] = np.round(np.asarray(norm(values[finite])) * SHADES).astype(np.int64)
    if not values.size:
        return PolyCollection([])
    corners: list[list[tuple[float, float]]] = []
    colours: list[object] = []
    for row, shades in enumerate(shade):
        ends = (
            range(1, len(shades) + 1)
            if gaps
            else [*(np.flatnonzero(np.diff(shades)) + 1), len(shades)]
        )
        left = 0
        for right in map(int, ends):
            corners.append([(left, row), (right, row), (right, row + 1), (left, row + 1)])
            level = int(shades[left])
            colours.append(MISSING if level < 0 else BLUES(level / SHADES))
            left = right
    edges = (
        {"edgecolors": "#ffffff", "linewidths": 0.8}
        if gaps
        else {"edgecolors": "face", "linewidths": 0.15}
    )
    return PolyCollection(corners, facecolors=colours, **edges)  # type: ignore[arg-type]


def _names(chart: Heatmap, axes: Axes, n_rows: int, n_columns: int) -> None:
    columns = [shortened(printable(str(name)), LONGEST_NAME) for name in chart.columns]
    rows = [shortened(printable(str(name)), LONGEST_NAME) for name in chart.rows]
    across, up = _shown(columns), _shown(rows)
    names = [columns[i] for i in across]
    wide = sum(len(name) + 2 for name in names) > 105
    axes.set_xticks([(i + 0.5) * n_columns / len(columns) for i in across], names)
    if wide:
        axes.tick_params(axis="x", rotation=90 if len(names) > MANY_NAMES else 40)
    if wide and len(names) <= MANY_NAMES:
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_yticks([(i + 0.5) * n_rows / len(rows) for i in up], [rows[i] for i in up])
    for which, axis in (("x", chart.x_axis), ("y", chart.y_axis)):
        axes.set(**{f"{which}label": axis_title(axis)})


def _named(chart: Heatmap) -> bool:
    """Cells of names stand apart from one another; those along a scale run together."""
    return len(chart.columns) <= MOST_LABELS and not _is_scale(
        [str(name) for name in chart.columns]
    )


def _shown(names: list[str]) -> range:
    most = MOST_SCALE_LABELS if _is_scale(names) else MOST_LABELS
    return range(0, len(names), max(1, math.ceil(len(names) / most)))


def _is_scale(names: list[str]) -> bool:
    try:
        numbers = [float(name) for name in names]
    except ValueError:
        return False
    return len(numbers) > MOST_SCALE_LABELS and numbers == sorted(numbers)


def _texts(chart: Heatmap, axes: Axes, norm: Normalize) -> None:
    size = 8.0 if len(chart.columns) <= 10 else 6.2
    for row, texts in enumerate(chart.texts or ()):
        for column, text in enumerate(texts):
            value = chart.values[row][column]
            strength = float(norm(value)) if math.isfinite(value) else 0.0
            quiet = "#a3acb6" if value == 0 else "#1f2933"
            axes.text(
                column + 0.5, row + 0.5, printable(text), ha="center", va="center_baseline",
                fontsize=size, color="#ffffff" if strength > 0.55 else quiet,
            )  # fmt: skip


def _scale(axis: Axis, figure: Figure, axes: Axes, norm: Normalize) -> None:
    bar = figure.colorbar(
        ScalarMappable(norm, BLUES.resampled(SHADES)), ax=axes, aspect=30, pad=0.02
    )
    if bar.solids is not None:
        bar.solids.set_edgecolor("face")
    bar.outline.set_visible(False)
    bar.set_label(axis_title(axis))
    if axis.percent:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
