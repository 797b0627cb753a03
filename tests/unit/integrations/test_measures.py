"""Classes, areas, calibration, slices and thresholds against planted truths and scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics

from integrations.core.contract import FitResult, Predictions
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.evaluation.calibration import (
    CALIBRATION,
    CalibrationError,
    calibrated,
    fit_temperature,
    read_calibration,
    write_calibration,
)
from integrations.core.evaluation.evaluate import evaluate
from integrations.core.evaluation.evaluation import Evaluation, SplitSummary
from integrations.core.evaluation.measures import (
    MEASURES,
    Measures,
    calibrate,
    measure,
    read_measures,
    write_measures,
)
from integrations.core.evaluation.operating import operating_points
from integrations.core.evaluation.reliability import reliability
from integrations.core.evaluation.resampling import Resampling, drawn_weights, resampling
from integrations.core.evaluation.slices import cross_table, slices, worst_slice
from integrations.core.evaluation.store import ResultError

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class _Parts:
    """A division as ``evaluate`` reads it."""

    summary = SplitSummary(
        name="by group", leaky=False, digest="d", train_windows=1, validation_windows=1,
        test_windows=1, train_groups=1, validation_groups=1, test_groups=1, test_recordings=1,
    )  # fmt: skip


def made(
    n_classes: int = 3,
    groups: int = 24,
    per_group: int = 4,
    windows: int = 5,
    *,
    signal: float = 2.5,
    sharpness: float = 1.0,
    hard_load: str = "",
    seed: int = 0,
) -> tuple[Predictions, DatasetInfo]:
    """Predictions drawn from their own probabilities (sharpness 1), four loads in each group."""
    rng = np.random.default_rng(seed)
    recordings = tuple(
        Recording(f"r{g}-{j}", f"c{g % n_classes:03d}", f"g{g}", 100,
                  fields={"load": str(j % 4), "rpm": float(1000 + 7 * (g * per_group + j))})
        for g in range(groups) for j in range(per_group)
    )  # fmt: skip
    info = DatasetInfo("made", "signal", ("x",), recordings, fingerprint="0" * 64)
    recording = np.repeat(np.arange(len(recordings)), windows)
    truth = np.array([info.classes.index(r.label) for r in recordings])[recording]
    hard = np.array([r.fields["load"] == hard_load for r in recordings])[recording]
    # Normal scores shifted at the true class: the softmax of signal * score is the true posterior.
    score = rng.standard_normal((len(truth), n_classes))
    score[np.arange(len(truth)), truth] += np.where(hard, 0.4, signal)
    raised = np.exp(sharpness * signal * score)
    probability = raised / raised.sum(axis=1, keepdims=True)
    return Predictions(recording, np.tile(np.arange(windows), len(recordings)), truth,
                       probability), info  # fmt: skip


def evaluated(part: Predictions, info: DatasetInfo) -> Evaluation:
    return evaluate(FitResult(part, part, [], 0, False), _Parts(), info)  # type: ignore[arg-type]


def measured(part: Predictions, info: DatasetInfo) -> Measures:
    return measure(part, evaluated(part, info), info)


def without(part: Predictions, k: int) -> Predictions:
    kept = part.truth != k
    return Predictions(*(getattr(part, n)[kept] for n in
                         ("recording", "start", "truth", "probability")))  # fmt: skip


def test_class_figures_equal_scikit_learns_and_lie_in_their_intervals() -> None:
    part, info = made(signal=1.0)
    rows = measured(part, info).classes
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(part.truth, part.predicted)
    for i, row in enumerate(rows):
        for figure, value in ((row.precision, precision), (row.recall, recall), (row.f1, f1)):
            assert figure is not None
            assert figure.value == pytest.approx(value[i])
            assert 0 <= figure.low < figure.value < figure.high <= 1
        assert sum(row.sureness) == row.windows == (part.truth == i).sum()
        assert (row.unit_name, row.units) == ("groups", 8)


def test_recordings_stand_in_where_few_groups_hold_a_class() -> None:
    part, info = made(groups=6)
    rows = measured(part, info).classes
    assert {(row.unit_name, row.units) for row in rows} == {("recordings", 8)}


def test_a_class_without_test_windows_has_no_figures_but_keeps_its_row() -> None:
    part, info = made()
    found = measured(without(part, 1), info)
    gone = found.classes[1]
    assert (gone.precision, gone.recall, gone.f1) == (None, None, None)
    assert (gone.windows, sum(gone.sureness)) == (0, 0)
    assert {each.class_name for each in found.areas} == {"c000", "c002"}
    assert Measures.model_validate_json(found.model_dump_json()) == found


def test_three_hundred_classes_keep_every_row_and_bound_the_areas() -> None:
    part, info = made(n_classes=300, groups=300, per_group=1, windows=3)
    found = measured(part, info)
    assert len(found.classes) == 300
    assert len(found.areas) <= 24


@pytest.mark.parametrize("keep", [0, 1])
def test_empty_and_single_window_parts_are_measured(keep: int) -> None:
    part, info = made()
    one = Predictions(*(getattr(part, n)[:keep] for n in
                        ("recording", "start", "truth", "probability")))  # fmt: skip
    found = measured(one, info)
    assert (found.reliability is None) == (keep == 0)
    assert len(found.classes) == 3
    assert Measures.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("lost", [7, 480])
def test_windows_without_a_probability_count_as_undecided(lost: int) -> None:
    part, info = made()
    said = part.probability.copy()
    said[:lost] = np.nan
    found = measure(replace(part, probability=said), evaluated(part, info), info)
    assert found.notes[-1].startswith(f"{lost} test windows got no probability")
    assert Measures.model_validate_json(found.model_dump_json()) == found


def test_area_intervals_hold_the_exact_areas() -> None:
    part, info = made(signal=0.8)
    for k, each in enumerate(measured(part, info).areas):
        inside, score = part.truth == k, part.probability[:, k]
        assert each.auc is not None
        assert each.average_precision is not None
        assert each.auc.value == pytest.approx(metrics.roc_auc_score(inside, score))
        assert each.average_precision.value == pytest.approx(
            metrics.average_precision_score(inside, score)
        )
        for area in (each.auc, each.average_precision):
            assert 0 < area.high - area.low < 0.4


def test_honest_probabilities_are_called_calibrated_and_sharpened_ones_are_not() -> None:
    honest, info = made(signal=1.2, groups=60)
    sure, _ = made(signal=1.2, groups=60, sharpness=2.5)
    calm = reliability(honest, resampling(honest, info))
    loud = reliability(sure, resampling(sure, info))
    assert calm is not None
    assert loud is not None
    assert not calm.shown_to_be_off
    assert calm.ece.low == 0.0
    assert loud.shown_to_be_off
    assert loud.overconfidence.low > 0
    assert loud.ece.low > calm.ece.value


def test_calibration_error_raises_few_false_alarms_with_clustered_windows() -> None:
    """Nominal 5 %; a longer simulation gave 5 % for 10, 40 and 200 groups."""
    rng = np.random.default_rng(3)
    flagged = 0
    for _ in range(120):
        group = np.repeat(np.arange(20), 15)
        logit = rng.normal(1.5, 1.2, len(group)) + rng.normal(0, 0.5, 20)[group]
        sure = 1 / (1 + np.exp(-logit))
        truth = (rng.random(len(group)) < sure).astype(np.int64)
        part = Predictions(group, group, truth, np.stack([1 - sure, sure], axis=1))
        found = reliability(part, Resampling(group, drawn_weights(20, 300, rng), "groups"))
        assert found is not None
        flagged += found.shown_to_be_off
    assert flagged <= 14  # P(more | 5 %) < 0.1 %


def test_brier_score_is_the_sum_of_its_parts() -> None:
    part, info = made(signal=1.0)
    found = reliability(part, resampling(part, info))
    assert found is not None
    assert found.brier_parts is not None
    parts = found.brier_parts
    whole = ((part.probability - np.eye(3)[part.truth]) ** 2).sum(axis=1).mean()
    assert found.brier.value == pytest.approx(whole)
    assert parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins == (
        pytest.approx(whole)
    )
    assert found.log_loss.value == pytest.approx(metrics.log_loss(part.truth, part.probability))


def test_the_temperature_undoes_a_known_sharpening() -> None:
    honest, _ = made(signal=1.2, groups=120, windows=10)
    sure, _ = made(signal=1.2, groups=120, windows=10, sharpness=2.0)
    assert fit_temperature(sure) == pytest.approx(2.0, rel=0.1)
    assert fit_temperature(honest) == pytest.approx(1.0, rel=0.1)
    assert calibrated(sure.probability, 2.0) == pytest.approx(honest.probability, abs=1e-6)
    assert np.array_equal(calibrated(sure.probability, 3.0).argmax(axis=1), sure.predicted)


def test_zero_probabilities_survive_a_temperature() -> None:
    hard = np.array([[1.0, 0.0, 0.0]])
    assert np.isfinite(calibrated(hard, 5.0)).all()
    assert calibrated(hard, 5.0).sum() == pytest.approx(1.0)


def test_a_temperature_is_not_learnt_from_four_mistakes() -> None:
    part, _ = made(signal=9.0)
    truth = part.truth.copy()
    truth[:4] = (truth[:4] + 1) % 3
    with pytest.raises(CalibrationError, match="wrong on 4 of 480"):
        fit_temperature(replace(part, truth=truth))


def test_calibration_is_learnt_on_validation_and_kept(tmp_path: Path) -> None:
    validation, info = made(signal=1.2, sharpness=2.0, seed=1)
    test, _ = made(signal=1.2, sharpness=2.0, seed=2)
    found = calibrate(test, validation, info, NOW)
    assert found.temperature == fit_temperature(validation)
    assert found.test_after.log_loss < found.test_before.log_loss
    assert found.test_after.ece.value < found.test_before.ece.value
    write_calibration(tmp_path / CALIBRATION, found)
    assert read_calibration(tmp_path / CALIBRATION) == found


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format_version": 99}'])
def test_a_damaged_calibration_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CALIBRATION).write_bytes(content)
    with pytest.raises(ResultError, match="Calibrate it again"):
        read_calibration(tmp_path / CALIBRATION)


def test_measures_come_back_from_their_file_and_a_damaged_one_is_no_measures(
    tmp_path: Path,
) -> None:
    part, info = made()
    found = measured(part, info)
    write_measures(tmp_path, found)
    assert read_measures(tmp_path) == found
    (tmp_path / MEASURES).write_text("{}")
    assert read_measures(tmp_path) is None


def test_the_planted_hard_load_is_named_and_stands_out() -> None:
    part, info = made(hard_load="2")
    tables = slices(part, info, resampling(part, info))
    worst = worst_slice(tables)
    assert worst is not None
    assert (worst.field, worst.value) == ("load", "2")
    assert worst.p_holm is not None
    assert worst.p_holm < 0.01
    assert {table.field for table in tables} == {"load", "rpm"}
    assert sum(row.windows for row in tables[0].rows) == len(part.truth)


def test_numbers_are_cut_into_bands_that_hold_every_window() -> None:
    part, info = made()
    rpm = next(t for t in slices(part, info, resampling(part, info)) if t.field == "rpm")
    assert len(rpm.rows) == 4
    assert sum(row.windows for row in rpm.rows) == len(part.truth)


def test_equal_loads_are_seldom_called_worse() -> None:
    """Nominal 5 % over all slices together; Holm makes it fewer."""
    found = 0
    for seed in range(40):
        part, info = made(signal=1.5, groups=12, seed=seed)
        tables = slices(part, info, resampling(part, info, seed, 200), seed)
        p_values = [r.p_holm for t in tables for r in t.rows if r.p_holm is not None]
        found += min(p_values) < 0.05
    assert found <= 6


def test_crossed_fields_count_each_window_once() -> None:
    part, info = made(hard_load="2")
    rows, columns, share, count = cross_table(part, info, "load", "rpm")
    assert share.shape == count.shape == (len(rows), len(columns)) == (4, 4)
    assert count.sum() == len(part.truth)
    right = float((part.predicted == part.truth).mean())
    assert np.nansum(share * count) / count.sum() == pytest.approx(right)


def test_operating_points_count_what_a_threshold_does() -> None:
    test, info = made(signal=1.0, seed=1)
    validation, _ = made(signal=1.0, seed=2)
    found = operating_points(test, validation, "c001", 1, resampling(test, info))
    assert found is not None
    inside, score = test.truth == 1, test.probability[:, 1]
    for i in (0, 7, 40, -1):
        raised = score >= found.thresholds[i]
        assert found.test.caught[i] == pytest.approx(raised[inside].mean(), abs=1e-5)
        assert found.test.false[i] == pytest.approx(raised[~inside].mean(), abs=1e-5)
    assert (found.test.caught[0], found.test.caught[-1]) == (1.0, 0.0)
    _assert_inside(found.doubt.caught_low, found.test.caught, found.doubt.caught_high)
    _assert_inside(found.doubt.false_low, found.test.false, found.doubt.false_high)


def test_no_threshold_is_offered_for_a_class_that_a_part_lacks() -> None:
    test, info = made()
    lacking = without(test, 1)
    draws = resampling(test, info)
    assert operating_points(test, lacking, "c001", 1, draws) is None
    assert operating_points(lacking, test, "c001", 1, resampling(lacking, info)) is None


def _assert_inside(low: npt.ArrayLike, value: npt.ArrayLike, high: npt.ArrayLike) -> None:
    assert (np.asarray(low) <= np.asarray(value) + 1e-9).all()
    assert (np.asarray(value) <= np.asarray(high) + 1e-9).all()
