"""Charts of a network's first filters: in frequency, where an analyst reads, and in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import DatasetInfo
from integrations.core.figures.chart import Axis, Chart, Heatmap, Lines, Series

POINTS = 128
STRONGEST = 8
IN_TIME = 4
FloatArray = npt.NDArray[np.float64]


def filter_charts(first_filters: Any, info: DatasetInfo) -> list[Chart]:
    """Draw first-layer weights, shape (filters, channels, taps); none where they are not finite."""
    filters = np.asarray(first_filters, dtype=np.float64)
    if filters.ndim != 3 or not np.isfinite(filters).all() or filters.size == 0:
        return []
    response = frequency_response(filters)
    rate = common_rate(info)
    unit = "cycles per sample" if rate is None else "Hz"
    frequency, axis = np.linspace(0, 0.5 * (rate or 1.0), POINTS), Axis("Frequency", unit)
    return [
        _response_lines(response, frequency, axis),
        _response_map(response, frequency, axis),
        _taps(filters, response, rate),
    ]


def frequency_response(filters: FloatArray) -> FloatArray:
    """Gain of each filter over frequency, 1 at its largest, shape (filters, POINTS).

    Args:
        filters: Shape (filters, channels, taps); the channels' power gains are added up.
    """
    spectrum = np.abs(np.fft.rfft(filters, n=2 * (POINTS - 1), axis=2))
    gain = np.sqrt((spectrum**2).sum(axis=1))
    return np.asarray(gain / np.maximum(gain.max(axis=1, keepdims=True), 1e-12))


def common_rate(info: DatasetInfo) -> float | None:
    """Sampling rate in Hz where all recordings have the same, else None."""
    rates = {recording.sampling_rate_hz for recording in info.recordings}
    return rates.pop() if len(rates) == 1 else None


def _most_selective(response: FloatArray, count: int) -> list[int]:
    """Positions of the filters that pass the least besides their peak, ascending."""
    chosen = np.argsort(response.mean(axis=1), kind="stable")[:count]
    return sorted(int(i) for i in chosen)


def _response_lines(response: FloatArray, frequency: FloatArray, axis: Axis) -> Lines:
    series = tuple(
        Series(f"Filter {i + 1}", frequency.tolist(), response[i].tolist())
        for i in _most_selective(response, STRONGEST)
    )
    return Lines(
        key="first_filters",
        title="Which frequencies the most selective first-layer filters pass",
        x_axis=axis,
        y_axis=Axis("Gain, largest = 1", range=(0.0, 1.05)),
        series=series,
        help="Each line is one learnt filter. A narrow peak means the network listens to one band.",
    )


def _response_map(response: FloatArray, frequency: FloatArray, axis: Axis) -> Heatmap:
    by_peak = response[np.argsort(response.argmax(axis=1), kind="stable")]
    coarse = by_peak.reshape(len(by_peak), -1, 4).max(axis=2)
    middles = frequency.reshape(-1, 4).mean(axis=1)
    return Heatmap(
        key="first_filters_map",
        title="All first-layer filters, ordered by the frequency they pass best",
        x_axis=axis,
        y_axis=Axis("Filter, by peak frequency"),
        columns=tuple(middles.tolist()),
        rows=tuple(float(i + 1) for i in range(len(by_peak))),
        values=tuple(tuple(row) for row in coarse.round(4).tolist()),
        value_axis=Axis("Gain, largest = 1", range=(0.0, 1.0)),
        help="Bright columns are bands that many filters use.",
    )


def _taps(filters: FloatArray, response: FloatArray, rate: float | None) -> Lines:
    chosen = _most_selective(response, IN_TIME)
    step = 1.0 if rate is None else 1000.0 / rate
    time = (np.arange(filters.shape[2]) * step).tolist()
    largest = np.maximum(np.abs(filters).max(axis=(1, 2)), 1e-12)
    series = tuple(
        Series(f"Filter {i + 1}", time, _strongest_channel(filters[i] / largest[i])) for i in chosen
    )
    return Lines(
        key="first_filters_time",
        title="The same filters in time",
        x_axis=Axis("Place in the filter", "samples") if rate is None else Axis("Time", "ms"),
        y_axis=Axis("Weight, largest = 1", range=(-1.1, 1.1)),
        series=series,
        help="What a waveform must look like for the filter to answer most. Of several channels "
        "the one with the largest weights is drawn.",
    )


def _strongest_channel(filter_: FloatArray) -> list[float]:
    channel = int(np.argmax((filter_**2).sum(axis=1)))
    return [float(value) for value in filter_[channel].round(5)]
