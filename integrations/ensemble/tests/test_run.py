"""Which runs may be joined, what is said when they may not, and what a finished ensemble tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from integrations.core.contract import EarlierRun, FitResult, StoredResult, TrainingError
from integrations.core.data.dataset import Dataset
from integrations.core.data.defaults import apply_suggestions
from integrations.core.evaluation.store import PREDICTIONS
from integrations.core.figures.chart import Bars, Heatmap
from integrations.core.testing import TOY_WINDOW, RecordingContext, toy_runs, toy_signals
from integrations.ensemble.config import EnsembleConfig, MembersConfig
from integrations.ensemble.panels import panels
from integrations.ensemble.train import fit


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return toy_signals(tmp_path / "toy")


@pytest.fixture
def runs(data: Dataset) -> list[EarlierRun]:
    return toy_runs(data.folder)


def made(
    data: Dataset, runs: list[EarlierRun], folder: Path, **sections: object
) -> tuple[FitResult, RecordingContext]:
    given = {"data": {"window_samples": TOY_WINDOW}, **sections}
    config = apply_suggestions(EnsembleConfig.model_validate(given), data.info)
    context = RecordingContext(folder / "run", earlier=runs)
    return fit(config, data, context), context


def test_chosen_members_in_any_order_give_the_same_ensemble(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    one, _ = made(data, runs, tmp_path, members={"experiments": [1, 2, 3]})
    other, _ = made(data, runs[::-1], tmp_path, members={"experiments": [3, 1, 2]})
    assert np.array_equal(one.test.probability, other.test.probability)
    assert one.extras["member_ids"] == other.extras["member_ids"] == [1, 2, 3]


def test_the_model_file_says_who_counts_how_much(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    for method in ("weighted", "stacking"):
        result, _ = made(data, runs, tmp_path, combination={"method": method})
        card = json.loads(result.model_files[0].read_text(encoding="utf-8"))
        assert [member["id"] for member in card["members"]] == [1, 2, 3]
        assert sum(member["weight"] for member in card["members"]) == pytest.approx(1)
        assert (card["stack"] is not None) is (method == "stacking")


def test_a_run_on_another_split_is_refused_by_name(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    odd = [replace(runs[0], split_digest="another"), *runs[1:]]
    with pytest.raises(TrainingError, match=r"toy run 3.*another split"):
        made(data, odd, tmp_path, members={"experiments": [1, 2, 3]})


def test_an_ensemble_of_an_ensemble_and_an_unfinished_run_are_refused(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    nested = [replace(runs[0], family="ensemble"), *runs[1:]]
    with pytest.raises(TrainingError, match=r"experiment 9.*ensemble itself"):
        made(data, nested, tmp_path, members={"experiments": [1, 2, 3, 9]})


def test_too_few_runs_are_refused(data: Dataset, runs: list[EarlierRun], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"needs 3 finished runs.*there are 2"):
        made(data, runs[:2], tmp_path)
    with pytest.raises(TrainingError, match="there is none yet"):
        made(data, [], tmp_path)
    with pytest.raises(ValueError, match="Choose 3 to 7"):
        MembersConfig(experiments=[1, 2, 2])


def test_runs_that_say_the_same_count_once(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    copies = [*runs, replace(runs[0], id=4), replace(runs[0], id=5)]
    result, _ = made(data, copies, tmp_path)
    assert result.extras["member_ids"] == [1, 2, 3]


def test_lost_files_are_named_and_damaged_ones_left_out_where_nobody_asked_for_them(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    lost = [*runs, replace(runs[0], id=4, name="lost run", folder=empty)]
    with pytest.raises(TrainingError, match=r"lost run.*missing or damaged"):
        made(data, lost, tmp_path, members={"experiments": [1, 2, 4]})
    (empty / PREDICTIONS).write_bytes(b"PK\x03\x04 no archive")
    result, context = made(data, lost, tmp_path)
    assert result.extras["member_ids"] == [1, 2, 3]
    assert any("lost run" in text for _, text in context.lines)


def test_panels_tell_contributions_agreement_and_bounds(
    data: Dataset, runs: list[EarlierRun], tmp_path: Path
) -> None:
    result, _ = made(data, runs, tmp_path)
    charts = {
        chart.key: chart
        for chart in panels(
            StoredResult("ensemble", {}, data.info, result.history, {}, result.test, result.extras)
        )
    }
    standing, agreement = charts["standing"], charts["agreement"]
    assert isinstance(standing, Bars)
    assert standing.low is not None
    assert standing.high is not None
    oracle, ensemble, *_ = standing.values
    assert oracle >= ensemble
    for low, value, high in zip(standing.low, standing.values, standing.high, strict=True):
        assert low <= value <= high
    assert isinstance(agreement, Heatmap)
    table = np.array(agreement.values)
    assert np.array_equal(table, table.T)
    assert np.allclose(np.diag(table), 1)
    assert {"weights", "contributions", "error_correlation", "best_by_class"} <= set(charts)
