"""What the 1D CNN can show: its first filters as frequency responses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from integrations.core.contract import StoredResult
from integrations.core.data.dataset import DatasetInfo
from integrations.core.figures.chart import Axis, Chart, Heatmap, Lines, Series

POINTS = 128
STRONGEST = 8


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts; none when the run kept no filters."""
    filters = np.asarray(result.extras.get("first_filters", ()), dtype=np.float64)
    if filters.ndim != 3 or not np.isfinite(filters).all() or filters.size == 0:
        return []
    response = frequency_response(filters.mean(axis=1))
    rate, axis = _frequency_axis(result.info)
    frequency = np.linspace(0, 0.5 * rate, POINTS)
    return [_lines(response, frequency, axis), _map(response, frequency, axis)]


def frequency_response(filters: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gain of each filter over frequency, 1 at its largest, shape (filters, POINTS)."""
    gain = np.abs(np.fft.rfft(filters, n=2 * (POINTS - 1), axis=1))
    return np.asarray(gain / np.maximum(gain.max(axis=1, keepdims=True), 1e-12))


def _frequency_axis(info: DatasetInfo) -> tuple[float, Axis]:
    rates = {recording.sampling_rate_hz for recording in info.recordings}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is None:
        return 1.0, Axis("Frequency", "cycles per sample")
    return rate, Axis("Frequency", "Hz")


def _lines(
    response: npt.NDArray[np.float64], frequency: npt.NDArray[np.float64], axis: Axis
) -> Lines:
    selective = np.argsort(response.mean(axis=1), kind="stable")[:STRONGEST]
    series = tuple(
        Series(f"Filter {i + 1}", frequency.tolist(), response[i].tolist())
        for i in sorted(selective.tolist())
    )
    return Lines(
        key="first_filters",
        title="Which frequencies the most selective first-layer filters pass",
        x_axis=axis,
        y_axis=Axis("Gain, largest = 1", range=(0.0, 1.05)),
        series=series,
        help="Each line is one learnt filter. A narrow peak means the network listens to one band.",
    )


def _map(
    response: npt.NDArray[np.float64], frequency: npt.NDArray[np.float64], axis: Axis
) -> Heatmap:
    by_peak = response[np.argsort(response.argmax(axis=1), kind="stable")]
    coarse = by_peak.reshape(len(by_peak), -1, 4).max(axis=2)
    return Heatmap(
        key="first_filters_map",
        title="All first-layer filters, ordered by the frequency they pass best",
        x_axis=axis,
        y_axis=Axis("Filter, by peak frequency"),
        columns=tuple(f"{f:.3g}" for f in frequency[::4]),
        rows=tuple(str(i + 1) for i in range(len(by_peak))),
        values=tuple(tuple(row) for row in coarse.round(4).tolist()),
        value_axis=Axis("Gain, largest = 1", range=(0.0, 1.0)),
        help="Bright columns are bands that many filters use.",
    )
