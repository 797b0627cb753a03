"""Layers are named as people count them, and the charts say where a step is of usual size."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.figures.chart import Heatmap, Lines
from integrations.core.figures.layers import HEALTHY, MAP_EPOCHS
from integrations.resnet1d.config import Resnet1dConfig
from integrations.resnet1d.model import Resnet1d
from integrations.resnet1d.panels import in_words, panels


def result(epochs: int, **extras: object) -> StoredResult:
    nothing = np.zeros(0, dtype=np.int64)
    names = ["stem.0.0", "stages.0.0.body.0.0", "head.1"]
    table = np.geomspace(1e-4, 1e-1, 3 * epochs).reshape(epochs, 3)
    tables = dict.fromkeys(("gradient_norm", "update_ratio", "weight_norm"), table)
    return StoredResult(
        family="resnet1d",
        config={},
        info=DatasetInfo("x", "signal", ("x",), (Recording("a", "a", "a", 10, 100.0),)),
        history=[],
        metrics={},
        test=Predictions(nothing, nothing, nothing, np.zeros((0, 1))),
        extras={"layer_names": names, **tables, **extras},
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stem.0.0", "Stem"),
        ("stages.0.1.body.0.0", "1.2 convolution 1"),
        ("stages.3.0.shortcut.0", "4.1 shortcut"),
        ("head.1", "Head 1"),
    ],
)
def test_layer_is_named_as_people_count(name: str, words: str) -> None:
    assert in_words(name) == words


def test_every_layer_of_a_network_gets_its_own_name() -> None:
    config = Resnet1dConfig.model_validate({"architecture": {"depth": 50, "hidden_units": 8}})
    model = Resnet1d(config, 256, 1, 3)
    names = [n.removesuffix(".weight") for n, p in model.named_parameters() if p.ndim > 1]
    words = [in_words(name) for name in names]
    assert len(set(words)) == len(words)
    assert not any("stages" in word or "stem" in word for word in words)


def test_gradient_flow_is_drawn_over_epochs_and_layers() -> None:
    chart = next(c for c in panels(result(5)) if c.key == "gradient_flow")
    assert isinstance(chart, Heatmap)
    assert chart.rows == ("Stem", "1.1 convolution 1", "Head 1")
    assert chart.columns == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert chart.values[0][0] == pytest.approx(-4, abs=0.01)


def test_gradient_flow_of_a_long_run_is_thinned_but_keeps_the_largest() -> None:
    chart = next(c for c in panels(result(1000)) if c.key == "gradient_flow")
    assert isinstance(chart, Heatmap)
    assert len(chart.columns) <= MAP_EPOCHS
    assert max(map(max, chart.values)) == pytest.approx(-1, abs=0.01)


def test_step_size_is_shown_with_its_usual_range() -> None:
    chart = next(c for c in panels(result(5)) if c.key == "update_ratio")
    assert isinstance(chart, Lines)
    usual = chart.series[-1]
    assert usual.low is not None
    assert usual.high is not None
    assert (usual.low[0], usual.y[0], usual.high[0]) == HEALTHY


def test_silent_channels_are_shown_by_layer() -> None:
    extras = {
        "activity_layers": ["Stem", "Block 1.1"],
        "activity_silent": np.array([0.0, 0.25]),
        "activity_mean": np.array([0.5, 0.1]),
    }
    keys = [chart.key for chart in panels(result(5, **extras))]
    assert {"activity_silent", "activity_mean"} <= set(keys)
