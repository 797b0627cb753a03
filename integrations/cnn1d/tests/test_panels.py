"""First filters are drawn as what they pass, in Hz where the rate is known."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.cnn1d.panels import panels
from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.figures.chart import Lines
from integrations.core.figures.filters import POINTS, frequency_response


def result(filters: np.ndarray, *rates: float | None) -> StoredResult:
    nothing = np.zeros(0, dtype=np.int64)
    recordings = tuple(Recording(f"{i}", "a", "a", 10, rate) for i, rate in enumerate(rates))
    return StoredResult(
        family="cnn1d",
        config={},
        info=DatasetInfo("x", "signal", ("x",), recordings),
        history=[],
        metrics={},
        test=Predictions(nothing, nothing, nothing, np.zeros((0, 1))),
        extras={"first_filters": filters},
    )


def tone(cycles_per_sample: float, taps: int = 64) -> np.ndarray:
    return np.cos(2 * np.pi * cycles_per_sample * np.arange(taps)) * np.hanning(taps)


def test_response_peaks_at_the_filters_frequency() -> None:
    response = frequency_response(np.stack([tone(0.1), tone(0.3)])[:, None])
    peaks = response.argmax(axis=1) / (POINTS - 1) / 2
    assert peaks == pytest.approx([0.1, 0.3], abs=0.01)
    assert response.max() == pytest.approx(1)


def test_axis_is_in_hz_where_the_rate_is_known() -> None:
    chart = panels(result(tone(0.1)[None, None], 1000.0, 1000.0))[0]
    assert isinstance(chart, Lines)
    assert chart.x_axis.unit == "Hz"
    x, y = chart.series[0].x, chart.series[0].y
    assert x[int(np.argmax(y))] == pytest.approx(100, abs=10)


@pytest.mark.parametrize("rates", [(None,), (1000.0, 2000.0)])
def test_axis_is_in_cycles_per_sample_otherwise(rates: tuple[float | None, ...]) -> None:
    chart = panels(result(tone(0.1)[None, None], *rates))[0]
    assert isinstance(chart, Lines)
    assert chart.x_axis.unit == "cycles per sample"
