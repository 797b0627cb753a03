"""Maps of one signal (waterfall, kurtogram) and what a model's decision rests on (occlusion)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from integrations.core.figures.chart import Axis, Bars, Heatmap, Lines, Marker, Series
from integrations.core.figures.signals import Ruler
from integrations.core.signal.kurtogram import Kurtogram
from integrations.core.signal.spectra import FLOOR_DB, Waterfall

Array = npt.NDArray[np.float64]
LEAST_FALL = 0.005
IMPULSIVE = 1.0
"""Spectral kurtosis that noise alone seldom reaches in the narrow bands of a short recording."""


def waterfall(
    found: Waterfall, ruler: Ruler, *, by_speed: bool = False, key: str = "waterfall"
) -> Heatmap:
    """Draw spectra one after another: time (or speed) upward, frequency to the right."""
    levels = found.level_db.round(1)
    # Most cells are floor: shading begins a little below their level.
    floor = float(np.clip(np.percentile(levels, 20) - 6, FLOOR_DB, -20)) if levels.size else -20.0
    return Heatmap(
        key=key,
        title="Spectra by speed" if by_speed else "Spectra over the recording",
        x_axis=ruler.axis(),
        y_axis=Axis("Speed", "rpm")
        if by_speed
        else Axis("Time", "s" if ruler.rated else "samples"),
        columns=tuple((found.frequency * ruler.factor).tolist()),
        rows=tuple(found.position.tolist()),
        values=tuple(tuple(row) for row in levels.tolist()),
        value_axis=Axis("Amplitude below the largest", "dB", range=(round(floor), 0.0)),
        help="Each row is one spectrum. A line locked to the shaft leans with the speed when "
        "frequencies are in Hz and stands upright in orders; a resonance does the opposite.",
    )


def kurtogram(found: Kurtogram, *, rated: bool = True, key: str = "kurtogram") -> Heatmap:
    """Draw how impulsive each band of each level is; a cell gives the band of an envelope."""
    columns = 3 * 2 ** max(0, max(found.n_bands).bit_length() - 1)
    width = found.rate / 2 / columns
    place = (np.arange(columns) + 0.5) * width
    rows = [row[np.minimum((place // (found.rate / 2 / n)).astype(int), n - 1)]
            for row, n in zip(found.kurtosis, found.n_bands, strict=True)]  # fmt: skip
    level, centre, top = found.best
    low, high = found.band(level, centre)
    unit = "Hz" if rated else "cycles per sample"
    return Heatmap(
        key=key,
        title=f"Most impulsive: {low:.4g} to {high:.4g} {unit} (spectral kurtosis {top:.2g})"
        if top > IMPULSIVE
        else f"No band is impulsive (spectral kurtosis at most {top:.2g})",
        x_axis=Axis("Frequency", unit),
        y_axis=Axis("Level (bands)"),
        columns=tuple(place.tolist()),
        rows=tuple(level_name(found, i) for i in range(len(found.levels))),
        values=tuple(tuple(np.maximum(row, 0).round(3).tolist()) for row in rows),
        value_axis=Axis("Spectral kurtosis", range=(0.0, max(IMPULSIVE, top))),
        help="Fast kurtogram after Antoni (2007): bright cells are bands full of impacts.",
    )


def level_name(found: Kurtogram, level: int) -> str:
    """Name a level by its number and how many bands it has: "2.6 (6)"."""
    return f"{found.levels[level]:g} ({found.n_bands[level]})"


def occlusion(
    edges: npt.ArrayLike,
    falls: npt.ArrayLike,
    ruler: Ruler,
    predicted: str,
    *,
    markers: Sequence[Marker] = (),
    key: str = "occlusion",
) -> Lines | None:
    """Draw how far the predicted class's probability falls without each frequency band.

    Args:
        edges: Borders of the bands in Hz, shape (bands + 1,).
        falls: Fall of the probability, shape (bands,); negative where it rises.
        ruler: Unit of the frequencies.
        predicted: The class the model said.
        markers: Fault lines in the ruler's unit.
        key: Of the chart.

    Returns:
        None without finite values.
    """
    border, fall = np.asarray(edges, dtype=np.float64), np.asarray(falls, dtype=np.float64)
    if not fall.size or border.size != fall.size + 1 or not np.isfinite(fall).all():
        return None
    best = int(fall.argmax())
    low, high = border[best] * ruler.factor, border[best + 1] * ruler.factor
    stairs = np.repeat(border, 2)[1:-1] * ruler.factor
    # The bands widen with frequency; the first begins at zero, which a log axis cannot show.
    stairs[0] = stairs[0] or stairs[1] / 2
    unit = ruler.axis().unit or "×"
    return Lines(
        key=key,
        title=f"“{predicted}” rests most on {low:.4g} to {high:.4g} {unit}"
        if fall[best] > LEAST_FALL
        else f"“{predicted}” rests on no single frequency band",
        x_axis=replace(ruler.axis(), log=True),
        y_axis=Axis(f"Fall of P({predicted})", percent=True),
        series=(Series("Fall of the probability", stairs.tolist(), np.repeat(fall, 2).tolist()),),
        markers=tuple(markers),
        help="Each band is taken out of the window and the model asked again. The more the "
        "probability falls, the more the decision rests on that band; below zero the band spoke "
        "against it.",
    )


def order_occlusion(
    orders: npt.ArrayLike, falls: npt.ArrayLike, predicted: str, *, key: str = "occlusion_orders"
) -> Bars | None:
    """Draw how far the probability falls without each multiple of the shaft speed.

    Args:
        orders: Lowest and highest multiple of each band, shape (bands, 2).
        falls: Fall of the probability; NaN where the window cannot resolve the band.
        predicted: The class the model said.
        key: Of the chart.

    Returns:
        None where nothing was measured.
    """
    bands, fall = np.asarray(orders, dtype=np.float64), np.asarray(falls, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(fall)) if fall.size else np.empty(0, dtype=int)
    if not known.size or bands.shape != (fall.size, 2):
        return None
    names = [_order_name(*bands[i]) for i in known]
    best = int(fall[known].argmax())
    return Bars(
        key=key,
        title=f"Without {names[best]} “{predicted}” loses {fall[known][best] * 100:.0f} points"
        if fall[known][best] > LEAST_FALL
        else f"“{predicted}” rests on no single order",
        axis=Axis(f"Fall of P({predicted})", percent=True),
        categories=tuple(names),
        values=tuple(fall[known].tolist()),
        help="Each order (a narrow band around a multiple of the shaft speed) is taken out of the "
        "window and the model asked again.",
    )


def _order_name(low: float, high: float) -> str:
    middle = round((low + high) / 2, 2)
    return f"{low:g}–{high:g}×" if high - low > 0.08 else f"{middle:g}×"
