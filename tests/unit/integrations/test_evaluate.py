"""Figures, intervals and curves against textbook values and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from integrations.core.config import DataConfig
from integrations.core.contract import FitResult, Predictions
from integrations.core.data.dataset import DatasetInfo, Recording
from integrations.core.data.splits import split
from integrations.core.evaluation.curves import MAX_POINTS, pr_curve, roc_curve
from integrations.core.evaluation.evaluate import evaluate, recording_probabilities
from integrations.core.evaluation.evaluation import Evaluation
from integrations.core.evaluation.figures_of_merit import wilson

CLASSES = ("a", "b", "c")


def made(groups: int, per_group: int, right: float, seed: int = 0) -> tuple[FitResult, DatasetInfo]:
    """Predictions of three classes, right with a probability."""
    rng = np.random.default_rng(seed)
    recordings = tuple(
        Recording(f"{k}{g}{i}", k, f"{k}{g}", 40)
        for k in CLASSES
        for g in range(groups)
        for i in range(per_group)
    )
    info = DatasetInfo("made", "signal", ("x",), recordings, fingerprint="0" * 64)
    recording = np.repeat(np.arange(len(recordings)), 4)
    truth = np.array([CLASSES.index(r.label) for r in recordings])[recording]
    said = np.where(rng.random(len(truth)) < right, truth, rng.integers(0, 3, len(truth)))
    probability = 0.2 * rng.dirichlet(np.ones(3), len(truth)) + 0.8 * np.eye(3)[said]
    test = Predictions(recording, np.tile(np.arange(4) * 10, len(recordings)), truth, probability)
    return FitResult(test, test, [], 0, False), info


def evaluated(groups: int = 10, per_group: int = 2, right: float = 0.7) -> Evaluation:
    result, info = made(groups, per_group, right)
    parts = split(info, DataConfig(window_samples=10, overlap=0))
    return evaluate(result, parts, info, seed=1)


def test_headline_figures_equal_scikit_learns() -> None:
    result, _ = made(10, 2, 0.7)
    truth, said = result.test.truth, result.test.predicted
    found = evaluated().headline
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, said, average="macro")
    assert found["accuracy"].value == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["macro_precision"].value == pytest.approx(precision)
    assert found["macro_recall"].value == pytest.approx(recall)
    assert found["macro_f1"].value == pytest.approx(f1)


def test_confusion_matrix_and_class_rows_equal_scikit_learns() -> None:
    result, _ = made(10, 2, 0.7)
    truth, said = result.test.truth, result.test.predicted
    found = evaluated()
    assert np.array_equal(found.confusion, metrics.confusion_matrix(truth, said))
    expected = metrics.f1_score(truth, said, average=None)
    assert [row.f1 for row in found.per_class] == pytest.approx(expected.tolist())
    assert sum(row.support for row in found.per_class) == len(truth)
    assert [row.n_recordings for row in found.per_class] == [20, 20, 20]


def test_areas_equal_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    score, is_class = rng.random(5000).round(3), rng.random(5000) < 0.3
    roc, pr = roc_curve("a", is_class, score), pr_curve("a", is_class, score)
    assert roc.area == pytest.approx(metrics.roc_auc_score(is_class, score))
    assert pr.area == pytest.approx(metrics.average_precision_score(is_class, score))
    assert len(roc.x) == len(roc.y) <= MAX_POINTS
    assert len(pr.x) <= MAX_POINTS
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)


def test_class_without_test_windows_has_no_area_but_a_row() -> None:
    result, info = made(10, 2, 0.7)
    kept = result.test.truth != 1
    test = Predictions(
        *(getattr(result.test, n)[kept] for n in ("recording", "start", "truth", "probability"))
    )
    parts = split(info, DataConfig(window_samples=10, overlap=0))
    found = evaluate(FitResult(test, test, [], 0, False), parts, info)
    assert found.roc[1].area is None
    assert found.per_class[1].support == 0
    assert len(found.per_class) == 3


def test_intervals_hold_the_figure_and_repeat_with_the_seed() -> None:
    first, second = evaluated(), evaluated()
    assert first.headline == second.headline
    for figure in first.headline.values():
        assert figure.low <= figure.value <= figure.high


def test_bootstrap_over_groups_covers_the_truth_about_as_often_as_it_says() -> None:
    truth, hits = 0.7 + 0.3 / 3, 0
    for seed in range(60):
        result, info = made(12, 2, 0.7, seed)
        parts = split(info, DataConfig(window_samples=10, overlap=0))
        accuracy = evaluate(result, parts, info).headline["accuracy"]
        hits += accuracy.low <= truth <= accuracy.high
    assert hits >= 52


def test_perfect_result_gets_a_wilson_interval_not_a_point() -> None:
    found = evaluated(right=1.0)
    accuracy = found.headline["accuracy"]
    assert accuracy.value == accuracy.high == 1
    assert accuracy.low == pytest.approx(wilson(1.0, 30)[0])
    assert "Wilson" in found.interval_method


@pytest.mark.parametrize(
    ("groups", "per_group", "unit"), [(2, 1, "groups"), (1, 2, "recordings"), (1, 1, "windows")]
)
def test_few_groups_are_resampled_by_the_next_smaller_unit_and_noted(
    groups: int, per_group: int, unit: str
) -> None:
    result, info = made(groups, per_group, 0.6)
    parts = split(made(5, 2, 1.0)[1], DataConfig(window_samples=10, overlap=0))
    found = evaluate(result, parts, info)
    assert f"test {unit}" in found.interval_method
    assert bool(found.notes) == (unit != "groups")


def test_recordings_are_judged_by_their_mean_probability() -> None:
    test = Predictions(
        recording=np.array([0, 0, 0, 1]),
        start=np.array([0, 1, 2, 0]),
        truth=np.array([0, 0, 0, 1]),
        probability=np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.2, 0.8]]),
    )
    recordings, truth, probability = recording_probabilities(test)
    assert recordings.tolist() == [0, 1]
    assert truth.tolist() == [0, 1]
    assert probability[0] == pytest.approx([0.5667, 0.4333], abs=1e-3)


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(1.0, 10, 0.7225, 1.0), (0.5, 10, 0.2366, 0.7634), (0.0, 20, 0.0, 0.1611)],
)
def test_wilson_interval_equals_published_values(
    share: float, n: int, low: float, high: float
) -> None:
    assert wilson(share, n) == pytest.approx((low, high), abs=1e-3)


def test_many_classes_are_evaluated_within_memory_and_seconds() -> None:
    n_classes, n = 300, 3000
    rng = np.random.default_rng(0)
    recordings = tuple(Recording(f"{i}", f"{i % n_classes:03}", f"{i}", 40) for i in range(n))
    info = DatasetInfo("many", "signal", ("x",), recordings, fingerprint="0" * 64)
    truth = np.arange(n) % n_classes
    probability = rng.dirichlet(np.ones(n_classes), n)
    test = Predictions(np.arange(n), np.zeros(n, dtype=np.int64), truth, probability)
    parts = split(info, DataConfig(window_samples=40))
    found = evaluate(FitResult(test, test, [], 0, False), parts, info)
    assert len(found.roc) == n_classes
