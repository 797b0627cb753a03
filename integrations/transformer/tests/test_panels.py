"""Attention is drawn over the time of the window, ordered by class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.figures.chart import Heatmap, Lines
from integrations.transformer.panels import panels

TOKENS, LAYERS, HEADS = 5, 3, 2


def result(**changes: Any) -> StoredResult:
    nothing = np.zeros(0, dtype=np.int64)
    even = np.full((3, TOKENS), 1 / TOKENS)
    peaked = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
    recordings = tuple(
        Recording(f"r{i}", label, label, 500, 1000.0) for i, label in enumerate("ab")
    )
    extras = {
        "attention_rollout": np.stack([even[0], peaked, even[0]]),
        "attention_heads": np.full((3, HEADS, TOKENS), 1 / TOKENS),
        "attention_level": np.ones((3, TOKENS)),
        "attention_time": np.array([50.0, 150.0, 250.0, 350.0, 450.0]),
        "attention_entropy": np.full((LAYERS, HEADS), 0.5),
        "attention_distance": np.full((LAYERS, HEADS), 100.0),
        "attention_similarity": np.eye(LAYERS * HEADS),
        "explained_truth": np.array([1, 0, 0]),
        "explained_predicted": np.array([1, 1, 0]),
        "explained_recording": np.array([1, 0, 0]),
        "explained_start": np.array([0, 0, 0]),
    }
    return StoredResult(
        family="transformer",
        config={},
        info=DatasetInfo("x", "signal", ("DE",), recordings),
        history=[],
        metrics={},
        test=Predictions(nothing, nothing, nothing, np.zeros((0, 2))),
        extras={**extras, **changes},
    )


def test_attention_map_is_ordered_by_class_over_seconds() -> None:
    chart = panels(result())[0]
    assert isinstance(chart, Heatmap)
    assert chart.rows == ("1. a → b", "2. a", "3. b")
    assert chart.columns == pytest.approx((0.05, 0.15, 0.25, 0.35, 0.45))
    assert chart.values[0] == pytest.approx((0, 0, 5, 0, 0))
    assert chart.values[1] == pytest.approx((1, 1, 1, 1, 1))


def test_curves_show_the_least_even_window_of_each_class() -> None:
    curves = [chart for chart in panels(result()) if isinstance(chart, Lines)]
    assert [chart.key for chart in curves] == ["attention_curve_1", "attention_curve_0"]
    names = [series.name for series in curves[0].series]
    assert names[:2] == ["Level of the signal", "Attention, all layers"]
    assert len(names) == 2 + HEADS


def test_heads_are_compared_in_seconds_and_by_likeness() -> None:
    charts = {chart.key: chart for chart in panels(result())}
    distance, likeness = charts["attention_distance"], charts["attention_similarity"]
    assert isinstance(distance, Heatmap)
    assert distance.values == ((0.1, 0.1),) * LAYERS
    assert isinstance(likeness, Heatmap)
    assert likeness.columns[2] == "2.1"


def test_nothing_kept_draws_nothing() -> None:
    assert panels(replace(result(), extras={})) == []
