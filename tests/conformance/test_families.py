"""What every model family must do; swept over all of them, edited for none."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import annotated_types
import numpy as np
import pytest
from pydantic.fields import FieldInfo

from integrations.core.config import FamilyConfig, Section
from integrations.core.contract import (
    CombiningFamily,
    Control,
    EarlierRun,
    Family,
    FitResult,
    Interrupted,
    PredictingFamily,
    Predictions,
    Predictor,
    Severity,
    StoredResult,
    TrainingError,
)
from integrations.core.data.dataset import Dataset
from integrations.core.data.defaults import apply_suggestions
from integrations.core.data.splits import split
from integrations.core.data.windows import WindowIndex
from integrations.core.estimate import estimate_seconds
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.store import load_predictions, load_result, save_result
from integrations.core.explain.on_demand import explain_rows
from integrations.core.figures.chart import Bars, Heatmap, Lines
from integrations.core.figures.common import common_charts
from integrations.core.testing import RecordingContext, toy_runs, toy_signals
from integrations.presets import ORDER, presets
from integrations.registry import families

ROOT = Path(__file__).resolve().parents[2]
ALL = list(families().values())
TOYS = {"signal": toy_signals}

each_family = pytest.mark.parametrize("family", ALL, ids=[family.name for family in ALL])


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    return {kind: make(tmp_path_factory.mktemp(kind)) for kind, make in TOYS.items()}


@pytest.fixture(scope="module")
def straight(
    tmp_path_factory: pytest.TempPathFactory, toys: dict[str, Dataset]
) -> dict[str, tuple[RecordingContext, FitResult]]:
    """One uninterrupted tiny run of every family."""
    runs = {}
    for family in ALL:
        context = RecordingContext(tmp_path_factory.mktemp(family.name))
        data = toys[family.kind]
        runs[family.name] = (context, family.fit(tiny(family, data), data, context))
    return runs


def tiny(family: Family, data: Dataset) -> FamilyConfig:
    """The quick preset on short windows."""
    quick = presets(family.name)[0].config
    given = {**quick, "data": {**quick.get("data", {}), "window_samples": 128}}
    return apply_suggestions(family.Config.model_validate(given), data.info)


def figures(history: list[dict[str, float]]) -> list[dict[str, float]]:
    """History without wall times, which no seed can fix."""
    return [{k: v for k, v in row.items() if not k.endswith("seconds")} for row in history]


def order_after(epochs: int, order: Control) -> Any:
    """Orders that change once so many epochs are committed."""
    return lambda context: order if len(context.epochs) >= epochs else Control.RUN


def stored(family: Family, result: FitResult, data: Dataset, **changes: Any) -> StoredResult:
    return StoredResult(
        family=family.name,
        config=tiny(family, data).model_dump(mode="json"),
        info=data.info,
        history=changes.get("history", result.history),
        metrics={},
        test=changes.get("test", result.test),
        extras=changes.get("extras", result.extras),
    )


@each_family
def test_family_tells_who_it_is(family: Family) -> None:
    assert family.name.isidentifier()
    assert family.name in families()
    assert family.title
    assert family.summary.endswith(".")
    assert issubclass(family.Config, FamilyConfig)
    assert family.kind in TOYS


def test_families_load_without_torch_and_scikit_learn() -> None:
    code = """
import sys
from integrations.registry import families
from integrations.presets import presets
import integrations.core.data.defaults, integrations.core.data.split_checks
import integrations.core.evaluation.store, integrations.core.figures.common
import integrations.core.estimate
for family in families().values():
    family.Config().model_dump(mode="json")
    family.Config.model_json_schema()
    presets(family.name)
