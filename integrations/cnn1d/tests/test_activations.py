"""Activations of telling windows are kept small, name their record, and can be chosen from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from integrations.cnn1d.config import Cnn1dConfig
from integrations.cnn1d.panels import panels
from integrations.cnn1d.train import fit
from integrations.core.contract import FitResult, StoredResult
from integrations.core.data.dataset import Dataset
from integrations.core.explain.activations import (
    BINS,
    MOST_CHANNELS,
    MOST_KEPT,
    activation_extras,
)
from integrations.core.figures.activations import window_charts
from integrations.core.figures.chart import Heatmap
from integrations.core.testing import RecordingContext, toy_signals
from integrations.core.training.inputs import Inputs


class Pass(nn.Module):
    """Gives its input as maps of height one."""

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return torch.relu(windows).unsqueeze(2)


class Tiny(nn.Module):
    """A network whose only layer is known."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = Pass()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return self.layer(windows)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_signals(tmp_path_factory.mktemp("toy"), groups=4, noise=2.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, toy: Dataset) -> tuple[Cnn1dConfig, FitResult]:
    config = Cnn1dConfig.model_validate(
        {"data": {"window_samples": 128}, "training": {"epochs": 1, "patience": 0}}
    )
    return config, fit(config, toy, RecordingContext(tmp_path_factory.mktemp("run")))


def stored(run: tuple[Cnn1dConfig, FitResult], toy: Dataset, **extras: Any) -> StoredResult:
    config, result = run
    return StoredResult(
        family="cnn1d",
        config=config.model_dump(mode="json"),
        info=toy.info,
        history=result.history,
        metrics={},
        test=result.test,
        extras={**result.extras, **extras},
    )


def explained(n: int, hits: list[bool]) -> dict[str, Any]:
    rows = np.arange(n)
    said = np.where(hits, 0, 1)
    return {
        "explained_recording": rows, "explained_start": np.zeros(n, dtype=np.int64),
        "explained_truth": np.zeros(n, dtype=np.int64), "explained_predicted": said,
    }  # fmt: skip


def as_inputs(windows: torch.Tensor, _index: object) -> Inputs:
    return (windows,)


def test_maps_are_what_the_layer_answered(toy: Dataset) -> None:
    model = Tiny()
    known = explained(3, [False, True, True])
    extras = activation_extras(model, {"Only": model.layer}, known, toy, BINS, as_inputs)
    expected = np.stack([toy.signal(i)[:, :BINS] for i in range(3)]).clip(min=0)
    assert np.allclose(extras["activations_0"], expected, atol=1e-2)
    assert extras["activation_layers"] == ["Only"]
    assert extras["activity_mean"][0] == pytest.approx(expected.mean(), abs=1e-3)
    assert extras["activity_silent"][0] == 0


@pytest.mark.parametrize(("mistakes", "hits"), [(10, 10), (2, 18), (18, 2), (0, 20), (3, 0)])
def test_few_windows_are_kept_half_of_them_mistakes_where_there_are(
    toy: Dataset, mistakes: int, hits: int
) -> None:
    model = Tiny()
    right = [False] * mistakes + [True] * hits
    known = explained(mistakes + hits, right)
    kept = activation_extras(model, {"Only": model.layer}, known, toy, 64, as_inputs)
    chosen = kept["activation_windows"].tolist()
    assert len(set(chosen)) == len(chosen) == min(MOST_KEPT, mistakes + hits)
    wrong = sum(not right[i] for i in chosen)
    assert wrong == min(mistakes, max(MOST_KEPT // 2, MOST_KEPT - hits))


def test_nothing_is_kept_when_nothing_was_explained(toy: Dataset) -> None:
    model = Tiny()
    assert activation_extras(model, {"Only": model.layer}, {}, toy, 64, as_inputs) == {}


def test_what_a_run_keeps_is_small(run: tuple[Cnn1dConfig, FitResult]) -> None:
    extras = run[1].extras
    maps = [extras[f"activations_{i}"] for i in range(len(extras["activation_layers"]))]
    assert len(maps) == 3
    assert all(m.shape[1] <= MOST_CHANNELS and m.shape[2] <= BINS for m in maps)
    assert sum(m.nbytes for m in maps) < 1_000_000


def test_charts_name_the_record_its_class_and_what_it_was_taken_for(
    run: tuple[Cnn1dConfig, FitResult], toy: Dataset
) -> None:
    result = stored(run, toy)
    row = int(result.extras["activation_windows"][0])
    recording = toy.info.recordings[int(result.extras["explained_recording"][row])]
    chart = window_charts(result, 0, "x")[0]
    assert isinstance(chart, Heatmap)
    assert recording.name in chart.title
    assert f"truly {recording.label}" in chart.title
    start = int(result.extras["explained_start"][row]) / 128
    assert start < float(chart.columns[0]) < float(chart.columns[-1]) < start + 1
    assert chart.x_axis.unit == "s"


def test_panels_show_a_mistake_and_a_hit_where_there_are_both(
    run: tuple[Cnn1dConfig, FitResult], toy: Dataset
) -> None:
    result = stored(run, toy)
    kept = result.extras["activation_windows"]
    right = (result.extras["explained_predicted"] == result.extras["explained_truth"])[kept]
    keys = {chart.key for chart in panels(result) if chart.key.startswith("activations")}
    assert any("hit" in key for key in keys) == right.any()
    assert any("mistake" in key for key in keys) == (~right).any()


def test_panels_of_a_run_before_there_were_activations_show_the_filters(
    run: tuple[Cnn1dConfig, FitResult], toy: Dataset
) -> None:
    result = stored(run, toy)
    result.extras.clear()
    result.extras["first_filters"] = run[1].extras["first_filters"]
    assert [chart.key for chart in panels(result)] == [
        "first_filters", "first_filters_map", "first_filters_time",
    ]  # fmt: skip
