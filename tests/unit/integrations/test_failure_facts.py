"""Facts about mistakes: rankings, neighbours, conditions, labels, and what failures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.stats import spearmanr

from integrations.core.contract import Predictions
from integrations.core.data.dataset import Dataset, DatasetInfo, DatasetWriter, Recording
from integrations.core.data.windows import WindowIndex
from integrations.core.failures.commonalities import compare, with_holm
from integrations.core.failures.conditions import condition_fields, rare_conditions
from integrations.core.failures.kinds import (
    Cell,
    ErrorKind,
    confused_cells,
    error_kind,
    healthy_class,
    worst_rows,
)
from integrations.core.failures.labels import check_labels, confident_mistakes, spread
from integrations.core.failures.logistic import fit_logistic
from integrations.core.failures.signal_to_noise import share_below, signal_to_noise_db
from integrations.core.failures.votes import count_votes

RATE = 12_000.0
WINDOW = 1024


def said(truth: list[int], probability: list[list[float]]) -> Predictions:
    n = len(truth)
    at = np.arange(n)
    return Predictions(at, at * 0, np.array(truth), np.array(probability))


def test_the_worst_windows_are_the_mistakes_with_the_largest_loss() -> None:
    test = said([0, 0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.95, 0.05]])
    assert worst_rows(test).tolist() == [3, 1, 2]
    assert worst_rows(test, Cell(1, 0)).tolist() == [3, 2]
    assert worst_rows(test, Cell(0, 0)).tolist() == [0]
    assert confused_cells(test) == [(Cell(1, 0), 2), (Cell(0, 1), 1)]


def test_a_mistake_is_named_by_what_it_costs() -> None:
    classes = ("ball", "inner race", "Normal_2")
    healthy = healthy_class(classes)
    assert healthy == 2
    assert error_kind(0, 2, healthy) is ErrorKind.MISSED
    assert error_kind(2, 0, healthy) is ErrorKind.FALSE_ALARM
    assert error_kind(0, 1, healthy) is ErrorKind.WRONG_FAULT
    assert error_kind(0, 1, healthy_class(("abnormal", "b"))) is ErrorKind.CONFUSED


def test_neighbours_vote_by_their_class() -> None:
    neighbour, classes = np.array([[0, 1, 2, 3]]), np.array([1, 1, 0, 2])
    votes = count_votes(neighbour, np.ones((1, 4)), classes, np.array([0]), 3)
    found = (votes.of_truth[0], votes.first[0], votes.of_first[0], votes.of_second[0])
    assert found == (1, 1, 2, 1)


def recordings(fields: Sequence[Mapping[str, str | float]], label: str = "ball") -> DatasetInfo:
    made = tuple(
        Recording(f"r{i}", label, f"g{i}", 10, fields=dict(each)) for i, each in enumerate(fields)
    )
    return DatasetInfo("set", "signal", ("x",), made)


def test_a_load_never_trained_is_rare_and_one_trained_is_not() -> None:
    info = recordings([{"load": str(i % 2)} for i in range(8)] + [{"load": "3"}, {"load": "3"}])
    found = rare_conditions(info, range(8), [0, 8])
    assert list(found) == [8]
    assert (found[8][0].field, found[8][0].value, found[8][0].trained) == ("load", "3", 0)


def test_a_speed_outside_the_trained_range_is_rare() -> None:
    info = recordings([{"rpm": 1000.0 + 10 * i} for i in range(20)] + [{"rpm": 2000.0}])
    found = rare_conditions(info, range(20), [3, 20])
    assert list(found) == [20]
    assert (found[20][0].low, found[20][0].high) == (1000, 1190)


def test_names_of_single_recordings_and_answers_are_no_conditions() -> None:
    fields = [{"file": f"f{i}", "load": str(i % 2), "size": str(i % 2)} for i in range(6)]
    info = recordings(fields)
    info.properties["truth_fields"] = ["size"]
    assert condition_fields(info) == ("load",)


def test_a_fact_that_goes_with_mistakes_is_told_and_chance_is_not() -> None:
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(40), 10)
    fact = unit % 2 == 0
    wrong = rng.random(400) < np.where(fact, 0.5, 0.1)
    real = compare("a", "A", wrong, fact, unit)
    noise = compare("b", "B", wrong, rng.random(400) < 0.5, unit)
    first, second = with_holm([noise, real])
    assert (first.code, first.told, second.told) == ("a", True, False)
    assert first.low < 0.4 < first.high


@pytest.mark.parametrize("n_with", [5, 12])
def test_equal_error_rates_are_seldom_told_apart_when_recordings_differ(n_with: int) -> None:
    rng = np.random.default_rng(1)
    unit = np.repeat(np.arange(24), 20)
    false = 0
    for _ in range(400):
        rate = rng.beta(0.5, 1.5, 24)[unit]  # most recordings are all right or all wrong
        fact = rng.permutation(24)[unit] < n_with
        false += compare("a", "A", rng.random(480) < rate, fact, unit).p < 0.05
    assert false / 400 <= 0.08


def test_too_few_recordings_on_a_side_tell_nothing() -> None:
    unit = np.repeat(np.arange(10), 5)
    found = compare("a", "A", unit < 2, unit < 4, unit)
    assert not found.testable
    assert not found.told
    assert with_holm([found])[0].difference == pytest.approx(0.5)


def test_a_confident_mistake_is_suspect_and_an_unsure_one_is_not() -> None:
    probability = np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4 + [[0.05, 0.95], [0.45, 0.55]])
    label = np.array([0] * 4 + [1] * 4 + [0, 0])
    suspects = confident_mistakes(np.arange(100, 110), label, probability)
    assert [(s.recording, s.likely) for s in suspects] == [(108, 1)]


def test_the_small_logistic_regression_gives_what_scikit_learn_gives() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    klass = np.repeat([0, 2, 3], [40, 60, 80])
    table = rng.standard_normal((180, 5)) + klass[:, None] * [0.5, 0, 0, 0.2, 0]
    ours = fit_logistic(table, klass, 4, 0.1).probability(table)
    scaled = (table - table.mean(0)) / table.std(0)
    theirs = LogisticRegression(C=0.1, class_weight="balanced", max_iter=500).fit(scaled, klass)
    np.testing.assert_allclose(ours[:, [0, 2, 3]], theirs.predict_proba(scaled), atol=2e-3)
    assert (ours[:, 1] == 0).all()


@pytest.fixture(scope="module")
def bearing(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Impacts of an outer race over noise that grows, and noise alone; one label is wrong."""
    folder = tmp_path_factory.mktemp("bearing")
    rng = np.random.default_rng(0)
    properties = {"bpfo": 3.5, "bpfi": 5.4}
    time = np.arange(4 * WINDOW) / RATE
    with DatasetWriter(folder, name="b", channels=("x",), properties=properties) as writer:
        for i in range(24):
            faulty = i % 2 == 0
            noise = 0.3 * 1.2 ** (i // 2) * rng.standard_normal(len(time))
            since = np.mod(time, 1 / (3.5 * 30))
            hits = np.exp(-since * 1500) * np.sin(2 * np.pi * 3000 * since)
            label = ("outer race" if faulty else "normal") if i != 4 else "normal"
            recording = Recording(f"r{i}", label, f"g{i}", 0, RATE, fields={"rpm": 1800.0})
            writer.add(3 * faulty * hits + noise, recording)
    return Dataset(folder)


def every_window(data: Dataset) -> WindowIndex:
    recording = np.repeat(np.arange(len(data.info.recordings)), 4)
    return WindowIndex(recording, np.tile(np.arange(4) * WINDOW, 24), WINDOW)


def test_the_lines_of_a_fault_sink_as_the_noise_rises(bearing: Dataset) -> None:
    index = every_window(bearing)
    ratio = signal_to_noise_db(bearing, index)
    faulty = np.array([i for i in range(0, 24, 2) if i != 4])
    by_recording = [float(ratio[index.recording == i].mean()) for i in faulty.tolist()]
    assert float(spearmanr(by_recording, faulty).statistic) < -0.8
    assert np.isfinite(ratio).all()


def test_a_share_below_compares_within_the_class_and_counts_ties_half() -> None:
    values, known = np.array([1.0, 1.0, 5.0]), np.array([0.0, 1.0, 2.0, 9.0])
    share = share_below(values, np.array([0, 1, 2]), known, np.array([0, 0, 0, 1]))
    assert share.tolist()[:2] == [0.5, 0.0]
    assert np.isnan(share[2])


def test_a_wrong_label_is_found_by_models_that_did_not_see_its_group(bearing: Dataset) -> None:
    checked = check_labels(bearing, every_window(bearing))
    assert checked.reliable
    assert bearing.info.recordings[checked.suspects[0].recording].name == "r4"
    assert len(checked.suspects) <= 3
    assert bearing.info.classes[checked.suspects[0].likely] == "outer race"


def test_windows_are_thinned_evenly_in_each_recording() -> None:
    index = WindowIndex(np.repeat([0, 1], [100, 3]), np.r_[np.arange(100), np.arange(3)], 1)
    some = spread(index, 20)
    assert np.bincount(some.recording).tolist() == [10, 3]
    assert np.ptp(np.diff(some.start[:10])) == 0
