"""Which test window the Signals tab opens, and what it says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dash_app.pages.experiment_results import signals_charts
from dash_app.pages.experiment_results.signals_tab import asked_row, number_of, signals_tab
from integrations.core.contract import Predictions, StoredResult
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording
from integrations.core.figures.look import (
    find_look,
    look_at,
    rows_of,
    spectrum_charts,
    telling_label,
    telling_rows,
)

RATE, SAMPLES, WINDOW = 2048.0, 4096, 1024


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("journal")
    rng = np.random.default_rng(0)
    with DatasetWriter(
        folder, name="j", channels=("X", "Y", "tacho"), unit="µm",
        properties={"bearing_kind": "journal", "channel_units": {"tacho": "V"}},
    ) as writer:  # fmt: skip
        for i, label in enumerate(("imbalance", "mixed", "normal", "oil whirl")):
            fields: dict[str, str | float] = {"rpm": 1500.0 + 60 * i}
            if label == "mixed":
                fields["faults"] = "misalignment + wear"
            signal = rng.normal(size=(3, SAMPLES))
            writer.add(signal, Recording(label, label, label, 0, RATE, fields=fields))
    return Dataset(folder)


@pytest.fixture
def result(data: Dataset) -> StoredResult:
    """Four windows of each recording; those of "normal" are taken for "oil whirl"."""
    recording = np.repeat(np.arange(4), 4)
    start = np.tile(np.arange(4) * WINDOW, 4)
    said = np.where(recording == 2, 3, recording)
    probability = np.full((16, 4), 0.1)
    probability[np.arange(16), said] = 0.7
    test = Predictions(recording, start, recording.copy(), probability)
    config = {"data": {"window_samples": WINDOW}}
    return StoredResult("cnn1d", config, data.info, [], {}, test, {})


def test_without_explanations_mistakes_still_come_first(result: StoredResult) -> None:
    rows = telling_rows(result)
    assert rows[:4] == [8, 9, 10, 11]
    assert telling_label(result, 8) == "normal → oil whirl, 70 % · normal"
    assert telling_label(result, 0) == "imbalance, right with 70 % · imbalance"


def test_explained_windows_are_the_telling_ones(result: StoredResult) -> None:
    extras = {"explained_recording": np.array([0, 2]), "explained_start": np.array([0, WINDOW])}
    assert telling_rows(replace(result, extras=extras)) == [9, 0]


@pytest.mark.parametrize(
    ("asked", "row"),
    [
        ({}, 8),
        ({"record": "1", "start": "2048"}, 6),
        ({"record": "1", "start": "5"}, 4),
        ({"record": "1"}, 4),
        ({"record": "99", "start": "0"}, 8),
        ({"record": "x"}, 8),
    ],
)
def test_the_address_names_a_window(result: StoredResult, asked: dict[str, str], row: int) -> None:
    assert asked_row(result, asked) == row


def test_windows_are_numbered_in_the_order_of_time(result: StoredResult, data: Dataset) -> None:
    assert rows_of(result, 1).tolist() == [4, 5, 6, 7]
    assert number_of(result, 6) == 3
    look = find_look(result, data, 1, 3)
    assert look is not None
    assert look.start == 2 * WINDOW
    assert find_look(result, data, 1, 5) is None
    assert find_look(result, data, 7, 1) is None


def test_a_mixture_shows_the_lines_of_its_parts(result: StoredResult, data: Dataset) -> None:
    labels = [line.label for line in look_at(result, data, 4).class_lines()[0].lines]
    assert labels == ["1×", "2×", "3×"]


def test_a_mistake_is_drawn_with_either_class_over_one_range(
    result: StoredResult, data: Dataset
) -> None:
    look = look_at(result, data, 8)
    true, said = spectrum_charts(look, look.ruler("orders"), 0, "window")
    assert "true class “normal” has no line" in true.title
    assert "predicted class “oil whirl”" in said.title
    assert true.x_axis.range == said.x_axis.range


def test_channels_have_their_own_units(result: StoredResult, data: Dataset) -> None:
    look = look_at(result, data, 0)
    assert (look.unit(0), look.unit(2)) == ("µm", "V")


@pytest.mark.parametrize("unit", ["Hz", "cpm", "orders"])
@pytest.mark.parametrize("extent", ["window", "recording"])
def test_every_chart_of_a_window_is_drawn(
    result: StoredResult, data: Dataset, unit: str, extent: str
) -> None:
    look = look_at(result, data, 8)
    assert signals_charts.said(look)
    assert signals_charts.wave(look, 0, unit)
    assert signals_charts.spectrum(look, 0, unit, extent)
    assert signals_charts.envelope(look, 0, unit, extent, (100.0, 500.0), True)
    assert signals_charts.waterfall(look, 0, unit, "time")
    assert "Fewer than three" in signals_charts.waterfall(look, 0, unit, "speed").children
    assert signals_charts.kurtogram_card(look, 0)
    assert len(signals_charts.orbit(look, unit, extent, True)) == 2
    assert signals_charts.cursor_lines(look, unit)["lines"][0] == {"label": "1×", "hz": 27.0}


def test_a_run_that_tested_nothing_says_so(result: StoredResult, tmp_path: Path) -> None:
    nothing = Predictions(
        np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 4))
    )
    assert "No test window" in str(signals_tab(replace(result, test=nothing), {}))
