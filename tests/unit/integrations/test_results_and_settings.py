"""Result files, common charts, suggested settings, split checks, presets and estimates."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from integrations.classical.config import ClassicalConfig
from integrations.cnn1d.config import Cnn1dConfig, layer_plan
from integrations.core.config import DataConfig, SplitStrategy, Workload
from integrations.core.contract import FitResult, Predictions, Severity
from integrations.core.data.dataset import Dataset, DatasetInfo, Recording
from integrations.core.data.defaults import apply_suggestions, suggest_window
from integrations.core.data.split_checks import split_problems
from integrations.core.data.splits import split
from integrations.core.estimate import (
    MANY_RUNS_SPREAD,
    START_SECONDS,
    PastRun,
    Speed,
    estimate_seconds,
)
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.store import (
    PREDICTIONS_CSV,
    ResultError,
    load_evaluation,
    load_predictions,
    load_result,
    save_result,
)
from integrations.core.figures import common
from integrations.core.testing import toy_signals
from integrations.presets import PresetError, load_preset


@pytest.fixture
def toy(tmp_path: Path) -> Dataset:
    return toy_signals(tmp_path / "toy", published=True)


def saved(folder: Path, data: Dataset) -> FitResult:
    parts = split(data.info, DataConfig(window_samples=128))
    rng = np.random.default_rng(0)
    predictions = [
        Predictions(
            index.recording,
            index.start,
            index.recording % 3,
            rng.dirichlet(np.ones(3), len(index)),
        )
        for index in (parts.test, parts.validation)
    ]
    extras = {"array": np.arange(6.0).reshape(2, 3), "names": ["α", "b"], "count": 3}
    history = [{"val_loss": 1.0, "val_accuracy": 0.5}, {"val_loss": 0.5, "val_accuracy": 0.7}]
    result = FitResult(predictions[0], predictions[1], history, 2, False, extras=extras)
    evaluation = evaluate(result, parts, data.info)
    save_result(folder, result, evaluation, family="f", config={"seed": 1}, info=data.info)
    return result


def test_result_comes_back_as_it_was_saved(tmp_path: Path, toy: Dataset) -> None:
    result = saved(tmp_path, toy)
    back = load_result(tmp_path, toy.info)
    assert back.family == "f"
    assert back.config == {"seed": 1}
    assert back.history == result.history
    assert np.array_equal(back.test.probability, result.test.probability)
    assert np.array_equal(back.extras["array"], result.extras["array"])
    assert back.extras["names"] == ["α", "b"]
    assert load_evaluation(tmp_path).model_dump(mode="json") == back.metrics
    validation = load_predictions(tmp_path, "validation")
    assert np.array_equal(validation.start, result.validation.start)


@pytest.mark.parametrize("name", ["predictions.npz", "metrics.json", "result.json", "extras.npz"])
def test_damaged_result_is_refused_in_words(tmp_path: Path, toy: Dataset, name: str) -> None:
    saved(tmp_path, toy)
    (tmp_path / name).write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(ResultError, match="damaged"):
        load_result(tmp_path, toy.info) and load_evaluation(tmp_path)


def test_csv_names_recordings_and_cells_are_no_formulas(tmp_path: Path, toy: Dataset) -> None:
    info = DatasetInfo(
        toy.info.name,
        "signal",
        toy.info.channels,
        tuple(
            Recording("=cmd|' /C calc'!A0", f"@{r.label}", r.group, r.n_samples)
            for r in toy.info.recordings
        ),
    )
    data = Dataset(toy.folder)
    data.info = info
    result = saved(tmp_path / "out", data)
    text = (tmp_path / "out" / PREDICTIONS_CSV).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert len(rows) == len(result.test.truth) + 1
    assert rows[0][:4] == ["recording", "start", "true", "predicted"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@", "+", "-"))]
    assert sum(float(cell) for cell in rows[1][4:]) == pytest.approx(1, abs=1e-4)


def test_common_charts_have_distinct_keys_and_name_the_worst(tmp_path: Path, toy: Dataset) -> None:
    result = saved(tmp_path, toy)
    evaluation = load_evaluation(tmp_path)
    charts = common.common_charts(result.history, evaluation, best_epoch=2, step_name="Fold")
    assert [chart.key for chart in charts] == [
        "loss",
        "accuracy",
        "confusion",
        "f1_by_class",
        "roc",
        "precision_recall",
    ]
    weakest = min(evaluation.per_class, key=lambda row: row.f1).name
    bars = common.f1_by_class(evaluation)
    assert bars is not None
    assert weakest in bars.title
    counts = common.confusion_matrix(evaluation, normalised=False)
    assert counts.values == tuple(tuple(float(c) for c in r) for r in evaluation.confusion)


def info_of(*lengths: int, **fields: str) -> DatasetInfo:
    recordings = tuple(
        Recording(f"{i}", "ab"[i % 2], f"{i}", n, fields=dict(fields))
        for i, n in enumerate(lengths)
    )
    return DatasetInfo("made", "signal", ("x",), recordings)


@pytest.mark.parametrize(
    ("lengths", "window"),
    [
        ((150, 150), 150),
        ((4096, 4096), 4096),
        ((10_000, 10_000), 2048),
        ((120_000, 121_000), 2048),
        ((300, 500), 256),
        ((7, 29), 7),
        ((1, 1), 1),
    ],
)
def test_suggested_window_fits_the_shortest_record(lengths: tuple[int, ...], window: int) -> None:
    assert suggest_window(info_of(*lengths)) == window


def test_suggestions_prefer_the_published_split_and_keep_choices(toy: Dataset) -> None:
    events = replace(
        toy.info, recordings=tuple(replace(each, fields={}) for each in toy.info.recordings)
    )
    suggested = apply_suggestions(Cnn1dConfig(), events)
    assert suggested.data.split is SplitStrategy.PUBLISHED
    assert suggested.data.window_samples == 512
    assert not suggested.augmentation.shift
    chosen = Cnn1dConfig.model_validate(
        {"data": {"split": "group", "window_samples": 64}, "augmentation": {"shift": True}}
    )
    kept = apply_suggestions(chosen, events)
    assert kept.data.split is SplitStrategy.GROUP
    assert kept.data.window_samples == 64
    assert kept.augmentation.shift
    assert not kept.augmentation.sign_flip


def test_steady_vibration_of_a_machine_is_no_event(toy: Dataset) -> None:
    suggested = apply_suggestions(Cnn1dConfig(), toy.info)
    assert suggested.augmentation.shift
    assert suggested.augmentation.path_gain > 0
    assert not suggested.input.order_tracking  # all run at one speed


def bearing_info() -> DatasetInfo:
    faults = [
        Recording(f"{k}{s}{n}", k, f"{k}{s}", 9000, fields={"size": s, "load": n})
        for k in ("ball", "inner")
        for s in ("7", "14", "21")
        for n in "0123"
    ]
    normal = Recording("normal", "normal", "normal", 9000, fields={"load": "0"})
    return DatasetInfo("bearings", "signal", ("x",), (*faults, normal))


def test_suggested_field_split_holds_whole_groups_back() -> None:
    suggested = apply_suggestions(ClassicalConfig(), bearing_info()).data
    assert suggested.split is SplitStrategy.FIELD
    assert suggested.split_field == "size"
    assert suggested.test_values == ["14"]


def test_split_checks_warn_and_refuse_with_the_setting_to_change() -> None:
    info = bearing_info()
    suggested = apply_suggestions(ClassicalConfig(), info).data
    warnings = split_problems(info, suggested)
    assert {problem.severity for problem in warnings} == {Severity.WARNING}
    texts = " ".join(problem.message for problem in warnings)
    assert "Leaky split" in texts
    assert "times as many windows as “normal”" in texts
    errors = split_problems(info, DataConfig(window_samples=9001))
    assert [(p.severity, p.field) for p in errors] == [(Severity.ERROR, "data.window_samples")]
    errors = split_problems(info, DataConfig())
    assert [(p.severity, p.field) for p in errors] == [(Severity.ERROR, "data.split")]
    assert split_problems(info_of(), DataConfig())[0].severity is Severity.ERROR


def test_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(PresetError, match="quick_test"):
        load_preset("cnn1d", "../../../etc/passwd")


@pytest.mark.parametrize("window", [4, 5, 8, 17, 150, 427, 2048, 65_536])
def test_network_is_built_for_any_window_length(window: int) -> None:
    import torch

    from integrations.cnn1d.model import Cnn1d

    config, mode = Cnn1dConfig().architecture, Cnn1dConfig().input.normalisation
    model = Cnn1d(config, mode, window, 2, 3)
    assert model(torch.randn(2, 2, window)).shape == (2, 3)
    plan = layer_plan(config, window, 2)
    counted = sum(p.numel() for p in model.parameters())
    info = DatasetInfo("x", "signal", ("a", "b"), tuple(Recording(c, c, c, window) for c in "pqr"))
    whole = Cnn1dConfig.model_validate({"data": {"window_samples": window}})
    assert whole.workload(info).parameters == counted
    assert len(plan) >= 1


def test_estimates_narrow_from_reference_to_probe_to_runs_on_this_machine() -> None:
    work = Workload(work_units=1e11, steps=1, parameters=0, memory_bytes=0, checkpoint_bytes=0)
    run = PastRun(1e11, START_SECONDS + 5)
    probe = Speed(1.8e10, 2e10, 2.2e10, START_SECONDS, repeats=3)
    estimates = [
        estimate_seconds("cnn1d", work),
        estimate_seconds("cnn1d", work, probe=probe),
        estimate_seconds("cnn1d", work, [run]),
        estimate_seconds("cnn1d", work, [run] * 6, probe),
    ]
    assert [e.mid for e in estimates[1:]] == pytest.approx([START_SECONDS + 5] * 3)
    widths = [e.high - e.low for e in estimates]
    assert widths == sorted(widths, reverse=True)
    assert "no run on this one" in estimates[0].basis
    assert "probe" in estimates[1].basis
    assert estimates[3].basis == "6 earlier runs on this machine"
    assert json.dumps(estimate_seconds("unknown", work, [PastRun(0.0, 0.0)]))


def test_estimates_of_large_runs_are_wider_where_only_small_ones_were_made() -> None:
    large = Workload(work_units=1e12, steps=1, parameters=0, memory_bytes=0, checkpoint_bytes=0)
    small = large.model_copy(update={"work_units": 1e10})
    runs = [PastRun(1e10, START_SECONDS + 5)] * 6
    near, far = (estimate_seconds("cnn1d", work, runs) for work in (small, large))
    assert far.high / far.mid > 1.2 * MANY_RUNS_SPREAD
    assert near.high - near.mid < far.high - far.mid


def test_time_to_start_is_not_taken_for_slowness() -> None:
    work = Workload(work_units=2e10, steps=1, parameters=0, memory_bytes=0, checkpoint_bytes=0)
    runs = [PastRun(2e9, START_SECONDS + 1.0)] * 6
    assert estimate_seconds("cnn1d", work, runs).mid == pytest.approx(START_SECONDS + 10)
