"""Charts of what happens in a network's layers while it learns: gradients, steps and weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.figures.chart import Axis, Chart, Heatmap, Lines, Series

LINES = 6
MAP_EPOCHS = 120
"""Columns of the map; longer runs are thinned by taking the largest of neighbours."""
HEALTHY = (3e-4, 1e-3, 3e-3)
"""Usual length of a step relative to the weights: lowest, typical, highest."""
SMALLEST = 1e-12
FloatArray = npt.NDArray[np.float64]


def layer_charts(extras: dict[str, Any]) -> list[Chart]:
    """Draw what ``LayerStatistics`` recorded; none where a run kept nothing of it.

    Args:
        extras: ``layer_names`` and ``gradient_norm``, ``update_ratio``, ``weight_norm``, each of
            shape (epochs, layers).
    """
    names = [str(name) for name in extras.get("layer_names", ())]
    charts: list[Chart | None] = [
        _gradient_map(names, _table(extras, "gradient_norm", len(names))),
        _gradient_lines(names, _table(extras, "gradient_norm", len(names))),
        _update_lines(names, _table(extras, "update_ratio", len(names))),
        _weight_lines(names, _table(extras, "weight_norm", len(names))),
    ]
    return [chart for chart in charts if chart is not None]


def _table(extras: dict[str, Any], key: str, layers: int) -> FloatArray | None:
    """One table without the epochs that hold a value that is no number."""
    table = np.asarray(extras.get(key, ()), dtype=np.float64)
    if not layers or table.ndim != 2 or table.shape[1] != layers:
        return None
    return table if len(table) and np.isfinite(table).all() else None


def _gradient_map(names: list[str], table: FloatArray | None) -> Heatmap | None:
    if table is None:
        return None
    step = -(-len(table) // MAP_EPOCHS)
    starts = np.arange(0, len(table), step)
    logarithm = np.log10(np.maximum(np.maximum.reduceat(table, starts, axis=0), SMALLEST))
    return Heatmap(
        key="gradient_flow",
        title="How far back the gradient reaches",
        x_axis=Axis("Epoch"),
        y_axis=Axis("Layer, first on top"),
        columns=tuple((starts + (step + 1) / 2).tolist()),
        rows=tuple(names),
        values=tuple(tuple(row) for row in logarithm.T.round(3).tolist()),
        value_axis=Axis("Gradient norm, power of ten"),
        help="Each row is a layer. Rows that are darker by several powers of ten than those below "
        "them learn almost nothing: the gradient vanishes on its way back.",
    )


def _gradient_lines(names: list[str], table: FloatArray | None) -> Lines | None:
    if table is None:
        return None
    return Lines(
        key="gradient_norms",
        title="Gradient norm of layers from first to last",
        x_axis=Axis("Epoch"),
        y_axis=Axis("Gradient norm", log=True),
        series=_series(names, table),
        help="Lines that fall together are usual. A sudden rise in all of them is a wild batch.",
    )


def _update_lines(names: list[str], table: FloatArray | None) -> Lines | None:
    if table is None:
        return None
    low, middle, high = HEALTHY
    ends = [1.0, float(max(2, len(table)))]
    usual = Series(
        "Usual range", ends, [middle] * 2, low=[low] * 2, high=[high] * 2, dashed=True, colour=7
    )
    return Lines(
        key="update_ratio",
        title="How far a step moves the weights of a layer",
        x_axis=Axis("Epoch"),
        y_axis=Axis("Step ÷ weights", log=True),
        series=(*_series(names, table), usual),
        help="About 0.001 is usual. Far above, the learning rate is too high for the layer; far "
        "below, the layer stands still, as all do at the end of a schedule.",
    )


def _weight_lines(names: list[str], table: FloatArray | None) -> Lines | None:
    if table is None:
        return None
    return Lines(
        key="weight_norm",
        title="Size of the weights of layers from first to last",
        x_axis=Axis("Epoch"),
        y_axis=Axis("Norm of the weights"),
        series=_series(names, table),
        help="Weights that keep growing suggest more weight decay, weights that shrink to nothing "
        "suggest less.",
    )


def _series(names: list[str], table: FloatArray) -> tuple[Series, ...]:
    """Lines of a few layers, evenly spread from the first to the last."""
    chosen = np.unique(np.linspace(0, len(names) - 1, min(LINES, len(names))).round().astype(int))
    epochs = [float(i + 1) for i in range(len(table))]
    return tuple(
        Series(names[i], epochs, np.maximum(table[:, i], SMALLEST).tolist())
        for i in chosen.tolist()
    )
