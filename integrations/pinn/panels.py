"""What the physics-informed network can show: heads, losses, lines, Sommerfeld number."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Bars, Chart, Heatmap, Lines, Series

FloatArray = npt.NDArray[np.float64]
HEADS = {
    "physics": "Physics",
    "network": "Network",
    "fused": "Fused",
}
UNITS = ("windows", "recordings")
LOSSES = {"line_loss": "Missing lines", "sommerfeld_loss": "Sommerfeld number"}
MOST_POINTS = 400


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts that the run has the figures for."""
    drawn = (_heads(result), _losses(result), _lines(result), _margins(result), _sommerfeld(result))
    return [chart for chart in drawn if chart is not None]


def _heads(result: StoredResult) -> Chart | None:
    table = _array(result, "head_accuracy")
    names = result.extras.get("head_names", [])
    if table.shape != (len(names), len(UNITS), 3) or not np.isfinite(table).all():
        return None
    rows = [
        (f"{HEADS.get(str(name), str(name))}, {unit}", *table[i, j].tolist())
        for j, unit in enumerate(UNITS)
        for i, name in enumerate(names)
    ]
    share = result.extras.get("network_share", 0.0)
    why = result.extras.get("fusion_why", "")
    return Bars(
        key="heads",
        title="What the physics scores and the network achieve alone and together",
        axis=Axis("Test accuracy", percent=True, range=(0.0, 1.0)),
        categories=tuple(row[0] for row in rows),
        values=tuple(row[1] for row in rows),
        low=tuple(row[2] for row in rows),
        high=tuple(row[3] for row in rows),
        help=f"Bars carry 95 % intervals. The network has {float(share):.0%} of the say: {why}.",
    )


def _losses(result: StoredResult) -> Chart | None:
    series = []
    for colour, (key, name) in enumerate(LOSSES.items()):
        for part, said in (("train", "training"), ("val", "validation")):
            values = [row.get(f"{part}_{key}", np.nan) for row in result.history]
            points = [(i, v) for i, v in enumerate(values, 1) if isfinite(v)]
            if any(value for _, value in points):
                x, y = ([float(p[i]) for p in points] for i in (0, 1))
                label = f"{name}, {said}"
                series.append(Series(label, x, y, dashed=part == "val", colour=colour))
    if not series:
        return None
    return Lines(
        key="physics_loss",
        title="How far the network is from the physics while it learns",
        x_axis=Axis("Epoch"),
        y_axis=Axis("Physics loss, unweighted"),
        series=tuple(series),
        help="Missing lines: probability given to classes whose required lines do not stand out. "
        "Sommerfeld number: mean squared error of its logarithm, in units of its spread.",
    )


def _lines(result: StoredResult) -> Chart | None:
    heights, classes, asked = _prominences(result)
    if not len(asked) or len(heights) != len(result.test.truth):
        return None
    rows = np.unique(result.test.truth)
    table = [[_middle(heights[result.test.truth == k, j]) for j in asked] for k in rows.tolist()]
    if not np.isfinite(table).all():
        return None
    names = result.extras["line_names"]
    return Heatmap(
        key="required_lines",
        title="Which lines the test signals show, by true class",
        x_axis=Axis("Lines required of"),
        y_axis=Axis("True class"),
        columns=tuple(f"{classes[j]} ({names[j]})" for j in asked),
        rows=tuple(classes[k] for k in rows.tolist()),
        values=tuple(tuple(row) for row in table),
        value_axis=Axis("Median height over the spectrum around", "dB"),
        texts=tuple(tuple(f"{value:.1f}" for value in row) for row in table),
        help=f"A line stands out from {_margin(result):g} dB on. Where the diagonal is weak, that "
        "fault does not show its lines in these recordings.",
    )


def _margins(result: StoredResult) -> Chart | None:
    heights, classes, asked = _prominences(result)
    if len(heights) != len(result.test.truth):
        return None
    said = result.test.predicted
    chosen = [j for j in asked if np.isfinite(heights[said == j, j]).any()]
    if not chosen:
        return None
    spread = [np.nanquantile(heights[said == j, j], [0.1, 0.5, 0.9]).tolist() for j in chosen]
    return Bars(
        key="predicted_lines",
        title=f"Do predicted faults show the lines they must? {_margin(result):g} dB is asked",
        axis=Axis("Height of the required lines", "dB"),
        categories=tuple(f"Predicted {classes[j]}" for j in chosen),
        values=tuple(middle for _, middle, _ in spread),
        low=tuple(low for low, _, _ in spread),
        high=tuple(high for _, _, high in spread),
        help="Median over the test windows predicted to be that class, with the range from the "
        "10th to the 90th percentile. Bars below the margin are verdicts without evidence.",
    )


def _sommerfeld(result: StoredResult) -> Chart | None:
    known, told = _array(result, "log_s"), _array(result, "log_s_told")
    figures = _array(result, "sommerfeld_r2")
    good = np.isfinite(known) & np.isfinite(told) if known.shape == told.shape else np.zeros(0)
    if not good.any() or figures.shape != (3,) or not np.isfinite(figures).all():
        return None
    rows = np.flatnonzero(good)
    rows = rows[:: max(1, len(rows) // MOST_POINTS)]
    x, y = np.exp(known[rows]), np.exp(told[rows])
    ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))]
    value, low, high = figures.tolist()
    return Lines(
        key="sommerfeld",
        title=f"Sommerfeld number told from the signal: R² {value:.2f} ({low:.2f}–{high:.2f})",
        x_axis=Axis("Sommerfeld number from load, speed and oil", log=True),
        y_axis=Axis("Sommerfeld number told from the signal", log=True),
        series=(
            Series("Test recording", x.tolist(), y.tolist(), points=True),
            Series("Both equal", ends, ends, dashed=True),
        ),
        help="The side task sees the waveform only, never load, speed or oil. R² of the "
        "logarithm over test recordings, with its 95 % bootstrap interval; 0 is no better than "
        "the mean, negative is worse.",
    )


def _prominences(result: StoredResult) -> tuple[FloatArray, tuple[str, ...], list[int]]:
    """Heights of the required lines in dB, class names, and the classes that require any."""
    heights, classes = _array(result, "line_height_db"), result.info.classes
    names = result.extras.get("line_names", [])
    if heights.ndim != 2 or heights.shape[1] != len(classes) or len(names) != len(classes):
        return np.zeros((0, 0)), classes, []
    asked = [j for j, name in enumerate(names) if name and np.isfinite(heights[:, j]).any()]
    return heights, classes, asked


def _middle(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def _margin(result: StoredResult) -> float:
    physics: dict[str, Any] = result.config.get("physics", {})
    return float(physics.get("margin_db", 0.0))


def _array(result: StoredResult, key: str) -> FloatArray:
    return np.asarray(result.extras.get(key, ()), dtype=np.float64)