print([name for name in ("torch", "sklearn", "scipy.signal", "skops") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@each_family
def test_config_survives_json(family: Family) -> None:
    config = family.Config()
    assert family.Config.model_validate_json(config.model_dump_json()) == config
    assert family.Config.model_validate(config.model_dump(mode="json")) == config


@each_family
def test_config_refuses_unknown_settings(family: Family) -> None:
    with pytest.raises(ValueError, match="no_such_setting"):
        family.Config.model_validate({"no_such_setting": 1})


@each_family
def test_every_setting_is_documented_and_bounded(family: Family) -> None:
    for path, field in leaves(family.Config):
        assert field.title, f"{path} has no title"
        assert field.description, f"{path} has no help"
        assert field.description.rstrip().endswith("."), f"{path}'s help is no sentence"
        if number_type(field.annotation):
            limits = {type(limit) for limit in field.metadata}
            assert {annotated_types.Ge, annotated_types.Le} <= limits, f"{path} has no bounds"
        assert not field.is_required(), f"{path} has no default"


@each_family
def test_sections_have_titles(family: Family) -> None:
    for name, field in family.Config.model_fields.items():
        if is_section(field.annotation):
            assert field.title, f"section {name} has no title"


@each_family
def test_help_names_every_setting(family: Family) -> None:
    module = sys.modules[type(family).__module__]
    text = Path(str(module.__file__)).with_name("help.md").read_text(encoding="utf-8")
    missing = [path for path, field in leaves(family.Config) if str(field.title) not in text]
    assert not missing


@each_family
def test_presets_are_valid_and_measured(family: Family) -> None:
    found = presets(family.name)
    assert tuple(preset.name for preset in found[: len(ORDER)]) == ORDER
    for preset in found:
        preset.apply(family.Config)
        assert preset.title
        assert preset.summary.endswith(".")
        assert preset.measured, f"{preset.name} was never measured"
        assert all(run.low <= run.accuracy <= run.high for run in preset.measured)
        assert "window_samples" not in preset.config.get("data", {})


@each_family
def test_schema_file_is_up_to_date(family: Family) -> None:
    from integrations.schemas import FOLDER, schema_text

    written = (FOLDER / f"{family.name}.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(schema_text(family)), (
        "Run python -m integrations.schemas and commit what it writes."
    )


@each_family
def test_problems_refuse_another_kind_of_data(family: Family, toys: dict[str, Dataset]) -> None:
    info = toys[family.kind].info
    assert not [p for p in family.problems(info) if p.severity is Severity.ERROR]
    foreign = family.problems(replace(info, kind="pressed flowers"))
    assert [p for p in foreign if p.severity is Severity.ERROR and p.message.endswith(".")]


@each_family
def test_workload_is_counted_before_training(family: Family, toys: dict[str, Dataset]) -> None:
    data = toys[family.kind]
    work = tiny(family, data).workload(data.info)
    assert work.work_units > 0
    assert work.steps > 0
    assert work.memory_bytes > 0
    assert work.checkpoint_bytes > 0
    estimate = estimate_seconds(family.name, work)
    assert 0 < estimate.low < estimate.mid < estimate.high < 3600


@each_family
def test_fit_reports_each_epoch_once_with_plain_numbers(
    family: Family, straight: dict[str, tuple[RecordingContext, FitResult]]
) -> None:
    context, result = straight[family.name]
    assert [epoch for epoch, *_ in context.epochs] == list(range(1, len(result.history) + 1))
    assert [row for _, _, row, _ in context.epochs] == result.history
    assert len({total for _, total, _, _ in context.epochs}) == 1
    for row in result.history:
        assert all(type(value) is float and math.isfinite(value) for value in row.values())
        assert {"val_accuracy", "val_macro_f1", "epoch_seconds"} <= set(row)
    assert all(0 <= fraction <= 1 for fraction, _ in context.progress)
    assert json.loads(json.dumps(result.history)) == result.history


@each_family
def test_fit_predicts_every_test_window_with_probabilities(
    family: Family,
    toys: dict[str, Dataset],
    straight: dict[str, tuple[RecordingContext, FitResult]],
) -> None:
    data, (_, result) = toys[family.kind], straight[family.name]
    parts = split(data.info, tiny(family, data).data)
    for predictions, index in ((result.test, parts.test), (result.validation, parts.validation)):
        assert np.array_equal(predictions.recording, index.recording)
        assert np.array_equal(predictions.start, index.start)
        assert predictions.probability.shape == (len(index), len(data.info.classes))
        assert np.allclose(predictions.probability.sum(axis=1), 1)
        assert predictions.probability.min() >= 0


@each_family
def test_fit_learns_an_easy_task(
    family: Family, straight: dict[str, tuple[RecordingContext, FitResult]]
) -> None:
    _, result = straight[family.name]
    assert (result.test.predicted == result.test.truth).mean() > 0.8


@each_family
def test_model_files_lie_in_the_run_folder_and_hold_no_pickle(
    family: Family, straight: dict[str, tuple[RecordingContext, FitResult]]
) -> None:
    context, result = straight[family.name]
    assert result.model_files
    for path in result.model_files:
        assert path.is_relative_to(context.folder)
        assert path.stat().st_size > 0
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".pt"}


@each_family
def test_checkpoints_load_without_running_code(
    family: Family, straight: dict[str, tuple[RecordingContext, FitResult]]
) -> None:
    context, _ = straight[family.name]
    files = [path for path in (context.folder / "checkpoints").iterdir() if path.is_file()]
    assert files
    assert context.epochs[-1][3] in files
    for path in files:
        content = load_plain(path)
        assert content["format_version"] >= 1
        assert content["config"]["seed"] == 0
        assert len(content["data_fingerprint"]) == 64


@each_family
def test_same_seed_gives_same_figures(
    family: Family,
    tmp_path: Path,
    toys: dict[str, Dataset],
    straight: dict[str, tuple[RecordingContext, FitResult]],
) -> None:
    data, (_, first) = toys[family.kind], straight[family.name]
    second = family.fit(tiny(family, data), data, RecordingContext(tmp_path))
    assert figures(second.history) == figures(first.history)
    assert np.array_equal(second.test.probability, first.test.probability)


@each_family
def test_paused_and_resumed_run_equals_a_straight_one(
    family: Family,
    tmp_path: Path,
    toys: dict[str, Dataset],
    straight: dict[str, tuple[RecordingContext, FitResult]],
) -> None:
    data, (_, whole) = toys[family.kind], straight[family.name]
    first = RecordingContext(tmp_path, orders=order_after(1, Control.PAUSE))
    with pytest.raises(Interrupted) as interrupted:
        family.fit(tiny(family, data), data, first)
    assert interrupted.value.control is Control.PAUSE
    assert len(first.epochs) == 1
    second = RecordingContext(tmp_path, resume_from=first.epochs[-1][3])
    resumed = family.fit(tiny(family, data), data, second)
    assert [epoch for epoch, *_ in second.epochs] == list(range(2, len(whole.history) + 1))
    assert figures(resumed.history) == figures(whole.history)
    assert resumed.best_epoch == whole.best_epoch
    assert np.array_equal(resumed.test.probability, whole.test.probability)
    assert np.array_equal(resumed.validation.probability, whole.validation.probability)


@each_family
def test_stop_keeps_and_evaluates_the_best_so_far(
    family: Family, tmp_path: Path, toys: dict[str, Dataset]
) -> None:
    data = toys[family.kind]
    context = RecordingContext(tmp_path, orders=order_after(1, Control.STOP))
    result = family.fit(tiny(family, data), data, context)
    assert result.stopped
    assert len(result.history) == len(context.epochs) == 1
    assert len(result.test.truth)
    assert result.model_files


@each_family
def test_stop_at_once_still_gives_a_result(
    family: Family, tmp_path: Path, toys: dict[str, Dataset]
) -> None:
    data = toys[family.kind]
    context = RecordingContext(tmp_path, orders=lambda _: Control.STOP)
    result = family.fit(tiny(family, data), data, context)
    assert result.stopped
    assert len(result.history) == len(context.epochs) == 1
    assert len(result.test.truth)


@each_family
def test_cancel_is_obeyed_at_once(family: Family, tmp_path: Path, toys: dict[str, Dataset]) -> None:
    data = toys[family.kind]
    context = RecordingContext(tmp_path, orders=lambda _: Control.CANCEL)
    with pytest.raises(Interrupted):
        family.fit(tiny(family, data), data, context)
    assert context.asked <= 2
    assert not context.epochs


@each_family
def test_checkpoint_of_another_run_is_refused(
    family: Family,
    tmp_path: Path,
    toys: dict[str, Dataset],
    straight: dict[str, tuple[RecordingContext, FitResult]],
) -> None:
    data, (done, _) = toys[family.kind], straight[family.name]
    other = tiny(family, data).model_copy(update={"seed": 5})
    context = RecordingContext(tmp_path, resume_from=done.epochs[-1][3])
    with pytest.raises(TrainingError, match="other settings"):
        family.fit(other, data, context)


@each_family
def test_damaged_checkpoint_is_refused_in_words(
    family: Family, tmp_path: Path, toys: dict[str, Dataset]
) -> None:
    data = toys[family.kind]
    (tmp_path / "broken").write_bytes(b"\x80\x02no checkpoint")
    context = RecordingContext(tmp_path, resume_from=tmp_path / "broken")
    with pytest.raises(TrainingError, match="cannot be read"):
        family.fit(tiny(family, data), data, context)


@each_family
def test_panels_draw_a_run_read_back_from_disk(
    family: Family,
    tmp_path: Path,
    toys: dict[str, Dataset],
    straight: dict[str, tuple[RecordingContext, FitResult]],
) -> None:
    data, (_, result) = toys[family.kind], straight[family.name]
    config = tiny(family, data)
    evaluation = evaluate(result, split(data.info, config.data), data.info)
    kept = config.model_dump(mode="json")
    save_result(tmp_path, result, evaluation, family=family.name, config=kept, info=data.info)
    charts = family.panels(load_result(tmp_path, data.info))
    assert charts
    keys = [chart.key for chart in charts]
    assert len(keys) == len(set(keys))
    for chart in (*charts, *common_charts(result.history, evaluation, result.best_epoch)):
        check_chart(chart)


@each_family
def test_panels_bear_empty_nan_and_one_class_results(
    family: Family,
    toys: dict[str, Dataset],
    straight: dict[str, tuple[RecordingContext, FitResult]],
) -> None:
    data, (_, result) = toys[family.kind], straight[family.name]
    nan_extras = {
        name: np.full_like(value, np.nan)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
        else value
        for name, value in result.extras.items()
    }
    nothing = Predictions(*(getattr(result.test, n)[:0] for n in PREDICTION_FIELDS))
    one = result.test.truth == result.test.truth[0]
    one_class = Predictions(*(getattr(result.test, n)[one] for n in PREDICTION_FIELDS))
    nan_history = [dict.fromkeys(row, math.nan) for row in result.history]
    for changes in (
        {"extras": {}, "history": []},
        {"extras": nan_extras, "history": nan_history},
        {"test": nothing},
        {"test": one_class},
    ):
        for chart in family.panels(stored(family, result, data, **changes)):
            check_chart(chart)
    parts = split(data.info, tiny(family, data).data)
    for test in (nothing, one_class):
        evaluation = evaluate(replace(result, test=test), parts, data.info)
        for chart in common_charts(nan_history, evaluation):
            check_chart(chart)
        assert all(math.isfinite(figure.value) for figure in evaluation.headline.values())


PREDICTION_FIELDS = ("recording", "start", "truth", "probability")


def check_chart(chart: Lines | Bars | Heatmap) -> None:
    assert chart.key
    assert chart.title
    if isinstance(chart, Lines):
        assert chart.series
        assert chart.x_axis.title
        assert chart.y_axis.title
        for series in chart.series:
            assert len(series.x) == len(series.y) > 0
            assert all(math.isfinite(value) for value in (*series.x, *series.y))
    elif isinstance(chart, Bars):
        assert len(chart.categories) == len(chart.values) > 0
        assert all(math.isfinite(value) for value in chart.values)
    else:
        assert len(chart.values) == len(chart.rows)
        assert all(len(row) == len(chart.columns) for row in chart.values)


def leaves(model: type[Section], prefix: str = "") -> list[tuple[str, FieldInfo]]:
    """All settings with their dotted paths."""
    found = []
    for name, field in model.model_fields.items():
        if is_section(field.annotation):
            found += leaves(field.annotation, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", field))
    return found


def is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def number_type(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(number_type(part) for part in get_args(annotation))
    return annotation in (int, float)


def load_plain(path: Path) -> dict[str, Any]:
    """Read a checkpoint in the strictest way its format has."""
    if path.suffix == ".json":
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
    import torch

    loaded: dict[str, Any] = torch.load(path, weights_only=True)
    return loaded


@each_family
def test_finished_model_read_back_gives_the_stored_test_probabilities(
    family: Family,
    straight: dict[str, tuple[RecordingContext, FitResult]],
    toys: dict[str, Dataset],
) -> None:
    context, result = straight[family.name]
    data = toys[family.kind]
    windows = WindowIndex(
        result.test.recording, result.test.start, tiny(family, data).data.window_samples
    )
    predictor = read_back(family, context.folder, data, result)
    probability = predictor.probability(data, windows)
    assert np.abs(probability - result.test.probability).max() <= 1e-5
    features = predictor.features(data, windows)
    assert features.shape[0] == len(windows)
    assert features.shape[1] >= 2
    assert np.isfinite(features).all()
    assert predictor.classes == data.info.classes
    assert predictor.channels == data.info.channels
    assert predictor.window_samples == windows.window_samples
    assert predictor.probability(data, windows.take(np.arange(0))).shape == (0, 3)


@each_family
def test_finished_model_read_back_explains_windows_as_its_run_did(
    family: Family,
    straight: dict[str, tuple[RecordingContext, FitResult]],
    toys: dict[str, Dataset],
) -> None:
    context, result = straight[family.name]
    if "explained_start" not in result.extras or isinstance(family, CombiningFamily):
        return
    test, extras = result.test, result.extras
    where = list(zip(test.recording.tolist(), test.start.tolist(), strict=True))
    told = zip(extras["explained_recording"].tolist(), extras["explained_start"].tolist(),
               strict=True)  # fmt: skip
    rows = np.array([where.index(each) for each in told][:4])
    data = toys[family.kind]
    found = explain_rows(read_back(family, context.folder, data, result), data, test, rows)
    assert found.keys() == {name for name in extras if name.startswith("explained_")}
    for name, values in found.items():
        # Where a band was taken out only rounding is left of it, and single trees vote by that.
        near = 0.05 if "occlusion" in name else 1e-4
        np.testing.assert_allclose(values, extras[name][: len(values)], atol=near, err_msg=name)


@each_family
def test_damaged_model_is_told_in_a_sentence(
    family: Family,
    straight: dict[str, tuple[RecordingContext, FitResult]],
    tmp_path: Path,
) -> None:
    _, result = straight[family.name]
    for file in result.model_files:
        (tmp_path / file.name).write_bytes(file.read_bytes()[:40])
    assert isinstance(family, PredictingFamily | CombiningFamily)
    read = family.members if isinstance(family, CombiningFamily) else family.load
    with pytest.raises(TrainingError, match="missing or damaged"):
        read(tmp_path)


def read_back(family: Family, folder: Path, data: Dataset, result: FitResult) -> Predictor:
    if isinstance(family, CombiningFamily):
        members = {run.id: Recalled(run, data) for run in toy_runs(data.folder)}
        return family.combine(folder, members)
    assert isinstance(family, PredictingFamily)
    return family.load(folder)


class Recalled:
    """A member that says again what its stored predictions say."""

    def __init__(self, run: EarlierRun, data: Dataset) -> None:
        self.classes, self.channels = data.info.classes, data.info.channels
        self.window_samples, self.sampling_rate_hz = 128, None
        said = load_predictions(run.folder, "test")
        places = zip(said.recording.tolist(), said.start.tolist(), strict=True)
        self._said = dict(zip(places, said.probability, strict=True))

    def probability(self, data: Dataset, windows: WindowIndex) -> np.ndarray:
        places = zip(windows.recording.tolist(), windows.start.tolist(), strict=True)
        return np.array([self._said[place] for place in places]).reshape(-1, len(self.classes))

    def features(self, data: Dataset, windows: WindowIndex) -> np.ndarray:
        return self.probability(data, windows).astype(np.float32)
