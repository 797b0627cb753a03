"""Images are drawn over hertz and seconds, or orders and revolutions, with what was looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.figures.chart import Heatmap
from integrations.spectrogram.panels import panels
from integrations.spectrogram.train import enlarged, one_per_class

RATE, RPM = 1000.0, 600.0


def result(**changes: Any) -> StoredResult:
    rng = np.random.default_rng(0)
    nothing = np.zeros(0, dtype=np.int64)
    recordings = tuple(
        Recording(f"recording {i}", label, label, 512, RATE, fields={"rpm": RPM * (1 + i)})
        for i, label in enumerate(("ball", "inner"))
    )
    extras = {
        "example_rows": np.array([2, 0]),
        "example_images": rng.standard_normal((2, 4, 5)),
        "example_cams": rng.random((2, 4, 5)),
        "example_frequency": np.array([0.1, 0.2, 0.3, 0.4]),
        "example_time": np.arange(5) * 100.0,
        "explained_truth": np.array([1, 1, 0]),
        "explained_predicted": np.array([0, 1, 0]),
        "explained_recording": np.array([1, 1, 0]),
        "explained_start": np.array([256, 0, 128]),
        "first_filters": rng.standard_normal((10, 3, 3)),
    }
    return StoredResult(
        family="spectrogram",
        config=changes.pop("config", {}),
        info=DatasetInfo("x", "signal", ("DE",), recordings),
        history=[],
        metrics={},
        test=Predictions(nothing, nothing, nothing, np.zeros((0, 2))),
        extras={**extras, **changes},
    )


def charts(of: StoredResult) -> dict[str, Heatmap]:
    return {chart.key: chart for chart in panels(of) if isinstance(chart, Heatmap)}


def test_images_are_drawn_over_hertz_and_seconds() -> None:
    image = charts(result())["image_0"]
    assert image.rows == pytest.approx((100, 200, 300, 400))
    assert image.columns == pytest.approx((0, 0.1, 0.2, 0.3, 0.4))
    assert (image.x_axis.unit, image.y_axis.unit) == ("s", "Hz")
    assert max(max(row) for row in image.values) == 0


def test_order_tracked_images_are_drawn_over_orders_and_revolutions() -> None:
    image = charts(result(config={"input": {"order_tracking": True}}))["image_0"]
    assert image.rows == pytest.approx((10, 20, 30, 40))
    assert image.y_axis.title == "Order"
    assert image.x_axis.unit == "revolutions"


def test_rows_in_octaves_get_a_logarithmic_axis() -> None:
    octaves = charts(result(example_frequency=np.array([0.05, 0.1, 0.2, 0.4])))["image_0"]
    assert octaves.y_axis.log
    assert not charts(result())["image_0"].y_axis.log


def test_mistakes_say_what_the_window_was_mistaken_for() -> None:
    drawn = charts(result())
    assert drawn["image_cam_0"].title.startswith("ball, recognised")
    assert drawn["image_cam_1"].title.startswith("inner, mistaken for ball")
    assert "recording 1" in drawn["image_cam_1"].help
    assert "0.256 s" in drawn["image_cam_1"].help


def test_filters_are_a_mosaic_with_distinct_names() -> None:
    mosaic = charts(result())["first_filters_2d"]
    assert len(mosaic.rows) == 3 * 4 - 1
    assert len(mosaic.columns) == 4 * 4 - 1
    assert len(set(mosaic.columns)) == len(mosaic.columns)
    assert "10 filters" in mosaic.title


def test_nothing_kept_draws_nothing() -> None:
    assert panels(replace(result(), extras={})) == []


def test_examples_prefer_windows_that_were_recognised() -> None:
    truth, predicted = np.array([1, 0, 1, 2]), np.array([0, 0, 1, 1])
    assert one_per_class(truth, predicted).tolist() == [1, 2, 3]
    assert len(one_per_class(None, None)) == 0


def test_coarse_maps_cover_the_whole_image() -> None:
    maps = np.zeros((1, 2, 2), dtype=np.float32)
    maps[0, 1, 1] = 1.0
    grown = enlarged(maps, (8, 6))
    assert grown.shape == (1, 8, 6)
    assert grown[0, -1, -1] == pytest.approx(1.0)
    assert grown[0, 0, 0] == 0.0
